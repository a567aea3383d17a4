import pytest

from segue import Retry, dag, task
from segue.model.errors import DefinitionError
from segue.model.spec import DagSpec, TaskSpec
from segue.testing import simulate


@task(retry=Retry(2, delay="1s"))
def load(part: int) -> int:
    raise AssertionError("no code of the DAG is run")


@task
def parts() -> list[int]:
    raise AssertionError("no code of the DAG is run")


@dag
def loading() -> None:
    load.map(parts())


def test_a_dag_is_played_through_trouble_without_running_its_code() -> None:
    told = simulate(loading, seeds=30)
    assert told.worlds == 30
    assert told.attempts > 60
    assert told.crashes > 0


def test_worlds_can_be_chosen() -> None:
    assert simulate(loading, seeds=[7, 7]).attempts == 2 * simulate(loading, seeds=[7]).attempts


def test_a_dag_that_cannot_be_is_refused() -> None:
    @dag
    def circle() -> None:
        first = load(1)
        load.with_options(id="again")(first) >> first

    with pytest.raises(DefinitionError, match="cycle"):
        simulate(circle, seeds=1)


def test_what_breaks_is_told_with_its_world() -> None:
    unsound = DagSpec("unsound", (TaskSpec("a", data=("nowhere",)),))
    with pytest.raises(AssertionError, match=r"world 3 of DAG unsound: .* again: simulate\(…, seeds=\[3\]\)"):
        simulate(unsound, seeds=[3])

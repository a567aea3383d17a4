"""S105: task-centric and dynamic styles are both first-class (asset-centric ones come with assets)."""

from pathlib import Path

from segue import dag, flow, task, testing
from segue.model.state import RunState

DOCS = Path(__file__).parents[2] / "docs" / "writing-dags.md"


@task
def extract(day: int) -> list[int]:
    return [day, day + 1]


@task
def load(rows: list[int]) -> int:
    return sum(rows)


@task
def join(loaded: list[int]) -> int:
    return sum(loaded)


@dag
def by_tasks() -> None:
    join(load.map(extract.map([1, 10])))


@flow
def by_a_function() -> int:
    loaded, day = [], 1
    while sum(loaded) < 20:
        loaded.append(load(extract(day)))
        day *= 10
    return join(loaded)


def test_s105_the_same_tasks_stand_in_a_dag_and_in_a_flow() -> None:
    planned, found = testing.run(by_tasks), testing.run(by_a_function)
    assert planned.state is RunState.SUCCESS
    assert planned.value("join") == 24
    assert found.state is RunState.SUCCESS
    assert found.value("by_a_function") == 24
    assert [name for name in found.tasks if "#" in name] == [
        "extract#1", "load#2", "extract#3", "load#4", "join#5",
    ]  # fmt: skip


def test_s105_a_flow_called_in_a_test_is_its_function() -> None:
    assert by_a_function() == 24


def test_s105_the_documentation_says_when_to_choose_which() -> None:
    text = DOCS.read_text()
    assert "## Flows" in text
    assert "Which style" in text

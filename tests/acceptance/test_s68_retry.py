"""S68 (retry half): after an outage a retry runs only what failed, and the rest continues by itself."""

from pathlib import Path

from segue.model.events import Failure
from segue.model.ids import TaskKey
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.model.state import RunState
from segue.testing.world.plan import Action
from segue.testing.world.script import value_of
from tests.acceptance.stage import play
from tests.e2e.commands import Project

SPEC = DagSpec(
    "shop",
    (
        TaskSpec("extract"),
        TaskSpec("load", Rules(retry=RetrySpec(times=1)), data=("extract",)),
        TaskSpec("report", data=("load",)),
        TaskSpec("other", data=("extract",)),
    ),
)
DOWN = Failure("OSError", "the warehouse is down")


def test_s68_only_the_failed_task_and_what_follows_it_run_again() -> None:
    back = value_of(TaskKey(None, "load", None), 2, 0, None)  # type: ignore[arg-type]
    played = play(SPEC, {"load": [DOWN, DOWN, back]}, after=[Action("again", None, "retry", target="r0")])
    assert played.state is RunState.SUCCESS
    assert set(played.states.values()) == {"success"}
    rounds = {task.id: [record.round for record in played.attempts(task.id)] for task in SPEC.tasks}
    assert rounds == {"extract": [1], "load": [1, 1, 2], "report": [2], "other": [1]}


def test_s68_a_retry_begins_with_all_its_retries() -> None:
    played = play(SPEC, {"load": [DOWN]}, after=[Action("again", None, "retry", target="r0")])
    assert played.state is RunState.FAILED
    assert [record.round for record in played.attempts("load")] == [1, 1, 2, 2]


SHOP = """
from pathlib import Path
from segue import dag, task

@task
def extract() -> int:
    return 1

@task
def load(rows: int) -> int:
    if not Path("warehouse").exists():
        raise OSError("the warehouse is down")
    return rows

@task
def report(rows: int) -> int:
    return rows

@task
def other(rows: int) -> int:
    return rows

@dag
def shop():
    rows = extract()
    report(load(rows))
    other(rows)
"""


def test_s68_after_an_outage_one_command_goes_on_with_a_real_run(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("shop.py", SHOP)
    assert project.segue("run", "shop.py").returncode == 1
    project.write("warehouse", "up again")
    done = project.segue("retry", "shop@latest")
    assert done.returncode == 0, done.stdout
    detail = project.detail("shop@latest")
    assert (detail.run.state, detail.run.round) == (RunState.SUCCESS, 2)
    begun = [(view.key.task, view.round) for view in detail.attempts]
    assert sorted(begun) == [("extract", 1), ("load", 1), ("load", 2), ("other", 1), ("report", 2)]

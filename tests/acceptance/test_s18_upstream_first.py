"""S18: a task runs only when every upstream task has succeeded (default rule)."""

from segue.model.events import Failure
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState
from tests.acceptance.stage import play

DIAMOND = DagSpec(
    "diamond",
    (TaskSpec("a"), TaskSpec("b", data=("a",)), TaskSpec("c", after=("a",)), TaskSpec("d", data=("b",), after=("c",))),
)
HOPELESS = Failure("Fail", "broken", retryable=False)


def test_s18_a_task_begins_after_its_last_upstream_has_ended() -> None:
    played = play(DIAMOND, {}, seconds={"b": 5.0, "c": 90.0})
    assert played.state is RunState.SUCCESS
    for task in DIAMOND.tasks:
        for up in task.upstream:
            assert played.began(task.id) > played.ended(up)


def test_s18_branches_run_side_by_side() -> None:
    played = play(DIAMOND, {}, seconds={"b": 5.0, "c": 90.0})
    assert played.began("c") < played.ended("b")


def test_s18_one_failed_upstream_of_two_keeps_a_task_from_running() -> None:
    played = play(DIAMOND, {"c": [HOPELESS]})
    assert played.states == {"a": "success", "b": "success", "c": "failed", "d": "upstream_failed"}
    assert played.attempts("d") == []

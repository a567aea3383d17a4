"""S67 (all but the alert): after the last retry the task failed, dependents are upstream_failed, the rest finishes."""

from segue.model.events import Failure
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.model.state import AttemptState, RunState
from tests.acceptance.stage import play

SPEC = DagSpec(
    "shop",
    (
        TaskSpec("flaky", Rules(retry=RetrySpec(times=2))),
        TaskSpec("below", data=("flaky",)),
        TaskSpec("further", data=("below",)),
        TaskSpec("other"),
        TaskSpec("besides", data=("other",)),
        TaskSpec("clean", Rules(trigger_rule="all_done"), after=("further", "besides")),
    ),
)


def test_s67_a_failure_stays_in_its_branch_and_fails_the_run() -> None:
    played = play(SPEC, {"flaky": [Failure("OSError", "down")]}, seconds={"other": 500.0})
    assert [record.state for record in played.attempts("flaky")] == [AttemptState.FAILED] * 3
    assert played.states == {
        "flaky": "failed", "below": "upstream_failed", "further": "upstream_failed",
        "other": "success", "besides": "success", "clean": "success",
    }  # fmt: skip
    assert played.state is RunState.FAILED
    assert [label for label, _ in played.run.culprits] == ["flaky"]

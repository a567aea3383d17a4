"""Flows: calls become tasks, the body waits without an attempt and goes on from its top."""

import pytest

from segue.model.acts import RerunRun, RetryRun
from segue.model.changes import Spawned, TaskMoved
from segue.model.commands import Launch, Recorded
from segue.model.events import Deferred, Failure, Held, LostCause, Skipped, Value
from segue.model.images import Step
from segue.model.spec import Rules, TaskSpec
from segue.model.state import TaskState
from tests.unit.engine.driver import BOOM, GOOD, SECOND, STOPPED, World, dag, task

S = TaskState
FAILED_STEP = Failure("StepFailed", "load#1 failed", retryable=False)


def call(number: int, name: str = "load", handled: tuple[int, ...] = (), **rules: object) -> Step:
    spec = TaskSpec(f"{name}#{number}", Rules(allow_failure=True, **rules))
    return Step(spec, f"flows:{name}", b"arguments", None, bytes([number]), handled)


def started(day: int | None = None, **options: object) -> World:
    body, workers = options.pop("body", {}), options.pop("workers", 100)
    world = World(dag(task("d", kind="flow", **body), **options), workers=workers)
    world.trigger(day=day)
    return world


def waiting(*steps: Step, awaits: tuple[int, ...] = (1,), **options: object) -> World:
    world = started(**options)
    world.end("d", outcome=Deferred(steps, awaits))
    return world


def launch(world: World, label: str) -> Launch:
    found = world.alive[world.attempt(label)]
    assert isinstance(found, Launch)
    return found


def test_calls_of_a_flow_become_tasks_of_its_run():
    world = waiting(call(1), call(2))
    assert [change.step.task.id for change in world.of(Spawned)] == ["load#1", "load#2"]
    assert launch(world, "load#1").step == call(1)
    assert launch(world, "load#2").step == call(2)
    assert world.states("d", "load#1", "load#2") == ["deferred", "queued", "queued"]


def test_the_body_waits_without_an_attempt_and_says_for_what():
    world = waiting(call(1), call(2), call(3), call(4), call(5), awaits=(1, 2, 3, 4))
    assert world.why("d") == "waits for load#1, load#2, load#3, and 1 more"
    assert "d" not in world.labels


def test_the_body_goes_on_when_what_it_waits_for_has_ended():
    world = waiting(call(1), call(2), awaits=(1,))
    world.end("load#1", outcome=Value(b"small", digest=b"d"))
    moved = [change for change in world.of(TaskMoved) if change.task == "d"]
    assert [str(change.why) for change in moved] == ["what it waited for has ended"]
    assert launch(world, "d").steps == (
        Recorded("load#1", bytes([1]), S.SUCCESS, inline=b"small"), Recorded("load#2", bytes([2]), S.QUEUED),
    )  # fmt: skip


def test_a_body_that_waits_for_several_goes_on_with_the_last():
    world = waiting(call(1), call(2), awaits=(1, 2))
    world.end("load#2")
    assert world.state("d") == "deferred"
    world.end("load#1")
    assert world.state("d") == "queued"


def test_a_body_that_waits_for_nothing_goes_on_at_once():
    world = waiting(call(1), awaits=())
    assert world.state("d") == "queued"
    assert [one.task for one in launch(world, "d").steps] == ["load#1"]


def test_waiting_uses_no_retry():
    world = waiting(call(1), body={"retries": 1})
    world.end("load#1")
    world.end("d", outcome=BOOM)
    assert world.state("d") == "up_for_retry"
    world.wait(30)
    assert launch(world, "d").tries == 1
    world.end("d", outcome=GOOD)
    assert world.run_state() == "success"


def test_a_failed_step_is_the_bodys_to_judge():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    assert launch(world, "d").steps == (Recorded("load#1", bytes([1]), S.FAILED, "boom"),)
    world.end("d")
    assert world.run_state() == "success"


def test_a_flow_whose_body_fails_fails_and_names_the_body():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=FAILED_STEP)
    assert world.run_state() == "failed"
    assert [label for label, _ in world.view().culprits] == ["d"]


def test_a_run_ends_when_its_last_step_has():
    world = waiting(call(1), call(2))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=FAILED_STEP)
    assert world.run_state() == "running"
    world.end("load#2")
    assert world.run_state() == "failed"


def test_steps_have_their_own_retries_and_limits():
    world = waiting(*(call(number, max_active=1, pool="p") for number in (1, 2)), awaits=(1, 2))
    assert world.states("load#1", "load#2") == ["pending", "pending"]
    assert "no pool p" in world.why("load#1")


@pytest.mark.parametrize("awaits", [(1,), (1, 2)])
def test_another_owner_goes_on_where_the_flow_waited(awaits):
    world = waiting(call(1), call(2), awaits=awaits)
    world.end("load#2")
    world.restart()
    assert world.state("d") == "deferred"
    world.end("load#1", outcome=Value(b"x"))
    assert launch(world, "d").steps[0].inline == b"x"
    world.restart()
    assert launch(world, "d").steps[0].inline == b"x"


def test_a_body_that_had_waited_for_its_turn_alone_goes_on_after_a_restart():
    world = waiting(call(1), awaits=(), workers=1)
    assert world.labels == ["d"]
    world.end("d", outcome=Deferred((call(2),), ()))
    world.restart()
    world.play(lambda key: GOOD)
    assert world.states("d", "load#1", "load#2") == ["success"] * 3


def test_a_lost_body_is_played_again_with_all_that_is_on_record():
    world = waiting(call(1))
    world.end("load#1")
    world.lose("d", LostCause.SIGNAL)
    world.wait(10)
    assert [one.state for one in launch(world, "d").steps] == [S.SUCCESS]


def test_a_skipped_step_is_told_as_such():
    world = waiting(call(1))
    world.end("load#1", outcome=Skipped("nothing"))
    assert launch(world, "d").steps == (Recorded("load#1", bytes([1]), S.SKIPPED),)


def test_cancelling_stops_the_body_that_waits_and_all_steps():
    world = waiting(call(1), call(2, pool="nowhere"))
    world.cancel()
    assert world.state("d") == "cancelled"
    assert world.state("load#2") == "cancelled"
    world.end("load#1", outcome=STOPPED)
    assert world.run_state() == "cancelled"


def test_a_body_that_wants_to_wait_in_a_run_that_is_stopped_is_cancelled():
    world = started()
    world.start("d")
    world.cancel()
    world.end("d", outcome=Deferred((call(1),), (1,)))
    assert world.state("d") == "cancelled"
    assert world.of(Spawned) == []


def test_a_flow_that_waits_for_a_held_step_is_parked_and_goes_on_with_its_release():
    world = waiting(call(1))
    world.end("load#1", outcome=Held("empty", "0 rows", GOOD))
    assert world.run_state() == "held"
    world.restart()
    assert world.run_state() == "held"
    world.release("load#1")
    assert world.state("load#1") == "success"
    assert world.state("d") == "queued"


def test_retry_opens_the_body_and_what_failed_and_repeats_nothing():
    world = waiting(call(1), call(2), awaits=(1, 2))
    world.end("load#1")
    world.end("load#2", outcome=BOOM)
    world.end("d", outcome=FAILED_STEP)
    world.retry()
    assert world.states("d", "load#1", "load#2") == ["queued", "success", "queued"]
    assert [one.state for one in launch(world, "d").steps] == [S.SUCCESS, S.PENDING]
    world.end("d", outcome=Deferred((), (2,)))
    world.end("load#2")
    world.end("d")
    assert world.run_state() == "success"


def test_retry_leaves_a_failure_that_the_body_has_gone_past():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=Deferred((call(2, "instead", handled=(1,)),), (2,)))
    world.end("instead#2")
    world.end("d", outcome=BOOM)
    world.retry()
    assert world.state("load#1") == "failed"
    assert [one.state for one in launch(world, "d").steps] == [S.FAILED, S.SUCCESS]


def test_a_step_is_not_retried_alone():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=FAILED_STEP)
    answer = world.ask(RetryRun(world.last_run, ("load#1",)))
    assert not answer.ok
    assert "load#1 is a step of flow d: `segue retry d@" in answer.text
    assert world.ask(RetryRun(world.last_run, ("d",))).ok


def test_there_is_nothing_to_retry_while_the_body_goes_on():
    world = waiting(call(1), call(2))
    world.end("load#2", outcome=BOOM)
    assert "nothing to retry" in world.ask(RetryRun(world.last_run)).text


def test_a_rerun_of_a_flow_takes_nothing_over():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=FAILED_STEP)
    assert "a flow is run again whole" in world.ask(RerunRun(world.last_run, failed=True)).text
    assert world.ask(RerunRun(world.last_run)).ok


def test_the_hook_of_a_step_knows_its_call():
    world = waiting(call(1, hooks=("failure",)))
    world.end("load#1", outcome=BOOM)
    hooks = [one for one in world.of(Launch) if one.kind == "hook"]
    assert [(one.key.task, one.step) for one in hooks] == [("load#1!failure", call(1, hooks=("failure",)))]


def test_a_step_marked_by_hand_is_told_to_have_no_value():
    world = waiting(call(1))
    world.end("load#1", outcome=BOOM)
    world.end("d", outcome=Deferred((call(2),), (2,)))
    assert world.mark("load#1", "success").ok
    world.end("load#2")
    assert launch(world, "d").steps[0] == Recorded("load#1", bytes([1]), S.SUCCESS, marked=True)


def test_a_flow_reaches_its_timeout_while_it_waits():
    world = waiting(call(1), timeout=60 * SECOND)
    world.wait(61)
    world.end("load#1", outcome=STOPPED)
    assert world.states("d", "load#1") == ["cancelled", "cancelled"]
    assert world.run_state() == "failed"

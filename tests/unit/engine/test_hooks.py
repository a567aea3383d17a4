"""Hooks: attempts of their own, after an end, that change nothing."""

import pytest

from segue.model.changes import TaskMoved
from segue.model.commands import Adopt, Launch
from segue.model.errors import Conflict
from segue.model.events import Failure, Held, LostCause, Skipped, Value
from tests.unit.engine.driver import BOOM, GOOD, SECOND, STOPPED, World, dag, mapped, task

BOTH = ("success", "failure")


def started(*tasks, **options) -> World:
    world = World(dag(*tasks, **options))
    world.trigger(day=1)
    return world


def hooks(world: World) -> dict:
    """The attempts of hooks in the store: their state by label and number."""
    rows = [row for attempts in world.store.attempts.values() for row in attempts.values() if row.kind == "hook"]
    return {(row.key.of.label, row.key.number): row.state.value for row in rows}


def test_a_failure_calls_its_hook_in_the_same_transaction():
    world = started(task("a", hooks=BOTH, idempotent=False), task("b", "a", hooks=BOTH), task("c"))
    world.end("a", outcome=BOOM)
    assert [(type(one).__name__, getattr(one, "kind", "")) for one in world.changes] == [
        ("AttemptMoved", "user"), ("TaskMoved", ""), ("AttemptMoved", "hook"), ("TaskMoved", ""),
    ]  # fmt: skip
    launch = world.of(Launch)[0]
    assert (launch.key.task, launch.kind, launch.task.id) == ("a!failure", "hook", "a")
    assert (launch.task.rules.timeout, launch.task.rules.idempotent, launch.inputs) == (60 * SECOND, True, ())
    assert world.state("b") == "upstream_failed"
    world.start("a!failure")
    world.end("a!failure")
    assert hooks(world) == {("a!failure", 1): "success"}
    assert not world.of(TaskMoved)


def test_a_hook_is_called_once_a_final_failure_not_once_a_retry():
    world = started(task("a", retries=1, hooks=("failure",)), task("b"))
    world.end("a", outcome=BOOM)
    assert world.labels == ["b"]
    world.wait(30)
    world.end("a", outcome=BOOM)
    assert world.labels == ["a!failure", "b"]
    world.end("a!failure")
    world.retry("a")
    world.end("a")
    assert hooks(world) == {("a!failure", 1): "success"}


def test_a_success_calls_its_hook_and_a_skip_or_a_cancel_calls_none():
    world = started(*(task(name, hooks=BOTH) for name in "abc"))
    world.end("a")
    world.end("b", outcome=Skipped())
    world.cancel()
    world.end("c", outcome=STOPPED)
    assert list(hooks(world)) == [("a!success", 1)]


def test_each_item_has_its_own_hook():
    world = started(mapped("m", 2, hooks=("failure",)))
    world.end("m[0]", "m[1]", outcome=BOOM)
    assert world.labels == ["m!failure[0]", "m!failure[1]"]


def test_a_map_that_cannot_be_expanded_calls_the_hook_of_the_task():
    world = started(mapped("m", 2, 3, hooks=("failure",)))
    assert world.labels == ["m!failure"]


def test_what_a_person_marks_calls_no_hook_and_what_is_rejected_does():
    world = started(task("a", hooks=BOTH), task("b", hooks=BOTH))
    world.mark("a", "failed")
    world.end("a", outcome=STOPPED)
    world.end("b", outcome=Held("empty", "nothing", Value(b"v")))
    world.reject("b")
    assert world.labels == ["b!failure"]


def test_a_run_calls_its_hook_at_its_end_and_is_remembered_until_that_has_ended():
    world = started(task("a"), hooks=BOTH)
    world.end("a")
    launch = world.of(Launch)[0]
    assert (launch.key.task, launch.task.id, world.run_state()) == ("!success", "", "success")
    assert world.why() == "has ended: success"
    assert world.last_run in world.engine._board.runs
    world.end("!success", outcome=BOOM)
    assert (world.run_state(), world.last_run in world.engine._board.runs) == ("success", False)
    assert hooks(world) == {("!success", 1): "failed"}


@pytest.mark.parametrize(("outcome", "state"), [(BOOM, "failed"), (STOPPED, "cancelled")])
def test_a_failed_run_calls_its_hook_and_a_cancelled_one_calls_none(outcome, state):
    world = started(task("a"), hooks=BOTH)
    if outcome is STOPPED:
        world.cancel()
    world.end("a", outcome=outcome)
    assert (world.run_state(), world.labels) == (state, ["!failure"] if state == "failed" else [])


def test_a_lost_hook_is_tried_again_at_most_twice():
    world = started(task("a", hooks=("success",)))
    world.end("a")
    world.lose("a!success", LostCause.SIGNAL)
    world.start("a!success")
    world.start("a!success")
    world.end("a!success", outcome=STOPPED)
    world.lose("a!success", LostCause.WORKER, None)
    assert world.labels == []
    assert hooks(world) == {("a!success", 1): "lost", ("a!success", 2): "cancelled", ("a!success", 3): "lost"}
    texts = [row.text for row in world.store.attempts[world.last_run].values() if row.state.value == "lost"]
    assert texts == ["killed by signal 11", "its worker was stopped"]


def test_each_call_of_a_hook_has_its_own_tries():
    world = started(task("a", hooks=("failure",)), task("b"))
    for numbers in ((1, 2, 3), (4, 5, 6)):
        world.end("a", outcome=BOOM)
        for number in numbers:
            assert world.attempt("a!failure").number == number
            world.lose("a!failure", LostCause.WORKER)
        assert world.labels == ["b"]
        world.retry("a")


def test_a_hook_that_fails_or_takes_too_long_changes_nothing():
    world = started(task("a", hooks=("success",)), task("b", hooks=("success",)), task("c"))
    world.end("a", "b")
    world.end("a!success", outcome=BOOM)
    world.end("b!success", outcome=Failure("timeout", "60 s"))
    assert hooks(world) == {("a!success", 1): "failed", ("b!success", 1): "timed_out"}
    world.end("c")
    assert world.run_state() == "success"


def test_hooks_survive_a_restart():
    world = started(task("a", hooks=BOTH), task("b"), hooks=BOTH)
    world.end("a", outcome=BOOM)
    world.end("b")
    world.start("!failure")
    world.restart()
    assert {one.key.task: type(one) for one in world.outstanding} == {"a!failure": Launch, "!failure": Adopt}
    world.lose("!failure", LostCause.OWNER)
    world.end("a!failure")
    assert world.attempt("!failure").number == 2
    world.restart()
    world.end("!failure")
    assert world.last_run not in world.engine._board.runs
    world.restart()
    assert world.outstanding == ()
    world.retry()
    world.end("a", outcome=BOOM)
    assert (world.attempt("a!failure").number, world.attempt("!failure").number) == (2, 3)


def test_a_run_is_opened_again_while_its_hook_is_alive():
    world = started(task("a"), hooks=BOTH)
    world.end("a", outcome=BOOM)
    world.retry()
    assert world.labels == ["!failure", "a"]
    world.end("!failure")
    assert world.run_state() == "running"
    world.end("a")
    world.end("!success")
    assert world.run_state() == "success"


def test_a_hook_called_while_it_runs_is_called_again_afterwards():
    world = started(task("a", hooks=("failure",)))
    world.end("a", outcome=BOOM)
    world.retry()
    world.end("a", outcome=BOOM)
    assert world.labels == ["a!failure"]
    world.end("a!failure")
    assert (world.attempt("a!failure").number, world.run_state()) == (2, "failed")
    assert world.alive[world.attempt("a!failure")].round == 2
    world.end("a!failure")
    assert (world.labels, world.engine._board.runs) == ([], {})


def test_hooks_take_no_slot():
    world = World(dag(mapped("m", 2, hooks=("success",), max_active=1), max_active_tasks=1), workers=1)
    world.trigger()
    world.end("m[0]")
    assert world.labels == ["m!success[0]", "m[1]"]


def test_words_with_another_fence_are_not_a_hooks():
    world = started(task("a", hooks=("success",)))
    world.end("a")
    key = world.attempt("a!success")
    world.alive[key] = Launch(key, b"other", world.of(Launch)[0].brief, world.of(Launch)[0].task)
    world.start("a!success")
    world.end("a!success")
    assert (hooks(world), world.changes) == ({("a!success", 1): "queued"}, [])


def test_a_step_that_fails_calls_no_hook():
    failing = mapped("m", 2, 3, after=("a",), hooks=("failure",))
    world = World(dag(task("a"), failing, mapped("n", "a")), dag(task("z"), id="e"))
    first = world.trigger()
    world.end("a", outcome=Value(b"v", length="long"))
    assert world.why("a").startswith("DAG d is quarantined")
    world.trigger("e")
    assert (world.state("m", first), world.labels) == ("pending", ["z"])


def test_a_hook_of_a_quarantined_dag_is_taken_up_by_the_next_owner():
    world = started(task("a", hooks=("success",)), task("b"), mapped("n", "b"))
    world.send(world.word("a", GOOD), world.word("b", Value(b"v", length="long")))
    assert (world.why("a")[:22], hooks(world)) == ("DAG d is quarantined: ", {("a!success", 1): "queued"})
    with pytest.raises(Conflict):
        world.define(dag(task("z")), digest="new")
    world.restart()
    assert world.labels == ["a!success"]

import pytest

from segue.model.changes import Answered, RunMoved
from segue.model.commands import Cancel
from segue.model.events import Cancelled, LostCause, Skipped
from tests.unit.engine.driver import BOOM, GOOD, NOBODY, STOPPED, World, dag, mapped, task


def started(*tasks, **options) -> World:
    world = World(dag(*tasks, **options))
    world.trigger(day=1)
    return world


def test_a_task_marked_success_lets_upstream_failed_tasks_below_it_run():
    world = started(task("a"), task("b", data=("a",)), task("c", "b"))
    world.end("a", outcome=BOOM)
    assert world.run_state() == "failed"
    answer = world.mark("a", "success")
    assert (answer.ok, answer.text, answer.act) == (True, "a is marked success", "MarkTask")
    assert str(world.row("a").why) == "ana marked it: because"
    assert (world.states("a", "b", "c"), world.view().round) == (["success", "queued", "pending"], 2)
    assert world.alive[world.attempt("b")].inputs[0].state.value == "success"
    world.end("b")
    world.end("c")
    assert world.run_state() == "success"


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_a_pending_task_is_marked_at_once(state):
    world = started(task("a"), task("b", "a"), task("c", "b", trigger_rule="all_done"))
    assert world.mark("b", state).ok
    assert world.state("b") == state
    world.end("a")
    world.end("c")
    assert world.run_state() == ("failed" if state == "failed" else "success")


def test_a_task_marked_failed_is_the_culprit():
    world = started(task("a"), task("b", "a"))
    world.mark("b", "failed")
    world.end("a")
    assert world.view().culprits == (("b", "ana marked it: because"),)


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_a_task_between_attempts_is_marked_at_once(state):
    world = started(task("a", retries=1))
    world.end("a", outcome=BOOM)
    assert world.mark("a", state).ok
    assert world.run_state() == ("failed" if state == "failed" else "success")
    world.wait(100)
    assert world.alive == {}


@pytest.mark.parametrize("before", ["queued", "running"])
@pytest.mark.parametrize("outcome", [STOPPED, GOOD, BOOM, Skipped()])
def test_a_living_attempt_is_stopped_first_and_whatever_it_says_the_mark_counts(before, outcome):
    world = started(task("a", retries=3), task("b", "a"))
    if before == "running":
        world.start("a")
    assert world.mark("a", "skipped") is None
    assert [(type(one), one.key) for one in world.commands] == [(Cancel, world.attempt("a"))]
    assert world.state("a") == before
    world.end("a", outcome=outcome)
    assert world.of(Answered)[0].text == "a is marked skipped"
    assert world.states("a", "b") == ["skipped", "skipped"]
    assert world.store.attempts[world.last_run]["a", None, 1].state.value == "cancelled"


def test_a_lost_attempt_of_a_marked_task_is_lost_and_the_mark_counts():
    world = started(task("a"))
    world.mark("a", "success")
    world.lose("a", LostCause.WORKER)
    assert (world.state("a"), world.run_state()) == ("success", "success")
    assert world.store.attempts[world.last_run]["a", None, 1].state.value == "lost"


def test_a_mark_that_is_asked_again_while_its_attempt_is_being_stopped_is_one_mark():
    world = started(task("a"))
    world.mark("a", "success", id="m")
    assert world.mark("a", "success", id="m") is None
    assert (world.commands, world.changes) == ([], [])
    assert world.mark("a", "failed").text == "a is being marked by ana already"
    world.end("a", outcome=STOPPED)
    assert [one.request for one in world.of(Answered)] == ["m"]


def test_a_mark_that_was_asked_before_a_crash_is_carried_out_when_it_is_asked_again():
    world = started(task("a"))
    world.mark("a", "success", id="m")
    world.restart()
    assert world.mark("a", "success", id="m") is None
    assert [(type(one), one.key) for one in world.commands] == [(Cancel, world.attempt("a"))]
    world.end("a", outcome=Cancelled(begun=False), began=None)
    assert world.state("a") == "success"


def test_an_attempt_that_is_to_be_marked_may_not_start():
    world = started(task("a", idempotent=False))
    world.mark("a", "success")
    world.may_start("a")
    assert [one.yes for one in world.commands] == [False]


def test_a_mark_whose_run_is_cancelled_meanwhile_still_counts_and_opens_nothing():
    world = started(task("a"), task("x"), task("b", "a", "x"))
    world.end("x", outcome=Skipped())
    assert world.state("b") == "pending"
    world.mark("a", "failed")
    world.cancel()
    world.end("a", outcome=STOPPED)
    assert (world.states("a", "b"), world.run_state()) == (["failed", "cancelled"], "cancelled")


def test_a_held_task_is_marked_and_its_run_goes_on():
    world = started(mapped("a", 0), task("b", "a"))
    assert world.run_state() == "held"
    world.mark("a", "success")
    assert (world.run_state(), world.labels) == ("running", ["b"])


def test_a_held_run_goes_on_only_when_something_of_it_can_move():
    world = started(mapped("a", 0), mapped("b", 0), task("c", "a", "b"))
    world.mark("a", "success")
    assert world.run_state() == "held"
    assert not world.of(RunMoved)
    world.mark("b", "success")
    assert (world.run_state(), world.labels) == ("running", ["c"])


def test_a_held_run_ends_when_its_last_open_task_is_marked():
    world = started(mapped("a", 0))
    assert world.run_state() == "held"
    world.mark("a", "skipped")
    assert world.run_state() == "success"


def test_a_held_run_that_waits_for_its_place_still_does_after_a_crash():
    world = started(mapped("a", 0), task("b", "a"), max_active_runs=1)
    held = world.last_run
    other = World.trigger(world, day=2)
    world.mark("a", "success", run=other)
    world.mark("a", "success", run=held)
    assert world.run_state(held) == "held"
    world.restart()
    world.end("b", run=other)
    assert world.run_state(held) == "running"
    world.end("b", run=held)
    assert world.run_state(held) == "success"


def test_an_item_is_marked_and_a_whole_map_is_not():
    world = started(mapped("a", 2), task("b", data=("a",)))
    assert world.mark("a", "success").text == "a is mapped: name one item, a[0]"
    world.end("a[0]")
    world.end("a[1]", outcome=BOOM)
    world.mark("a[1]", "success")
    assert world.alive[world.attempt("b")].inputs[0].without == (1,)


def test_a_mark_that_changes_nothing_is_refused():
    world = started(task("a"), task("b"))
    world.end("a")
    assert world.mark("a", "success").text == "a is success already"


def test_a_mark_in_a_cancelled_run_is_refused():
    world = started(task("a"))
    world.cancel()
    assert "was cancelled: `segue retry d@day-1` opens it again" in world.mark("a", "success").text


def test_a_result_that_a_map_was_expanded_over_is_not_marked_away():
    world = started(mapped("a", 2), mapped("b", "a"))
    world.end("a[0]", "a[1]")
    assert world.mark("a[0]", "failed").text == "b was expanded over what a[0] returned: retry it instead"


def test_what_feeds_a_map_under_way_is_left_alone_by_a_mark_above_it():
    any_end = {"trigger_rule": "all_done"}
    world = started(task("u"), mapped("a", 2, after=("u",), **any_end), mapped("b", "a", **any_end))
    world.end("u", outcome=BOOM)
    world.end("a[0]")
    world.end("a[1]", outcome=Skipped())
    world.mark("u", "success")
    assert world.states("a[0]", "a[1]", "b[0]") == ["success", "skipped", "queued"]


def test_an_interrupted_run_is_taken_up_by_a_mark():
    world = started(task("a"), task("b"))
    world.start("b")
    world.restart(NOBODY)
    world.mark("a", "success")
    assert world.labels == ["b"]
    world.end("b")
    assert world.run_state() == "success"


@pytest.mark.parametrize(
    "ask", [lambda world, run: world.mark("a", "success", run), lambda world, run: world.retry(run=run)]
)
def test_an_ended_run_is_not_opened_while_an_interrupted_one_holds_its_slot(ask):
    world = started(task("a"))
    first = world.last_run
    world.end("a", outcome=BOOM)
    second = world.rerun().run
    world.restart(NOBODY)
    assert not ask(world, first).ok
    assert world.mark("a", "success", run=second).ok


def test_a_verdict_waits_until_no_other_run_holds_the_slot():
    world = started(task("a"))
    first = world.last_run
    world.end("a", outcome=BOOM)
    second = world.rerun().run
    world.mark("a", "success", run=first)
    assert (world.run_state(first), world.view(first).placed) == ("running", False)
    world.end("a", run=second)
    assert (world.run_state(first), world.slot(1).last_run) == ("success", str(first))


def test_an_attempt_below_a_marked_task_goes_on():
    world = started(task("a"), task("b", "a", retries=1))
    world.end("a")
    world.mark("a", "failed")
    assert world.state("b") == "queued"
    world.end("b")
    assert (world.states("a", "b"), world.run_state()) == (["failed", "success"], "failed")

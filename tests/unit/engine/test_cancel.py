from segue.engine.board import MAX_CHANGES
from segue.model.acts import CancelRun
from segue.model.commands import Adopt, Cancel, Kill, Launch
from segue.model.events import Failure, LostCause, Request, Skipped
from tests.unit.engine.driver import BOOM, NOBODY, STOPPED, World, dag, mapped, task


def started(*tasks, **options) -> World:
    world = World(dag(*tasks, **options))
    world.trigger(day=1)
    return world


def test_cancel_ends_what_waits_at_once_and_stops_what_is_alive():
    world = started(task("a"), task("b", "a"))
    answer = world.cancel()
    assert (answer.ok, answer.text) == (True, "d@day-1 is being cancelled")
    assert world.states("a", "b") == ["queued", "cancelled"]
    assert [(type(one), one.key) for one in world.commands] == [(Cancel, world.attempt("a"))]
    assert world.view().cancel_at == world.now
    world.end("a", outcome=STOPPED)
    assert (world.state("a"), world.run_state(), world.slot(1).state.value) == ("cancelled", "cancelled", "failed")
    assert str(world.row("b").why) == "ana cancelled the run"


def test_cancel_now_kills():
    world = started(task("a"))
    world.cancel()
    world.cancel(now=True)
    assert [(type(one), one.key) for one in world.commands] == [(Kill, world.attempt("a"))]


def test_a_result_that_arrives_between_cancel_and_kill_is_accepted():
    world = started(task("a"), task("b", "a"))
    world.cancel()
    world.end("a")
    assert (world.states("a", "b"), world.run_state()) == (["success", "cancelled"], "cancelled")


def test_a_failure_under_cancel_is_not_retried():
    world = started(task("a", retries=3), task("b", retries=3), task("c"))
    world.cancel()
    world.end("a", outcome=BOOM)
    world.lose("b", LostCause.SIGNAL)
    world.end("c", outcome=Skipped())
    assert world.states("a", "b", "c") == ["failed", "cancelled", "skipped"]
    assert str(world.row("a").why) == "boom; no retry: the run is being cancelled"
    assert world.run_state() == "cancelled"


def test_a_task_between_attempts_is_cancelled_at_once():
    world = started(task("a", retries=3))
    world.end("a", outcome=Failure("E", "e"))
    world.cancel()
    assert world.run_state() == "cancelled"
    world.wait(100)
    assert world.alive == {}


def test_a_run_that_never_began_is_cancelled_and_leaves_the_line():
    world = World(dag(task("a"), max_active_runs=1))
    first, second, third = (world.trigger(day=day) for day in (1, 2, 3))
    world.cancel(second)
    assert world.run_state(second) == "cancelled"
    assert ("d", *world.view(second).row.slot) not in world.store.slots
    world.end("a", run=first)
    assert world.run_state(third) == "running"


def test_an_ended_run_is_not_cancelled():
    world = started(task("a"))
    world.end("a")
    assert world.cancel().text == "d@day-1 has ended: success"


def test_a_cancel_of_many_tasks_takes_several_turns():
    count = 2 * MAX_CHANGES + 7
    world = World(dag(task("a"), *(task(f"t{at}", "a") for at in range(count))))
    world.trigger()
    request = world.history and len(world.history)
    world.cancel()
    assert len(world.history) - request > count
    assert world.states("t0", f"t{count - 1}") == ["cancelled", "cancelled"]
    assert world.run_state() == "running"
    world.end("a")
    assert world.run_state() == "cancelled"


def test_a_cancel_goes_on_after_a_crash_in_the_middle():
    world = World(dag(task("a"), *(task(f"t{at}", "a") for at in range(MAX_CHANGES))))
    world.trigger()
    world.start("a")
    decision = world.step(Request("c", "ana", CancelRun(world.last_run)))
    assert len(decision.changes) == MAX_CHANGES
    assert world.state(f"t{MAX_CHANGES - 1}") == "pending"
    world.restart()
    assert [type(one) for one in world.outstanding] == [Adopt, Cancel]
    assert world.state(f"t{MAX_CHANGES - 1}") == "cancelled"
    world.end("a", outcome=STOPPED)
    assert world.run_state() == "cancelled"


def test_a_queued_attempt_of_a_cancelled_run_is_not_launched_again():
    world = started(task("a"))
    world.cancel()
    world.restart()
    assert [type(one) for one in world.outstanding] == [Cancel]
    assert world.run_state() == "cancelled"


def test_an_interrupted_run_is_taken_up_to_be_cancelled():
    world = started(task("a"), task("b"))
    world.start("b")
    world.restart(NOBODY)
    world.cancel(now=True)
    assert not world.of(Launch)
    assert world.state("a") == "cancelled"
    world.end("b", outcome=STOPPED)
    assert world.run_state() == "cancelled"


def test_a_run_nobody_knows_is_not_cancelled():
    assert World().cancel(NOBODY).text == "there is no run none@none"


def test_a_cancelled_run_is_opened_again_by_retry():
    world = started(task("a"), task("b", "a"))
    world.cancel()
    assert world.retry().text == "d@day-1 is being cancelled: ask again when it has ended"
    world.end("a", outcome=STOPPED)
    world.retry()
    assert world.view().cancel_at is None
    world.end("a")
    world.end("b")
    assert world.run_state() == "success"


def test_a_run_of_which_something_stays_cancelled_is_cancelled():
    world = started(task("a"), task("b"))
    world.cancel()
    world.end("a", "b", outcome=STOPPED)
    world.retry("a", only=True)
    world.end("a")
    assert world.run_state() == "cancelled"


def test_a_held_run_can_be_cancelled():
    world = started(mapped("a", 0))
    assert world.run_state() == "held"
    world.cancel()
    assert world.run_state() == "cancelled"

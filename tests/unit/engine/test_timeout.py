"""`dag(timeout=)`: the time that a run may hold its place."""

from segue.model.changes import RunMoved
from segue.model.commands import Cancel, Launch
from segue.model.events import LostCause
from tests.unit.engine.driver import BOOM, NOBODY, SECOND, STOPPED, World, dag, mapped, task

LIMIT = 100 * SECOND
TEARDOWN = (task("s", kind="setup"), task("a", "s"), task("t", "s", "a", kind="teardown"))


def started(*tasks, **options) -> World:
    world = World(dag(*tasks, timeout=LIMIT, **options))
    world.trigger(day=1)
    return world


def test_a_run_over_its_timeout_is_stopped_and_fails():
    world = started(task("a"), task("b", "a"))
    world.wait(99.9)
    assert world.changes == []
    world.wait(0.1)
    assert [type(one) for one in world.commands] == [Cancel]
    assert (world.states("a", "b"), world.view().stop) == (["queued", "cancelled"], "timeout")
    assert (world.why(), world.why("a")) == ("is being stopped by its timeout", "is being stopped by its timeout")
    assert world.retry().text == "d@day-1 is being stopped by its timeout: ask again when it has ended"
    world.end("a", outcome=STOPPED)
    assert (world.run_state(), world.slot(1).state.value) == ("failed", "failed")
    assert world.view().culprits == (("a", "stopped by the timeout of its DAG, 1 min 40 s"),)
    assert str(world.view().why) == "it took longer than its timeout, 1 min 40 s"


def test_a_run_that_ends_in_time_is_left_alone():
    world = started(task("a"))
    world.end("a")
    assert (world.run_state(), world.wake_at) == ("success", None)
    world.wait(200)
    assert world.changes == []


def test_a_failed_task_is_a_culprit_beside_what_the_timeout_stopped():
    world = started(task("a"), task("b"), task("c", "b"))
    world.end("a", outcome=BOOM)
    world.wait(100)
    world.end("b", outcome=STOPPED)
    assert [label for label, _ in world.view().culprits] == ["a", "b"]


def test_where_nothing_had_begun_all_that_was_left_is_named():
    world = World(dag(task("a"), task("b", "a"), task("c", "a"), timeout=LIMIT), workers=1)
    world.trigger()
    world.end("a")
    world.wait(100)
    world.end("b", outcome=STOPPED)
    world.retry()
    world.end("b")
    world.wait(1)
    assert world.labels == ["c"]
    world = World(dag(task("a"), task("b", "a"), timeout=LIMIT))
    world.trigger()
    world.wait(100)
    world.end("a")
    assert [label for label, _ in world.view().culprits] == ["b"]


def test_what_had_not_begun_is_no_culprit_beside_what_failed():
    world = started(task("a"), task("b"), task("c", "b"))
    world.end("a", outcome=BOOM)
    world.wait(100)
    world.end("b")
    assert (world.state("c"), world.view().culprits) == ("cancelled", (("a", "boom"),))


def test_a_failure_under_the_timeout_is_not_retried():
    world = started(task("a", retries=3))
    world.wait(100)
    world.end("a", outcome=BOOM)
    assert str(world.row("a").why) == "boom; no retry: the run has reached its timeout"
    assert world.view().culprits == (("a", str(world.row("a").why)),)


def test_a_run_of_which_all_succeeds_while_it_is_stopped_is_a_success():
    world = started(task("a"))
    world.wait(100)
    world.end("a")
    assert world.run_state() == "success"


def test_teardowns_run_after_the_timeout():
    world = started(*TEARDOWN)
    world.end("s")
    world.wait(100)
    world.end("a", outcome=STOPPED)
    assert world.labels == ["t"]
    world.wait(1000)
    world.end("t")
    assert (world.states("a", "t"), world.run_state()) == (["cancelled", "success"], "failed")


def test_a_teardown_alone_is_not_stopped_by_the_timeout():
    world = started(*TEARDOWN)
    world.end("s")
    world.end("a")
    world.wait(1000)
    assert world.view().cancel_at is None
    world.end("t")
    assert world.run_state() == "success"


def cleaning() -> World:
    """Over its timeout, with nothing but the teardown left."""
    world = started(*TEARDOWN)
    world.end("s")
    world.end("a")
    world.wait(100)
    assert world.labels == ["t"]
    return world


def test_what_has_ended_is_not_opened_again_in_the_last_breath_of_a_run():
    world = cleaning()
    refusal = "d@day-1 has spent its timeout, and is being cleaned up: ask again when it has ended"
    assert world.retry("a").text == refusal
    world.end("t")
    assert world.run_state() == "success"


def test_what_a_mark_opens_again_in_a_run_over_its_timeout_is_stopped():
    world = World(
        dag(task("s", kind="setup"), task("a"), task("b", "a"), task("t", "s", kind="teardown"), timeout=LIMIT)
    )
    world.trigger(day=1)
    world.end("a", outcome=BOOM)
    world.end("s")
    world.wait(100)
    assert (world.labels, world.state("b")) == (["t"], "upstream_failed")
    world.mark("a", "success")
    assert (world.labels, world.state("b")) == (["t"], "cancelled")


def test_the_timeout_stands_still_while_the_run_is_parked():
    world = started(task("a"), mapped("m", 0, after=("a",)), task("z", "m", trigger_rule="all_done"))
    world.wait(60)
    world.end("a")
    assert (world.run_state(), world.view().spent, world.wake_at) == ("held", 60 * SECOND, None)
    world.wait(1000)
    world.restart()
    world.release("m")
    world.restart()
    world.wait(39)
    assert world.view().cancel_at is None
    world.wait(1)
    world.end("z", outcome=STOPPED)
    assert world.run_state() == "failed"


def test_the_timeout_survives_a_restart():
    world = started(task("a"))
    world.wait(50)
    world.restart()
    world.wait(50)
    assert world.view().stop == "timeout"
    world.restart()
    assert (world.run_state(), world.wake_at) == ("failed", None)


def test_a_retry_has_its_time_again():
    world = started(task("a"))
    world.wait(100)
    world.end("a", outcome=STOPPED)
    world.wait(1000)
    world.retry()
    assert (world.view().stop, world.view().spent) == ("", 0)
    world.wait(99)
    assert world.view().cancel_at is None
    world.end("a")
    assert world.run_state() == "success"


def test_a_run_without_a_place_does_not_spend_its_time():
    world = started(task("a"), max_active_runs=1)
    first, second = world.last_run, world.trigger(day=2)
    world.wait(100)
    world.end("a", run=first, outcome=STOPPED)
    world.wait(99)
    assert world.run_state(second) == "running"


def test_a_run_stopped_by_its_timeout_is_opened_only_by_retry():
    world = started(task("a"), task("b", "a"))
    world.wait(100)
    assert world.mark("b", "success").text == "d@day-1 was stopped by its timeout: `segue retry d@day-1` opens it again"


def test_a_person_may_end_at_once_what_the_timeout_stops():
    world = started(*TEARDOWN)
    world.end("s")
    world.wait(100)
    world.cancel(now=True)
    world.end("a", outcome=STOPPED)
    assert (world.state("t"), world.run_state(), world.view().stopped_by) == ("cancelled", "cancelled", "ana")


def test_who_stopped_a_run_and_its_class_survive_a_restart():
    world = World(dag(task("a"), task("b"), max_active_runs=9))
    world.trigger(day=1)
    world.make_scheduled(world.last_run)
    world.end("b", outcome=BOOM)
    world.retry()
    assert [change.klass for change in world.of(RunMoved)][:1] == [0]
    world.start("a")
    world.cancel()
    world.restart()
    world.end("a", outcome=STOPPED)
    assert str(world.row("a").why) == "ana cancelled the run"
    assert world.view().row.klass == 0


def test_a_retry_moves_a_waiting_run_up_in_the_line():
    world = World(dag(task("a"), task("b"), max_active_runs=1))
    runs = [world.trigger(day=day) for day in (1, 2)]
    world.end("a", run=runs[0])
    world.end("b", run=runs[0], outcome=BOOM)
    assert world.run_state(runs[1]) == "running"
    world.make_scheduled(runs[0])
    world.retry(run=runs[0], force=True)
    assert [(change.new.value, change.klass) for change in world.of(RunMoved)] == [("running", 0)]
    third = world.trigger(day=3)
    world.end("a", "b", run=runs[1])
    assert (world.run_state(runs[0]), world.run_state(third)) == ("running", "queued")


def test_a_cancelled_run_of_an_older_store_says_that_somebody_did_it():
    world = World(dag(task("a"), task("b")))
    world.trigger()
    for label in ("a", "b"):
        world.start(label)
    world.cancel()
    view = world.view()
    world.store.runs[view.run] = type(view)(
        **{name: getattr(view, name) for name in view.__struct_fields__ if name not in ("stop", "stopped_by")}
    )
    world.restart()
    world.lose("a", LostCause.OWNER)
    assert str(world.row("a").why) == "somebody cancelled the run"
    world.end("b")
    assert world.run_state() == "cancelled"


def test_an_overdue_run_that_nobody_drove_is_stopped_when_it_is_taken_up():
    world = started(task("a"))
    world.start("a")
    world.restart(NOBODY)
    world.wait(1000)
    world.restart()
    assert world.view().stop == "timeout"


def test_of_an_overdue_run_that_is_taken_up_by_retry_nothing_is_launched():
    world = started(task("a"))
    world.restart(NOBODY)
    world.wait(1000)
    world.retry()
    assert (world.of(Launch), world.view().stop) == ([], "timeout")

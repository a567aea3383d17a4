"""`context.state`: a few small strings, durable before the answer."""

from segue.model.changes import StateChanged
from segue.model.commands import Answer, Launch
from segue.model.events import Held, LostCause, Value
from segue.model.ids import Instant
from tests.unit.engine.driver import BOOM, STOPPED, World, dag, mapped, task


def started(*tasks) -> World:
    world = World(dag(*tasks))
    world.trigger(day=1)
    return world


def test_what_is_kept_is_written_then_answered():
    world = started(task("a"))
    world.set_state("a", "job", "j-1", seq=7)
    assert world.of(StateChanged) == [StateChanged(world.last_run, "a", None, "job", "j-1", Instant(world.now))]
    assert world.of(Answer) == [Answer(world.attempt("a"), 7, True)]


def test_what_is_kept_is_given_to_every_later_attempt():
    world = started(task("a", retries=1))
    assert world.of(Launch)[0].state == ()
    world.set_state("a", "url", "u")
    world.set_state("a", "job", "j-1")
    world.set_state("a", "job", "j-2")
    kept = (("job", "j-2"), ("url", "u"))
    world.lose("a", LostCause.WORKER)
    world.wait(5)
    assert world.alive[world.attempt("a")].state == kept
    world.restart()
    assert world.alive[world.attempt("a")].state == kept
    world.end("a", outcome=BOOM)
    world.wait(30)
    world.end("a", outcome=BOOM)
    world.retry()
    assert world.alive[world.attempt("a")].state == kept


def test_each_item_keeps_its_own_and_nothing_of_items_that_are_forgotten():
    world = started(task("l"), mapped("m", "l"))
    world.end("l", outcome=_list(2))
    world.set_state("m[1]", "job", "one")
    world.end("m[0]", "m[1]", outcome=BOOM)
    world.retry()
    assert {label: world.alive[world.attempt(label)].state for label in ("m[0]", "m[1]")} == {
        "m[0]": (), "m[1]": (("job", "one"),),
    }  # fmt: skip
    world.end("m[0]", "m[1]")
    world.retry("l")
    world.end("l", outcome=_list(2))
    assert world.alive[world.attempt("m[1]")].state == ()


def _list(length):
    return Value(b"list", length=length)


def test_a_stale_attempt_keeps_nothing():
    world = started(task("a", retries=1))
    old = world.attempt("a")
    launch = world.alive[old]
    world.lose("a", LostCause.SIGNAL)
    world.alive[old] = launch
    world.set_state("a", "job", "old")
    assert (world.of(StateChanged), world.of(Answer)) == ([], [Answer(old, 1, False)])


def test_an_attempt_that_is_being_cancelled_may_keep():
    world = started(task("a"))
    world.start("a")
    world.cancel()
    world.set_state("a", "job", "stopped")
    assert world.of(Answer)[0].yes


def test_a_hook_keeps_for_its_task_and_one_of_the_dag_for_nobody():
    world = World(dag(task("a", hooks=("failure",)), hooks=("failure",)))
    world.trigger()
    world.set_state("a", "job", "j-1")
    world.end("a", outcome=BOOM)
    assert world.alive[world.attempt("a!failure")].state == (("job", "j-1"),)
    world.set_state("a!failure", "told", "yes")
    assert (world.of(StateChanged)[0].task, world.of(Answer)[0].yes) == ("a", True)
    world.set_state("!failure", "told", "yes")
    assert (world.of(StateChanged), world.of(Answer)[0].yes) == ([], False)


def test_remote_work_that_has_ended_is_not_told_of_the_cancel():
    world = started(task("a", hooks=("cancel",)))
    world.set_state("a", "job", "j-1")
    world.end("a", outcome=Held("empty", "no rows", Value(b"v"), b"files"))
    world.release("a")
    world.lose("a", LostCause.WORKER)
    world.cancel()
    assert (world.labels, world.run_state()) == ([], "cancelled")


def test_remote_work_without_an_attempt_is_told_of_the_cancel():
    hooked = {"retries": 1, "hooks": ("cancel",)}
    idle = task("idle", "plain", **hooked)
    world = started(task("far", **hooked), task("near", **hooked), task("plain", retries=1), idle)
    world.set_state("far", "job", "j-1")
    world.set_state("plain", "job", "j-2")
    for label in ("far", "near", "plain"):
        world.lose(label, LostCause.SIGNAL)
    world.cancel()
    assert world.labels == ["far!cancel"]
    assert world.alive[world.attempt("far!cancel")].state == (("job", "j-1"),)
    assert world.run_state() == "cancelled"
    world.restart()
    world.end("far!cancel", outcome=STOPPED)
    assert world.attempt("far!cancel").number == 2

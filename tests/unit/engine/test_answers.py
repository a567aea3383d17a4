"""What an answer tells the audit: the act itself, where it came from, and what stood there before."""

from segue.model.acts import CancelRun, MarkTask, MoveBackfill, RetryRun, SetPool, TriggerRun
from segue.model.backfills import BackfillImage, BackfillRow
from segue.model.changes import Answered
from segue.model.events import Origin, Request
from segue.model.images import Facts
from segue.model.limits import Limits
from tests.unit.engine.driver import BOOM, NOBODY, STOPPED, World, dag, task

ORIGIN = Origin("too slow", "sel-1", "state:failed")


def told(answer):
    return answer.ok, answer.asked, answer.was


def test_an_answer_carries_what_was_asked_and_what_stood_there():
    world = World(dag(task("a"), task("b", "a")), limits=Limits((("p", 2),)))
    run = world.trigger()
    assert told(world.ask(SetPool("p", 5))) == (True, SetPool("p", 5), "2")
    assert told(world.ask(SetPool("new", 5))) == (True, SetPool("new", 5), "")
    world.end("a", outcome=BOOM)
    assert told(world.retry(run=run)) == (True, RetryRun(run), "failed")
    assert told(world.cancel()) == (True, CancelRun(run), "running")
    refused = world.ask(TriggerRun("nothing", "k"))
    assert told(refused) == (False, TriggerRun("nothing", "k"), "")


def test_a_mark_tells_the_state_that_its_task_had_also_when_it_had_to_be_stopped_first():
    world = World(dag(task("a"), task("b", "a")))
    run = world.trigger()
    asked = MarkTask(run, "a", "skipped", "because")
    world.start("a")
    world.send(Request("m", "ana", asked, origin=ORIGIN))
    world.end("a", outcome=STOPPED)
    (answer,) = world.of(Answered)
    assert (told(answer), answer.origin) == ((True, asked, "running"), ORIGIN)
    assert told(world.mark("b", "failed")) == (True, MarkTask(run, "b", "failed", "because"), "skipped")


def test_where_a_request_comes_from_is_told_also_where_it_is_refused():
    world = World(dag(task("a")))
    world.send(Request("c", "ana", CancelRun(NOBODY), origin=ORIGIN))
    (answer,) = world.of(Answered)
    assert (answer.ok, answer.origin) == (False, ORIGIN)


def test_a_backfill_tells_the_state_it_had():
    world = World(dag(task("a")))
    facts = Facts(backfill=BackfillImage(BackfillRow(1, "d", b"", 0), "done", 0, dag(task("a"))))
    world.send(Request("b", "ana", MoveBackfill(1, "pause"), facts))
    (answer,) = world.of(Answered)
    assert (answer.ok, answer.was) == (False, "")

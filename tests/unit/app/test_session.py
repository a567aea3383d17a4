from itertools import count

import pytest

from segue.app.picture import Picture
from segue.app.session import Session
from segue.model.acts import CancelRun, MoveBackfill, ReleaseTask, RetryRun, TriggerRun
from segue.model.backfills import BackfillRow
from segue.model.changes import Answered, AttemptMoved, BackfillMade, BackfillMoved, RunCreated, RunMoved, TaskMoved
from segue.model.events import Request
from segue.model.ids import AttemptKey, Instant, RunKey, hook_id
from segue.model.images import RunRow
from segue.model.spec import DagSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView
from segue.model.why import Why
from segue.run.control import ControlServer

RUN = RunKey("d", "2026-04-01", 1)
OTHER = RunKey("d", "2026-04-02", 1)
ASK = Request("r1", "ann", TriggerRun("d", "2026-04-01"))


@pytest.fixture
def inbox():
    server = ControlServer(None, lambda look: None)
    yield server
    server.close()


def session_on(inbox, drive=True):
    numbers = count(2)
    return Session(inbox, Picture({"d": DagSpec("d")}), lambda: f"r{next(numbers)}", "ann", drive)


def commit(session, inbox, *changes):
    """What the loop does with a decision."""
    events = inbox.poll()
    session.deciding(changes)
    inbox.ack(events, changes)
    session.committed(changes)


def answered(request="r1", ok=True, run=RUN, act="TriggerRun"):
    return Answered(request, "ann", act, ok, "well", Instant(1), run)


def created(run=RUN):
    return RunCreated(RunRow(run, "r1", 1), Instant(0))


def moved(old, new, run=RUN):
    return RunMoved(run, old, new, Instant(3), Why("dispatched"))


def test_it_is_over_when_its_runs_have_ended(inbox):
    session = session_on(inbox)
    session.post(ASK)
    assert not session.over()
    commit(session, inbox, created(), answered())
    assert not session.over() and list(session.mine) == [RUN]
    commit(session, inbox, moved(RunState.QUEUED, RunState.RUNNING))
    assert not session.over()
    commit(session, inbox, moved(RunState.RUNNING, RunState.SUCCESS))
    assert session.over()


def test_a_run_that_is_held_is_waited_for_no_longer(inbox):
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, created(), answered(), moved(RunState.RUNNING, RunState.HELD))
    assert session.over()


def test_a_release_is_waited_for_until_what_was_staged_is_published(inbox):
    """The run is still held in the turn of the release: what it staged has to wait for a place."""
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, created(), answered(), moved(RunState.RUNNING, RunState.HELD))
    session.post(Request("r2", "ann", ReleaseTask(RUN, "load", "it is fine")))
    released = TaskMoved(RUN, "load", None, TaskState.HELD, TaskState.UP_FOR_RETRY, Instant(4), Why("released"))
    commit(session, inbox, released, answered("r2", act="ReleaseTask"))
    assert not session.over()
    commit(session, inbox, moved(RunState.HELD, RunState.RUNNING), moved(RunState.RUNNING, RunState.SUCCESS))
    assert session.over()


def test_a_refusal_ends_it_and_is_kept(inbox):
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, answered(ok=False, run=None))
    assert session.over() and session.refusals == ["well"]


def test_where_it_does_not_drive_the_answer_ends_it(inbox):
    session = session_on(inbox, drive=False)
    session.post(Request("r1", "ann", CancelRun(RUN)))
    commit(session, inbox, moved(RunState.RUNNING, RunState.RUNNING), answered(act="CancelRun"))
    assert session.over()


def test_a_run_that_goes_on_unchanged_is_driven_all_the_same(inbox):
    session = session_on(inbox)
    session.post(Request("r1", "ann", RetryRun(RUN)))
    commit(session, inbox, answered(act="RetryRun"))
    assert not session.over() and session.runs() == {RUN}


def test_a_run_is_looked_for_even_if_its_commit_stays_unknown(inbox):
    session = session_on(inbox)
    session.post(ASK)
    session.deciding([created()])
    assert session.runs() == {RUN}


def test_the_first_interrupt_cancels_what_has_not_ended_and_the_second_kills(inbox):
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, created(), created(OTHER), answered(), moved(RunState.RUNNING, RunState.SUCCESS, OTHER))
    session.interrupt()
    session.interrupt()
    assert [(event.act.run, event.act.now) for event in inbox.poll()] == [(RUN, False), (RUN, True)]


def test_listeners_hear_what_was_committed_when_the_picture_has_it(inbox):
    session, heard = session_on(inbox), []
    session.listeners.append(lambda changes: heard.append((len(changes), list(session.picture.runs))))
    commit(session, inbox, created())
    assert heard == [(1, [RUN])]


def test_it_is_not_over_while_a_hook_is_alive(inbox):
    session = session_on(inbox)
    session.post(ASK)
    hook = AttemptKey(RUN, hook_id("", "success"), None, 1)
    commit(session, inbox, created(), answered(), moved(RunState.QUEUED, RunState.RUNNING))
    begins = AttemptMoved(hook, None, AttemptState.QUEUED, Instant(4), kind="hook")
    commit(session, inbox, moved(RunState.RUNNING, RunState.SUCCESS), begins)
    assert not session.over()
    commit(session, inbox, AttemptMoved(hook, AttemptState.QUEUED, AttemptState.SUCCESS, Instant(5), kind="hook"))
    assert session.over()


def stored(state, *attempts):
    row = RunRow(RUN, "r1", 1)
    view = RunView(1, row, state, 1, False, None, (), None, None, None)
    return RunDetail(view, DagSpec("d"), (), attempts)


def test_the_end_of_a_run_is_heard_of_although_nobody_could_tell_whether_it_was_committed(inbox):
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, created(), answered())
    session.deciding([moved(RunState.QUEUED, RunState.SUCCESS)])  # and then the line was cut
    session.restored({RUN: stored(RunState.RUNNING)}.get)
    assert not session.over()
    session.restored({RUN: stored(RunState.SUCCESS)}.get)
    assert session.over()
    assert session.picture.runs[RUN].state is RunState.SUCCESS


def test_a_run_that_is_not_in_the_store_yet_is_waited_for(inbox):
    session = session_on(inbox)
    session.post(ASK)
    session.deciding([created()])
    session.restored({}.get)
    assert session.runs() == {RUN}
    assert not session.over()


def test_a_hook_that_was_begun_or_ended_unheard_is_heard_of(inbox):
    session = session_on(inbox)
    session.post(ASK)
    commit(session, inbox, created(), answered())
    key = AttemptKey(RUN, hook_id("", "failure"), None, 1)
    alive, ended = (AttemptView(key, state, 1, Instant(1), kind="hook") for state in ("running", "success"))
    session.restored({RUN: stored(RunState.FAILED, alive)}.get)
    assert not session.over()
    session.restored({RUN: stored(RunState.FAILED, ended)}.get)
    assert session.over()


def test_a_store_that_stays_away_is_complained_of_once_until_something_is_written(inbox):
    session, heard = session_on(inbox), []
    session.complaint = heard.append
    for why in ("the disk is full", "the disk is full", "locked", "locked"):
        session.down(why)
    commit(session, inbox, created())
    session.down("locked")
    assert heard == ["the disk is full", "locked", "locked"]


def backfill_made(state="running"):
    return BackfillMade(BackfillRow(7, "d", b"", 3), state, Instant(0))


def backfill_moved(old, new, made=0):
    return BackfillMoved(7, "d", old, new, made, Instant(1))


def test_it_stays_while_a_backfill_that_it_asked_for_goes_on(inbox):
    session = session_on(inbox)
    left = [True]
    session.filling = lambda: left[0]
    session.post(Request("r1", "ann", MoveBackfill(7, "resume")))
    commit(session, inbox, backfill_moved("paused", "running"), answered(run=None, act="MoveBackfill"))
    assert not session.over()
    left[0] = False
    assert session.over()


def test_an_owner_that_only_answers_does_not_stay_for_a_backfill(inbox):
    session = session_on(inbox, drive=False)
    session.filling = lambda: True
    assert session.over()


def test_an_interrupt_cancels_the_backfills_that_run(inbox):
    session = session_on(inbox)
    commit(session, inbox, backfill_made())
    session.interrupt()
    assert [event.act for event in inbox.poll()] == [MoveBackfill(7, "cancel")]
    commit(session, inbox, backfill_moved("running", "cancelled"), answered("r2", run=None, act="MoveBackfill"))
    session.interrupt()
    assert not inbox.poll()

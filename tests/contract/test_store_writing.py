"""What every store does with changes: all or nothing, only from the state they start from, and a log of each."""

import pytest

from segue.model.acts import CancelRun, RerunRun, RetryRun, TriggerRun
from segue.model.changes import Answered, Collapsed, DefinitionFailed, Expanded, Quarantined, SlotMoved
from segue.model.definition import Definition
from segue.model.errors import Conflict, LeaseLost
from segue.model.events import Value
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptImage, DagImage, Version
from segue.model.spec import DagSpec
from segue.model.state import SlotState
from segue.model.why import Why
from segue.store.audit import compare, validate_state
from tests.contract.stores import (
    NOW,
    RUN,
    SLOT,
    SPEC,
    VERSION,
    A,
    R,
    T,
    attempt,
    begun_run,
    created,
    defined,
    dump,
    moved,
    queued,
    row_of,
    stores,
    succeeded,
    task,
    write,
)

store = stores()
AGAIN = RunKey("daily", "2026-04-01", 2)


@pytest.fixture(autouse=True)
def whole(store):
    """After every case the log tells the rows' story and nothing is orphaned."""
    yield
    assert validate_state(store.reader) == []
    assert compare(store.reader) == []


def tasks_of(store, run=RUN):
    return {(view.task, view.index): view for view in store.reader.run(run).tasks}


def kinds(store):
    return [(event.kind, event.task, event.old, event.new) for event in store.reader.events()]


# -------------------------------------------------------------------------------------------------------------- tasks
def test_a_task_and_its_attempt_are_written_with_their_events(store):
    begun_run(store, *queued())
    write(store, *succeeded())
    view = tasks_of(store)["extract", None]
    assert (view.state, view.number, view.inline, view.started, view.ended) == (T.SUCCESS, 1, b"\x01", NOW + 1, NOW + 2)
    (made,) = store.reader.attempts(RUN, "extract", None)
    assert (made.state, made.created, made.began, made.ended, made.worker) == (A.SUCCESS, NOW, NOW + 1, NOW + 2, "w1")
    assert kinds(store)[-3:] == [
        ("task", "extract", T.PENDING, T.QUEUED),
        ("task", "extract", T.QUEUED, T.RUNNING),
        ("task", "extract", T.RUNNING, T.SUCCESS),
    ]


def test_a_task_that_is_seen_running_is_written_so(store):
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.RUNNING, began=Instant(NOW + 1)), task(T.QUEUED, T.RUNNING, at=Instant(NOW + 1)))
    assert tasks_of(store)["extract", None].started == NOW + 1
    (image,) = store.writer.snapshot(None).runs
    assert image.tasks[0].attempt == AttemptImage(1, A.RUNNING, NOW + 1)


def test_a_task_that_is_not_in_the_state_memory_has_is_a_conflict(store):
    begun_run(store, *queued())
    before = dump(store)
    for change in (task(T.RUNNING, T.SUCCESS), task(T.PENDING, T.SKIPPED), task(T.QUEUED, T.RUNNING, "report")):
        with pytest.raises(Conflict):
            write(store, created(AGAIN), change)
        assert dump(store) == before


def test_an_attempt_that_is_not_in_the_state_memory_has_is_a_conflict(store):
    begun_run(store, *queued())
    write(store, *succeeded())
    before = dump(store)
    for change in (attempt(A.QUEUED, A.LOST), attempt(A.RUNNING, A.SUCCESS), attempt(A.QUEUED, A.LOST, 2)):
        with pytest.raises(Conflict):
            write(store, change)
    with pytest.raises(Conflict):
        write(store, attempt(None, A.QUEUED))
    assert dump(store) == before


def test_one_change_of_many_that_does_not_fit_undoes_all(store):
    begun_run(store)
    before = dump(store)
    with pytest.raises(Conflict):
        write(store, *queued(), *queued("report"), task(T.QUEUED, T.SKIPPED, "load"))
    assert dump(store) == before
    write(store, *queued())
    assert store.reader.last_event() == before[3][-1].seq + 1


def test_moves_of_one_task_in_one_transaction_keep_their_order(store):
    begun_run(store, *queued())
    write(
        store,
        attempt(A.QUEUED, A.FAILED, began=NOW, cause="ValueError", text="no"),
        task(T.QUEUED, T.UP_FOR_RETRY, began=NOW, attempt=1, tries=1),
        *queued(number=2, old=T.UP_FOR_RETRY, tries=1),
        *succeeded(number=2, tries=1),
    )
    view = tasks_of(store)["extract", None]
    assert (view.state, view.number, view.tries) == (T.SUCCESS, 2, 1)
    assert [made.state for made in store.reader.attempts(RUN, "extract", None)] == [A.FAILED, A.SUCCESS]


def test_the_row_holds_exactly_what_the_change_says(store):
    begun_run(store, *queued())
    write(
        store,
        attempt(
            A.QUEUED, A.FAILED, began=NOW, cause="KeyError", text="'x'", peak_rss=5, cpu=7, log="1", notes=("odd",)
        ),
        task(
            T.QUEUED, T.UP_FOR_RETRY, began=NOW, attempt=1, tries=1, losses=2, platform=3, not_before=Instant(NOW + 9),
            why=Why("retry", ("no", "2", "4", "30 s")),
        ),
    )  # fmt: skip
    view = tasks_of(store)["extract", None]
    assert (view.tries, view.losses, view.platform, view.not_before, view.ended) == (1, 2, 3, NOW + 9, None)
    assert view.why == Why("retry", ("no", "2", "4", "30 s"))
    (made,) = store.reader.attempts(RUN, "extract", None)
    assert (made.cause, made.text, made.notes) == ("KeyError", "'x'", ("odd",))
    assert (made.peak_rss, made.cpu, made.log) == (5, 7, "1")
    write(store, *queued(number=2, old=T.UP_FOR_RETRY))
    view = tasks_of(store)["extract", None]
    assert (view.tries, view.losses, view.not_before, view.started) == (0, 0, None, NOW)


def test_a_reopened_task_starts_its_new_round_from_its_row(store):
    begun_run(store, *queued())
    write(store, *succeeded())
    write(store, task(T.SUCCESS, T.PENDING, round=2, attempt=1))
    view = tasks_of(store)["extract", None]
    assert (view.state, view.round, view.number, view.inline, view.started) == (T.PENDING, 2, 1, None, None)
    assert len(store.reader.attempts(RUN, "extract", None)) == 1
    write(store, *queued(number=2, round=2))
    assert tasks_of(store)["extract", None].number == 2


def test_a_choice_and_a_mark_are_kept(store):
    begun_run(store, task(T.PENDING, T.SUCCESS, followed=("report",)))
    write(store, task(T.PENDING, T.SUCCESS, "report", marked=True))
    images = {image.task: image for image in store.writer.snapshot(None).runs[0].tasks}
    assert images["extract"].followed == ("report",)
    assert images["extract"].marked is False
    assert images["report"].marked is True
    assert images["report"].followed is None


def test_a_choice_of_nothing_is_not_no_choice(store):
    begun_run(store, task(T.PENDING, T.SUCCESS, followed=()))
    assert store.writer.snapshot(None).runs[0].tasks[0].followed == ()


# ---------------------------------------------------------------------------------------------------------------- maps
def test_an_expanded_task_has_its_length_and_its_items(store):
    begun_run(store, Expanded(RUN, "load", 3, 1, NOW), *queued("load", 1))
    images = store.writer.snapshot(None).runs[0].tasks
    shapes = [(image.index, image.state, image.expanded) for image in images]
    assert shapes == [(None, T.PENDING, 3), (1, T.QUEUED, None)]
    entries = list(store.reader.run(RUN).entries())
    assert [(entry.task, entry.index, entry.state) for entry in entries] == [
        ("extract", None, T.PENDING),
        ("load", 0, T.PENDING),
        ("load", 1, T.QUEUED),
        ("load", 2, T.PENDING),
        ("report", None, T.PENDING),
    ]


def test_a_task_that_has_left_pending_cannot_be_expanded(store):
    begun_run(store, task(T.PENDING, T.SKIPPED, "load"))
    with pytest.raises(Conflict):
        write(store, Expanded(RUN, "load", 3, 1, NOW))


def test_a_collapsed_task_loses_its_items_and_keeps_their_attempts(store):
    begun_run(store, Expanded(RUN, "load", 2, 1, NOW), *queued("load", 0), *queued("load", 1))
    write(store, *succeeded("load", 0), *succeeded("load", 1))
    write(store, Collapsed(RUN, "load", 2, NOW))
    (image,) = store.writer.snapshot(None).runs[0].tasks
    assert (image.index, image.state, image.round, image.expanded) == (None, T.PENDING, 2, None)
    assert len(store.reader.attempts(RUN, "load", 0)) == 1
    assert image.number == 1, "the items of the new list must number their attempts from here"
    write(store, Expanded(RUN, "load", 1, 2, NOW), *queued("load", 0, number=2, round=2))
    assert store.writer.snapshot(None).runs[0].tasks[0].number == 1


def test_a_task_without_row_cannot_be_collapsed(store):
    begun_run(store)
    with pytest.raises(Conflict):
        write(store, Collapsed(RUN, "load", 2, NOW))


# ---------------------------------------------------------------------------------------------------------------- runs
def test_a_run_is_made_once(store):
    write(store, defined(), created())
    for twin in (created(request="other"), created(AGAIN, request=f"ask-{RUN}")):
        with pytest.raises(Conflict):
            write(store, twin)
    assert [view.run for view in store.reader.runs()] == [RUN]


def test_a_slot_has_one_scheduled_run(store):
    write(store, created(kind="scheduled", slot=SLOT))
    with pytest.raises(Conflict):
        write(store, created(AGAIN, kind="scheduled", slot=SLOT))
    write(store, created(AGAIN, kind="manual", slot=SLOT))
    write(store, created(RunKey("other", "2026-04-01", 1), kind="scheduled", slot=SLOT))


def test_a_slot_has_one_run_in_its_place(store):
    write(store, created(slot=SLOT), created(AGAIN, slot=SLOT))
    write(store, moved(RUN, R.QUEUED, R.RUNNING, placed=True))
    with pytest.raises(Conflict):
        write(store, moved(AGAIN, R.QUEUED, R.RUNNING, placed=True))
    write(store, moved(RUN, R.RUNNING, R.HELD), moved(AGAIN, R.QUEUED, R.RUNNING, placed=True))
    assert store.writer.facts(CancelRun(RUN), "x").placed == AGAIN


def test_runs_without_slot_share_no_place(store):
    write(store, created(), created(AGAIN))
    write(store, moved(RUN, R.QUEUED, R.RUNNING, placed=True), moved(AGAIN, R.QUEUED, R.RUNNING, placed=True))
    assert all(view.placed for view in store.reader.runs())


def test_a_run_moves_only_from_the_state_memory_has(store):
    begun_run(store)
    for change in (moved(RUN, R.QUEUED, R.RUNNING), moved(AGAIN, R.QUEUED, R.RUNNING)):
        with pytest.raises(Conflict):
            write(store, change)


def test_a_run_keeps_when_it_started_and_forgets_its_end_when_it_goes_on(store):
    begun_run(store)
    write(store, moved(RUN, R.RUNNING, R.FAILED, ended=Instant(NOW + 5), culprits=(("load[3]", "no space"),)))
    view = store.reader.runs()[0]
    assert (view.started, view.ended, view.culprits, view.placed) == (NOW, NOW + 5, (("load[3]", "no space"),), False)
    write(store, moved(RUN, R.FAILED, R.RUNNING, round=2))
    view = store.reader.runs()[0]
    assert (view.started, view.ended, view.culprits, view.round) == (NOW, None, (), 2)


def test_a_fact_about_a_run_is_written_without_a_move(store):
    begun_run(store)
    write(store, moved(RUN, R.RUNNING, R.RUNNING, placed=True, cancel_at=NOW))
    (image,) = store.writer.snapshot(None).runs
    assert (image.state, image.cancel_at, image.placed) == (R.RUNNING, NOW, True)


def test_a_change_of_an_unknown_run_is_a_conflict(store):
    for change in (*queued(), Expanded(RUN, "load", 1, 1, NOW), SlotMoved("daily", SLOT, SlotState.FRESH, RUN, 1, NOW)):
        with pytest.raises(Conflict):
            write(store, change)
    assert store.reader.last_event() == 0


# ---------------------------------------------------------------------------------------------------- dags and versions
def test_a_version_is_stored_once_and_can_come_back(store):
    newer = Version(2, SPEC, "spec-2", "code-1", "bundle-2")
    write(store, defined(), defined(newer))
    assert store.writer.snapshot(None).dags == (DagImage("daily", newer, highest=2, location="here"),)
    again = Version(1, SPEC, "spec-1", "code-1", "bundle-3")
    write(store, defined(again))
    assert store.writer.snapshot(None).dags == (DagImage("daily", again, highest=2, location="here"),)
    assert store.writer.facts(TriggerRun("daily", "k"), "x").version == again


def test_a_version_that_is_stored_under_another_number_is_a_conflict(store):
    write(store, defined())
    for version in (Version(2, SPEC, "spec-1", "code-1"), Version(1, SPEC, "spec-2", "code-1")):
        with pytest.raises(Conflict):
            write(store, defined(version))


def test_a_definition_is_told_its_number_where_the_store_has_it(store):
    write(store, defined())
    ours = Definition(SPEC, "spec-1", "code-1", "bundle-9")
    assert store.writer.known(ours).number == 1
    assert store.writer.known(Definition(SPEC, "spec-1", "code-2", "bundle-9")).number is None
    assert store.writer.known(Definition(DagSpec("other"), "spec-1", "code-1", "b")).number is None


def test_a_file_that_cannot_be_read_marks_its_dags_until_it_can(store):
    write(store, defined(), DefinitionFailed("here", "daily.py", "line 3: what?", NOW))
    assert store.reader.dags()[0].error == "line 3: what?"
    write(store, DefinitionFailed("here", "new.py", "line 1: no", NOW))
    write(store, defined())
    assert store.reader.dags()[0].error is None


def test_a_quarantine_is_kept_until_a_new_version(store):
    write(store, defined(), Quarantined("daily", Why("quarantined", ("daily", "no")), NOW))
    assert store.writer.snapshot(None).dags[0].quarantined == Why("quarantined", ("daily", "no"))
    write(store, defined(Version(2, SPEC, "spec-2", "code-1")))
    assert store.writer.snapshot(None).dags[0].quarantined is None


def test_an_unknown_dag_cannot_be_quarantined(store):
    with pytest.raises(Conflict):
        write(store, Quarantined("daily", Why("quarantined", ("daily", "no")), NOW))


# ------------------------------------------------------------------------------------------------------ slots, requests
def test_a_slot_remembers_its_last_good_run(store):
    write(store, created(slot=SLOT), created(AGAIN, slot=SLOT))
    write(store, SlotMoved("daily", SLOT, SlotState.RUNNING, RUN, 1, NOW))
    assert store.reader.slots("daily")[0].last_good_run is None
    write(store, SlotMoved("daily", SLOT, SlotState.FRESH, RUN, 1, NOW))
    write(store, SlotMoved("daily", SLOT, SlotState.FAILED, AGAIN, 2, NOW))
    (slot,) = store.reader.slots("daily")
    assert (slot.state, slot.last_run, slot.last_good_run, slot.version) == (SlotState.FAILED, str(AGAIN), str(RUN), 2)


def test_an_answer_is_kept_with_what_it_did(store):
    write(store, created(), Answered("ask-1", "ann", "trigger", True, "made", NOW, RUN))
    answer = store.reader.answer_to("ask-1")
    assert (answer.ok, answer.text, answer.actor, answer.run) == (True, "made", "ann", RUN)
    assert store.writer.facts(TriggerRun("daily", "x"), "ask-1").answer == (True, "made", RUN)
    assert store.writer.facts(TriggerRun("daily", "x"), "ask-2").answer is None
    with pytest.raises(Conflict):
        write(store, Answered("ask-1", "bob", "cancel", False, "no", NOW))
    assert store.reader.answer_to("ask-2") is None


# --------------------------------------------------------------------------------------------------------------- facts
def test_facts_of_a_trigger_name_the_free_number_and_the_holder_of_the_place(store):
    write(store, defined(), created(slot=SLOT))
    write(store, moved(RUN, R.QUEUED, R.RUNNING, placed=True))
    facts = store.writer.facts(TriggerRun("daily", "2026-04-01", SLOT), "x")
    assert (facts.next_n, facts.placed, facts.run, facts.version) == (2, RUN, None, VERSION)
    empty = store.writer.facts(TriggerRun("other", "k"), "x")
    assert (empty.next_n, empty.placed, empty.version) == (1, None, None)


def test_facts_of_a_retry_hold_the_run_whole_and_a_newer_one_of_its_slot(store):
    write(store, defined(), created(slot=SLOT), moved(RUN, R.QUEUED, R.RUNNING), *queued())
    write(store, moved(RUN, R.RUNNING, R.RUNNING), *succeeded())
    write(store, moved(RUN, R.RUNNING, R.FAILED, culprits=(("x", "y"),)))
    facts = store.writer.facts(RetryRun(RUN), "x")
    assert facts.run.state is R.FAILED
    assert [(image.task, image.inline, image.attempt) for image in facts.run.tasks] == [("extract", b"\x01", None)]
    assert facts.newer is None
    write(store, created(AGAIN, slot=SLOT))
    assert store.writer.facts(RetryRun(RUN), "x").newer == AGAIN
    assert store.writer.facts(RerunRun(RUN), "x").next_n == 3
    assert store.writer.facts(RetryRun(AGAIN), "x").newer is None


def test_facts_of_an_unknown_run_are_empty(store):
    facts = store.writer.facts(RetryRun(RUN), "x")
    assert (facts.run, facts.placed, facts.newer, facts.next_n) == (None, None, None, 1)


# ------------------------------------------------------------------------------------------------------------ snapshot
def test_a_snapshot_holds_the_unfinished_runs_among_those_asked_for(store):
    write(store, defined(), created(), created(AGAIN), created(RunKey("daily", "b", 1)))
    write(store, moved(AGAIN, R.QUEUED, R.CANCELLED))
    assert [image.row.run for image in store.writer.snapshot(None).runs] == [RUN, RunKey("daily", "b", 1)]
    assert [image.row.run for image in store.writer.snapshot([RUN, AGAIN]).runs] == [RUN]
    assert store.writer.snapshot([]).runs == ()
    assert store.writer.snapshot([]).dags[0].dag == "daily"


def test_a_snapshot_gives_back_the_run_as_it_was_made(store):
    row = row_of(
        slot=SLOT, kind="backfill", klass=2, environment="lock", params=b"\x80", due=NOW, actor="ann", reason="because"
    )
    write(store, defined(), created(slot=SLOT, kind="backfill", klass=2, environment="lock", params=b"\x80", due=NOW,
                                    actor="ann", reason="because"))  # fmt: skip
    (image,) = store.writer.snapshot(None).runs
    assert (image.row, image.spec, image.state, image.tasks) == (row, SPEC, R.QUEUED, ())


def test_a_run_keeps_the_spec_of_its_version(store):
    write(store, defined(), created())
    write(store, defined(Version(2, DagSpec("daily"), "spec-2", "code-2", "bundle-2")))
    assert store.writer.snapshot(None).runs[0].spec == SPEC


# ------------------------------------------------------------------------------------------------------- lease, crashes
def test_a_stale_epoch_writes_nothing(store):
    begun_run(store)
    other = store.another()
    lease = other.lease()
    assert lease.epoch == store.epoch + 1
    before = dump(store)
    with pytest.raises(LeaseLost):
        write(store, *queued())
    assert dump(store) == before
    with other.transaction(lease.epoch) as transaction:
        transaction.apply(queued())
    other.close()
    assert store.reader.events()[-1].epoch == lease.epoch


def test_a_transaction_that_raises_leaves_nothing(store):
    begun_run(store)
    before = dump(store)

    def crash():
        with store.writer.transaction(store.epoch) as transaction:
            transaction.apply((created(AGAIN), *queued(), Expanded(RUN, "load", 3, 1, NOW)))
            raise RuntimeError("power gone")

    with pytest.raises(RuntimeError):
        crash()
    assert dump(store) == before
    write(store, created(AGAIN))
    store.reopen()
    assert store.reader.runs()[0].number == 2


def test_what_was_committed_is_there_for_the_next_owner(store):
    begun_run(store, *queued(), Expanded(RUN, "load", 3, 1, NOW))
    before, fences = dump(store), store.writer.snapshot(None).fence_key
    store.reopen()
    assert dump(store) == before
    assert store.writer.snapshot(None).fence_key == fences
    write(store, *succeeded())
    assert [event.seq for event in store.reader.events()] == list(range(1, store.reader.last_event() + 1))


def test_a_transaction_may_be_applied_in_parts(store):
    begun_run(store)
    with store.writer.transaction(store.epoch) as transaction:
        transaction.apply(queued())
        transaction.apply(succeeded())
    assert tasks_of(store)["extract", None].state is T.SUCCESS


# -------------------------------------------------------------------------------------------------------------- results
def test_results_are_those_of_tasks_that_succeeded(store):
    begun_run(store, *queued(), Expanded(RUN, "load", 5, 1, NOW))
    assert store.results.result(RUN, "extract", None) is None
    write(store, *succeeded(), *(change for item in range(4) for change in queued("load", item)))
    write(store, *succeeded("load", 0, value=b"\x00"), *succeeded("load", 2, value=b"\x02"), *succeeded("load", 3))
    write(store, task(T.PENDING, T.SUCCESS, "report", marked=True))
    assert store.results.result(RUN, "extract", None) == Value(b"\x01", digest=b"d")
    assert store.results.result(RUN, "load", 2) == Value(b"\x02", digest=b"d")
    assert store.results.result(RUN, "report", None) is None
    assert store.results.result(AGAIN, "extract", None) is None
    found = store.results.results(RUN, "load", 0, 3)
    assert [(index, value.inline) for index, value in found] == [(0, b"\x00"), (2, b"\x02")]


def test_a_reference_and_a_length_come_back(store):
    value = Value(None, b"ref", 7, b"digest")
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.SUCCESS), task(T.QUEUED, T.SUCCESS, result=value))
    assert store.results.result(RUN, "extract", None) == value

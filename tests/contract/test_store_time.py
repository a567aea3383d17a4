"""What every store does with clocks, slots, backfills and alerts."""

import pytest

from segue.model.acts import (
    Deploy,
    Drain,
    MarkAlert,
    MoveBackfill,
    PauseDags,
    RerunRun,
    RetryRun,
    Silence,
    StartBackfill,
    TriggerRun,
    UnpauseDags,
)
from segue.model.alerts import Alert, Episode
from segue.model.backfills import BackfillImage, BackfillRow, pack_slots
from segue.model.changes import (
    AlertFolded,
    AlertMarked,
    AlertRaised,
    Answered,
    BackfillMade,
    BackfillMoved,
    DagRenamed,
    Expanded,
    Silenced,
    SlotMoved,
    SlotsForetold,
    TimingSet,
)
from segue.model.errors import Conflict
from segue.model.ids import Instant, RunKey
from segue.model.images import Version
from segue.model.state import SlotState
from segue.model.timing import Foretold, SlotAsk, SlotFacts, Timing
from segue.model.views import AlertView, BackfillView, DeliveryView, DurationView, RunQuery, SilenceView, SlotView
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
    stores,
    succeeded,
    task,
    write,
)

store = stores()
DAY = 86_400_000_000
AGAIN = RunKey("daily", "2026-04-01", 2)
LATER = Instant(NOW + 7)
TIMING = Timing("g1", Instant(1), Instant(2), Instant(3), paused=True, hard=True, until=Instant(4))
NEXT = Foretold(((Instant(1), Instant(2), Instant(3)),), Instant(2))
ASK = SlotAsk("daily", RUN.key, SLOT)
ALERT = Alert(
    "daily@2026-04-01", "failed", NOW, "daily", RUN, "extract", "2026-04-01", "ann", "it failed", (("extract", "no"),),
    "segue retry daily@2026-04-01", ("mailto:ann",), ("shop",),
)  # fmt: skip
KEY = (ALERT.thing, ALERT.kind, ALERT.episode)


@pytest.fixture(autouse=True)
def whole(store):
    yield
    assert validate_state(store.reader) == []
    assert compare(store.reader) == []


def said(store, kind):
    return [
        (event.dag, event.task, event.old, event.new, str(event.why or ""), event.actor)
        for event in store.reader.events()
        if event.kind == kind
    ]


def row_of(number=1, **facts):
    known = {"dag": "daily", "slots": pack_slots([SLOT]), "total": 1, "bundle": "bundle-1", "reason": "new column"}
    return BackfillRow(number, **known | facts)


def slot_moved(state, run=RUN, version=1, slot=SLOT):
    return SlotMoved("daily", slot, state, run, version, NOW)


def fact(store, ask=ASK):
    (found,) = store.writer.look([ask]).slots
    return found


# -------------------------------------------------------------------------------------------------------------- clocks
def test_a_clock_stands_where_it_was_set_last(store):
    write(store, defined())
    write(store, TimingSet("daily", Timing("g0", Instant(1)), NOW), SlotsForetold("daily", NEXT, NOW))
    write(store, TimingSet("daily", TIMING, NOW, Why("paused", ("ann", "")), "ann"))
    (dag,), (view,) = store.writer.snapshot([]).dags, store.reader.dags()
    assert (dag.timing, dag.foretold, dag.location) == (TIMING, NEXT, "here")
    assert (view.timing, view.foretold) == (TIMING, NEXT)
    write(store, defined(Version(2, SPEC, "spec-2", "code-1", "bundle-2")))
    assert store.reader.dags()[0].timing == TIMING, "a new version does not wind the clock"
    write(store, TimingSet("daily", Timing("g1", retired=True), NOW, Why("retired")))
    write(store, TimingSet("daily", Timing("g1", retired=True), LATER))
    assert store.reader.dags()[0].timing == Timing("g1", retired=True)
    write(store, TimingSet("daily", Timing(), LATER))
    assert store.reader.dags()[0].timing == Timing()


def test_the_log_tells_of_a_clock_only_where_there_is_a_reason(store):
    write(store, defined(), TimingSet("daily", Timing("g1", Instant(1)), NOW), SlotsForetold("daily", NEXT, NOW))
    assert said(store, "timing") == []
    write(store, TimingSet("daily", TIMING, NOW, Why("paused", ("ann", ": late data")), "ann"))
    write(store, TimingSet("daily", Timing("g1"), NOW, Why("unpaused", ("ann",)), "ann"))
    assert said(store, "timing") == [
        ("daily", None, None, "paused", "ann paused it: late data", "ann"),
        ("daily", None, None, "on", "ann lets it go on", "ann"),
    ]


@pytest.mark.parametrize("change", [TimingSet("daily", TIMING, NOW), SlotsForetold("daily", NEXT, NOW)])
def test_a_dag_that_is_not_there_has_no_clock(store, change):
    with pytest.raises(Conflict):
        write(store, change)


# --------------------------------------------------------------------------------------------------------------- slots
def test_a_slot_of_which_nothing_is_known_can_be_asked_for(store):
    assert fact(store) == SlotFacts(ASK)
    assert store.writer.look([]).slots == ()


def test_what_was_done_about_a_slot_by_hand_is_known(store):
    write(store, defined(), created(slot=SLOT), created(AGAIN, slot=SLOT))
    write(store, moved(AGAIN, R.QUEUED, R.RUNNING, placed=True), slot_moved(SlotState.RUNNING, AGAIN))
    other = SlotAsk("daily", "other", (Instant(0), Instant(1)))
    assert store.writer.look([other, ASK, SlotAsk("nobody", RUN.key, SLOT)]).slots == (
        SlotFacts(other),
        SlotFacts(ASK, 3, AGAIN, R.RUNNING, False, SlotState.RUNNING),
        SlotFacts(SlotAsk("nobody", RUN.key, SLOT)),
    )


def test_that_a_scheduled_run_was_made_is_known_before_it_began(store):
    write(store, defined(), created(slot=SLOT, kind="scheduled"))
    assert fact(store) == SlotFacts(ASK, 2, RUN, R.QUEUED, True, None)
    assert store.reader.slots("daily") == [SlotView("daily", SLOT, SlotState.MISSING, "", None, 1)]
    write(store, slot_moved(SlotState.FRESH), created(AGAIN, slot=SLOT))
    assert (fact(store).scheduled, fact(store).shown) == (True, SlotState.FRESH)
    write(store, created(RunKey("daily", "once", 1), kind="scheduled"))
    assert len(store.reader.slots("daily")) == 1, "a run without interval has no slot"


def test_a_slot_has_one_scheduled_run(store):
    write(store, defined(), created(slot=SLOT, kind="scheduled"))
    with pytest.raises(Conflict):
        write(store, created(AGAIN, slot=SLOT, kind="scheduled"))


def test_tasks_are_good_in_any_run_of_a_slot(store):
    write(store, defined(), created(slot=SLOT), created(AGAIN, slot=SLOT), moved(RUN, R.QUEUED, R.RUNNING))
    write(store, *queued(), Expanded(RUN, "load", 2, 1, NOW), *queued("load", 0), *queued("load", 1))
    write(store, *succeeded(), *succeeded("load", 0))
    assert fact(store).good == ("extract",)
    write(store, attempt(A.QUEUED, A.SUCCESS, 1, "load", 1), task(T.QUEUED, T.SKIPPED, "load", 1))
    write(store, task(T.PENDING, T.SKIPPED, "report", run=AGAIN), task(T.PENDING, T.FAILED, run=AGAIN))
    assert fact(store).good == ("extract", "load", "report")


def test_many_slots_are_asked_for_at_once(store):
    slots = [(Instant(number), Instant(number + 1)) for number in range(1200)]
    write(store, defined(), *(created(RunKey("daily", str(slot[0]), 1), slot=slot) for slot in slots[::100]))
    found = store.writer.look([SlotAsk("daily", str(slot[0]), slot) for slot in slots]).slots
    assert [one.ask.slot for one in found] == slots
    assert [one.ask.slot[0] for one in found if one.latest is not None] == list(range(0, 1200, 100))
    assert {one.next_n for one in found} == {1, 2}


def test_a_slot_that_no_run_has_to_do_with_moves_without_one(store):
    write(store, defined(), slot_moved(SlotState.SKIPPED, None, 3))
    assert store.reader.slots("daily") == [SlotView("daily", SLOT, SlotState.SKIPPED, "", None, 3)]
    write(store, created(slot=SLOT), slot_moved(SlotState.FRESH), slot_moved(SlotState.STALE, None, 4))
    assert store.reader.slots("daily") == [SlotView("daily", SLOT, SlotState.STALE, str(RUN), str(RUN), 1)]


# ----------------------------------------------------------------------------------------------------------- backfills
def test_an_engine_begins_with_the_backfills_that_have_not_ended(store):
    write(store, defined(), BackfillMade(row_of(), "running", NOW), BackfillMade(row_of(2), "proposed", NOW))
    write(store, defined(Version(2, SPEC, "spec-2", "code-1", "bundle-2")), BackfillMade(row_of(3), "running", NOW))
    write(store, BackfillMoved(1, "daily", "running", "running", 1, NOW))
    write(store, BackfillMoved(3, "daily", "running", "cancelled", 0, NOW))
    found = store.writer.snapshot([])
    assert found.backfills == (
        BackfillImage(row_of(), "running", 1, SPEC), BackfillImage(row_of(2), "proposed", 0, SPEC),
    )  # fmt: skip
    assert found.last_backfill == 3


def test_people_see_how_far_a_backfill_is(store):
    write(store, defined(), BackfillMade(row_of(), "running", NOW), BackfillMade(row_of(2, dag="other"), "paused", NOW))
    write(store, created(backfill=1, kind="backfill"), created(AGAIN, backfill=1, kind="backfill"))
    write(store, moved(RUN, R.QUEUED, R.RUNNING), created(RunKey("daily", "x", 1)))
    assert store.reader.backfill(1) == BackfillView(row_of(), "running", 0, ((R.QUEUED, 1), (R.RUNNING, 1)))
    assert [view.row.id for view in store.reader.backfills()] == [2, 1]
    assert [view.row.id for view in store.reader.backfills(limit=1)] == [2]
    assert [view.row.id for view in store.reader.backfills("daily")] == [1]
    assert store.reader.backfill(3) is None
    assert [view.run for view in store.reader.runs(RunQuery(backfill=1))] == [AGAIN, RUN]
    assert {view.row.backfill for view in store.reader.runs()} == {1, None}
    assert [image.row.backfill for image in store.writer.snapshot([RUN]).runs] == [1]


def test_a_backfill_keeps_the_instant_at_which_it_ended_until_it_goes_on(store):
    write(store, defined(), BackfillMade(row_of(), "running", NOW))
    write(store, BackfillMoved(1, "daily", "running", "done", 1, NOW))
    write(store, BackfillMoved(1, "daily", "done", "done", 1, LATER))
    assert store.reader.backfill(1).ended == NOW
    other = row_of(version=2, bundle="bundle-2", total=5, cap=1, order="newest", only=("failed", "held"))
    write(store, BackfillMoved(1, "daily", "done", "running", 1, LATER, row=other))
    assert store.reader.backfill(1) == BackfillView(other, "running", 1)


def test_a_backfill_moves_from_where_it_stands(store):
    write(store, defined(), BackfillMade(row_of(), "proposed", NOW))
    for wrong in (
        BackfillMoved(1, "daily", "running", "paused", 0, NOW),
        BackfillMoved(2, "daily", "proposed", "running", 0, NOW),
        BackfillMade(row_of(), "running", NOW),
    ):
        before = dump(store), store.reader.backfills()
        with pytest.raises(Conflict):
            write(store, wrong)
        assert (dump(store), store.reader.backfills()) == before


def test_the_log_tells_of_the_moves_of_a_backfill_and_not_of_its_steps(store):
    write(store, defined(), BackfillMade(row_of(actor="ann"), "running", NOW))
    write(store, BackfillMoved(1, "daily", "running", "running", 1, NOW))
    write(store, BackfillMoved(1, "daily", "running", "paused", 1, NOW, Why("backfill_moved", ("ann",)), "ann"))
    assert said(store, "backfill") == [
        ("daily", "1", None, "running", "1 slots, 4 at once: new column", "ann"),
        ("daily", "1", "running", "paused", "ann asked for it", "ann"),
    ]


# -------------------------------------------------------------------------------------------------------------- alerts
def test_an_alert_is_raised_once(store):
    begun_run(store, AlertRaised(ALERT, NOW))
    write(store, AlertRaised(ALERT, LATER), AlertRaised(Alert("", "missed", NOW, text="12 slots"), LATER))
    assert store.reader.alerts() == [
        AlertView(Alert("", "missed", NOW, text="12 slots"), LATER),
        AlertView(ALERT, NOW),
    ]
    assert said(store, "alert") == [
        ("daily", None, ALERT.thing, "failed", "it failed", ""),
        (None, None, "", "missed", "12 slots", ""),
    ]


def test_what_is_folded_into_an_alert_comes_behind_it(store):
    begun_run(store, AlertRaised(ALERT, NOW), AlertRaised(Alert("other", "failed", NOW), NOW))
    write(store, AlertFolded(*KEY, "load too", LATER), AlertFolded(*KEY, "and\nreport", NOW))
    (view,) = [view for view in store.reader.alerts() if view.folded]
    assert (view.alert, view.folded) == (ALERT, ("load too", "and\nreport"))
    assert [one.last for one in store.writer.snapshot([]).episodes] == [LATER, NOW]
    write(store, AlertFolded(*KEY, "", LATER, over=True), AlertFolded(*KEY, "late", LATER))
    (view,) = [view for view in store.reader.alerts() if view.folded]
    assert (view.folded, view.over) == (("load too", "and\nreport", "late"), True)
    assert [one.thing for one in store.writer.snapshot([]).episodes] == ["other"]
    with pytest.raises(Conflict):
        write(store, AlertFolded("nothing", "failed", NOW, "more", NOW))


def test_what_became_of_an_alert_is_known_for_each_target(store):
    begun_run(store, AlertRaised(ALERT, NOW))
    write(store, *(AlertMarked(*KEY, *what, LATER) for what in (
        ("slack:ops", "failed", "no route"), ("mailto:ann", "silenced", ""), ("slack:ops", "failed", "timeout"),
    )))  # fmt: skip
    assert [view.alert for view in store.reader.alerts(open_only=True)] == [ALERT]
    write(store, AlertMarked(*KEY, "slack:ops", "sent", "", Instant(NOW + 9)))
    assert store.reader.alerts()[0].deliveries == (
        DeliveryView("mailto:ann", "silenced", 0, "", LATER),
        DeliveryView("slack:ops", "sent", 3, "", Instant(NOW + 9)),
    )
    assert store.reader.alerts(open_only=True) == []
    before = dump(store)
    write(store, AlertMarked("nothing", "failed", NOW, "slack:ops", "sent", "", NOW))
    assert dump(store) == before, "nobody can be kept from saying what is not so"


def test_alerts_are_found_by_when_they_were_raised(store):
    write(store, *(AlertRaised(Alert("a", "held", Instant(at)), Instant(at)) for at in (3, 1, 2)))
    assert [view.at for view in store.reader.alerts(Instant(2))] == [3, 2]
    assert [view.at for view in store.reader.alerts(limit=1)] == [3]
    assert [view.at for view in store.reader.alerts(open_only=True)] == [3, 2, 1]


def test_an_engine_begins_with_the_episodes_of_the_last_day(store):
    old = Alert("old", "failed", Instant(1))
    write(store, defined(), created(), AlertRaised(old, Instant(NOW - 2 * DAY)), AlertRaised(ALERT, NOW))
    assert store.writer.snapshot([]).episodes == (Episode(*KEY, NOW, "daily", ("shop",)),)
    write(store, AlertFolded("old", "failed", Instant(1), "again", NOW))
    assert [one.thing for one in store.writer.snapshot([]).episodes] == [ALERT.thing, "old"]


def test_what_is_silenced_is_so_until_then(store):
    write(store, Silenced("orders_*", Instant(5), NOW, "ann", "maintenance"), Silenced("tag:x", Instant(9), NOW))
    write(store, Silenced("orders_*", Instant(7), NOW, "bob"))
    assert store.reader.silences(Instant(6)) == [
        SilenceView("orders_*", Instant(7), "bob"), SilenceView("tag:x", Instant(9)),
    ]  # fmt: skip
    assert store.reader.silences(Instant(9)) == []
    assert said(store, "silence")[0] == (None, None, None, "orders_*", "maintenance", "ann")


# ------------------------------------------------------------------------------------------------------------- history
def ran(run, first, spans, end=R.SUCCESS):
    """A run whose tasks took so long."""
    changes = [created(run), moved(run, R.QUEUED, R.RUNNING, started=NOW)]
    for name, index, number, began, ended, state in spans:
        changes += [
            attempt(None, A.QUEUED, number, name, index, run=run),
            task(T.PENDING, T.QUEUED, name, index, run=run),
        ]
        changes += [
            attempt(
                A.QUEUED, state, number, name, index, run=run, began=Instant(first + began), at=Instant(first + ended)
            ),
            task(T.QUEUED, T.SUCCESS if state is A.SUCCESS else T.PENDING, name, index, run=run),
        ]  # fmt: skip
    return (*changes, moved(run, R.RUNNING, end, ended=Instant(first), culprits=(("extract", "no"),)))


def test_durations_are_those_of_the_newest_good_runs(store):
    runs = [RunKey("daily", str(number), 1) for number in range(4)]
    write(store, defined())
    write(store, *ran(runs[0], NOW, [("extract", None, 1, 0, 10, A.SUCCESS)]))
    write(store, *ran(runs[1], NOW, [("extract", None, 1, 2, 13, A.FAILED), ("extract", None, 2, 20, 31, A.SUCCESS)]))
    write(store, *ran(runs[2], NOW, [("extract", None, 1, 0, 99, A.SUCCESS)], R.FAILED))
    write(store, *ran(runs[3], NOW, [("load", 1, 1, 0, 7, A.SUCCESS), ("load", 0, 1, 0, 5, A.SUCCESS)]))
    assert store.reader.durations("daily") == [DurationView("extract", (11, 10)), DurationView("load", (5, 7))]
    assert store.reader.durations("daily", 2) == [DurationView("extract", (11,)), DurationView("load", (5, 7))]
    assert store.reader.durations("other") == []


def test_durations_tell_of_code_that_ran_to_its_end(store):
    begun_run(store, *queued(), *queued("load"), *queued("report"))
    deferred = attempt(A.QUEUED, A.SUCCESS, 1, began=NOW, at=LATER, cause="deferred")
    write(store, deferred, task(T.QUEUED, T.DEFERRED), attempt(A.QUEUED, A.SUCCESS, 1, "load"))
    write(store, task(T.DEFERRED, T.SUCCESS), task(T.QUEUED, T.SUCCESS, "load"), *succeeded("report"))
    write(store, moved(RUN, R.RUNNING, R.SUCCESS, ended=LATER))
    assert store.reader.durations("daily") == [DurationView("report", (1,))]


# --------------------------------------------------------------------------------------------------------------- facts
@pytest.mark.parametrize("act", [
    PauseDags(("daily",)), UnpauseDags(("daily",)), Drain(), MarkAlert(*KEY, "slack:ops", "sent"),
    Silence("daily", NOW), Deploy(()),
], ids=lambda act: type(act).__name__)  # fmt: skip
def test_facts_of_what_is_about_no_run_are_its_answer(store, act):
    write(store, defined(), Answered("x", "ann", "any", True, "done", NOW))
    assert store.writer.facts(act, "x").answer == (True, "done", None)
    assert (store.writer.facts(act, "y").answer, store.writer.facts(act, "y").version) == (None, None)


def test_facts_about_a_backfill_hold_it_whole(store):
    write(store, defined(), BackfillMade(row_of(), "running", NOW), created(backfill=1, kind="backfill"))
    write(store, BackfillMoved(1, "daily", "running", "done", 1, NOW))
    image = BackfillImage(row_of(), "done", 1, SPEC)
    facts = store.writer.facts(MoveBackfill(1, "again"), "x")
    assert (facts.backfill, facts.version, facts.run) == (image, VERSION, None)
    assert store.writer.facts(RetryRun(RUN), "x").backfill == image
    assert store.writer.facts(StartBackfill("daily", b""), "x").version == VERSION
    nothing = store.writer.facts(MoveBackfill(2, "pause"), "x")
    assert (nothing.backfill, nothing.version) == (None, None)


def test_a_number_that_only_the_slot_remembers_is_not_given_again(store):
    write(store, defined(), created(slot=SLOT), created(AGAIN, slot=SLOT), slot_moved(SlotState.FAILED, AGAIN))
    assert store.writer.facts(TriggerRun("daily", RUN.key, SLOT), "x").next_n == 3
    assert store.writer.facts(RerunRun(RUN), "x").next_n == 3


# ------------------------------------------------------------------------------------------------------------ renaming
def test_all_of_it_follows_a_dag_to_its_new_id(store):
    begun_run(store, TimingSet("daily", TIMING, NOW), SlotsForetold("daily", NEXT, NOW))
    write(store, BackfillMade(row_of(), "running", NOW), created(AGAIN, slot=SLOT, kind="scheduled", backfill=1))
    others = [Alert(thing, "held", NOW, "daily") for thing in ("daily", "daily@k/load")]
    write(store, *(AlertRaised(alert, NOW) for alert in (ALERT, *others, Alert("daily_too", "held", NOW, "daily_too"))))
    write(store, AlertMarked(*KEY, "slack:ops", "sent", "", NOW))
    write(store, DagRenamed("daily", "sales", NOW))
    (view,) = store.reader.dags()
    assert (view.timing, view.foretold) == (TIMING, NEXT)
    assert [one.row.dag for one in store.reader.backfills()] == ["sales"]
    found = {view.alert.thing: view for view in store.reader.alerts()}
    assert sorted(found) == ["daily_too", "sales", "sales@2026-04-01", "sales@k/load"]
    about = found["sales@2026-04-01"]
    assert (about.alert.dag, about.alert.run) == ("sales", RUN._replace(dag="sales"))
    assert [delivery.state for delivery in about.deliveries] == ["sent"]
    assert [one.dag for one in store.writer.snapshot([]).episodes] == ["daily_too", "sales", "sales", "sales"]
    assert fact(store, SlotAsk("sales", RUN.key, SLOT)).scheduled
    assert not fact(store).scheduled


def test_all_of_it_is_undone_with_its_transaction(store):
    begun_run(store, BackfillMade(row_of(), "running", NOW), AlertRaised(ALERT, NOW), Silenced("a", Instant(9), NOW))

    def seen():
        read = store.reader
        return (
            dump(store), store.writer.snapshot(None), read.backfills(), read.alerts(), read.silences(Instant(0)),
            store.writer.look([ASK]),
        )  # fmt: skip

    before = seen()
    with pytest.raises(Conflict):
        write(
            store, TimingSet("daily", TIMING, NOW), SlotsForetold("daily", NEXT, NOW),
            BackfillMade(row_of(2), "running", NOW), BackfillMoved(1, "daily", "running", "done", 1, NOW),
            AlertRaised(Alert("x", "held", NOW), NOW), AlertFolded(*KEY, "more", LATER),
            AlertMarked(*KEY, "slack:ops", "sent", "", NOW), Silenced("a", Instant(10), NOW),
            created(AGAIN, slot=SLOT, kind="scheduled"), task(T.RUNNING, T.HELD),
        )  # fmt: skip
    assert seen() == before

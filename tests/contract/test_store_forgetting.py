"""What every store does when old runs are removed: they go whole, and the ledger stays (I37)."""

import pytest

from segue.model.acts import RerunRun, TriggerRun
from segue.model.alerts import Alert
from segue.model.backfills import BackfillRow, pack_slots
from segue.model.changes import (
    AlertMarked,
    AlertRaised,
    Answered,
    BackfillMade,
    BackfillMoved,
    PoolSet,
    RunsForgotten,
    Silenced,
    SlotMoved,
    StateChanged,
    TimingSet,
)
from segue.model.errors import Conflict
from segue.model.ids import Instant, RunKey, hook_id
from segue.model.images import Version
from segue.model.spec import DagSpec
from segue.model.state import SlotState
from segue.model.timing import SlotAsk, Timing
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
HOUR = 3_600_000_000
AGAIN = RunKey("daily", "2026-04-01", 2)
THIRD = RunKey("daily", "2026-04-01", 3)
SECOND = Version(2, SPEC, "spec-2", "code-1", "bundle-2")
BACKFILL = BackfillRow(1, "daily", pack_slots([SLOT]), 1, version=2)


@pytest.fixture(autouse=True)
def whole(store):
    yield
    assert validate_state(store.reader) == []
    assert compare(store.reader) == []


def forgotten(*runs):
    return RunsForgotten(runs or (RUN,), Instant(NOW + 100))


def ended(run, at=NOW, **facts):
    return (
        created(run, slot=SLOT, **facts), moved(run, R.QUEUED, R.RUNNING, started=NOW),
        moved(run, R.RUNNING, R.SUCCESS, ended=Instant(at)),
    )  # fmt: skip


def old_run(store):
    """A good run with everything that a run can have."""
    write(store, defined(), created(slot=SLOT, kind="scheduled"), moved(RUN, R.QUEUED, R.RUNNING, placed=True))
    write(store, *queued(), StateChanged(RUN, "extract", None, "job", "7", NOW), *succeeded())
    write(store, SlotMoved("daily", SLOT, SlotState.FRESH, RUN, 1, NOW), Answered("a", "ann", "x", True, "", NOW, RUN))
    write(store, moved(RUN, R.RUNNING, R.SUCCESS, ended=NOW))


def rows(store):
    read = store.reader
    every = [read.run_rows(), read.task_rows(), read.attempt_rows(), read.state_rows()]
    return [len(list(found)) for found in every]


def test_an_old_run_goes_whole_and_its_slot_stays(store):
    old_run(store)
    before = store.reader.slots("daily"), store.reader.dags()
    write(store, forgotten())
    assert rows(store) == [0, 0, 0, 0]
    assert (store.reader.slots("daily"), store.reader.dags()) == before
    assert store.reader.run(RUN) is None
    assert store.reader.answer_to("a") is None
    assert [(event.kind, event.new) for event in store.reader.events()] == [("forgotten", "1")]


def test_nothing_of_another_run_goes_with_it(store):
    old_run(store)
    write(store, *ended(AGAIN, NOW + 50), task(T.PENDING, T.SUCCESS, run=AGAIN, reused_from=RUN))
    write(store, StateChanged(AGAIN, "extract", None, "job", "8", NOW), Answered("b", "ann", "x", True, "", NOW, AGAIN))
    kept = store.reader.run(AGAIN), store.reader.events(run=AGAIN), store.reader.answer_to("b")
    write(store, forgotten())
    assert (store.reader.run(AGAIN), store.reader.events(run=AGAIN), store.reader.answer_to("b")) == kept
    assert store.reader.run(AGAIN).tasks[0].reused_from == str(RUN)


def test_what_was_good_in_a_forgotten_run_is_still_good(store):
    old_run(store)
    write(store, forgotten(), *ended(AGAIN))
    ask = SlotAsk("daily", RUN.key, SLOT)
    (fact,) = store.writer.look([ask]).slots
    assert (fact.scheduled, fact.shown, fact.latest) == (True, SlotState.FRESH, AGAIN)
    assert fact.good == ("extract", "load", "report")


def test_the_number_of_a_forgotten_run_is_given_to_no_other(store):
    old_run(store)
    number = store.reader.find(str(RUN)).number
    write(store, forgotten())
    assert store.writer.look([SlotAsk("daily", RUN.key, SLOT)]).slots[0].next_n == 2
    assert store.writer.facts(TriggerRun("daily", RUN.key, SLOT), "x").next_n == 2
    store.reopen()
    write(store, created(AGAIN, slot=SLOT))
    assert store.reader.find(str(AGAIN)).number > number
    assert store.writer.facts(RerunRun(AGAIN), "x").next_n == 3


@pytest.mark.parametrize(("key", "by"), [("2026-04-01", 2 * HOUR), ("2026-04-01", -26 * HOUR), ("2026-04-01T05:00", 0)])
def test_the_number_of_a_forgotten_run_is_given_to_no_slot_of_another_schedule_either(store, key, by):
    """In another zone a day begins at another instant; slots of another length begin at the same."""
    run, other = RunKey("daily", key, 1), (Instant(SLOT[0] + by), Instant(SLOT[1] + by + 1))
    write(store, defined(), *ended(run), SlotMoved("daily", SLOT, SlotState.FRESH, run, 1, NOW), forgotten(run))
    assert store.writer.look([SlotAsk("daily", key, other)]).slots[0].next_n == 2
    assert store.writer.facts(TriggerRun("daily", key, other), "x").next_n == 2


def test_numbers_of_events_never_go_back(store):
    old_run(store)
    last = store.reader.last_event()
    write(store, forgotten())
    store.reopen()
    write(store, PoolSet("api", 1, NOW))
    assert [event.seq for event in store.reader.events()] == [last + 1, last + 2]


def test_what_was_said_of_no_run_goes_with_the_runs_of_its_time(store):
    def rest():
        read = store.reader
        return [view.alert.thing for view in read.alerts()], [one.selection for one in read.silences(Instant(0))]

    write(
        store,
        PoolSet("api", 1, Instant(NOW - DAY - 5)),
        Answered("p", "ann", "SetPool", True, "", Instant(NOW - DAY - 5)),
    )
    write(store, AlertRaised(Alert("old", "held", Instant(1)), Instant(NOW - DAY - 5)))
    write(store, AlertMarked("old", "held", Instant(1), "slack:ops", "sent", "", NOW))
    write(store, Silenced("old", Instant(NOW - DAY - 1), Instant(NOW - DAY - 5)))
    old_run(store)
    write(
        store,
        AlertRaised(Alert("new", "held", Instant(1)), Instant(NOW - DAY + 5)),
        PoolSet("web", 1, Instant(NOW - DAY + 5)),
    )
    write(
        store,
        Answered("q", "ann", "SetPool", True, "", Instant(NOW - DAY + 5)),
        Silenced("new", Instant(NOW - DAY + 9), NOW),
    )
    write(store, forgotten())
    assert rest() == (["new"], ["new"])
    assert (store.reader.answer_to("p"), store.reader.answer_to("q").ok) == (None, True)
    assert [event.kind for event in store.reader.events()] == ["alert", "pool", "request", "silence", "forgotten"]


def test_only_what_has_ended_and_nobody_needs_is_forgotten(store):
    write(store, defined(), BackfillMade(BACKFILL, "running", NOW), created())
    write(store, *ended(AGAIN, backfill=1, kind="backfill"), *ended(THIRD))
    hook = hook_id("", "success")
    write(store, attempt(None, A.QUEUED, name=hook, kind="hook", run=THIRD))
    before = dump(store)
    write(store, forgotten(RUN, AGAIN, THIRD, RunKey("daily", "never", 1)))
    assert dump(store) == before
    assert store.reader.expired(Instant(NOW + 1)) == []
    write(store, attempt(A.QUEUED, A.SUCCESS, name=hook, kind="hook", run=THIRD))
    write(store, BackfillMoved(1, "daily", "running", "done", 1, NOW))
    assert store.reader.expired(Instant(NOW + 1)) == [AGAIN, THIRD]
    write(store, forgotten(RUN, AGAIN, THIRD))
    assert [view.run for view in store.reader.runs()] == [RUN]
    assert store.reader.events()[-1].new == "2"
    assert store.reader.backfill(1).runs == ()


def test_runs_expire_in_the_order_in_which_they_ended(store):
    write(store, defined(), *ended(RUN, 30), *ended(AGAIN, 10), *ended(THIRD, 20))
    assert store.reader.expired(Instant(30)) == [AGAIN, THIRD]
    assert store.reader.expired(Instant(99), 1) == [AGAIN]
    write(store, moved(AGAIN, R.SUCCESS, R.RUNNING))
    assert store.reader.expired(Instant(99)) == [THIRD, RUN], "it goes on"


def test_versions_and_their_numbers(store):
    """A version goes when nothing names it; the highest stays, for its number was seen."""
    versions = [Version(n, DagSpec("daily", SPEC.tasks, file=f"{n}.py"), f"spec-{n}", "c", "b") for n in (3, 4, 5)]
    write(store, defined(), *ended(RUN), defined(SECOND), BackfillMade(BACKFILL, "done", NOW))
    write(store, *ended(AGAIN, version=2), *(defined(version) for version in versions))
    write(store, *ended(THIRD, version=4), *ended(RunKey("daily", "x", 1), version=5), defined(versions[0]))
    write(store, forgotten(RUN, AGAIN, THIRD, RunKey("daily", "x", 1)))
    assert [bool(store.reader.spec("daily", number).tasks) for number in (1, 2, 3, 4, 5)] == [
        False, True, True, False, True,
    ]  # fmt: skip
    (dag,) = store.writer.snapshot([]).dags
    assert (dag.version.number, dag.highest) == (3, 5)


def test_forgetting_is_undone_with_its_transaction(store):
    old_run(store)
    write(store, created(AGAIN), AlertRaised(Alert("old", "held", Instant(1)), Instant(NOW - 5)))
    before = dump(store), store.writer.snapshot(None), store.reader.alerts()
    with pytest.raises(Conflict):
        write(store, forgotten(), task(T.RUNNING, T.HELD, run=AGAIN))
    assert (dump(store), store.writer.snapshot(None), store.reader.alerts()) == before
    write(store, task(T.SUCCESS, T.PENDING, round=2), task(T.PENDING, T.SUCCESS, round=2))
    assert [view.run for view in store.reader.runs()] == [AGAIN, RUN]


def test_what_was_written_before_in_the_same_transaction_can_be_forgotten(store):
    write(store, defined(), created(), TimingSet("daily", Timing("g"), NOW))
    write(store, *queued(), *succeeded(), moved(RUN, R.QUEUED, R.RUNNING), moved(RUN, R.RUNNING, R.SUCCESS, ended=NOW),
          forgotten())  # fmt: skip
    assert rows(store) == [0, 0, 0, 0]
    with pytest.raises(Conflict):
        write(store, *queued("load"))


def test_a_run_can_be_made_under_a_forgotten_key_without_interval(store):
    begun_run(store, *queued(), *succeeded())
    write(store, moved(RUN, R.RUNNING, R.SUCCESS, ended=NOW), forgotten())
    write(store, created())
    assert store.writer.facts(RerunRun(RUN), "x").version == VERSION
    assert store.reader.run(RUN).tasks == ()

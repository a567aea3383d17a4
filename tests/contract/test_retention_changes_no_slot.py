"""I37: pruning, whatever and whenever, changes no slot, clock or backfill, and gives no number a second time."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.model.backfills import BackfillRow, pack_slots
from segue.model.changes import BackfillMade, BackfillMoved, RunsForgotten, SlotMoved, TimingSet
from segue.model.ids import Instant, RunKey
from segue.model.state import SlotState
from segue.model.timing import SlotAsk, Timing
from segue.store.audit import compare, validate_state
from tests.contract.stores import NOW, A, Memory, R, Sqlite, T, attempt, created, defined, moved, opened, task, write

DAY = 86_400_000_000
SLOTS = [(Instant(NOW + n * DAY), Instant(NOW + (n + 1) * DAY)) for n in range(4)]
ASKS = [SlotAsk("daily", f"day-{n}", slot) for n, slot in enumerate(SLOTS)]
ENDS = {R.SUCCESS: SlotState.FRESH, R.FAILED: SlotState.FAILED, R.CANCELLED: SlotState.FAILED, R.HELD: SlotState.HELD}

made = st.tuples(
    st.integers(0, len(SLOTS) - 1),
    st.sampled_from([None, *ENDS]),
    st.sampled_from(["manual", "scheduled", "backfill", "lookback"]),
    st.booleans(),
)
histories = st.lists(made, max_size=12)
prunings = st.lists(st.lists(st.integers(0, 11), max_size=6), max_size=5)


def live(store, history):
    """Runs of a few slots, at every stage of their life; gives their keys."""
    write(store, defined(), TimingSet("daily", Timing("g", SLOTS[1][0], SLOTS[2][0], NOW), NOW))
    write(store, BackfillMade(BackfillRow(1, "daily", pack_slots(SLOTS), 4), "running", NOW))
    runs, scheduled = [], set()
    for number, (where, end, kind, began) in enumerate(history):
        slot = SLOTS[where]
        run = RunKey("daily", ASKS[where].key, store.writer.look([ASKS[where]]).slots[0].next_n)
        kind = "manual" if kind == "scheduled" and where in scheduled else kind
        scheduled |= {where} if kind == "scheduled" else set()
        backfill = 1 if kind == "backfill" else None
        at = Instant(NOW + number)
        write(store, created(run, slot=slot, kind=kind, backfill=backfill, request=str(number)))
        runs.append(run)
        if not began:
            continue
        write(
            store, moved(run, R.QUEUED, R.RUNNING, started=at), SlotMoved("daily", slot, SlotState.RUNNING, run, 1, at)
        )
        write(store, attempt(None, A.QUEUED, run=run), task(T.PENDING, T.QUEUED, run=run, attempt=1))
        if end is not None:
            ended = {} if end is R.HELD else {"ended": at}
            write(store, attempt(A.QUEUED, A.SUCCESS, run=run, began=at), task(T.QUEUED, T.SUCCESS, run=run, began=at))
            write(store, moved(run, R.RUNNING, end, culprits=(("extract", "no"),), **ended))
            write(store, SlotMoved("daily", slot, ENDS[end], run, 1, at))
    return runs


def ledger(store):
    """What must stay."""
    facts = store.writer.look(ASKS).slots
    snapshot = store.writer.snapshot(None)
    return (
        store.reader.slots("daily"), [(one.shown, one.scheduled, one.next_n) for one in facts], snapshot.dags,
        snapshot.backfills, snapshot.runs, [(view.row, view.state, view.made) for view in store.reader.backfills()],
        store.reader.dags(),
    )  # fmt: skip


@pytest.mark.parametrize("kind", [Memory, Sqlite])
@settings(max_examples=25, deadline=None)
@given(history=histories, prunings=prunings, backfill_ends=st.booleans())
def test_pruning_at_random_changes_no_slot(kind, history, prunings, backfill_ends):
    with TemporaryDirectory() as folder, opened(kind, Path(folder)) as store:
        runs = live(store, history)
        if backfill_ends:
            write(store, BackfillMoved(1, "daily", "running", "done", 4, NOW))
        before = ledger(store)
        was_good = [set(one.good) for one in store.writer.look(ASKS).slots]
        fresh = [one.shown is SlotState.FRESH for one in store.writer.look(ASKS).slots]
        for some in prunings:
            gone = tuple(dict.fromkeys(runs[number] for number in some if number < len(runs)))
            write(store, RunsForgotten(gone, Instant(NOW + 100)))
            assert ledger(store) == before
            good = [set(one.good) for one in store.writer.look(ASKS).slots]
            assert all(old <= new for old, new, is_fresh in zip(was_good, good, fresh, strict=True) if is_fresh)
            assert (validate_state(store.reader), compare(store.reader)) == ([], [])
        live_now = {view.run for view in store.reader.runs() if view.state not in ENDS or view.state is R.HELD}
        expected = {
            run for run, (_, end, _, began) in zip(runs, history, strict=True) if not began or end in (None, R.HELD)
        }
        assert live_now == expected

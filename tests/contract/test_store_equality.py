"""The store in memory stands in for the real one in every simulation: so both must agree on any history."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from segue.model.changes import Answered, Collapsed, Expanded, SlotMoved
from segue.model.errors import Conflict
from segue.model.events import RerunRun, TriggerRun, Value
from segue.model.ids import Instant, RunKey
from segue.model.state import SlotState
from tests.contract.stores import (
    NOW,
    SLOT,
    A,
    Memory,
    R,
    Sqlite,
    T,
    attempt,
    created,
    defined,
    dump,
    moved,
    opened,
    task,
    write,
)

RUNS = [RunKey("daily", "k", 1), RunKey("daily", "k", 2)]
run = some.sampled_from(RUNS)
index = some.sampled_from([None, 0, 1])
name = some.sampled_from(["extract", "load"])
flag = some.booleans()
later = some.sampled_from([None, NOW, Instant(NOW + 3)])

CHANGE = some.one_of(
    some.builds(
        created, run, kind=some.sampled_from(["manual", "scheduled"]), slot=some.sampled_from([None, SLOT]),
        request=some.sampled_from(["a", "b", "c"]),
    ),
    some.builds(
        moved, run, some.sampled_from(R), some.sampled_from(R), placed=flag, started=later, ended=later,
        culprits=some.sampled_from([(), (("extract", "no"),)]),
    ),
    some.builds(
        task, some.sampled_from(T), some.sampled_from(T), name, index, run=run, began=later, round=some.integers(1, 3),
        attempt=some.sampled_from([None, 1, 2]), result=some.sampled_from([None, Value(b"1"), Value(None, b"r", 2)]),
    ),
    some.builds(
        attempt, some.sampled_from([None, *A]), some.sampled_from(A), some.integers(1, 2), name, index, run=run,
        began=later, worker=some.sampled_from(["", "w"]), log=some.sampled_from([None, "l"]),
    ),
    some.builds(Expanded, run, name, some.integers(0, 3), some.integers(1, 2), some.just(NOW)),
    some.builds(Collapsed, run, name, some.integers(1, 2), some.just(NOW)),
    some.builds(
        SlotMoved, some.just("daily"), some.just(SLOT), some.sampled_from(SlotState), run, some.just(1), some.just(NOW)
    ),
    some.builds(
        Answered, some.sampled_from(["x", "y"]), some.just("ann"), some.just("retry"), flag, some.just("why"),
        some.just(NOW), some.one_of(some.none(), run),
    ),
)  # fmt: skip
# Most random changes do not fit: these lead far enough for the random ones to matter.
USUAL = [
    (created(RUNS[0], slot=SLOT, request="a"), moved(RUNS[0], R.QUEUED, R.RUNNING, placed=True)),
    (created(RUNS[1], slot=SLOT, request="b"), Expanded(RUNS[1], "load", 2, 1, NOW)),
    (task(T.PENDING, T.QUEUED, run=RUNS[0], attempt=1), attempt(None, A.QUEUED, run=RUNS[0])),
    (task(T.QUEUED, T.SUCCESS, run=RUNS[0], began=NOW, result=Value(b"1")), attempt(A.QUEUED, A.SUCCESS, run=RUNS[0])),
    (task(T.PENDING, T.QUEUED, "load", 0, run=RUNS[1], attempt=1), attempt(None, A.QUEUED, 1, "load", 0, run=RUNS[1])),
    (task(T.SUCCESS, T.PENDING, run=RUNS[0], round=2), task(T.PENDING, T.SKIPPED, run=RUNS[0], round=2)),
]
TURN = some.one_of(some.sampled_from(USUAL), some.lists(CHANGE, min_size=1, max_size=3).map(tuple))


def outcome(store, changes):
    """What a turn led to, and everything a reader sees afterwards."""
    try:
        write(store, *changes)
        said = "written"
    except Conflict:
        said = "conflict"
    runs, tasks, attempts, events, *rest = dump(store)
    asked = [store.writer.facts(act, "x") for act in (RerunRun(RUNS[0]), TriggerRun("daily", "k", SLOT))]
    return said, runs, tasks, sorted(attempts, key=repr), events, rest, store.writer.snapshot(None).runs, asked


@settings(max_examples=60, derandomize=True)
@given(some.lists(TURN, min_size=1, max_size=12))
def test_both_stores_agree_on_any_history(turns):
    with tempfile.TemporaryDirectory() as folder, opened(Sqlite, Path(folder)) as real, opened(Memory, None) as other:
        for store in (real, other):
            write(store, defined())
        for turn in turns:
            assert outcome(real, turn) == outcome(other, turn)

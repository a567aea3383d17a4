"""The store in memory stands in for the real one in every simulation: so both must agree on any history."""

from random import Random

import pytest
from msgspec import structs

from segue.model.acts import CancelRun, MoveBackfill, RerunRun, TriggerRun
from segue.model.alerts import Alert
from segue.model.backfills import BackfillRow
from segue.model.changes import (
    AlertFolded,
    AlertMarked,
    AlertRaised,
    Answered,
    BackfillMade,
    BackfillMoved,
    Collapsed,
    Expanded,
    GuardEased,
    PoolSet,
    RunsForgotten,
    SecretSet,
    Silenced,
    SlotMoved,
    SlotsForetold,
    StateChanged,
    TimingSet,
)
from segue.model.errors import Conflict
from segue.model.events import Origin, Value
from segue.model.ids import Instant, RunKey
from segue.model.pages import AlertQuery, AuditQuery, EventQuery, SlotQuery
from segue.model.state import ATTEMPT_MOVES, MOVES, RUN_MOVES, SlotState
from segue.model.timing import Foretold, SlotAsk, Timing
from segue.model.views import RunQuery
from segue.model.why import Why
from tests.contract.stores import (
    NOW,
    SLOT,
    STORES,
    A,
    Memory,
    R,
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

RUNS = [RunKey("daily", "k", 1), RunKey("daily", "k", 2), RunKey("daily", "other", 1)]


class Author:
    """Writes histories: most changes start from the state that is there, some do not."""

    def __init__(self, seed):
        self.rng = Random(seed)
        self.requests = 0

    def turn(self, store):
        """A few changes; those after the first may well not fit, which is as it should be."""
        kinds = [self.run, *[self.task] * 3, *[self.attempt] * 2, self.map, self.keep, self.decide, self.rest]
        kinds += [self.time, self.alert, self.forget]
        return [self.rng.choice(kinds)(store) for _ in range(self.rng.choice([1, 1, 2, 3]))]

    def run(self, store):
        one = self.rng.choice(RUNS)
        view = store.runs.get(one)
        if view is None or self.rng.random() < 0.05:
            self.requests += self.rng.random() < 0.9
            kind = self.rng.choice(["manual", "scheduled"])
            backfill = self.rng.choice([None, 1])
            slot = self.rng.choice([None, SLOT])
            return created(one, kind=kind, slot=slot, request=str(self.requests), backfill=backfill)
        return moved(
            one, self.old(view.state, R), self.new(view.state, RUN_MOVES, R), placed=self.rng.random() < 0.5,
            started=self.when(), ended=self.when(), culprits=self.rng.choice([(), (("extract", "no"),)]),
            klass=self.rng.choice([None, 1]), stop=self.rng.choice(["", "cancel"]),
            stopped_by=self.rng.choice(["", "ann"]), spent=self.rng.choice([0, 3]), placed_at=self.when(),
        )  # fmt: skip

    def task(self, store):
        one, name, index = self.where()
        row = store.tasks.get(one, {}).get((name, index))
        state = T.PENDING if row is None else row.state
        return task(
            self.old(state, T), self.new(state, MOVES, T), name, index, run=one, began=self.when(),
            round=self.rng.randint(1, 3), attempt=self.rng.choice([None, 1, 2]), followed=self.rng.choice([None, ()]),
            result=self.rng.choice([None, Value(b"1"), Value(None, b"r", 2), Value(b"1", preview=b"p")]),
            staged=self.rng.choice([b"", b"", b"s"]), reused_from=self.rng.choice([None, None, RUNS[0]]),
        )  # fmt: skip

    def attempt(self, store):
        one, name, index = self.where()
        rows = [row for where, row in store.attempts.get(one, {}).items() if where[:2] == (name, index)]
        facts = {"began": self.when(), "worker": self.rng.choice(["", "w", "v"]), "log": self.rng.choice([None, "l"])}
        facts |= {"rows": self.rng.choice([None, 0, 5]), "source": self.rng.choice(["", "etag"])}
        if not rows or self.rng.random() < 0.2:
            kind = self.rng.choice(["user", "user", "publish", "hook"])
            return attempt(None, A.QUEUED, len(rows) + 1, name, index, run=one, kind=kind, **facts)
        row = rows[-1]
        new = self.new(row.state, ATTEMPT_MOVES, A)
        return attempt(self.old(row.state, A), new, row.key.number, name, index, run=one, kind=row.kind, **facts)

    def map(self, _):
        one, name, _ = self.where()
        if self.rng.random() < 0.5:
            return Expanded(one, name, self.rng.randint(0, 3), self.rng.randint(1, 2), NOW)
        return Collapsed(one, name, self.rng.randint(1, 2), NOW)

    def keep(self, _):
        one, name, index = self.where()
        return StateChanged(one, name, index, self.rng.choice(["job", "at"]), str(self.rng.randint(0, 9)), NOW)

    def decide(self, _):
        name = self.rng.choice(["a", "b"])
        sealed, was = self.rng.choice([None, b"1", b"2"]), self.rng.choice([None, None, b"1"])
        return self.rng.choice([
            PoolSet(name, self.rng.choice([None, 1, 2]), NOW),
            GuardEased("daily", name, "empty", self.rng.choice(["", "sun"]), NOW),
            SecretSet("secret", name, sealed, "k", NOW, "ann", was),
        ])  # fmt: skip

    def rest(self, _):
        one = self.rng.choice(RUNS)
        if self.rng.random() < 0.5:
            of = self.rng.choice([None, one, one])
            return SlotMoved("daily", SLOT, self.rng.choice(list(SlotState)), of, self.rng.randint(1, 3), NOW)
        name = str(self.rng.randint(0, 20))
        act, origin = self.rng.choice([None, CancelRun(one)]), Origin("", self.rng.choice(["", "many"]), "state:failed")
        run = self.rng.choice([None, one])
        return Answered(name, "ann", "retry", self.rng.random() < 0.5, "why", NOW, run, act, "running", origin)

    def time(self, store):
        if self.rng.random() < 0.5:
            timing = Timing("g", self.when(), self.when(), NOW, *self.rng.choices([True, False], k=2), self.when())
            return self.rng.choice([
                TimingSet("daily", timing, NOW, self.rng.choice([None, Why("enabled")])),
                SlotsForetold("daily", Foretold(((NOW, NOW, NOW),), self.when()), NOW),
            ])  # fmt: skip
        number = self.rng.choice([1, 2])
        row = BackfillRow(number, "daily", b"s", self.rng.randint(1, 5), only=self.rng.choice([(), ("failed", "held")]))
        state = self.rng.choice(["running", "paused", "done"])
        if number not in store.backfills or self.rng.random() < 0.1:
            return BackfillMade(row, state, NOW)
        old = store.backfills[number].state
        return BackfillMoved(number, "daily", old, state, self.rng.randint(0, 3), NOW, row=self.rng.choice([None, row]))

    def alert(self, store):
        key = (self.rng.choice(["daily", "daily@k"]), self.rng.choice(["failed", "held"]), NOW)
        at = Instant(NOW + self.rng.randint(0, 3))
        return self.rng.choice([
            AlertRaised(Alert(*key, "daily", self.rng.choice([None, *store.runs]), causes=(("a", "b"),)), at),
            AlertFolded(*key, self.rng.choice(["", "more"]), at, self.rng.random() < 0.2),
            AlertMarked(*key, "slack", self.rng.choice(["sent", "failed", "parked", "silenced"]), "text", at),
            Silenced(self.rng.choice(["a", "b"]), at, NOW),
        ])  # fmt: skip

    def forget(self, _):
        return RunsForgotten(tuple(self.rng.sample(RUNS, self.rng.randint(1, 2))), NOW)

    def where(self):
        return self.rng.choice(RUNS), self.rng.choice(["extract", "load"]), self.rng.choice([None, 0, 1])

    def when(self):
        return self.rng.choice([None, NOW, Instant(NOW + 3)])

    def old(self, state, states):
        return state if self.rng.random() < 0.95 else self.rng.choice(list(states))

    def new(self, state, moves, states):
        return self.rng.choice(sorted(moves[state]) or list(states))


def outcome(store, changes, number):
    """What a turn led to, and everything a reader sees afterwards."""
    try:
        write(store, *changes)
        said = "written"
    except Conflict:
        said = "conflict"
    runs, tasks, attempts, events, *rest = dump(store)
    found = structs.replace(store.writer.snapshot(None), fence_key=b"")
    acts = (RerunRun(RUNS[0]), TriggerRun("daily", "k", SLOT), MoveBackfill(1, "pause"))
    asked = [store.writer.facts(act, "1") for act in acts]
    known = store.writer.look([SlotAsk("daily", "k", SLOT), SlotAsk("daily", "other", SLOT)])
    return said, runs, tasks, sorted(attempts, key=repr), events, rest, found, asked, known, history(store, number)


def history(store, number):
    """What people and forecasts read: now and then, for it takes long."""
    read = store.reader
    return number % 5 == 0 and (
        read.backfills(), read.alerts(), read.alerts(open_only=True), read.silences(NOW), read.durations("daily"),
        read.expired(Instant(NOW + 2)), sorted(read.values(NOW), key=repr), read.runs(RunQuery(backfill=1)),
    ) + pages(read)  # fmt: skip


def pages(read):
    """What lists show; a number that a failed transaction has taken is not given again by every store."""
    return (
        read.marks(), read.grid("daily"), read.load(Instant(NOW + 2)), read.ends(NOW), read.versions("daily"),
        [structs.replace(row, seq=0) for row in read.audit(AuditQuery())], sorted(read.pulses(), key=repr),
        read.runs(RunQuery(sort="longest")), read.runs(RunQuery(dags=frozenset(("daily",)), states=(R.FAILED, R.HELD))),
        read.event_page(EventQuery(frozenset(("daily",)), ("run", "slot"))), read.slot_page(SlotQuery("daily")),
        dict(read.ledgers(frozenset(("daily", "nothing")), Instant(0))),
        read.alert_page(AlertQuery()), [read.kept(run) for run in RUNS],
        [alone(read, run) for run in RUNS],
    )  # fmt: skip


def alone(read, run):
    """A run without its attempts, and those of each of its tasks; row numbers are not the same in all stores."""
    detail = read.run(run, attempts=False)
    if detail is None:
        return None
    assert detail.attempts == ()
    places = [(task.task, task.index) for task in detail.tasks]
    tries = [[one for one in read.attempts_among(run, [place]) if (one.key.task, one.key.index) == place]
             for place in places]  # fmt: skip
    assert tries == [list(read.attempts(run, *place)) for place in places]
    every = read.attempts_among(run, places)
    assert [one for one in read.run(run).attempts if one not in every and (one.key.task, one.key.index) in places] == []
    return [structs.replace(one, id=0) for some in tries for one in some]


@pytest.mark.parametrize("kind", [one for one in STORES if one.id != "memory"])
@pytest.mark.parametrize("seed", range(12))
def test_both_stores_agree_on_any_history(tmp_path, seed, kind):
    author, said = Author(seed), set()
    with opened(kind, tmp_path) as real, opened(Memory, None) as other:
        for store in (real, other):
            write(store, defined())
        for number in range(80):
            turn = author.turn(other.store)
            found = outcome(other, turn, number)
            assert outcome(real, turn, number) == found, turn
            said.add(found[0])
    assert said == {"written", "conflict"}

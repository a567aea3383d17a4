"""I8 to I11 in lives that nobody has thought of, and three years of hours."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from segue.engine.core import Engine
from segue.model.acts import PauseDags, UnpauseDags
from segue.model.changes import RunCreated, TimingSet
from segue.model.commands import Launch
from segue.model.definition import Defined, Definition
from segue.model.events import Capacity, Ended, Known, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import Snapshot
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.model.timing import SlotAsk, SlotFacts
from segue.schedule.declare import cron, daily, every, hourly
from tests.unit.engine.driver import DAY, SECOND, World, dag, task

HOUR = 3_600 * SECOND
MINUTE = 60 * SECOND
BEGIN = 1_000 * DAY

schedules = st.sampled_from(
    [hourly(), hourly(at=":10"), daily(at="02:00"), cron("*/15 * * * *"), cron("0 6 * * 1-5"), every("90m")]
)
zones = st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Kolkata"])
spans = st.integers(1, 3 * DAY)


def spec_of(timetable: object, zone: str = "UTC", **options: object) -> DagSpec:
    return dag(task("a"), schedule=timetable.to_data(), timezone=zone, **options)


class Life(World):
    """A DAG through time; what it is told lies in `self.history`."""

    def __init__(self, spec: DagSpec, at: int) -> None:
        super().__init__(spec, planning=True, now=at)

    def live(self, span: int) -> None:
        until = self.now + span
        while self.asks or self.alive or (self.wake_at is not None and self.wake_at <= until):
            if self.alive:
                key = next(iter(self.alive))
                self.end(key.of.label, run=key.run)
            elif self.asks:
                self.send()
            else:
                self.now = max(self.now, self.wake_at)
                self.send()
        self.now = until

    @property
    def rows(self) -> list:
        found = [one.row for one in self.history if isinstance(one, RunCreated)]
        return [row for row in found if row.kind == "scheduled"]


def check(life: Life) -> None:
    """What holds of every life (RELIABILITY, I8 to I10)."""
    slots = [row.slot for row in life.rows]
    assert max(Counter(slots).values(), default=1) == 1, "I8: one scheduled run a slot"
    generation, cursor = "", 0
    made: set = set()
    for change in life.history:
        if isinstance(change, RunCreated) and change.row.kind == "scheduled":
            made.add(change.row.slot)
        if isinstance(change, TimingSet) and change.timing.cursor is not None:
            timing = change.timing
            assert timing.generation != generation or timing.cursor >= cursor, "I9: the cursor never moves back"
            generation, cursor = timing.generation, timing.cursor
            assert all(start < cursor for start, _ in made) or change.why is not None


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(spans, schedules, zones), min_size=1, max_size=5))
def test_edits_at_any_instant_run_nothing_of_the_past_and_leave_nothing_out_after_it(edits):
    life = Life(spec_of(hourly()), BEGIN + 123)
    for span, timetable, zone in edits:
        life.live(span)
        before, edited = len(life.rows), life.now
        life.define(spec_of(timetable, zone, doc=str(edited)))
        same = life.store.dags["d"].timing.enabled != edited
        life.live(2 * DAY)
        new = life.rows[before:]
        if not same:
            assert all(row.slot[1] > edited for row in new), "I11"
        assert all(one.slot[1] == other.slot[0] for one, other in pairwise(new)), "I10: none is left out, none twice"
    check(life)


@settings(max_examples=25, deadline=None)
@given(schedules, st.lists(st.tuples(st.sampled_from(["live", "down", "pause", "jump"]), spans), max_size=8))
def test_whatever_happens_no_interval_is_run_twice_and_none_of_a_pause(timetable, days):
    life = Life(spec_of(timetable), BEGIN + 123)
    pauses = []
    for what, span in days:
        if what == "live":
            life.live(span)
        elif what == "down":
            life.now += span
            life.restart()
        elif what == "jump":
            life.now += span
            life.send()
        else:
            life.ask(PauseDags(("d",)))
            began = life.now
            life.live(span)
            life.ask(UnpauseDags(("d",)))
            pauses.append((began, life.now))
    life.live(2 * DAY)
    check(life)
    for began, ended in pauses:
        during = [row for row in life.rows if began < row.created < ended]
        assert not during, "I14"
        assert not [row for row in life.rows if row.slot[1] <= ended and row.created >= ended], "I11"


@settings(max_examples=25, deadline=None)
@given(schedules, st.integers(1, 2 * DAY), st.integers(1, DAY), st.booleans())
def test_a_clock_set_back_makes_nothing_twice_and_freezes_nothing_for_ever(timetable, before, back, restart):
    life = Life(spec_of(timetable), BEGIN + 123)
    life.live(before)
    count = len(life.rows)
    life.now -= back
    if restart:
        life.restart()
    life.live(back)
    assert len(life.rows) == count, "nothing is decided by wall time that has already happened"
    life.live(4 * DAY)
    assert len(life.rows) > count
    slots = [row.slot for row in life.rows]
    assert all(one[1] == other[0] for one, other in pairwise(slots))
    check(life)


class Bare:
    """The engine alone: no store, an executor that ends attempts one turn later, and the smallest memory of slots."""

    def __init__(self, spec: DagSpec, now: int) -> None:
        self.engine = Engine(Snapshot(bytes(32)), planning=True)
        self.now, self.spec = now, spec
        self.made: dict[tuple[int, int], RunKey] = {}
        self.most = self.turns = 0
        self.at_work: list[Launch] = []
        self.asks: tuple[SlotAsk, ...] = ()

    def play(self) -> None:
        definition = Definition(self.spec, "digest", "", "b")
        decision = self.step(Capacity(8), Defined("", "dags.py", (definition,), confirmed=True))
        while self.at_work or self.asks or decision.wake_at == self.now:
            ended = [
                Ended(one.key, one.fence, Instant(self.now), Instant(self.now), Value(b"v")) for one in self.at_work
            ]
            self.at_work = []
            decision = self.step(*ended)

    def step(self, *events: object):
        known = (Known(tuple(map(self.look, self.asks))),) if self.asks else ()
        decision = self.engine.step(Instant(self.now), (*known, *events))
        self.turns += 1
        self.asks = decision.asks
        for change in decision.changes:
            if isinstance(change, RunCreated):
                assert change.row.slot not in self.made, "each exactly once"
                self.made[change.row.slot] = change.row.run
        self.at_work += [one for one in decision.commands if isinstance(one, Launch)]
        self.most = max(self.most, len(self.at_work))
        return decision

    def look(self, ask: SlotAsk) -> SlotFacts:
        latest = self.made.get(ask.slot)
        state = None if latest is None else RunState.SUCCESS
        return SlotFacts(ask, 1 if latest is None else 2, latest, state, latest is not None)


def test_three_years_of_hours_are_caught_up_each_exactly_once_within_the_limit():
    start = BEGIN
    world = Bare(spec_of(hourly(), catchup=True, start=start, max_active_runs=4), start + 26_280 * HOUR)
    world.play()
    assert list(world.made) == [(start + n * HOUR, start + (n + 1) * HOUR) for n in range(26_280)]
    assert world.most == 4
    assert world.turns < 26_280, "several runs a turn"


def test_a_turn_that_is_full_leaves_the_clocks_of_other_dags_to_the_next():
    plain = spec_of(daily())
    specs = (structs.replace(plain, id=f"d{n}") for n in range(6_000))
    found = tuple(Definition(spec, "digest", "", "b") for spec in specs)
    engine = Engine(Snapshot(bytes(32)), planning=True)
    first = engine.step(Instant(BEGIN), [Defined("", "dags.py", found)])
    assert len(first.changes) == 10_000
    assert first.wake_at == BEGIN
    second = engine.step(Instant(BEGIN), [])
    assert len([one for one in second.changes if isinstance(one, TimingSet)]) == 2_000
    assert second.wake_at == BEGIN + DAY

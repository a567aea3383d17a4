"""Bugs of the planner, of backfills, pauses and alerts, put in on purpose: each must be found by the rule it breaks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from segue.engine.core import Engine
from segue.model.acts import Deploy, Drain, PauseDags
from segue.model.changes import BackfillMade, BackfillMoved, Decision, RunsForgotten, TimingSet
from segue.model.definition import Defined
from segue.model.events import Event, Request
from segue.model.ids import Instant
from segue.model.images import Snapshot
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.spec import DagSpec
from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from segue.testing.world.parts import FENCE_KEY, Opened, Parts

HOUR = 3_600_000_000


class CursorApart(Engine):
    """Commits where a clock stands a turn after the runs that it made."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS, *, planning: bool = False) -> None:
        super().__init__(snapshot, limits, planning=planning)
        self._late: list[Any] = []

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        decision = super().step(now, events)
        held = [one for one in decision.changes if isinstance(one, TimingSet)]
        changes = [*self._late, *(one for one in decision.changes if not isinstance(one, TimingSet))]
        self._late = held
        wake_at = now if held else decision.wake_at
        return replace(decision, changes=tuple(changes), wake_at=wake_at)


class Misread(Engine):
    """Takes DAGs for what they are not."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS, *, planning: bool = False) -> None:
        super().__init__(snapshot, limits, planning=planning)
        self._misread()

    def _take(self, event: Event) -> None:
        super()._take(event)
        if isinstance(event, Defined) or (isinstance(event, Request) and isinstance(event.act, Deploy)):
            self._misread()

    def _misread(self) -> None:
        for dag in self._board.dags.values():
            spec = self.read(dag.version.spec)
            if spec != dag.version.spec:
                dag.version, dag.clock = replace(dag.version, spec=spec), None

    def read(self, spec: DagSpec) -> DagSpec:
        raise NotImplementedError


class DueTooSoon(Misread):
    """Runs an interval an hour before it is due."""

    def read(self, spec: DagSpec) -> DagSpec:
        return replace(spec, delay=-HOUR)


class ZoneIgnored(Misread):
    """Reads every timetable in UTC."""

    def read(self, spec: DagSpec) -> DagSpec:
        return replace(spec, timezone="UTC")


class MissedIgnored(Misread):
    """Runs whatever was missed, however much that is."""

    def read(self, spec: DagSpec) -> DagSpec:
        return replace(spec, missed="run")


class EditRunsThePast(Misread):
    """Catches up whenever a clock begins."""

    def read(self, spec: DagSpec) -> DagSpec:
        return replace(spec, catchup=True)


class OneRunTooMany(Misread):
    """Takes `max_active_runs` for one more."""

    def read(self, spec: DagSpec) -> DagSpec:
        return replace(spec, max_active_runs=spec.run_limit + 1)


class CapOffByOne(Engine):
    """Lets one run more of a backfill go on than it says."""

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        decision = super().step(now, events)
        changes = [
            replace(one, row=replace(one.row, cap=max(1, one.row.cap - 1))) if isinstance(one, BackfillMade) else one
            for one in decision.changes
        ]  # fmt: skip
        return replace(decision, changes=tuple(changes))


class CancelledGoesOn(Engine):
    """Says that a backfill is cancelled and makes runs of it all the same."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS, *, planning: bool = False) -> None:
        super().__init__(snapshot, limits, planning=planning)
        self._undead: set[int] = set()

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        decision = super().step(now, events)
        kept = [
            one for one in decision.changes if not (isinstance(one, BackfillMoved) and one.backfill in self._undead)
        ]  # fmt: skip
        for one in decision.changes:
            if isinstance(one, BackfillMoved) and one.new == "cancelled":
                filling = self._board.agenda.backfills[one.backfill]
                filling.take(replace(filling.image, state="running"))
                self._undead.add(one.backfill)
        return replace(decision, changes=tuple(kept))


class PastIgnored(Engine):
    """Starts a task whatever has become of it in the slot before."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS, *, planning: bool = False) -> None:
        super().__init__(snapshot, limits, planning=planning)
        admit = self._board.admit

        def heedless(machine: Any) -> None:
            admit(machine)
            machine.look_back(None)

        self._board.admit = heedless  # type: ignore[method-assign]


class AlertsForgotten(Engine):
    """Does not know after a restart what people have been told."""

    def __init__(self, snapshot: Snapshot, limits: Limits = NO_SETTINGS, *, planning: bool = False) -> None:
        super().__init__(replace(snapshot, episodes=()), limits, planning=planning)


class PauseIgnored(Engine):
    """Writes pauses down, and plans on."""

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        paused = {name for name, dag in self._board.dags.items() if dag.timing.paused}
        for name in paused:
            dag = self._board.dags[name]
            dag.timing = replace(dag.timing, paused=False)
            self._board.agenda.unplanned[name] = None
        decision = super().step(now, events)
        for name in paused & self._board.dags.keys():
            dag = self._board.dags[name]
            dag.timing = replace(dag.timing, paused=True)
        changes = [
            replace(one, timing=replace(one.timing, paused=True)) if isinstance(one, TimingSet) and one.dag in paused
            else one for one in decision.changes
        ]  # fmt: skip
        return replace(decision, changes=tuple(changes))


class HardIsSoft(Engine):
    """Stops the clock of a DAG that is paused hard, and dispatches on."""

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        hard: set[str] = set()
        softened: list[Event] = []
        for event in events:
            if isinstance(event, Request) and isinstance(event.act, PauseDags) and event.act.hard:
                hard.update(event.act.dags)
                event = replace(event, act=replace(event.act, hard=False))
            softened.append(event)
        decision = super().step(now, softened)
        changes = [
            replace(one, timing=replace(one.timing, hard=True)) if isinstance(one, TimingSet) and one.dag in hard
            else one for one in decision.changes
        ]  # fmt: skip
        return replace(decision, changes=tuple(changes))


class DrainIgnored(Engine):
    """Says that nothing begins any more, and begins things."""

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        heard = [
            replace(one, act=Drain(False)) if isinstance(one, Request) and isinstance(one.act, Drain) else one
            for one in events
        ]  # fmt: skip
        return super().step(now, heard)


class _Forgetful(MemoryWriter):
    """Forgets what slots show, with the runs that made them."""

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[Any]:
        with super().transaction(epoch) as inner:
            yield _Erasing(inner, self._store)


class _Erasing:
    def __init__(self, inner: Any, store: MemoryStore) -> None:
        self._inner, self._store = inner, store

    def apply(self, changes: Sequence[Any]) -> None:
        gone = {run for one in changes if isinstance(one, RunsForgotten) for run in one.runs}
        slots = {(run.dag, view.row.slot) for run, view in self._store.runs.items() if run in gone}
        self._inner.apply(changes)
        for dag, slot in slots:
            if slot is not None:
                self._store.slots.pop((dag, *slot), None)


def _forgetful() -> Opened:
    store = MemoryStore(FENCE_KEY)
    return _Forgetful(store), MemoryReader(store)


def _parts(engine: Any) -> Parts:
    return Parts(engine=engine, name=f"tests.simulate.bugs_of_time:{engine.__name__}")


CURSOR_APART = _parts(CursorApart)
DUE_TOO_SOON = _parts(DueTooSoon)
ZONE_IGNORED = _parts(ZoneIgnored)
MISSED_IGNORED = _parts(MissedIgnored)
EDIT_RUNS_THE_PAST = _parts(EditRunsThePast)
ONE_RUN_TOO_MANY = _parts(OneRunTooMany)
CAP_OFF_BY_ONE = _parts(CapOffByOne)
CANCELLED_GOES_ON = _parts(CancelledGoesOn)
PAST_IGNORED = _parts(PastIgnored)
ALERTS_FORGOTTEN = _parts(AlertsForgotten)
PAUSE_IGNORED = _parts(PauseIgnored)
HARD_IS_SOFT = _parts(HardIsSoft)
DRAIN_IGNORED = _parts(DrainIgnored)
SLOTS_FORGOTTEN = Parts(store=_forgetful, name="tests.simulate.bugs_of_time:SLOTS_FORGOTTEN")

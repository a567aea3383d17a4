"""What a play leaves behind: what slots show, as the store would know it, and the figures that people ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from segue.engine.forecast import quantile
from segue.model.backfills import unpack_slots
from segue.model.changes import BackfillMade, Change, RunCreated, RunMoved, SlotMoved, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.images import DagImage, RunRow
from segue.model.interval import slot_key
from segue.model.moment import HOUR
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, RunState, SlotState, TaskState
from segue.model.timing import SlotAsk, SlotFacts
from segue.schedule.deadline import deadline_of
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot

__all__ = ["Late", "PlayedDag", "PlayedHour", "PlayedRun", "Record", "SlotLedger"]

Span: TypeAlias = tuple[Instant, Instant]


@dataclass(slots=True)
class _Known:
    """What is known of one slot."""

    numbers: dict[str, int] = field(default_factory=dict)
    latest: RunKey | None = None
    state: RunState | None = None
    scheduled: bool = False
    shown: SlotState | None = None
    good: set[str] = field(default_factory=set)


class SlotLedger:
    """Answers what the engine asks about slots, in place of a store.

    Args:
        images: the DAGs.
    """

    def __init__(self, images: Mapping[str, DagImage]) -> None:
        self._images = images
        self._slots: dict[tuple[str, tuple[Instant, Instant]], _Known] = defaultdict(_Known)
        self._of: dict[RunKey, _Known] = {}

    def facts(self, ask: SlotAsk) -> SlotFacts:
        """What is known of a slot."""
        known = self._slots.get((ask.dag, ask.slot), _Known())
        return SlotFacts(
            ask, known.numbers.get(ask.key, 0) + 1, known.latest, known.state, known.scheduled, known.shown,
            tuple(sorted(known.good)),
        )  # fmt: skip

    def take(self, change: Change) -> None:
        """Take in one change."""
        match change:
            case RunCreated(row) if row.slot is not None:
                known = self._of[row.run] = self._slots[row.run.dag, row.slot]
                known.numbers[row.run.key] = row.run.n
                known.latest, known.state = row.run, RunState.QUEUED
                known.scheduled = known.scheduled or row.kind == "scheduled"
            case RunMoved(run, _, new) if run in self._of and self._of[run].latest == run:
                self._of[run].state = new
                if new is RunState.SUCCESS:
                    self._of[run].good.update(task.id for task in self._images[run.dag].version.spec.tasks)
            case TaskMoved(run, task, None, _, TaskState.SUCCESS | TaskState.SKIPPED) if run in self._of:
                self._of[run].good.add(task)  # of a mapped task, only its items move
            case SlotMoved():
                self._slots[change.dag, change.slot].shown = change.state
            case _:
                pass


@dataclass(frozen=True, slots=True)
class Late:
    """A deadline that was missed: of a run, or of one task of it; `ended` is None where it never was."""

    key: str
    task: str | None
    deadline: Instant
    ended: Instant | None


@dataclass(frozen=True, slots=True)
class PlayedRun:
    """One run.

    Args:
        row: what it was created as.
        state: where it stood at last.
        started: its first dispatch; `ended` its end.
        waited: how long after it was due it had to wait for a run before it, in microseconds.
    """

    row: RunRow
    state: RunState
    started: Instant | None = None
    ended: Instant | None = None
    waited: int = 0


@dataclass(frozen=True, slots=True)
class PlayedDag:
    """What became of one DAG.

    Args:
        spec: the DAG.
        runs: in order of their creation.
        late: deadlines that were missed.
        skipped: intervals that fell due while the limit was reached, and were passed (`overlap="skip"`).
        missing: intervals that fell due and had no run by the end.
        proposed: intervals that wait for a person.
        peak: the most runs that held their place at once.
    """

    spec: DagSpec
    runs: tuple[PlayedRun, ...]
    late: tuple[Late, ...]
    skipped: int
    missing: int
    proposed: int
    peak: int

    def count(self, state: RunState) -> int:
        """How many runs stood in a state at last."""
        return sum(run.state is state for run in self.runs)

    @property
    def unfinished(self) -> int:
        """How many runs had not ended."""
        return sum(run.state not in RUN_FINAL for run in self.runs)

    @property
    def overlaps(self) -> int:
        """How many runs had to wait for one before them."""
        return sum(run.waited > 0 for run in self.runs)

    @property
    def longest_wait(self) -> int:
        """How long the one that waited longest did, in microseconds."""
        return max((run.waited for run in self.runs), default=0)

    def lasted(self, percent: int) -> int:
        """How long so many percent of its runs took at most, from first dispatch to end, in microseconds."""
        return quantile([run.ended - run.started for run in self.runs if run.started and run.ended], percent)


@dataclass(frozen=True, slots=True)
class PlayedHour:
    """One hour: how much of all workers was used, and the most tasks that were ready and waited."""

    start: Instant
    busy: float
    depth: int


class Record:
    """Takes in what happens, and gives the figures at last.

    Args:
        images: the DAGs at the beginning.
        workers: how many attempts run at once.
        start, until: from when to when.
    """

    def __init__(self, images: Mapping[str, DagImage], workers: int, start: Instant, until: Instant) -> None:
        self._images, self._workers = images, workers
        self._start, self._until = start, until
        self._runs: dict[RunKey, PlayedRun] = {}
        self._placed: dict[str, set[RunKey]] = defaultdict(set)
        self._peaks: dict[str, int] = defaultdict(int)
        self._behind: set[RunKey] = set()
        self._task_ends: dict[tuple[RunKey, str], Instant] = {}
        self._skipped: dict[str, set[Span]] = defaultdict(set)
        self._proposed: dict[str, set[Span]] = defaultdict(set)
        self._busy: dict[int, int] = defaultdict(int)
        self._depths: dict[int, int] = defaultdict(int)
        self._depth, self._hour = 0, start // HOUR

    def take(self, change: Change) -> None:
        """Take in one change."""
        match change:
            case RunCreated(row):
                self._runs[row.run] = PlayedRun(row, RunState.QUEUED)
                ahead = sum(self._runs[key].row.kind == "scheduled" for key in self._placed[row.run.dag])
                if row.kind == "scheduled" and ahead >= self._images[row.run.dag].version.spec.run_limit:
                    self._behind.add(row.run)
            case RunMoved():
                self._moved(change)
            case TaskMoved(run, task, _, _, TaskState.SUCCESS):
                self._task_ends[run, task] = change.at
            case SlotMoved(dag, slot, SlotState.SKIPPED, None):
                self._skipped[dag].add(slot)
            case BackfillMade(row):
                self._proposed[row.dag].update(unpack_slots(row.slots))
            case _:
                pass

    def _moved(self, change: RunMoved) -> None:
        key, run = change.run, self._runs[change.run]
        placed = self._placed[key.dag]
        started, waited = run.started, run.waited
        if started is None and change.started is not None:
            started = change.started
            waited = max(0, started - run.row.due) if key in self._behind else 0
        ended = change.ended if change.new in RUN_FINAL else None
        self._runs[key] = PlayedRun(run.row, change.new, started, ended, waited)
        if change.placed and change.new not in RUN_FINAL:
            placed.add(key)
            self._peaks[key.dag] = max(self._peaks[key.dag], len(placed))
        else:
            placed.discard(key)

    def busy(self, began: Instant, ended: Instant) -> None:
        """An attempt has used a worker."""
        at = int(began)
        while at < ended:
            until = min(ended, (at // HOUR + 1) * HOUR)
            self._busy[at // HOUR] += until - at
            at = until

    def waiting(self, now: Instant, depth: int) -> None:
        """So many tasks are ready from now on; those of before were until now."""
        for hour in range(self._hour, now // HOUR + 1):
            self._depths[hour] = max(self._depths[hour], self._depth)
        self._hour, self._depth = now // HOUR, depth
        self._depths[self._hour] = max(self._depths[self._hour], depth)

    def hours(self) -> tuple[PlayedHour, ...]:
        """Every hour, the first first."""
        whole = HOUR * self._workers
        return tuple(
            PlayedHour(Instant(hour * HOUR), self._busy[hour] / whole, self._depths[hour])
            for hour in range(self._start // HOUR, -(-self._until // HOUR))
        )

    def dags(self) -> dict[str, PlayedDag]:
        """Every DAG, with its runs."""
        return {dag: self._dag(image) for dag, image in self._images.items()}

    def _dag(self, image: DagImage) -> PlayedDag:
        spec, name = image.version.spec, image.dag
        runs = tuple(run for key, run in self._runs.items() if key.dag == name)
        decided = {run.row.slot for run in runs} | self._skipped[name] | self._proposed[name]
        missing = [slot for slot in self._due(image, runs) if (slot.start, slot.end) not in decided]
        late = [late for run in runs if run.row.kind == "scheduled" for late in self._late(spec, run)]
        for slot in missing:
            deadline = deadline_of(spec, slot.due)
            if deadline is not None and deadline < self._until:
                late.append(Late(slot_key(slot.start, slot.end, spec.timezone), None, deadline, None))
        skipped, proposed = len(self._skipped[name]), len(self._proposed[name])
        return PlayedDag(spec, runs, tuple(late), skipped, len(missing), proposed, self._peaks[name])

    def _due(self, image: DagImage, runs: Sequence[PlayedRun]) -> Sequence[Slot]:
        """The slots that should have been run, from where the clock stood at the beginning."""
        clock = Clock(image.version.spec, image.foretold)
        if not clock.ticks or clock.once:
            return ()
        cursor = clock.present(self._start) if image.timing.cursor is None else image.timing.cursor
        first = min([cursor, *(run.row.slot[0] for run in runs if run.row.slot is not None)])
        return [
            slot
            for slot in clock.due(first, Instant(self._until - 1))
            if slot.due > self._start or slot.start >= cursor
        ]

    def _late(self, spec: DagSpec, run: PlayedRun) -> Iterator[Late]:
        """The deadlines that a run has missed; one that failed in time is not late."""
        key, due = run.row.run, run.row.due
        marks: list[tuple[str | None, Instant | None, Instant | None]] = [(None, deadline_of(spec, due), run.ended)]
        for task in spec.tasks:
            marks.append((task.id, deadline_of(spec, due, task), self._task_ends.get((key, task.id)) or run.ended))
        for label, deadline, ended in marks:
            if deadline is not None and (ended or self._until) > deadline:
                yield Late(key.key, label, deadline, ended)

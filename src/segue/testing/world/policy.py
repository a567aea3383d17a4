"""The second opinion on clocks: which slots get a run, said once more, slot by slot, from docs/decisions/0028.

It knows every slot of a timetable as a list, and of each whether it waits for its run; it is told the instants of the
turns, and looks at what the clock of the DAG said before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.timing import Timing
from segue.schedule.slot import Bounds, Slot
from segue.schedule.timetable import Once, timetable_from_data
from segue.testing.world.script import SECOND

__all__ = ["Fates", "Seen", "Turn", "is_once", "show", "slots_due", "slots_of"]

_MINUTE: Final = 60 * SECOND
_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the engine.

    Args:
        now: its instant.
        since: that of the engine's first one.
        confirmed: DAGs of which a person has confirmed in this turn that they catch up.
        resumed: DAGs that people unpaused in this turn, in order, and what they wanted of the past.
    """

    now: Instant = Instant(0)
    since: Instant = Instant(0)
    confirmed: frozenset[str] = frozenset()
    resumed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one commit shows of the clock of a DAG.

    Args:
        before, after: where it stood and stands.
        lifted: the pauses that ended, in order.
        made: slots whose scheduled runs it makes.
        skipped: slots that it writes down as skipped.
        proposed: slots of backfills that it proposes.
        satisfied: whether people have done already what a slot is for.
    """

    before: Timing
    after: Timing
    lifted: Sequence[Timing]
    made: Sequence[Slot]
    skipped: Sequence[Slot]
    proposed: frozenset[Slot]
    satisfied: Callable[[Slot], bool]


def is_once(spec: DagSpec) -> bool:
    """Whether it makes one run, without interval."""
    return spec.schedule is not None and isinstance(timetable_from_data(spec.schedule), Once)


def slots_of(spec: DagSpec) -> Sequence[Slot]:
    """Every slot of a DAG that has a start and an end, oldest first."""
    if spec.schedule is None:
        return ()
    return _slots(_frozen(spec.schedule), spec.start, spec.end, spec.timezone, spec.delay)


def slots_due(spec: DagSpec, now: int) -> Sequence[Slot]:
    """The slots of a DAG that are due."""
    return [slot for slot in slots_of(spec) if slot.due <= now]


def _frozen(data: Any) -> Any:
    return tuple(map(_frozen, data)) if isinstance(data, list | tuple) else data


@cache
def _slots(schedule: Any, start: Any, end: Any, zone: str, delay: int) -> Sequence[Slot]:
    timetable, bounds = timetable_from_data(schedule), Bounds(start, end, zone, delay)
    found: list[Slot] = []
    slot = timetable.slot_from(start, bounds)
    while slot is not None:
        found.append(slot)
        slot = timetable.slot_from(slot.end, bounds)
    return tuple(found)


@dataclass(slots=True)
class Fates:
    """What is to become of the slots of one DAG, as far as it is decided.

    Attributes:
        waiting: slots that are to be run, oldest first.
        decided: slots that start before it are decided.
        of: the timetable that all this is about.
    """

    waiting: list[Slot] = field(default_factory=list)
    decided: int = 0
    of: object = None
    _proposed: set[Slot] = field(default_factory=set)
    _skipped: set[Slot] = field(default_factory=set)
    _lifted: Sequence[tuple[Instant, str | None]] = ()

    def follow(self, spec: DagSpec, turn: Turn, seen: Seen) -> Iterator[str]:
        """Go on by one commit.

        Args:
            spec: the DAG as it is from this commit on.
            turn: in which it was decided.
            seen: what it shows.

        Yields:
            What is not as it should be.
        """
        before, after = seen.before, seen.after
        begun = after.generation != before.generation and bool(after.generation)
        if seen.lifted:
            self._lifted = _ends(spec, turn, seen.lifted)
        if begun:
            self._begin(spec, turn)
        elif self.of != _clock_of(spec):
            pass  # it was edited, and begins anew when it may, or goes on where that is undone before
        elif before.retired and not after.retired:
            self._come_back(spec, turn)
        elif self._lifted and not spec.catchup and (seen.lifted or not after.paused):
            for at, run in self._lifted:
                self._resume(spec, at, run)
        goes_on = not after.retired or (before.paused and spec.catchup)  # who catches up is not hurt by what waits
        if self.of == _clock_of(spec):
            self._lifted = ()
        if self.of == _clock_of(spec) and not after.paused and goes_on and after.accepted is not None:
            self._fall_due(spec, turn, after.accepted)
        yield from self._compare(spec, seen)

    def _begin(self, spec: DagSpec, turn: Turn) -> None:
        """A new clock: nothing that has ended is run, unless the DAG catches up."""
        self.waiting, past, self.of = [], slots_due(spec, turn.now), _clock_of(spec)
        if not spec.catchup:
            self.decided = _present(spec, turn.now)
        elif past:
            self.decided = past[-1].end
            if len(past) <= _AT_ONCE or spec.id in turn.confirmed:
                self._accept(past)
            else:
                self._leave_out(past, propose=True)
        else:
            self.decided = spec.start or 0

    def _come_back(self, spec: DagSpec, turn: Turn) -> None:
        """As if new, where something fell due meanwhile; else the clock goes on."""
        if not spec.catchup and any(slot.start >= self.decided for slot in slots_due(spec, turn.now)):
            self.waiting, self.decided = [], max(self.decided, _present(spec, turn.now))

    def _resume(self, spec: DagSpec, at: Instant, run: str | None) -> None:
        """A pause is over: nothing of it is run, unless somebody has said so."""
        fell_due = [slot for slot in slots_due(spec, at) if slot.start >= self.decided]
        ended = [slot for slot in slots_of(spec) if slot.start >= self.decided and slot.end <= at]
        if run == "missed" and len(fell_due) <= _AT_ONCE:
            self._accept(fell_due)
        elif run and fell_due:
            self._leave_out(fell_due[:-1], propose=run == "missed")
            self._accept(fell_due[-1:])
        elif not run:
            self._leave_out(ended)
            self.waiting = []  # they have ended as well
        for slot in fell_due if run else (*fell_due, *ended):
            self.decided = max(self.decided, slot.end)

    def _fall_due(self, spec: DagSpec, turn: Turn, until: Instant) -> None:
        """Decide as far as the clock under test did: it may wait for an answer."""
        due = [slot for slot in slots_due(spec, turn.now) if slot.start >= self.decided]
        early = [slot for slot in due if slot.due < turn.now - _MINUTE]
        if len(due) == 1 and due[0].due >= turn.since - _MINUTE:
            early = []
        on_time = due[len(early) :]
        if early and early[0].start < until:
            self.decided = early[-1].end
            if spec.catchup or (spec.missed == "run" and len(early) <= _AT_ONCE):
                self._accept(early)
            elif spec.missed == "skip" or on_time:
                self._leave_out(early, propose=spec.missed == "run")
            else:
                self._leave_out(early[:-1], propose=spec.missed == "run")
                self._accept(early[-1:])
        for slot in on_time:
            if slot.start < until:
                self.decided = slot.end
                self._accept([slot])

    def _accept(self, slots: Iterable[Slot]) -> None:
        self.waiting += slots

    def _leave_out(self, slots: Sequence[Slot], *, propose: bool = False) -> None:
        """There is one cursor: what still waits for its run is left out with what comes after it."""
        if slots:
            self._proposed.update((*self.waiting, *slots) if propose else ())
            self.waiting = []

    def _compare(self, spec: DagSpec, seen: Seen) -> Iterator[str]:
        name, after = spec.id, seen.after
        for slot in (*seen.made, *seen.skipped):
            if slot not in self.waiting and slot not in self._skipped:
                yield f"{name} {show(slot)} is made or skipped, and should not be"
        gone = {*seen.made, *seen.skipped}
        cursor, accepted = after.cursor or 0, after.accepted or 0
        for slot in self.waiting:
            if slot not in gone and slot.start < cursor and not seen.satisfied(slot):
                yield f"{name} {show(slot)} is passed over, and should be run"
            if slot not in gone and slot.start >= max(accepted, cursor):
                yield f"{name} {show(slot)} should be accepted, the clock stands at {after}"
        self.waiting = [slot for slot in self.waiting if slot not in gone and slot.start >= cursor]
        # What is skipped waits once more where somebody makes a run of it that does not end well.
        self._skipped.update(seen.skipped)
        wanted = {slot.start for slot in (*self.waiting, *self._skipped)}
        for slot in slots_of(spec):
            if not (cursor <= slot.start < accepted and after.generation):
                continue
            if slot.start not in wanted and not seen.satisfied(slot):
                yield f"{name} {show(slot)} is accepted, and should be left out"
        if self._proposed - seen.proposed:
            yield f"{name}: {len(self._proposed)} slots are left out, {len(seen.proposed)} are in a proposed backfill"
        self._proposed.clear()

    def overlooked(self, spec: DagSpec, now: int) -> list[Slot]:
        """What is due at rest, and nothing was decided about it, or nothing made of it."""
        return [*self.waiting, *(slot for slot in slots_due(spec, now) if slot.start >= self.decided)]


def _ends(spec: DagSpec, turn: Turn, pauses: Sequence[Timing]) -> Sequence[tuple[Instant, str | None]]:
    """When each of these pauses ended, and what was wanted of it; None where it ended by itself."""
    wanted = [run for dag, run in turn.resumed if dag == spec.id][-len(pauses) :]
    if not wanted:
        return [(turn.now if pause.until is None else pause.until, None) for pause in pauses]
    return [(turn.now, run) for run in wanted]


def _clock_of(spec: DagSpec) -> object:
    return _frozen(spec.schedule), spec.timezone, spec.start, spec.end, spec.catchup


def _present(spec: DagSpec, now: int) -> int:
    """Where a clock stands that knows nothing of the past: at the first slot that has not ended."""
    slots = slots_of(spec)
    return next((slot.start for slot in slots if slot.end > now), slots[-1].end if slots else 0)


def show(slot: Slot) -> str:
    """A slot, for people who read a seed."""
    return f"[{slot.start / SECOND:.0f}, {slot.end / SECOND:.0f}) due {slot.due / SECOND:.0f}"

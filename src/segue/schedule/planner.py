"""What the clock of a DAG asks of its timetable: which slot comes next, which are due, where it stands when it begins.

A timetable of the user's own is evaluated in the definition child; here it is the list of slots that it foretold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice, takewhile
from typing import ClassVar, Final

import msgspec

from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule.slot import Bounds, Slot
from segue.schedule.slots import current_slot, latest_complete
from segue.schedule.timetable import Custom, Once, Timetable, timetable_from_data

__all__ = ["CUSTOM", "MOST", "Clock", "Told", "generation_of"]

CUSTOM: Final = Custom.kind
"""The kind of timetables whose slots arrive as data."""

MOST: Final = 100_000
"""So many slots are looked at one by one; of more only the newest is."""

_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Told(Timetable):
    """Slots that were computed elsewhere, as (start, end, due), ascending; they need not tile time."""

    kind: ClassVar[str] = CUSTOM
    combines: ClassVar[bool] = False
    slots: tuple[tuple[Instant, Instant, Instant], ...]

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        found = bisect_left(self.slots, (at,))
        return self.slots[found][0] if found < len(self.slots) else None

    def slot_from(self, at: int, bounds: Bounds) -> Slot | None:
        found = bisect_left(self.slots, (at,))
        if found == len(self.slots) or (bounds.end is not None and self.slots[found][0] >= bounds.end):
            return None
        return Slot(*self.slots[found])

    def __str__(self) -> str:
        return CUSTOM


def generation_of(spec: DagSpec) -> str:
    """The digest of what the cursor of a DAG belongs to; another one means that its clock begins anew."""
    once = spec.schedule is not None and spec.schedule[0] == Once.kind
    what = spec.schedule if once else (spec.schedule, spec.timezone, spec.start, spec.end, spec.catchup)
    return blake2b(msgspec.json.encode(what), digest_size=8).hexdigest()


class Clock:
    """The slots of one DAG as its present version has them.

    Args:
        spec: of the DAG.
        foretold: the slots of a timetable of the user's own.

    Attributes:
        ticks: whether there is anything to wait for; a DAG that is run by hand has no clock.
        once: it makes one run, without interval.
    """

    def __init__(self, spec: DagSpec, foretold: Foretold) -> None:
        self.generation = generation_of(spec)
        start = None if spec.start is None else Instant(spec.start)
        end = None if spec.end is None else Instant(spec.end)
        self.bounds = Bounds(start, end, spec.timezone, spec.delay)
        self.timetable = _timetable_of(spec, foretold)
        self.ticks = spec.schedule is not None
        self.once = isinstance(self.timetable, Once)
        self._known: dict[int, Slot | None] = {}

    def first(self, at: Instant) -> Slot | None:
        """The first slot that starts at or after an instant."""
        if at not in self._known:
            floor = at if self.bounds.start is None else max(at, self.bounds.start)
            self._remember(at, self.timetable.slot_from(floor, self.bounds))
        return self._known[at]

    def present(self, now: Instant) -> Instant:
        """Where a clock stands that begins at `now`: at the slot that is running, or at the next one."""
        slot = current_slot(self.timetable, self.bounds, now)
        return now if slot is None else slot.start

    def due(self, at: Instant, now: Instant) -> Sequence[Slot]:
        """The slots from `at` on that are due by `now`, oldest first; of more than `MOST` the first and the newest."""
        found = list(islice(takewhile(lambda slot: slot.due <= now, self._walk(at)), MOST))
        if len(found) == MOST:
            newest = latest_complete(self.timetable, self.bounds, now)
            if newest is not None and newest.start > found[-1].start:
                found.append(newest)
        return found

    def between(self, at: Instant, until: Instant) -> Sequence[Slot]:
        """The slots that start at or after `at` and before `until`, oldest first, `MOST` at most."""
        return list(islice(takewhile(lambda slot: slot.start < until, self._walk(at)), MOST))

    def _walk(self, at: Instant) -> Iterator[Slot]:
        slot = self.first(at)
        while slot is not None:
            yield slot
            if slot.end not in self._known:
                self._remember(slot.end, self._after(slot))
            slot = self._known[slot.end]

    def _after(self, slot: Slot) -> Slot | None:
        if isinstance(self.timetable, Told):
            return self.timetable.slot_from(slot.end, self.bounds)
        if self.bounds.end is not None and slot.end >= self.bounds.end:
            return None
        end = self.timetable.tick(slot.end + 1, self.bounds)  # slots tile time: the end of one is the start of the next
        return None if end is None else Slot(slot.end, end, self.timetable.due(end, self.bounds))

    def _remember(self, at: Instant, slot: Slot | None) -> None:
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[at] = slot


def _timetable_of(spec: DagSpec, foretold: Foretold) -> Timetable:
    if spec.schedule is None:
        return Told(())
    if spec.schedule[0] == CUSTOM:
        return Told(foretold.slots)
    return timetable_from_data(spec.schedule)

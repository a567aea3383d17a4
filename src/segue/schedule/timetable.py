"""When: timetables as plain values.

Every timetable is a row of instants, its ticks; a slot reaches from one tick to the next, so slots tile time. What a
slot covers and when it runs are two things: cron, periods and lists run at the slot's end, calendar units `at` a wall
time after it. Three questions are answered here (the first tick at or after an instant, when a slot is due, which slot
comes next); all others are asked of those, in `slots`.

A timetable of a user's own is a subclass that says which moment comes next. It runs in the definition child alone; what
travels is its name (`Custom`) and the slots that it foretells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Final, TypeAlias

from segue.model.duration import show_duration
from segue.model.errors import DefinitionError
from segue.model.ids import Instant
from segue.model.moment import LATEST, datetime_at, instant_at, parse_moment, wall_at
from segue.schedule.cron import first_tick
from segue.schedule.slot import Bounds, Slot

__all__ = [
    "WEEKDAYS",
    "Calendar",
    "Cron",
    "Custom",
    "Every",
    "Listed",
    "Once",
    "Plain",
    "Timetable",
    "Together",
    "timetable_from_data",
]

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")
_LONGEST: Final = 500

Plain: TypeAlias = "str | int | Sequence[Plain]"


class Timetable:
    """Says which slots exist. Frozen; two that say the same are equal.

    For one of your own write a subclass with `next_tick`; its slots reach from tick to tick and run at their end.
    """

    __slots__ = ()
    kind: ClassVar[str] = "custom"
    combines: ClassVar[bool] = False

    def next_tick(self, moment: datetime) -> datetime | None:
        """The first tick at or after a moment, None when there is none; what a timetable of your own says.

        Args:
            moment: in the DAG's zone. An answer without a zone is read there.
        """
        raise DefinitionError(f"{type(self).__qualname__} says no next_tick(moment): the first tick at or after it")

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        """The first tick at or after an instant, whatever `start` and `end` say; None when there is none."""
        moment = datetime_at(at, bounds.zone)
        found = self.next_tick(moment)
        if found is None:
            return None
        if not isinstance(found, datetime):
            raise DefinitionError(f"{self}: next_tick({moment.isoformat()}) is {found!r}, and no datetime")
        tick = parse_moment(found, bounds.zone)
        if tick < at:
            text = f"{self}: next_tick({moment.isoformat()}) is {found.isoformat()}, which lies before it"
            raise DefinitionError(text)
        return tick

    def due(self, end: Instant, bounds: Bounds) -> Instant:
        """The instant from which the slot that ends at `end` may run."""
        return Instant(end + bounds.delay)

    def slot_from(self, at: int, bounds: Bounds) -> Slot | None:
        """The first slot that starts at or after an instant, whatever `start` says."""
        start = self.tick(at, bounds) if at < LATEST else None
        if start is None or (bounds.end is not None and start >= bounds.end):
            return None
        end = self.tick(start + 1, bounds)
        return None if end is None else Slot(start, end, self.due(end, bounds))

    def after(self, last: Slot | None, bounds: Bounds) -> Slot | None:
        """The slot that follows `last`, or the first one: at the first tick at or after `start` (1970 without one)."""
        at = max(bounds.start or 0, last.end) if last else bounds.start or 0
        return self.slot_from(at, bounds)

    def to_data(self) -> tuple[Plain, ...]:
        """The timetable as nested tuples of text and whole numbers; `timetable_from_data` reads it."""
        if self.kind == Timetable.kind:
            return (self.kind, type(self).__qualname__, str(self))
        return (self.kind, *(getattr(self, field.name) for field in fields(self)))  # type: ignore[arg-type]

    def __str__(self) -> str:
        """The timetable as it is declared; part of what tells one version of a DAG from the next."""
        names = getattr(self, "__dict__", None) or type(self).__slots__
        values = ", ".join(f"{name.lstrip('_')}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({_ADDRESS.sub('', values)})"[:_LONGEST]

    def __or__(self, other: Timetable) -> Timetable:
        if not isinstance(other, Timetable):
            return NotImplemented
        for one in (self, other):
            if not one.combines:
                raise DefinitionError(
                    f"{one} does not combine with |: slots tile time, and only timetables that run from tick to tick "
                    "(cron, every, listed) can share them; write cron('0 2 * * *') for daily(at='02:00')"
                )
        return Together(tuple(dict.fromkeys((*_parts(self), *_parts(other)))))


@dataclass(frozen=True, slots=True)
class Cron(Timetable):
    """From one tick of a cron expression to the next."""

    kind: ClassVar[str] = "cron"
    combines: ClassVar[bool] = True
    expression: str

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        return first_tick(self.expression, at, bounds.zone)

    def __str__(self) -> str:
        return f"cron({self.expression!r})"


@dataclass(frozen=True, slots=True)
class Every(Timetable):
    """Periods of equal real length, in microseconds, counted from `anchor` (`""`: the start, else 1970)."""

    kind: ClassVar[str] = "every"
    combines: ClassVar[bool] = True
    period: int
    anchor: str = ""

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        anchor = parse_moment(self.anchor, bounds.zone) if self.anchor else bounds.start or 0
        return Instant(at + (anchor - at) % self.period)

    def __str__(self) -> str:
        return f"every({show_duration(self.period)})"


@dataclass(frozen=True, slots=True)
class Listed(Timetable):
    """From one given moment to the next."""

    kind: ClassVar[str] = "listed"
    combines: ClassVar[bool] = True
    moments: tuple[str, ...]

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        ticks = (parse_moment(text, bounds.zone) for text in self.moments)
        return min((tick for tick in ticks if tick >= at), default=None)

    def __str__(self) -> str:
        return f"listed({', '.join(self.moments)})"


@dataclass(frozen=True, slots=True)
class Together(Timetable):
    """From the last tick of any of several timetables to the next."""

    kind: ClassVar[str] = "together"
    combines: ClassVar[bool] = True
    parts: tuple[Timetable, ...]

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        return min((tick for part in self.parts if (tick := part.tick(at, bounds)) is not None), default=None)

    def to_data(self) -> tuple[Plain, ...]:
        return (self.kind, tuple(part.to_data() for part in self.parts))

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Once(Timetable):
    """One run when the DAG is first enabled; there is no slot."""

    kind: ClassVar[str] = "once"

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        return None

    def __str__(self) -> str:
        return "@once"


@dataclass(frozen=True, slots=True)
class Custom(Timetable):
    """The name of a timetable of a user's own, and how it is declared; it knows no tick: they are foretold."""

    kind: ClassVar[str] = "custom"
    name: str
    text: str = ""

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        return None

    def to_data(self) -> tuple[Plain, ...]:
        return (self.kind, self.name, self.text)

    def __str__(self) -> str:
        return self.text or self.name


_UNITS: Final = {"hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * {}", "monthly": "0 0 {} * *"}


@dataclass(frozen=True, slots=True)
class Calendar(Timetable):
    """Whole hours, days, weeks or months on the wall, due `minutes` after the hour, or at that minute of the last day.

    `day` is the weekday (Sunday 0) or the day of the month on which the unit begins.
    """

    kind: ClassVar[str] = "calendar"
    unit: str
    day: int
    minutes: int

    def tick(self, at: int, bounds: Bounds) -> Instant | None:
        return first_tick(_UNITS[self.unit].format(self.day), at, bounds.zone)

    def due(self, end: Instant, bounds: Bounds) -> Instant:
        late = timedelta(minutes=self.minutes)
        if self.unit == "hourly":
            return Instant(end + late // timedelta(microseconds=1) + bounds.delay)
        # At a time on the wall, so that "2 am" stays 2 am through both clock changes.
        midnight = datetime.combine(wall_at(end, bounds.zone), time())
        return Instant(instant_at(midnight + late, bounds.zone) + bounds.delay)

    @property
    def at(self) -> str:
        """The `at=` it was declared with."""
        hour, minute = divmod(self.minutes, 60)
        return f":{minute:02}" if self.unit == "hourly" else f"{hour:02}:{minute:02}"

    def __str__(self) -> str:
        if self.unit == "weekly":
            return f"weekly({WEEKDAYS[self.day][:3]!r}, at={self.at!r})"
        day = f"{self.day}, " if self.unit == "monthly" else ""
        return f"{self.unit}({day}at={self.at!r})"


_READ: Final = (Cron, Every, Listed, Once, Calendar, Custom)
_KINDS: Final[dict[str, Callable[..., Timetable]]] = {one.kind: one for one in _READ}


def timetable_from_data(data: Sequence[Any]) -> Timetable:
    """Read what `Timetable.to_data` wrote; lists do as well as tuples.

    Raises:
        ValueError: no timetable is of that kind.
    """
    kind, *values = data
    if kind == Together.kind:
        return Together(tuple(map(timetable_from_data, values[0])))
    if kind not in _KINDS:
        raise ValueError(f"no timetable of kind {kind!r}: there are {' '.join(_KINDS)} {Together.kind}")
    return _KINDS[kind](*(tuple(value) if isinstance(value, list) else value for value in values))


def _parts(timetable: Timetable) -> tuple[Timetable, ...]:
    return timetable.parts if isinstance(timetable, Together) else (timetable,)

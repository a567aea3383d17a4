from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, time, timedelta

from segue.model.ids import Instant
from segue.model.moment import (
    DAY,
    Moment,
    datetime_at,
    day_start,
    hour_end,
    instant_at,
    parse_moment,
    parse_span,
    wall_at,
)

__all__ = ["Interval", "Moment", "parse_moment", "parse_range", "slot_key"]

_UTC = frozenset({"UTC", "Etc/UTC"})


@dataclass(frozen=True, slots=True, init=False, order=True, repr=False)
class Interval:
    """A stretch of time `[start, end)`, aware, in a zone; two are equal when instants and zone are.

    Args:
        start: `"2026-04-01"` is that day, `"2026-04"` that month, `"2026-04-01T05"` that hour; a date is its day, a
            moment on the full hour that hour. With `end` it is the first instant.
        end: the first instant after the interval.
        timezone: where moments without an offset are read, and where the interval's dates are counted.

    Raises:
        ValueError: a moment or the zone cannot be read, or the interval is empty.
    """

    start_instant: Instant
    end_instant: Instant
    zone: str

    def __init__(self, start: Moment, end: Moment | None = None, *, timezone: str = "UTC") -> None:
        first, last = parse_span(start, timezone)
        if end is not None:
            last = parse_moment(end, timezone)
        elif last == first + 1:
            if (clock := wall_at(first, timezone).time()) != time(clock.hour):
                raise ValueError(f"{start!r} names no day or hour: give Interval(start, end) both ends")
            last = hour_end(first, timezone)
        self._fill(first, last, timezone)

    @classmethod
    def of(cls, start: int, end: int, zone: str) -> Interval:
        """Make the interval between two instants.

        Args:
            start: microseconds since 1970 UTC.
            end: microseconds since 1970 UTC, later than `start`.
            zone: IANA name.
        """
        interval = cls.__new__(cls)
        interval._fill(Instant(start), Instant(end), zone)
        return interval

    def _fill(self, start: Instant, end: Instant, zone: str) -> None:
        if end <= start:
            ends = f"{datetime_at(start, zone)} .. {datetime_at(end, zone)}"
            raise ValueError(f"an interval ends after it starts, {ends} does not")
        object.__setattr__(self, "start_instant", start)
        object.__setattr__(self, "end_instant", end)
        object.__setattr__(self, "zone", zone)

    @property
    def start(self) -> datetime:
        """The first instant, which is also the logical date."""
        return datetime_at(self.start_instant, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after the interval."""
        return datetime_at(self.end_instant, self.zone)

    @property
    def key(self) -> str:
        """The interval as ids and paths write it; see `slot_key`."""
        return slot_key(self.start_instant, self.end_instant, self.zone)

    @property
    def date(self) -> Date:
        """The date of `start` in the zone."""
        return self.start.date()

    @property
    def ds(self) -> str:
        """The date of `start` in the zone, as text: `2026-04-01`."""
        return self.date.isoformat()

    def previous(self) -> Interval:
        """The interval of the same kind that ends where this one starts.

        Months and days are counted on the wall (a day lasts 23, 24 or 25 hours), all else in real time.
        """
        earlier = (instant_at(wall, self.zone) for wall in self._steps_back())
        start = next((instant for instant in earlier if instant < self.start_instant), None)
        if start is None:
            start = Instant(2 * self.start_instant - self.end_instant)
        return Interval.of(start, self.start_instant, self.zone)

    def _steps_back(self) -> Iterator[datetime]:
        # Where a gap swallowed one end's wall time, the other end still tells it: an end fits when it is read from it.
        first, last = wall_at(self.start_instant, self.zone), wall_at(self.end_instant, self.zone)
        days = (last.date() - first.date()).days
        for start in (first, datetime.combine(first, last.time())):
            if instant_at(start, self.zone) != self.start_instant:
                continue
            months = (last.year - start.year) * 12 + last.month - start.month
            on = _months_on(start, months)
            if months > 0 and on.day == start.day and instant_at(on, self.zone) == self.end_instant:
                yield _months_on(start, -months)
            for count in (days - 1, days):
                if count > 0 and instant_at(start + timedelta(count), self.zone) == self.end_instant:
                    yield from (start - timedelta(count), start - timedelta(2 * count))

    def binds(self) -> dict[str, object]:
        """The values for the parameters of an SQL statement: `start end ds execution_date`."""
        return {"start": self.start, "end": self.end, "ds": self.ds, "execution_date": self.start}

    def __repr__(self) -> str:
        zone = "" if self.zone == "UTC" else f", timezone={self.zone!r}"
        if Interval(self.date, timezone=self.zone) == self:
            return f"Interval({self.ds!r}{zone})"
        return f"Interval({_text(self.start, self.zone)!r}, {_text(self.end, self.zone)!r}{zone})"


def slot_key(start: int, end: int, zone: str) -> str:
    """Write a slot as ids and paths do (ARCHITECTURE, "Printed ids").

    The date where it starts a local day and lasts a day or longer, else the start with its offset (none in UTC).

    Args:
        start: microseconds since 1970 UTC.
        end: microseconds since 1970 UTC.
        zone: the DAG's zone.
    """
    at = datetime_at(start, zone)
    length = min(DAY, day_start(at.date() + timedelta(days=1), zone) - start)
    if start == day_start(at.date(), zone) and end - start >= length:
        return at.date().isoformat()
    return _text(at, zone)


def parse_range(text: str) -> tuple[str, str]:
    """Split `A..B` (also `A...B`; a single `A` is `A..A`) into the texts of its two ends.

    Raises:
        ValueError: an end is missing or there are more than two.
    """
    ends = tuple(part.strip() for part in re.split(r"\.{2,3}", text))
    if len(ends) > 2 or not all(ends):
        raise ValueError(f"{text!r} is not a range: write '2026-10-01..2026-10-31' (both ends included) or one date")
    return ends[0], ends[-1]


def _months_on(wall: datetime, count: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + count, 12)
    first = wall.replace(year, month + 1, 1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=wall.day - 1), last)


def _text(at: datetime, zone: str) -> str:
    spec = "minutes" if at.second == 0 and at.microsecond == 0 else "auto"
    return (at.replace(tzinfo=None) if zone in _UTC else at).isoformat(timespec=spec)

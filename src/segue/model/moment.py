"""Wall time and real time.

A zone maps every instant to one wall time, but not the other way: in the spring gap a wall time has no instant, in the
autumn fold it has two. Everything here follows one reading: a wall time that exists twice is its first instant, one
that does not exist is the first instant after the gap. So the map from wall to instant never goes backwards, and a
local day begins at the first instant that carries its date.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from segue.model.ids import Instant

__all__ = [
    "DAY",
    "EARLIEST",
    "HOUR",
    "LATEST",
    "Moment",
    "datetime_at",
    "day_start",
    "first_change",
    "hour_end",
    "instant_at",
    "instant_of",
    "iso_utc",
    "parse_moment",
    "parse_span",
    "wall_at",
    "zone_named",
]

Moment: TypeAlias = str | date | datetime

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)
_FORMS: Final = (
    "write '2026-04', '2026-04-01', '2026-04-01T05' or '2026-04-01T05:30' (an hour may end in 'Z' or '-07:00'), "
    "a date or a datetime"
)
_TEXT = re.compile(
    r"\d{4}-\d\d(?P<day>-\d\d)?"
    r"(?(day)(?:[T ](?P<hour>\d\d)(?P<minute>:\d\d(?::\d\d(?:\.\d{1,6})?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?)",
    re.ASCII,
)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime."""
    return Instant((moment - _EPOCH) // _STEP)


# datetime counts to year 9999; what is searched forwards from the last moment (a leap day, a period) must still fit.
EARLIEST: Final = instant_of(datetime(1000, 1, 1, tzinfo=UTC))
LATEST: Final = instant_of(datetime(9000, 1, 1, tzinfo=UTC))


def zone_named(name: str) -> ZoneInfo:
    """Find a zone of the IANA database.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}: write an IANA name such as 'America/Los_Angeles' or 'UTC'") from None


def datetime_at(instant: int, zone: str) -> datetime:
    """The aware datetime of an instant in a zone."""
    return (_EPOCH + instant * _STEP).astimezone(zone_named(zone))


def iso_utc(instant: int | None) -> str | None:
    """An instant as ISO 8601 in UTC, as programs read it: `2026-04-01T02:00:00Z`."""
    return None if instant is None else datetime_at(instant, "UTC").isoformat().replace("+00:00", "Z")


def wall_at(instant: int, zone: str) -> datetime:
    """What the clock on the wall shows at an instant, naive."""
    return datetime_at(instant, zone).replace(tzinfo=None, fold=0)


def instant_at(wall: datetime, zone: str) -> Instant:
    """The instant of a naive wall time: the first of two, the first after a gap."""
    place = zone_named(zone)
    first = instant_of(wall.replace(tzinfo=place, fold=0))
    if wall_at(first, zone) == wall:
        return first
    change = first_change(instant_of(wall.replace(tzinfo=place, fold=1)), first, zone)
    assert change is not None  # the two readings differ, so the offset does
    return change


def day_start(day: date, zone: str) -> Instant:
    """The first instant of a local day."""
    return instant_at(datetime.combine(day, time()), zone)


def first_change(after: int, until: int, zone: str) -> Instant | None:
    """The first instant in `(after, until]` at which the zone's offset differs from the one before."""
    low, offset = after, _offset(after, zone)
    while low < until:
        high = min(low + DAY, until)
        if _offset(high, zone) != offset:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            return Instant(high)
        low = high
    return None


def parse_moment(value: Moment, zone: str) -> Instant:
    """Read a moment; what carries no offset of its own is wall time in `zone`, a month or day its first instant.

    Raises:
        ValueError: it is none, or lies outside the years 1000 to 8999.
    """
    return parse_span(value, zone)[0]


def parse_span(value: Moment, zone: str) -> tuple[Instant, Instant]:
    """Read what a moment names as `[start, end)`: a month, a day, an hour (`"2026-04-01T05"`), else one microsecond.

    Raises:
        ValueError: as `parse_moment`.
    """
    start, unit = _read(value)
    if not 1000 <= start.year < 9000:
        raise ValueError(f"{value!r} lies outside the years 1000 to 8999")
    if unit in ("month", "day"):
        month = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        return instant_at(start, zone), instant_at(month if unit == "month" else start + timedelta(days=1), zone)
    begin = instant_at(start, zone) if start.tzinfo is None else instant_of(start)
    return begin, hour_end(begin, zone) if unit == "hour" else Instant(begin + 1)


def hour_end(start: int, zone: str) -> Instant:
    """The end of the wall-clock hour that begins at `start`; it lasts longer where a zone shifts by half hours."""
    short = (wall_at(start, zone).minute - wall_at(start + HOUR, zone).minute) % 60
    return Instant(start + HOUR + short * 60_000_000)


def _offset(instant: int, zone: str) -> timedelta | None:
    return datetime_at(instant, zone).utcoffset()


def _read(value: Moment) -> tuple[datetime, str]:
    if isinstance(value, datetime):
        return value, "instant"
    if isinstance(value, date):
        return datetime.combine(value, time()), "day"
    spelled = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if spelled is None:
        raise ValueError(f"{value!r} is not a moment: {_FORMS}")
    try:
        start = datetime.fromisoformat(value if spelled["day"] else f"{value}-01")
    except ValueError as why:
        raise ValueError(f"{value!r} is not a moment: {why}; {_FORMS}") from None
    if spelled["day"] is None:
        return start, "month"
    if spelled["hour"] is None:
        return start, "day"
    return start, "instant" if spelled["minute"] else "hour"

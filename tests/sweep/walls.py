"""What the clocks of a zone show at every minute around a change, read one by one. Nothing of Segue is used here."""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import numpy as np

FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
AROUND = 48 * 3600
_BEFORE = 26 * 3600  # clocks were put back by a whole day: what they showed earlier must be known
_LOOK = timedelta(hours=4)


def zones() -> list[str]:
    """One name of each zone that differs from the others."""
    found: dict[bytes, str] = {}
    for name in sorted(
        available_timezones() - {"localtime", "posixrules", "Factory"}, key=lambda one: ("/" not in one, one)
    ):
        if not name.startswith(("posix/", "right/")):
            found.setdefault(sha256(_content(name)).digest(), name)
    return sorted(found.values())


def _content(name: str) -> bytes:
    for folder in TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def changes(zone: str, first: datetime = FIRST, last: datetime = LAST) -> list[int]:
    """The seconds since 1970 at which the zone's offset changes."""
    place, found = ZoneInfo(zone), []
    at, offset = first, first.astimezone(place).utcoffset()
    while at < last:
        following = at + _LOOK
        if following.astimezone(place).utcoffset() != offset:
            low, high = int(at.timestamp()), int(following.timestamp())
            while high - low > 1:
                middle = (low + high) // 2
                if datetime.fromtimestamp(middle, place).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high)
            at = datetime.fromtimestamp(high, UTC)
            offset = at.astimezone(place).utcoffset()
        else:
            at = following
    return found


@dataclass(frozen=True)
class Expression:
    """A cron expression, and what it means, written out."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    day: Callable[[date], bool] | None = None

    @property
    def frequent(self) -> bool:
        return self.text.split()[1].startswith("*")


class Window:
    """Every minute around one change: the instant, what clocks show, and the latest that they have shown by then.

    Where clocks were off by half minutes, every half minute.
    """

    def __init__(self, zone: str, change: int) -> None:
        self.zone, self.change = zone, change
        place = ZoneInfo(zone)
        step = 60 if _in_minutes(place, change) else 30
        self.first, self.last = change - change % step - AROUND, change + AROUND
        self.times = np.arange(self.first - _BEFORE, self.last + AROUND, step)
        shown = (datetime.fromtimestamp(second, place).utcoffset() for second in self.times.tolist())
        offsets = np.fromiter((offset.days * 86400 + offset.seconds for offset in shown), np.int64, len(self.times))
        self.walls = self.times + offsets
        self.reached = np.maximum.accumulate(self.walls)
        start = -(-int(self.reached[0] + 1) // 60) * 60
        self._named = np.arange(start, int(self.reached[-1]) + 1, 60)

    def ticks(self, one: Expression) -> list[int]:
        """Where an expression fires between `first` and `last`."""
        if one.frequent:
            found = self.times[(self.walls % 60 == 0) & _matching(one, self.walls)]
        else:
            named = self._named[_matching(one, self._named)]
            found = np.unique(self.times[np.searchsorted(self.reached, named)])
        return self.within(found.tolist())

    def within(self, ticks: list[int]) -> list[int]:
        """Those that lie in the window."""
        return [tick for tick in ticks if self.first <= tick <= self.last]

    def shows(self, second: int) -> int:
        """What clocks show at an instant of the window, as seconds."""
        return int(self.walls[np.searchsorted(self.times, second)])

    def reaches(self, wall: int) -> int:
        """The first instant at which clocks have shown a time, or a later one."""
        return int(self.times[np.searchsorted(self.reached, wall)])


def _in_minutes(place: ZoneInfo, change: int) -> bool:
    around = (
        datetime.fromtimestamp(second, place).utcoffset() for second in (change - AROUND, change, change + AROUND)
    )
    return change % 60 == 0 and not any(offset is None or offset.seconds % 60 for offset in around)


def _matching(one: Expression, walls: np.ndarray) -> np.ndarray:
    minute = _table(one.minutes, 60)[walls // 60 % 60]
    found: np.ndarray = minute & _table(one.hours, 24)[walls // 3600 % 24]
    if one.day is not None:
        days, place = np.unique(walls // 86400, return_inverse=True)
        found &= np.array([one.day(date(1970, 1, 1) + timedelta(int(day))) for day in days])[place]
    return found


@cache
def _table(members: frozenset[int], size: int) -> np.ndarray:
    return np.array([one in members for one in range(size)])


# ---------------------------------------------------------------------------------------------------------- expressions
def _listed(text: str, size: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = ("0", "-", str(size - 1)) if span == "*" else span.partition("-")
        found.update(range(int(low), int(high or low) + 1, int(step or 1)))
    return frozenset(found)


_MINUTES = ("0", "30", "*", "*/15", "*/7", "59", "5,35", "0-10", "44,45", "10-50/20")
_HOURS = (
    "*",
    "*/2",
    "*/6",
    "*/24",
    "0",
    "1",
    "2",
    "3",
    "12",
    "23",
    "0-3",
    "1,2",
    "2-4/2",
    "22-23",
    "0,12",
    "5",
    "*/5",
    "4",
)
_DATED: tuple[tuple[str, Callable[[date], bool]], ...] = (
    ("0 0 1 * *", lambda day: day.day == 1),
    ("30 2 1-7 * *", lambda day: day.day <= 7),
    ("0 2 * * 0", lambda day: day.isoweekday() == 7),
    ("*/30 1 * * SUN", lambda day: day.isoweekday() == 7),
    ("0 0 * * 7", lambda day: day.isoweekday() == 7),
    ("0 * * * 6,7", lambda day: day.isoweekday() in (6, 7)),
    ("15 */3 * * MON-FRI", lambda day: day.isoweekday() <= 5),
    ("0 6 * * 1-5", lambda day: day.isoweekday() <= 5),
    ("30 1 L * *", lambda day: day.day == calendar.monthrange(day.year, day.month)[1]),
    ("0 3 * 3,10 *", lambda day: day.month in (3, 10)),
    ("0 0 13 * 5", lambda day: day.day == 13 or day.isoweekday() == 5),
    ("0 2 31 3,10 SUN", lambda day: day.month in (3, 10) and (day.day == 31 or day.isoweekday() == 7)),
    ("0 1 */2 * *", lambda day: day.day % 2 == 1),
    ("*/20 0 * * SUN#1", lambda day: day.isoweekday() == 7 and day.day <= 7),
    ("0 2 * 3 SUN#2", lambda day: day.month == 3 and day.isoweekday() == 7 and 8 <= day.day <= 14),
    ("0 1 * 11 SUN#1", lambda day: day.month == 11 and day.isoweekday() == 7 and day.day <= 7),
    ("* 0 1 4,9 *", lambda day: day.day == 1 and day.month in (4, 9)),
    ("0 0 29 2 *", lambda day: (day.day, day.month) == (29, 2)),
    ("0 0 1 1 *", lambda day: (day.day, day.month) == (1, 1)),
    ("59 23 31 12 *", lambda day: (day.day, day.month) == (31, 12)),
)


def expressions() -> list[Expression]:
    """Two hundred of them."""
    found = [
        Expression(f"{minute} {hour} * * *", _listed(minute, 60), _listed(hour, 24))
        for minute in _MINUTES
        for hour in _HOURS
    ]
    for text, day in _DATED:
        minute, hour, *_ = text.split()
        found.append(Expression(text, _listed(minute, 60), _listed(hour, 24), day))
    return found

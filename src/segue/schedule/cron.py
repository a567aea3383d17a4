"""Cron expressions in a zone.

cronsim knows the calendar; it is only ever asked about naive wall times. What a wall time means in a zone is decided
here (SEMANTICS, "Daylight saving"): an expression whose hour field begins with `*` is a frequency and fires at every
real instant whose wall time matches; any other names fixed times, each of which happens once: at the first of two
instants, or at the first instant after the gap that swallowed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cronsim import CronSim, CronSimError

from segue.model.errors import DefinitionError
from segue.model.ids import Instant
from segue.model.moment import first_change, instant_at, wall_at

__all__ = ["PRESETS", "checked", "first_tick", "is_frequency", "times_of_day", "words"]

PRESETS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_FORMS: Final = (
    "write five fields, minute hour day month weekday (Sunday is 0 or 7), "
    "such as '0 2 * * *' or '*/15 8-18 * * MON-FRI'"
)
_FIELDS: Final = (
    ("minute", "0 to 59"), ("hour", "0 to 23"), ("day", "1 to 31, or L for the last"),
    ("month", "1 to 12, or JAN to DEC"), ("weekday", "0 to 7 (Sunday is both), or SUN to SAT"),
)  # fmt: skip
_LONGEST: Final = 200
_DAYS: Final = {2: (28, 29), **dict.fromkeys((4, 6, 9, 11), (30,))}
_SOME_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # cron walks over wall times, which have no zone
_A_MICROSECOND: Final = timedelta(microseconds=1)


def checked(expression: str) -> str:
    """Give the canonical five fields of an expression or preset.

    Raises:
        DefinitionError: it cannot be read, or matches no day of any year. Both are found without looking for one.
    """
    if len(str(expression)) > _LONGEST:
        raise DefinitionError(f"cron: an expression has at most {_LONGEST} characters: {_FORMS}")
    text = " ".join(str(expression).upper().split())
    if text.startswith("@"):
        if text.lower() not in PRESETS:
            raise DefinitionError(f"cron: no preset {expression!r}: there are {' '.join(PRESETS)} @once")
        return PRESETS[text.lower()]
    if text.count(" ") != 4:
        raise DefinitionError(f"cron: {expression!r} has {len(text.split())} fields: {_FORMS}")
    bad = _bad_fields(text.split())
    if bad:
        raise DefinitionError(f"cron: {expression!r}: {'; '.join(bad)}: {_FORMS}")
    try:
        possible = _possible(CronSim(text, _SOME_DAY))
    except CronSimError:
        possible = False
    if not possible:
        _, _, day, month, weekday = text.split()
        where = f"the day field {day!r}, the month field {month!r} and the weekday field {weekday!r}"
        raise DefinitionError(f"cron: {expression!r} never fires: no day of any year matches {where}")
    return text


def is_frequency(expression: str) -> bool:
    """Whether a canonical expression fires at every instant whose wall time matches, twice in an autumn night."""
    return expression.split()[1].startswith("*")


def times_of_day(expression: str) -> frozenset[int]:
    """The minutes of the day at which a canonical expression fires, on the days on which it does."""
    fields = CronSim(expression, _SOME_DAY)
    return frozenset(hour * 60 + minute for hour in fields.hours for minute in fields.minutes)


@lru_cache(maxsize=4096)  # who looks back, or starts again, asks for the same slots
def first_tick(expression: str, at: int, zone: str) -> Instant | None:
    """The first instant at or after `at` at which a canonical expression fires in `zone`."""
    if is_frequency(expression):
        return _frequent(expression, at, zone)
    # Walls before this one were due before `at`: the map from wall to instant never goes backwards.
    for wall in _walls(expression, wall_at(at - 1, zone)):
        tick = instant_at(wall, zone)
        if tick >= at:
            return tick
    return None


def words(expression: str) -> str:
    """An expression in words: `at 02:00 every day`."""
    text = CronSim(expression, _SOME_DAY).explain()
    return text[0].lower() + text[1:]


def _frequent(expression: str, at: int, zone: str) -> Instant | None:
    # Between two changes of the offset wall time runs evenly, so the next wall time that matches is the next instant.
    while True:
        here = wall_at(at, zone)
        wall = next(_walls(expression, here - _A_MICROSECOND), None)
        if wall is None:
            return None
        tick = Instant(at + (wall - here) // _A_MICROSECOND)
        change = first_change(at, tick, zone)
        if change is None:
            return tick
        at = change


def _walls(expression: str, after: datetime) -> Iterator[datetime]:
    return CronSim(expression, after)


def _bad_fields(fields: Sequence[str]) -> list[str]:
    found = []
    for place, (text, (name, takes)) in enumerate(zip(fields, _FIELDS, strict=True)):
        alone = ["*"] * 5
        alone[place] = text
        try:
            CronSim(" ".join(alone), _SOME_DAY)
        except CronSimError:
            found.append(f"the {name} field {text!r} cannot be read, it takes {takes}")
    return found


def _possible(fields: CronSim) -> bool:
    """Whether some day matches. Every date falls on every weekday in some year, so a day of each length of month will
    do; where the fields for days are joined by *or*, a weekday comes every month.
    """
    if not fields.day_and:
        return True
    lengths = {length for month in fields.months for length in _DAYS.get(month, (31,))}
    return any(_meets(fields, day, length) for length in lengths for day in range(1, length + 1))


def _in_its_week(weekday: int | tuple[int, int], day: int, length: int) -> bool:
    if isinstance(weekday, int):
        return True
    return day + 7 > length if weekday[1] == CronSim.LAST else (day + 6) // 7 == weekday[1]


def _meets(fields: CronSim, day: int, length: int) -> bool:
    if not any(_in_its_week(one, day, length) for one in fields.weekdays):
        return False
    if day in fields.days or (day == length and CronSim.LAST in fields.days):
        return True
    return CronSim.LAST_WEEKDAY in fields.days and day == length and not fields.weekdays <= {0, 6, 7}

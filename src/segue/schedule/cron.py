"""Cron expressions in a zone.

cronsim knows the calendar; it is only ever asked about naive wall times. What a wall time means in a zone is decided
here (SEMANTICS, "Daylight saving"): an expression whose hour field begins with `*` is a frequency and fires at every
real instant whose wall time matches; any other names fixed times, each of which happens once: at the first of two
instants, or at the first instant after the gap that swallowed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

from segue.model.errors import DefinitionError
from segue.model.ids import Instant
from segue.model.moment import first_change, instant_at, wall_at

__all__ = ["PRESETS", "checked", "first_tick", "words"]

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
_SOME_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # cron walks over wall times, which have no zone
_A_MICROSECOND: Final = timedelta(microseconds=1)


def checked(expression: str) -> str:
    """Give the canonical five fields of an expression or preset.

    Raises:
        DefinitionError: it cannot be read, or matches no time within 50 years.
    """
    text = " ".join(str(expression).upper().split())
    if text.startswith("@"):
        if text.lower() not in PRESETS:
            raise DefinitionError(f"cron: no preset {expression!r}: there are {' '.join(PRESETS)} @once")
        return PRESETS[text.lower()]
    if text.count(" ") != 4:
        raise DefinitionError(f"cron: {expression!r} has {len(text.split())} fields: {_FORMS}")
    try:
        possible = next(CronSim(text, _SOME_DAY), None) is not None
    except CronSimError as why:
        raise DefinitionError(f"cron: {expression!r}: {str(why).lower()}, or it never comes: {_FORMS}") from None
    if not possible:
        raise DefinitionError(f"cron: {expression!r} never fires: no day of the next 50 years matches")
    return text


def first_tick(expression: str, at: int, zone: str) -> Instant | None:
    """The first instant at or after `at` at which a canonical expression fires in `zone`."""
    if expression.split()[1].startswith("*"):
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

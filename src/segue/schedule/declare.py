"""What a DAG file writes as `schedule=`. A text that cannot be read is refused here, when it is declared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from segue.model.duration import Duration, microseconds
from segue.model.errors import DefinitionError
from segue.model.moment import Moment, parse_moment
from segue.schedule.cron import checked
from segue.schedule.timetable import WEEKDAYS, Calendar, Cron, Every, Listed, Once, Timetable

__all__ = ["cron", "daily", "every", "hourly", "listed", "monthly", "timetable_of", "weekly"]

_AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_PAST: Final = re.compile(r":([0-5]\d)", re.ASCII)


def cron(expression: str, /) -> Timetable:
    """From tick to tick of a cron expression: `"0 2 * * *"` covers 02:00 to 02:00 and runs at its end.

    Args:
        expression: five fields (Sunday is 0 or 7), or `@hourly @daily @weekly @monthly @yearly @once`.

    Raises:
        DefinitionError: it cannot be read, or never fires.
    """
    return Once() if str(expression).strip().lower() == "@once" else Cron(checked(expression))


def every(period: Duration, *, anchor: Moment | None = None) -> Timetable:
    """A fixed period of real time: `every("1d")` is 24 hours, whatever the clocks do.

    Args:
        period: at least one second.
        anchor: where counting starts; the DAG's `start`, else 1970-01-01 00:00 UTC.

    Raises:
        DefinitionError: the period or the anchor cannot be read.
    """
    try:
        length = microseconds(period)
        text = "" if anchor is None else _written(anchor)
    except ValueError as why:
        raise DefinitionError(f"every: {why}") from None
    if length < 1_000_000:
        raise DefinitionError(f"every: {period!r} is too short: the shortest period is '1s'")
    return Every(length, text)


def hourly(*, at: str = ":00") -> Timetable:
    """Every hour of the clock, run `at` so many minutes after it ends.

    Args:
        at: `":10"` is ten minutes past.

    Raises:
        DefinitionError: `at` cannot be read.
    """
    past = _PAST.fullmatch(str(at))
    if past is None:
        raise DefinitionError(f"hourly: at={at!r} is not a minute of the hour: write ':10'")
    return Calendar("hourly", 0, int(past[1]))


def daily(*, at: str = "00:00") -> Timetable:
    """Every calendar day of the DAG's zone, run the day after.

    Args:
        at: time on the wall, `"02:00"`.

    Raises:
        DefinitionError: `at` cannot be read.
    """
    return Calendar("daily", 0, _minutes("daily", at))


def weekly(day: str = "mon", *, at: str = "00:00") -> Timetable:
    """Every week of the DAG's zone, run on the day it ends.

    Args:
        day: the weekday on which it begins, `"mon"` or `"monday"`.
        at: time on the wall, `"06:00"`.

    Raises:
        DefinitionError: `day` or `at` cannot be read.
    """
    name = str(day).lower()
    number = next((n for n, weekday in enumerate(WEEKDAYS) if name in (weekday, weekday[:3])), None)
    if number is None:
        raise DefinitionError(f"weekly: {day!r} is not a weekday: write one of {' '.join(w[:3] for w in WEEKDAYS)}")
    return Calendar("weekly", number, _minutes("weekly", at))


def monthly(day: int = 1, *, at: str = "00:00") -> Timetable:
    """Every month of the DAG's zone, run on the day it ends.

    Args:
        day: the day of the month on which it begins, 1 to 28.
        at: time on the wall, `"06:00"`.

    Raises:
        DefinitionError: `day` or `at` cannot be read.
    """
    if not isinstance(day, int) or not 1 <= day <= 28:
        raise DefinitionError(f"monthly: a month begins on a day from 1 to 28, not {day!r} (every month has those)")
    return Calendar("monthly", int(day), _minutes("monthly", at))


def listed(moments: Iterable[Moment], /) -> Timetable:
    """From one given moment to the next; n moments make n - 1 slots.

    Args:
        moments: at least two, in any order.

    Raises:
        DefinitionError: one cannot be read, or there are fewer than two.
    """
    try:
        texts = tuple(sorted({_written(moment) for moment in moments}))
    except ValueError as why:
        raise DefinitionError(f"listed: {why}") from None
    if len(texts) < 2:
        raise DefinitionError("listed: a slot reaches from one moment to the next, so give two moments or more")
    return Listed(texts)


def timetable_of(schedule: str | Timetable | None) -> Timetable | None:
    """Read the value of `schedule=`: a timetable, a cron expression or preset, or None for a DAG run by hand.

    Raises:
        DefinitionError: it is none of them.
    """
    if isinstance(schedule, str):
        return cron(schedule)
    if schedule is None or isinstance(schedule, Timetable):
        return schedule
    forms = "write '0 2 * * *', '@daily', daily(at='02:00') or None"
    raise DefinitionError(f"schedule={schedule!r} is no timetable: {forms}")


def _minutes(unit: str, at: str) -> int:
    clock = _AT.fullmatch(str(at))
    if clock is None:
        raise DefinitionError(f"{unit}: at={at!r} is not a time of day: write '02:00'")
    return int(clock[1]) * 60 + int(clock[2])


def _written(moment: Moment) -> str:
    # Kept as written, because only the DAG knows the zone in which a moment without offset is read.
    parse_moment(moment, "UTC")
    return moment if isinstance(moment, str) else moment.isoformat()

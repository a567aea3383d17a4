from __future__ import annotations

import re
from typing import Final

from segue.model.duration import show_duration
from segue.schedule.cron import words
from segue.schedule.timetable import WEEKDAYS, Calendar, Cron, Every, Listed, Once, Timetable, Together

__all__ = ["explain"]

_ROUND: Final = re.compile(r" 00 \w+$")  # of a period that is a whole number of its larger unit


def explain(timetable: Timetable | None) -> str:
    """Say in words what the slots of a timetable cover and when they run.

    Args:
        timetable: None is a DAG without one.
    """
    match timetable:
        case None:
            return "runs when it is asked to; covers no interval"
        case Once():
            return "runs once, when it is first enabled; covers no interval"
        case Calendar():
            return _calendar(timetable)
        case _:
            return f"runs {_ticks(timetable)}; covers the time since the tick before"


def _calendar(one: Calendar) -> str:
    match one.unit:
        case "hourly":
            return f"covers each hour of the clock; runs {one.minutes} min after it ends"
        case "daily":
            return f"covers each calendar day; runs at {one.at} on the day after"
        case "weekly":
            day = WEEKDAYS[one.day].title()
            return f"covers each week from {day}; runs at {one.at} on the {day} after"
        case _:
            return f"covers each month from day {one.day}; runs at {one.at} on day {one.day} of the month after"


def _ticks(timetable: Timetable) -> str:
    match timetable:
        case Cron():
            return words(timetable.expression)
        case Every():
            anchor = f" from {timetable.anchor}" if timetable.anchor else ""
            period = _ROUND.sub("", show_duration(timetable.period))
            return f"every {period}{anchor}"
        case Listed():
            return f"at {', '.join(timetable.moments)}"
        case Together():
            return " and ".join(map(_ticks, timetable.parts))
        case _:
            return f"at the moments of {timetable}"

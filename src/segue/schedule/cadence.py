"""How often a timetable ticks, as far as that can be said without looking at a clock."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from segue.model.moment import HOUR, parse_moment
from segue.schedule.cron import is_frequency, times_of_day
from segue.schedule.declare import daily, monthly, weekly
from segue.schedule.timetable import WEEKDAYS, Calendar, Cron, Every, Listed, Timetable, Together

__all__ = ["calendar_for", "is_finer_than_a_day", "names_an_hour", "ticks_off_midnight"]

_SHORTEST_DAY: Final = 23 * HOUR
_SHORT: Final = frozenset(day[:3] for day in WEEKDAYS)


def is_finer_than_a_day(timetable: Timetable, zone: str = "UTC") -> bool:
    """Whether two slots of it may lie in one day.

    Args:
        timetable: of the DAG.
        zone: where listed moments are read.
    """
    match timetable:
        case Cron(expression=expression):
            return len(times_of_day(expression)) > 1
        case Together(parts=parts):
            times = [times_of_day(part.expression) for part in parts if isinstance(part, Cron)]
            return len(times) < len(parts) or len(frozenset().union(*times)) > 1
        case Every(period=period):
            return period < _SHORTEST_DAY
        case Calendar(unit=unit):
            return unit == "hourly"
        case Listed(moments=moments):
            instants = sorted(parse_moment(text, zone) for text in moments)
            return any(later - earlier < _SHORTEST_DAY for earlier, later in pairwise(instants))
        case _:
            return False


def ticks_off_midnight(timetable: Timetable) -> bool:
    """Whether it is one cron expression whose slots last a day or longer and do not begin at midnight."""
    return isinstance(timetable, Cron) and len(times := times_of_day(timetable.expression)) == 1 and times != {0}


def names_an_hour(timetable: Timetable) -> bool:
    """Whether it names hours or whole days, so that its zone matters."""
    match timetable:
        case Cron(expression=expression):
            return not is_frequency(expression)
        case Together(parts=parts):
            return any(map(names_an_hour, parts))
        case Calendar(unit=unit):
            return unit != "hourly"
        case _:
            return False


def calendar_for(timetable: Cron) -> Timetable | None:
    """The calendar timetable that is due when a cron expression off midnight fires, None where there is none."""
    ((at,), fields) = times_of_day(timetable.expression), timetable.expression.split()
    clock = f"{at // 60:02}:{at % 60:02}"
    match fields[2:]:
        case ["*", "*", "*"]:
            return daily(at=clock)
        case ["*", "*", day] if day.isdigit() or day.lower() in _SHORT:
            return weekly(WEEKDAYS[int(day) % 7] if day.isdigit() else day, at=clock)
        case [day, "*", "*"] if day.isdigit() and int(day) <= 28:
            return monthly(int(day), at=clock)
        case _:
            return None

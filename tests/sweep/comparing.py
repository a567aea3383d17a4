"""Segue's timetables beside what a window of minutes says."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import reduce
from operator import or_

from segue.schedule.declare import cron, daily, hourly, monthly, weekly
from segue.schedule.slot import Bounds
from segue.schedule.timetable import Timetable
from tests.sweep.walls import Expression, Window, expressions

_FEW = 20
_NEAR = 150 * 60
_HOURLY = Expression("0 * * * *", frozenset({0}), frozenset(range(24)))
_CALENDARS: tuple[tuple[Timetable, Callable[[date], bool] | None, int], ...] = (
    (hourly(), None, 0),
    (hourly(at=":10"), None, 10),
    (daily(), lambda day: True, 0),
    (daily(at="02:00"), lambda day: True, 120),
    (daily(at="02:30"), lambda day: True, 150),
    (daily(at="01:15"), lambda day: True, 75),
    (daily(at="23:59"), lambda day: True, 1439),
    (weekly("sun", at="02:30"), lambda day: day.isoweekday() == 7, 150),
    (weekly("mon"), lambda day: day.isoweekday() == 1, 0),
    (monthly(1, at="06:00"), lambda day: day.day == 1, 360),
)
_TOGETHER = (
    ("0 2 * * *", "30 1 * * *"),
    ("*/15 2 * * *", "0 * * * *"),
    ("0 0 * * *", "0 */6 * * *", "59 23 * * *"),
    ("30 * * * *", "0 3 * * *"),
)


def differences(window: Window, which: slice = slice(None)) -> Iterator[str]:
    """Where Segue and the scan of minutes differ around one change; nothing, if all is well.

    `which` of the expressions are tried; all calendars and combinations are.
    """
    known = {one.text: one for one in expressions()}
    bounds = Bounds(zone=window.zone)
    for one in list(known.values())[which]:
        yield from walked(window, cron(one.text), bounds, window.ticks(one))
    for texts in _TOGETHER:
        first, *more = map(cron, texts)
        ticks = {tick for text in texts for tick in window.ticks(known[text])}
        yield from walked(window, reduce(or_, more, first), bounds, sorted(ticks))
    for timetable, begins, minutes in _CALENDARS:
        yield from _slots(window, timetable, bounds, begins, minutes)


def walked(window: Window, timetable: Timetable, bounds: Bounds, expected: list[int]) -> Iterator[str]:
    """Where the ticks of a timetable differ from those expected: all of them, or of many those around the change."""
    starts = [(window.first, _FEW)]
    if len(expected) > _FEW:
        starts = [(window.first, 2), (window.change - _NEAR, 12), (window.change + _NEAR, 3)]
    for at, count in starts:
        place = bisect_left(expected, at)
        for _ in range(count):
            found = timetable.tick(at * 1_000_000, bounds)
            wanted = expected[place] if place < len(expected) else None
            if wanted is None:
                if found is not None and found <= window.last * 1_000_000:
                    yield _said(window, timetable, at, "nothing", found)
                break
            if found != wanted * 1_000_000:
                yield _said(window, timetable, at, str(wanted), found)
                break
            at, place = wanted + 1, place + 1


def _slots(
    window: Window, timetable: Timetable, bounds: Bounds, begins: Callable[[date], bool] | None, minutes: int
) -> Iterator[str]:
    if begins is None:
        ticks = window.ticks(_HOURLY)
    else:
        ticks = window.ticks(Expression("0 0 * * *", frozenset({0}), frozenset({0}), begins))
    yield from walked(window, timetable, bounds, ticks)
    for start, end in zip(ticks, ticks[1:], strict=False):
        midnight = window.shows(end) // 86400 * 86400
        due = end + minutes * 60 if begins is None else window.reaches(midnight + minutes * 60)
        slot = timetable.slot_from(start * 1_000_000, bounds)
        if slot is None or (slot.start, slot.end, slot.due) != (start * 1_000_000, end * 1_000_000, due * 1_000_000):
            yield _said(window, timetable, start, f"{start} to {end}, due {due}", slot)
            return


def _said(window: Window, timetable: Timetable, at: int, wanted: str, found: object) -> str:
    shown = found // 1_000_000 if isinstance(found, int) else found
    begin = timedelta(seconds=at - window.change)
    return f"{window.zone} {window.change} {timetable}: from {begin} on {wanted} was expected, not {shown}"

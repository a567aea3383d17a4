from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import EARLIEST, HOUR, Moment, datetime_at, parse_span
from segue.schedule.slot import Bounds, Slot
from segue.schedule.timetable import Timetable

__all__ = ["current_slot", "latest_complete", "next_fires", "slot_before", "slot_of", "slots_between"]


def slot_of(timetable: Timetable, bounds: Bounds, date: Moment | Instant) -> Slot:
    """The one slot that a date names: the one that starts in it (its logical date).

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        date: what the user wrote, read in the DAG's zone, or the slot's first instant.

    Raises:
        UsageError: no slot starts there, or several do (take `slots_between`), or it lies outside the bounds.
    """
    found = tuple(islice(slots_between(timetable, bounds, date, date), 2))
    zone = bounds.zone
    if len(found) == 1:
        return found[0]
    if found:
        keys = " and ".join(slot_key(slot.start, slot.end, zone) for slot in found)
        raise UsageError(f"{_shown(date, zone)} names several slots of {timetable}, {keys} first: name one, or A..B")
    start, end = _span(date, zone)
    if bounds.end is not None and start >= bounds.end:
        raise UsageError(f"{_shown(date, zone)} lies after the DAG's end {datetime_at(bounds.end, zone)}")
    if bounds.start is not None and start < bounds.start:
        raise _too_early(date, bounds.start, zone)
    around = _latest_tick(timetable, bounds, end - 1)
    slot = None if around is None else timetable.slot_from(around, bounds)
    near = "" if slot is None else f": the slot that covers it is {slot_key(slot.start, slot.end, zone)}"
    raise UsageError(f"no slot of {timetable} starts at {_shown(date, zone)}{near}")


def slots_between(
    timetable: Timetable, bounds: Bounds, first: Moment | Instant, last: Moment | Instant
) -> Iterator[Slot]:
    """The slots that `first..last` names by logical date, both ends included, oldest first.

    Slots not yet due are among them; slots at or after the DAG's end are not.

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        first: a month, day or hour stands for all slots that start in it.
        last: likewise.

    Raises:
        UsageError: an end cannot be read, the range runs backwards, or it names slots before the DAG's start.
    """
    zone = bounds.zone
    (at, within), (back, until) = _span(first, zone), _span(last, zone)
    if back < at and until <= at:
        raise UsageError(f"the range {_shown(first, zone)}..{_shown(last, zone)} runs backwards")
    if bounds.start is not None and at < bounds.start < within:
        at = bounds.start
    slot = timetable.slot_from(at, bounds)
    if slot is not None and bounds.start is not None and slot.start < min(bounds.start, until):
        raise _too_early(first, bounds.start, zone)
    return _run(timetable, bounds, slot, until)


def latest_complete(timetable: Timetable, bounds: Bounds, now: Instant) -> Slot | None:
    """The newest slot that is due by `now`, None where there is none yet.

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        now: microseconds since 1970 UTC.
    """
    latest = now - bounds.delay if bounds.end is None else min(now - bounds.delay, bounds.end)
    while True:
        start = _latest_tick(timetable, bounds, latest - 1)
        if start is None:
            return None
        slot = timetable.slot_from(start, bounds)
        if slot is not None and slot.due <= now:
            return slot
        latest = start


def current_slot(timetable: Timetable, bounds: Bounds, now: Instant) -> Slot | None:
    """The slot in which `now` lies, or else the next one to start; None where none comes any more.

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        now: microseconds since 1970 UTC.
    """
    start = _latest_tick(timetable, bounds, now)
    slot = None if start is None else timetable.slot_from(start, bounds)
    if slot is not None and slot.end > now:
        return slot
    return timetable.slot_from(now if bounds.start is None else max(now, bounds.start), bounds)


def next_fires(timetable: Timetable, bounds: Bounds, now: Instant, count: int = 5) -> tuple[Slot, ...]:
    """The next slots to become due after `now`, soonest first.

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        now: microseconds since 1970 UTC.
        count: how many at most.
    """
    slot = timetable.after(latest_complete(timetable, bounds, now), bounds)
    return tuple(islice(_run(timetable, bounds, slot, None), count))


def _run(timetable: Timetable, bounds: Bounds, slot: Slot | None, until: int | None) -> Iterator[Slot]:
    while slot is not None and (until is None or slot.start < until):
        yield slot
        slot = timetable.slot_from(slot.end, bounds)


def _latest_tick(timetable: Timetable, bounds: Bounds, at: int) -> Instant | None:
    # Timetables only look forwards; the stretch to search grows until a tick lies in it.
    floor = EARLIEST if bounds.start is None else bounds.start
    stretch = HOUR
    while at >= floor:
        tick = timetable.tick(max(at - stretch, floor), bounds)
        if tick is not None and tick <= at:
            while (following := timetable.tick(tick + 1, bounds)) is not None and following <= at:
                tick = following
            return tick
        if at - stretch <= floor:
            break
        stretch *= 4
    return None


def _span(moment: Moment | Instant, zone: str) -> tuple[int, int]:
    if isinstance(moment, int):
        return moment, moment + 1
    try:
        return parse_span(moment, zone)
    except ValueError as why:
        raise UsageError(str(why)) from None


def _too_early(moment: Moment | Instant, start: Instant, zone: str) -> UsageError:
    return UsageError(f"{_shown(moment, zone)} lies before the DAG's start {datetime_at(start, zone)}")


def _shown(moment: Moment | Instant, zone: str) -> str:
    return str(datetime_at(moment, zone) if isinstance(moment, int) else moment)


def slot_before(timetable: Timetable, bounds: Bounds, start: Instant) -> Slot | None:
    """The slot that ends where another starts; None where that one is the first.

    Args:
        timetable: of the DAG.
        bounds: of the DAG.
        start: of the other.
    """
    tick = _latest_tick(timetable, bounds, start - 1)
    slot = None if tick is None else timetable.slot_from(tick, bounds)
    early = slot is None or slot.end != start or (bounds.start is not None and slot.start < bounds.start)
    return None if early else slot

"""Timetables of a user's own: found by name, and asked for the slots that the engine will know of them.

They are the user's code, so they run where DAG files are loaded and nowhere else (ARCHITECTURE, the doors).
"""

from __future__ import annotations

import re
from collections import deque
from datetime import timedelta
from functools import partial
from importlib.metadata import entry_points
from typing import Any, Final

from segue.define.dag import Dag
from segue.define.faults import fault
from segue.model.errors import DefinitionError
from segue.model.ids import Instant
from segue.model.moment import HOUR
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule.declare import timetable_of
from segue.schedule.slot import Bounds, Slot
from segue.schedule.timetable import Custom, Timetable

__all__ = ["GROUP", "foretell", "foretold_of", "schedule_of"]

GROUP: Final = "segue.timetables"
"""The group of entry points that lead to timetables: to a class, or to a timetable that is ready."""

_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_AHEAD: Final = 100
_PAST: Final = 1_000
_MOST: Final = 100_000
_YEAR: Final = timedelta(days=366) // timedelta(microseconds=1)


def schedule_of(value: Any) -> Timetable | None:
    """Read `schedule=`: as `timetable_of`, and names of timetables that are installed.

    Raises:
        DefinitionError: it is none of them.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        for one in entry_points(group=GROUP, name=value):
            found = one.load()
            found = found() if isinstance(found, type) else found
            if not isinstance(found, Timetable):
                raise DefinitionError(f"schedule={value!r} leads to {one.value}, which is no Timetable: {found!r}")
            return found
        known = ", ".join(sorted({one.name for one in entry_points(group=GROUP)})) or "none"
        raise DefinitionError(
            f"schedule={value!r}: no timetable of this name is installed (entry points {GROUP!r}: {known}), "
            "and a cron expression has five fields: '0 2 * * *'"
        )
    if isinstance(value, type) and issubclass(value, Timetable):
        raise DefinitionError(f"schedule={value.__qualname__} is a class: write {value.__qualname__}()")
    return timetable_of(value)


def foretold_of(dag: Dag, spec: DagSpec, now: int) -> Foretold:
    """What a DAG's timetable foretells, where it is one of a user's own; what goes wrong in it is a fault of the DAG.

    Args:
        dag: the DAG.
        spec: as compiled.
        now: microseconds since 1970 UTC.
    """
    if spec.schedule is None or spec.schedule[0] != Custom.kind:
        return Foretold()
    report = partial(fault, place=dag.place, dag=dag.id)
    start, end = (None if one is None else Instant(one) for one in (spec.start, spec.end))
    try:
        timetable = schedule_of(dag.options["schedule"])
        assert timetable is not None
        return foretell(timetable, Bounds(start, end, spec.timezone, spec.delay), now, since_start=spec.catchup)
    except DefinitionError as why:
        report(f"schedule={spec.schedule[2]}: {why.message}")
    except Exception as why:  # noqa: BLE001 - a timetable is the user's code and may raise anything
        report(f"schedule={spec.schedule[2]}: {type(why).__name__}: {why}")
    return Foretold()


def foretell(timetable: Timetable, bounds: Bounds, now: int, *, since_start: bool = False) -> Foretold:
    """The next hundred slots of a timetable or those of a year, whichever is less, and half as many that are over.

    Args:
        timetable: asked from some time ago on, a year at most.
        bounds: of the DAG.
        now: microseconds since 1970 UTC.
        since_start: all that are over since the start, a thousand at most.

    Raises:
        DefinitionError: it does not go forwards, or ticks too often to be listed.
    """
    start = bounds.start or 0
    if since_start and bounds.start is not None:
        past, ahead, following = _walked(timetable, bounds, start, now)
        kept = list(past)
    else:
        stretch = HOUR
        past, ahead, following = _walked(timetable, bounds, max(start, now - stretch), now)
        while len(past) <= len(ahead) // 2 and stretch < _YEAR and now - stretch > start:
            stretch = min(4 * stretch, _YEAR)
            past, ahead, following = _walked(timetable, bounds, max(start, now - stretch), now)
        kept = list(past)[-1 - len(ahead) // 2 :]
    slots = tuple((one.start, one.end, one.due) for one in (*kept, *ahead))
    return Foretold(slots, None if following is None else slots[-1][1])


def _walked(timetable: Timetable, bounds: Bounds, begin: int, now: int) -> tuple[deque[Slot], list[Slot], Slot | None]:
    """Slots from `begin` on: those that are over, those to come, and the last one unless the timetable ends."""
    past: deque[Slot] = deque(maxlen=_PAST)
    ahead: list[Slot] = []
    for _ in range(_MOST):
        slot = timetable.slot_from(begin, bounds)
        if slot is None:
            return past, ahead, None
        if slot.end <= slot.start or slot.start < begin:
            raise DefinitionError(f"a slot ends before it begins, or does not follow the one before: {slot}")
        (past if slot.due <= now else ahead).append(slot)
        if len(ahead) == _AHEAD or (ahead and slot.due > now + _YEAR):
            return past, ahead, slot
        begin = slot.end
    raise DefinitionError(f"it has more than {_MOST:,} slots before the next hundred: a later start=, or fewer ticks")

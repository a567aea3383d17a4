from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from segue.model.duration import Duration, microseconds
from segue.model.errors import DefinitionError
from segue.model.ids import Instant
from segue.model.moment import Moment, parse_moment, parse_span, zone_named

__all__ = ["Bounds", "Slot"]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One data interval `[start, end)` of a timetable and the instant from which it may run."""

    start: Instant
    end: Instant
    due: Instant


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a DAG says about its timetable.

    Args:
        start: no slot starts before it; None: no limit.
        end: slots start before it; None: no limit.
        zone: where wall times are read.
        delay: microseconds between the moment a slot would be due and the moment it is.
    """

    start: Instant | None = None
    end: Instant | None = None
    zone: str = "UTC"
    delay: int = 0

    @classmethod
    def of(
        cls, start: Moment | None = None, end: Moment | None = None, *, timezone: str = "UTC", delay: Duration = "0s"
    ) -> Bounds:
        """Read the bounds as people write them.

        A month or day as `end` includes the last slot that starts in it; any other moment lets slots start before it.

        Raises:
            DefinitionError: a moment, the zone or the delay cannot be read, or `end` does not lie after `start`.
        """
        try:
            zone_named(timezone)
            first = None if start is None else parse_moment(start, timezone)
            last = None if end is None else _after(end, timezone)
            late = microseconds(delay)
        except ValueError as why:
            raise DefinitionError(str(why)) from None
        if first is not None and last is not None and last <= first:
            raise DefinitionError(f"end={end!r} does not lie after start={start!r}")
        return cls(first, last, timezone, late)


def _after(end: Moment, zone: str) -> Instant:
    first, following = parse_span(end, zone)
    if isinstance(end, datetime) or (isinstance(end, str) and len(end) > len("2026-04-01")):
        return first
    return following

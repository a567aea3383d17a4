from __future__ import annotations

from dataclasses import dataclass

from segue.app.clock import SystemClock
from segue.model.ids import Instant
from segue.testing.world.timeline import Timeline

__all__ = ["Clocks", "Wall", "WallClock"]


@dataclass(frozen=True, slots=True)
class Clocks:
    """How time goes in a world whose owners plan. Times are microseconds after the beginning, and lengths.

    Args:
        epoch: when it begins.
        until: when all timetables have ended.
        pace: how many times longer leases, pauses and the like last than in a world of minutes.
        outages: (when, how long) the owner is dead.
        jumps: (when, by how much) all walls are set forwards or back.
        skews: how much the wall of each owner goes before the real time.
        forgets: how long after its end a run is forgotten; None: never.
    """

    epoch: Instant
    until: int
    pace: int = 1
    outages: tuple[tuple[int, int], ...] = ()
    jumps: tuple[tuple[int, int], ...] = ()
    skews: tuple[int, ...] = (0, 0)
    forgets: int | None = None


class Wall:
    """The clocks on the walls of the machines of a world: set forwards and back, and one not like the other."""

    def __init__(self, timeline: Timeline, clocks: Clocks | None) -> None:
        self._timeline, self._skews = timeline, (0, 0) if clocks is None else clocks.skews
        self._offset = 0
        for at, by in () if clocks is None else clocks.jumps:
            timeline.after(at, lambda by=by: self._jump(by))  # type: ignore[misc]

    def _jump(self, by: int) -> None:
        self._offset += by

    def read(self, owner: int) -> int:
        """What the wall of an owner says, in microseconds UTC."""
        return self._timeline.now() + self._offset + self._skews[owner]


class WallClock:
    """The clock of one life of an owner, made as the product makes its own (`app.clock`).

    Args:
        timeline: what really passes.
        wall: what is seen.
        owner: whose.
    """

    def __init__(self, timeline: Timeline, wall: Wall, owner: int) -> None:
        self._timeline = timeline
        self._clock = SystemClock(lambda: wall.read(owner), timeline.now)

    def now(self) -> Instant:
        """The present."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._timeline.sleep(seconds)

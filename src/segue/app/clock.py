from __future__ import annotations

import time
from collections.abc import Callable

from segue.model.ids import Instant

__all__ = ["SystemClock"]


def _wall() -> int:
    return time.time_ns() // 1_000


def _ticks() -> int:
    return time.monotonic_ns() // 1_000


class SystemClock:
    """The machine's clock, except that it never goes back: behind one that was set back it goes at half its pace.

    So nothing happens twice, timers go on, and the two meet again after twice the time by which they differed.

    Args:
        wall: what the machine's clock says, in microseconds UTC.
        ticks: microseconds that nobody can set.
    """

    def __init__(self, wall: Callable[[], int] = _wall, ticks: Callable[[], int] = _ticks) -> None:
        self._wall, self._ticks = wall, ticks
        self._latest, self._at = 0, ticks()

    def now(self) -> Instant:
        """The present, in microseconds UTC; never goes back."""
        at = self._ticks()
        passed = (at - self._at) // 2
        self._at += 2 * passed
        self._latest = max(self._latest + passed, self._wall())
        return Instant(self._latest)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

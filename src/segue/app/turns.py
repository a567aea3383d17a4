from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

__all__ = ["TurnTimes"]

_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class TurnTimes:
    """How long turns take; costs a reading of the clock at either end.

    Args:
        seconds: a clock that only goes forwards.
    """

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._total = 0.0
        self._since: float | None = None

    def begin(self) -> None:
        """A turn begins."""
        self._since = self._seconds()

    def end(self) -> None:
        """It has ended; one that never began was none."""
        if self._since is not None:
            took = self._seconds() - self._since
            self._counts[bisect_left(_BOUNDS, took)] += 1
            self._total += took
            self._since = None

    def said(self) -> dict[str, object]:
        """All of it, for the socket."""
        return {"bounds": _BOUNDS, "counts": self._counts, "total": self._total}

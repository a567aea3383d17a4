from __future__ import annotations

import time

from segue.model.ids import Instant

__all__ = ["SystemClock"]


class SystemClock:
    """The machine's clock, except that it stands still until a clock set back has caught up."""

    def __init__(self) -> None:
        self._latest = 0

    def now(self) -> Instant:
        """The present, in microseconds UTC; never goes back."""
        self._latest = max(self._latest, time.time_ns() // 1_000)
        return Instant(self._latest)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

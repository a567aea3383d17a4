from __future__ import annotations

from segue.model.ids import Instant
from segue.model.moment import Moment, parse_moment

__all__ = ["FakeClock"]


class FakeClock:
    """A clock that goes only when it is told to. It is a `Clock`, so whatever takes one takes this.

    Args:
        start: the first instant, read in UTC.
    """

    def __init__(self, start: Moment = "2026-04-01") -> None:
        self._now = parse_moment(start, "UTC")

    def now(self) -> Instant:
        """The present, in microseconds UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._now = Instant(self._now + max(0, round(seconds * 1_000_000)))

    def set(self, moment: Moment) -> None:
        """Go to a moment, read in UTC; a clock never goes back, so an earlier one changes nothing."""
        self._now = max(self._now, parse_moment(moment, "UTC"))

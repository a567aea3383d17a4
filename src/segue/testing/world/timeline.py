from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from segue.model.ids import Instant

__all__ = ["Timeline"]


class Timeline:
    """Simulated time: what will happen, in order of instant, then of arrangement. It is the `Clock` of a world."""

    def __init__(self, start: Instant) -> None:
        self._now: int = start
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> Instant:
        """The present."""
        return Instant(self._now)

    def sleep(self, seconds: float) -> None:
        """Let time pass, with all that happens meanwhile."""
        self.until(self._now + int(seconds * 1_000_000))

    def after(self, microseconds: int, happening: Callable[[], None]) -> None:
        """Arrange for something to happen so much later."""
        self._count += 1
        heappush(self._heap, (self._now + microseconds, self._count, happening))

    @property
    def empty(self) -> bool:
        """Nothing will happen by itself any more."""
        return not self._heap

    @property
    def next(self) -> int | None:
        """When something happens next."""
        return self._heap[0][0] if self._heap else None

    def until(self, instant: int) -> None:
        """Go to an instant, through all that happens up to it."""
        while self._heap and self._heap[0][0] <= instant:
            self.advance()
        self._now = max(self._now, instant)

    def advance(self) -> None:
        """Go to the next happening and let it happen."""
        at, _, happening = heappop(self._heap)
        self._now = max(self._now, at)
        happening()

from __future__ import annotations

__all__ = ["Pace"]

_OVERHEAD = 50e-6  # seconds a worker needs around the shortest attempt
_LONGEST = 0.05  # one long attempt among many short ones is forgotten after a dozen of them
_WEIGHT = 0.1
_MARGIN = 1.25


class Pace:
    """How many short attempts to queue ahead, from how long they have taken lately.

    Args:
        most: never more than this.
        ahead: seconds of work to queue for each worker.
    """

    def __init__(self, most: int, ahead: float) -> None:
        self._most, self._ahead = most, ahead
        self._mean: float | None = None
        self.depth = min(1, most)

    def record(self, seconds: float) -> bool:
        """Learn from one attempt; says whether the depth is another one now. Depths are powers of two, or 0."""
        taken = min(max(seconds, 0.0) + _OVERHEAD, _LONGEST)
        self._mean = taken if self._mean is None else self._mean + _WEIGHT * (taken - self._mean)
        before = self.depth
        if self._depth_of(self._mean) < before:
            self.depth = self._depth_of(self._mean)
        elif self._depth_of(self._mean * _MARGIN) > before:
            self.depth = self._depth_of(self._mean * _MARGIN)
        return self.depth != before

    def _depth_of(self, mean: float) -> int:
        room = int(self._ahead / mean)
        return min(1 << (room.bit_length() - 1), self._most) if room else 0

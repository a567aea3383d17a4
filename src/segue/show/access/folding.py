from __future__ import annotations

from threading import Lock
from typing import Final

from segue.model.ids import Instant

__all__ = ["Folding"]

_MINUTE: Final = 60_000_000
_ROWS: Final = 30
_ACTORS: Final = 1_000


class Folding:
    """Keeps one who is refused again and again from filling the audit: thirty rows a minute, then a number."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, tuple[Instant, int]] = {}

    def rows(self, actor: str, text: str, now: Instant) -> list[str]:
        """The texts of the rows to write for one more refusal.

        Args:
            actor: who is refused, empty where nobody was recognised.
            text: why.
            now: the present.
        """
        with self._lock:
            since, count = self._counts.get(actor, (now, 0))
            left_out = 0
            if not 0 <= now - since < _MINUTE:
                since, left_out, count = now, max(0, count - _ROWS), 0
            if len(self._counts) >= _ACTORS:
                self._counts.clear()
            self._counts[actor] = (since, count + 1)
        more = [f"{left_out} more refusals in the minute before were not written"] if left_out else []
        return [*more, text] if count < _ROWS else []

"""The dead man's switch: nothing has been heard of the scheduler for a minute; it is back."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

__all__ = ["PATIENCE", "Verdict", "Watchdog"]

PATIENCE: Final = 60_000_000

Verdict: TypeAlias = Literal["", "dead", "back"]


class Watchdog:
    """Decides when silence has lasted too long.

    Args:
        now: when watching begins; microseconds of a clock that nobody sets.
        patience: microseconds.
    """

    def __init__(self, now: int, patience: int = PATIENCE) -> None:
        self.patience = patience
        self._heard = now
        self.dead = False

    def look(self, now: int, *, alive: bool) -> Verdict:
        """What follows from what was seen now; each word is said once an episode."""
        if alive:
            self._heard = now
            if self.dead:
                self.dead = False
                return "back"
        elif not self.dead and now - self._heard >= self.patience:
            self.dead = True
            return "dead"
        return ""

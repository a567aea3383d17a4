"""Taking over from a leader on another machine, whose tasks nobody here can see.

What was queued under it may begin at once: it had certainly not begun. What was running is taken as lost only when the
old leader must have killed it, 30 seconds after it was heard of last: it kills its workers after 20 (ARCHITECTURE §6).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from segue.app.turns import TurnTimes
from segue.model.commands import Adopt, Command
from segue.model.contracts import Executor, Inbox
from segue.model.events import Event

__all__ = ["FENCED", "TAKEN_AS_LOST", "Handover"]

FENCED: Final = 20.0
"""Seconds without the server after which a leader kills its own workers."""

TAKEN_AS_LOST: Final = 30.0
"""Seconds after which nothing that ran under a silent leader is alive."""


class Handover:
    """An executor that asks about running attempts of another leader only when they must be gone.

    Args:
        executor: the real one.
        seconds: a clock that only goes forwards.

    Attributes:
        turns: how long turns of the loop take.
    """

    def __init__(self, executor: Executor, seconds: Callable[[], float] = time.monotonic) -> None:
        self._executor, self._seconds = executor, seconds
        self.turns = TurnTimes()
        self._until = 0.0
        self._held: list[Command] = []

    def heard(self) -> None:
        """Another one leads, or has led until a moment ago."""
        self._until = self._seconds() + TAKEN_AS_LOST

    def do(self, commands: Iterable[Command]) -> None:
        """Carry commands out, the last thing in a turn; about what ran under another leader nothing is asked yet."""
        self._do(commands)
        self.turns.end()

    def _do(self, commands: Iterable[Command]) -> None:
        if self._seconds() >= self._until:
            self._executor.do(commands)
            return
        given = list(commands)
        self._held += [one for one in given if isinstance(one, Adopt)]
        self._executor.do([one for one in given if not isinstance(one, Adopt)])

    def poll(self) -> Sequence[Event]:
        """See `Executor`; with it a turn begins."""
        self.turns.begin()
        if self._held and self._seconds() >= self._until:
            held, self._held = self._held, []
            self._executor.do(held)
        return self._executor.poll()

    def ack(self, events: Iterable[Event]) -> None:
        """See `Executor`."""
        self._executor.ack(events)

    def barrier(self) -> None:
        """See `Executor`; what was held belongs to an engine that is gone."""
        self._held.clear()
        self._executor.barrier()

    def wait(self, seconds: float | None, poked: Inbox) -> None:
        """See `Executor`."""
        if self._held:
            left = max(0.0, self._until - self._seconds())
            seconds = left if seconds is None else min(left, seconds)
        self._executor.wait(seconds, poked)

    def close(self) -> None:
        """See `Executor`."""
        self._executor.close()

from __future__ import annotations

from segue.testing.world.owners import Baton
from segue.testing.world.plan import Fault, Plan
from segue.testing.world.script import SECOND, Script

__all__ = ["Crashed", "Cuts"]


class Crashed(BaseException):
    """The owner dies here."""


class Cuts:
    """Counts the places where an owner can die or stand still, and lets it at those the plan names.

    Args:
        plan: with the numbers of the points.
        script: draws for how long.
        baton: says whose point it is.
    """

    def __init__(self, plan: Plan, script: Script, baton: Baton) -> None:
        self._at = plan.cuts if Fault.CRASH in plan.faults else frozenset()
        self._pauses = plan.pauses if Fault.PAUSE in plan.faults else frozenset()
        self._script, self._baton, self._pace = script, baton, plan.pace
        self._down: int | None = None
        self.passed = 0
        self.crashes = 0
        self.pauses = 0

    def strike(self, down: int) -> None:
        """Let the owner die at the next point, for so long."""
        self._down = down

    def down(self) -> int:
        """How long the owner that has died is dead, in microseconds."""
        down, self._down = self._down, None
        if down is None:
            down = int(self._script.rng("down", self.crashes).choice((0.0, 0.5, 30.0)) * SECOND) * self._pace
        return down

    def point(self, *, open: bool = False) -> None:
        """One such place.

        Args:
            open: a transaction is open; the store lets no other owner in before it has ended.

        Raises:
            Crashed: it is one where the owner dies.
        """
        self.passed += 1
        at = self.passed
        if at in self._at or self._down is not None:
            self.crashes += 1
            raise Crashed
        if open:
            return
        if at in self._pauses:
            self.pauses += 1
            self._baton.pause(self._script.rng("pause", at).choice((1, 5, 15, 60)) * SECOND * self._pace)
        self._baton.give_way()

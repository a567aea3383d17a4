from __future__ import annotations

from segue.testing.world.plan import Fault, Plan

__all__ = ["Crashed", "Cuts"]


class Crashed(BaseException):
    """The owner dies here."""


class Cuts:
    """Counts the places where the owner can die, and lets it die at those the plan names.

    Args:
        plan: with the numbers of the points.
    """

    def __init__(self, plan: Plan) -> None:
        self._at = plan.cuts if Fault.CRASH in plan.faults else frozenset()
        self.passed = 0
        self.crashes = 0

    def point(self) -> None:
        """One such place.

        Raises:
            Crashed: it is one where the owner dies.
        """
        self.passed += 1
        if self.passed in self._at:
            self.crashes += 1
            raise Crashed

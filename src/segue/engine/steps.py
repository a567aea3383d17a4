"""The calls that the body of a flow has made. That with number k, from 1, is cell k; the body is cell 0."""

from __future__ import annotations

from typing import Final

from segue.model.images import Step

__all__ = ["BODY", "Steps"]

BODY: Final = 0


class Steps:
    """The calls of one run, in order.

    Attributes:
        made: all of them.
        awaited: cells that the body, DEFERRED, waits for and that have not ended.
    """

    __slots__ = ("awaited", "made")

    def __init__(self) -> None:
        self.made: list[Step] = []
        self.awaited: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self.made)

    def at(self, cell: int) -> Step | None:
        """The call that a cell is, None for the body and where there is no flow."""
        return self.made[cell - 1] if self.made and cell != BODY else None

    def frees(self, cell: int) -> bool:
        """A cell has ended: say whether it was the last that the body waited for."""
        if cell not in self.awaited:
            return False
        self.awaited.remove(cell)
        return not self.awaited

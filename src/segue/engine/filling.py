from __future__ import annotations

from segue.engine.machine import Machine
from segue.engine.neighbours import Span
from segue.model.backfills import BackfillImage, BackfillRow, BackfillState, unpack_slots
from segue.model.ids import RunKey
from segue.model.state import RunState

__all__ = ["ENDED", "Filling"]

ENDED = frozenset({"cancelled", "done", "stopped"})


class Filling:
    """One backfill as it goes on; one that has ended is kept, because a run of it may be opened again.

    Attributes:
        image: as committed (or about to be, in this turn).
        slots: in the order in which they are taken; first: the oldest.
        open: its runs that have not ended.
        ahead: so many of its slots have been asked about.
    """

    __slots__ = ("ahead", "first", "image", "open", "slots")

    def __init__(self, image: BackfillImage) -> None:
        self.open: dict[RunKey, Machine] = {}
        self.take(image)

    def take(self, image: BackfillImage) -> None:
        """Go on as this says."""
        slots = unpack_slots(image.row.slots)
        self.image, self.ahead = image, 0
        self.first: Span | None = slots[0] if slots else None
        self.slots = slots[::-1] if image.row.order == "newest" else slots

    @property
    def row(self) -> BackfillRow:
        """What it is."""
        return self.image.row

    @property
    def state(self) -> BackfillState:
        """Where it stands."""
        return self.image.state

    @property
    def made(self) -> int:
        """How many of its slots have become runs, or needed none."""
        return self.image.made

    @property
    def left(self) -> int:
        """How many of its slots are still to come."""
        return len(self.slots) - self.made

    @property
    def room(self) -> int:
        """How many more runs may be made now: what a person must decide about takes no place."""
        active = sum(machine.state is not RunState.HELD or not machine.held for machine in self.open.values())
        return self.row.cap - active

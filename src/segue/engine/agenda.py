"""What the engine looks ahead to: the clocks of DAGs, backfills, what it asks the store, instants to come back at.

The planner is part of the engine: what is due becomes a run only where there is room, and the run and the step of the
cursor are one change set. What the store knows about a slot is asked before the slot is needed; from then on the engine
keeps it true itself, because every run is made and ended by it (docs/decisions/0028).
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from segue.model.backfills import BackfillImage
from segue.model.ids import Instant
from segue.model.timing import SlotAsk, SlotFacts

__all__ = ["Agenda"]


class Agenda:
    """The engine's view of time to come.

    Args:
        planning: whether clocks run; a foreground owner drives what it was asked and plans nothing.
        backfills: those that have not ended.
        last_backfill: the highest number that any ever had.

    Attributes:
        since: the instant of the first turn; what fell due before it was missed.
        draining: nothing is dispatched and no run is made.
        known: facts of slots that the engine has asked for, by (DAG, slot).
        asked: questions that wait for their answer; fresh: those of this turn.
    """

    def __init__(self, planning: bool, backfills: Iterable[BackfillImage], last_backfill: int) -> None:
        self.planning = planning
        self.since: Instant | None = None
        self.draining = False
        self.backfills = {image.row.id: image for image in backfills}
        self.last_backfill = last_backfill
        self.known: dict[tuple[str, tuple[Instant, Instant]], SlotFacts] = {}
        self.asked: dict[tuple[str, tuple[Instant, Instant]], SlotAsk] = {}
        self.fresh: list[SlotAsk] = []
        self._bells: list[tuple[Instant, str]] = []

    def ask(self, ask: SlotAsk) -> SlotFacts | None:
        """What is known about a slot; where nothing is, it is asked for and comes with the next turn."""
        where = (ask.dag, ask.slot)
        facts = self.known.get(where)
        if facts is None and where not in self.asked:
            self.asked[where] = ask
            self.fresh.append(ask)
        return facts

    def learn(self, slots: Iterable[SlotFacts]) -> None:
        """Take in what was asked for; what nobody asks for any more is not kept."""
        for facts in slots:
            where = (facts.ask.dag, facts.ask.slot)
            if self.asked.pop(where, None) is not None:
                self.known[where] = facts

    def ring(self, at: Instant, dag: str) -> None:
        """Look at this DAG again at an instant."""
        heappush(self._bells, (at, dag))

    def rung(self, now: Instant) -> list[str]:
        """The DAGs whose instant has come, in order, each once."""
        found: dict[str, None] = {}
        while self._bells and self._bells[0][0] <= now:
            found[heappop(self._bells)[1]] = None
        return list(found)

    @property
    def next_bell(self) -> Instant | None:
        """When the next DAG is to be looked at."""
        return self._bells[0][0] if self._bells else None

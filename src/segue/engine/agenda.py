"""What the engine looks ahead to: the clocks of DAGs, backfills, what it asks the store, instants to come back at.

The planner is part of the engine: what is due becomes a run only where there is room, and the run and the step of the
cursor are one change set. What the store knows about a slot is asked before the slot is needed; from then on the engine
keeps it true itself, because every run is made and ended by it (docs/decisions/0028).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Final, Literal, TypeAlias

from msgspec import structs

from segue.engine.filling import Filling
from segue.engine.machine import Machine
from segue.model.backfills import BackfillImage
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.state import RunState, SlotState
from segue.model.timing import SlotAsk, SlotFacts

__all__ = ["Agenda", "Guarded"]

Guarded: TypeAlias = Callable[[str, Callable[[], object]], object]
"""Runs the step of one DAG, so that a fault in it stops no other."""

_MOST_KNOWN: Final = 50_000


class Agenda:
    """The engine's view of time to come.

    Args:
        planning: whether clocks run; a foreground owner drives what it was asked and plans nothing.
        backfills: those that have not ended; of others those that somebody spoke of.
        last_backfill: the highest number that any ever had.

    Attributes:
        since: the instant of the first turn; what fell due before it was missed.
        draining: nothing is dispatched and no run is made.
        known: facts of slots that the engine has asked for, by (DAG, slot).
        taken: the newest `n` that was given since, by (DAG, key): slots of two schedules may have the same key.
        asked: questions that wait for their answer; fresh: those of this turn.
        watchers: the runs that wait for news of a slot; stirred: those for which there is some.
        mine: the backfills that a foreground owner was asked for; it feeds no others.
        hungry: a backfill may have room for another run.
        unplanned: DAGs whose clocks are to be looked at, in order.
        needy: DAGs that cannot go on before a question is answered.
        lifted: DAGs whose pause ended while their schedule was an edited one: when, and what was wanted of it. That
            counts where the edit is undone before the clock begins anew.
        gone: DAGs whose file does not declare them any more, in this turn; returned: retired ones that a file declares.
        confirmed: DAGs of which a person has agreed, in this turn, to all that a catch-up will run.
    """

    def __init__(self, planning: bool, backfills: Iterable[BackfillImage], last_backfill: int) -> None:
        self.planning = planning
        self.since: Instant | None = None
        self.draining = False
        self.backfills = {image.row.id: Filling(image) for image in backfills}
        self.last_backfill = last_backfill
        self.known: dict[tuple[str, tuple[Instant, Instant]], SlotFacts] = {}
        self.taken: dict[tuple[str, str], int] = {}
        self.asked: dict[tuple[str, tuple[Instant, Instant]], SlotAsk] = {}
        self.fresh: list[SlotAsk] = []
        self.watchers: dict[tuple[str, tuple[Instant, Instant]], dict[RunKey, None]] = {}
        self.stirred: dict[RunKey, None] = {}
        self.mine: set[int] = set()
        self.hungry = True
        self.unplanned: dict[str, None] = {}
        self.needy: set[str] = set()
        self.confirmed: set[str] = set()
        self.lifted: dict[str, tuple[Instant, Literal["", "latest", "missed"]]] = {}
        self.gone: dict[str, None] = {}
        self.returned: set[str] = set()
        self._bells: list[tuple[Instant, str]] = []
        self._bell_of: dict[str, Instant] = {}

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
        if max(len(self.known), len(self.taken)) > _MOST_KNOWN:
            self.known.clear()  # what is still needed is asked for anew
            self.taken.clear()
        for facts in slots:
            where = (facts.ask.dag, facts.ask.slot)
            if self.asked.pop(where, None) is not None:
                self.known[where] = facts
                self._stir(where)
                if facts.ask.dag in self.needy:
                    self.needy.remove(facts.ask.dag)
                    self.unplanned[facts.ask.dag] = None

    def note_run(self, row: RunRow, state: RunState, *, new: bool = False) -> None:
        """Keep true what is known of the slot of a run that is made, or moves."""
        if row.slot is None:
            return
        where, key = (row.run.dag, row.slot), (row.run.dag, row.run.key)
        if new:
            self.taken[key] = max(row.run.n, self.taken.get(key, 0))
        facts = self.known.get(where)
        if facts is not None and new:
            scheduled = facts.scheduled or row.kind == "scheduled"
            facts = structs.replace(facts, latest=row.run, scheduled=scheduled)
        if facts is not None and facts.latest == row.run:
            self.known[where] = structs.replace(facts, state=state)

    def next_n(self, dag: str, slot: tuple[Instant, Instant]) -> int:
        """The first free `n` of the key of a slot of which all is known."""
        facts = self.known[dag, slot]
        return max(facts.next_n, self.taken.get((dag, facts.ask.key), 0) + 1)

    def note_slot(self, dag: str, slot: tuple[Instant, Instant], shown: SlotState) -> None:
        """Keep true what is known of a slot that shows something else."""
        facts = self.known.get((dag, slot))
        if facts is not None:
            self.known[dag, slot] = structs.replace(facts, shown=shown)
        self._stir((dag, slot))

    def filling_of(self, machine: Machine) -> Filling | None:
        """The backfill that a run belongs to; None where it belongs to none, or to one that is not known any more."""
        number = machine.row.backfill
        return None if number is None else self.backfills.get(number)

    def note_good(self, where: tuple[str, tuple[Instant, Instant]], task: str) -> None:
        """Keep true what is known of a slot, in a run of which a task has come to a good end."""
        facts = self.known.get(where)
        if facts is not None and task not in facts.good:
            self.known[where] = structs.replace(facts, good=(*facts.good, task))
        self._stir(where)

    def rename(self, old: str, new: str) -> None:
        """A DAG has another id from now on: its backfills go with it, what is known under the old one is forgotten."""
        for where in [where for where in self.known if where[0] == old]:
            del self.known[where]
        for key in [key for key in self.taken if key[0] == old]:
            del self.taken[key]
        for filling in self.backfills.values():
            if filling.row.dag == old:
                filling.image = structs.replace(filling.image, row=structs.replace(filling.row, dag=new))

    def doubt(self, where: tuple[str, tuple[Instant, Instant]]) -> None:
        """What is good in a slot is not known any more."""
        self.known.pop(where, None)
        self._stir(where)

    def _stir(self, where: tuple[str, tuple[Instant, Instant]]) -> None:
        self.stirred.update(self.watchers.get(where, ()))

    def facts_of(self, ask: SlotAsk) -> SlotFacts | None:
        """What is known about a slot, without asking."""
        return self.known.get((ask.dag, ask.slot))

    def watch(self, ask: SlotAsk, run: RunKey) -> SlotFacts | None:
        """What is known about a slot; the run is looked at again when there is news of it."""
        self.watchers.setdefault((ask.dag, ask.slot), {})[run] = None
        return self.ask(ask)

    def unwatch(self, ask: SlotAsk, run: RunKey) -> None:
        """The run waits for no news of a slot any more."""
        where = (ask.dag, ask.slot)
        runs = self.watchers.get(where, {})
        runs.pop(run, None)
        if not runs:
            self.watchers.pop(where, None)

    def ring(self, at: Instant | None, dag: str) -> None:
        """Look at the clock of this DAG again at an instant, and no more at the one that was given before."""
        if at is None:
            self._bell_of.pop(dag, None)
        elif self._bell_of.get(dag) != at:
            self._bell_of[dag] = at
            heappush(self._bells, (at, dag))

    def rung(self, now: Instant) -> list[str]:
        """The DAGs whose instant has come, in order, each once."""
        found: list[str] = []
        while (at := self.next_bell) is not None and at <= now:
            dag = heappop(self._bells)[1]
            del self._bell_of[dag]
            found.append(dag)
        return found

    def next_look(self, now: Instant) -> Instant | None:
        """When the planner has something to do again, without an event."""
        if self.draining or not self.planning:
            return None
        return now if self.unplanned else self.next_bell

    @property
    def next_bell(self) -> Instant | None:
        """When the clock of the next DAG is to be looked at."""
        while self._bells and self._bell_of.get(self._bells[0][1]) != self._bells[0][0]:
            heappop(self._bells)
        return self._bells[0][0] if self._bells else None

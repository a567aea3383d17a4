"""Where the clock of a DAG stands, and what it decides about slots (docs/decisions/0028; SEMANTICS, "Catch-up").

Slots before the cursor are decided. Those from the cursor up to `accepted` will be run as there is room; those after it
are decided when they fall due: on time, or late, because nobody was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import structs

from segue.engine.alarm import LeftOut
from segue.engine.backfills import propose
from segue.engine.board import Board
from segue.model.changes import SlotMoved, TimingSet
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.spec import DagSpec
from segue.model.state import RunState, SlotState
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.why import Why
from segue.schedule.slot import Slot

__all__ = ["AT_ONCE", "ON_TIME", "Keeper", "is_satisfied"]

ON_TIME: Final = 60_000_000
AT_ONCE: Final = 10
_OUT: Final = frozenset({RunState.FAILED, RunState.CANCELLED})


def is_satisfied(facts: SlotFacts) -> bool:
    """Whether the schedule has nothing to do for a slot that falls due (rulings, "Slots and people")."""
    if facts.scheduled:
        return True
    if facts.latest is not None:
        return facts.state not in _OUT
    return facts.shown not in (None, SlotState.MISSING)  # skipped by overlap, or its runs have been forgotten


class Keeper:
    """The clock of one DAG during a turn; `commit` writes what has changed.

    Attributes:
        timing: as decided so far.
        why, actor: what is told of it in the log.
    """

    __slots__ = ("actor", "board", "clock", "dag", "name", "timing", "why")

    def __init__(self, board: Board, name: str, actor: str = "") -> None:
        self.board, self.name, self.dag = board, name, board.dags[name]
        self.clock = self.dag.clock_of(self.spec)
        self.timing = self.dag.timing
        self.why: Why | None = None
        self.actor = actor

    @property
    def spec(self) -> DagSpec:
        """The DAG, as new runs take it."""
        return self.dag.version.spec

    @property
    def stale(self) -> bool:
        """Whether the clock has never begun, or its schedule, zone, start or end was edited."""
        return self.timing.generation != self.clock.generation

    @property
    def active(self) -> int:
        """Runs that have a place or wait for one, those of backfills not counted."""
        return sum(not machine.line for machine in self.dag.granted.values()) + len(self.dag.waiting)

    @property
    def upcoming(self) -> Slot | None:
        """The slot that falls due next."""
        assert self.timing.accepted is not None
        return self.clock.first(self.timing.accepted)

    def set(self, why: Why | None = None, **changes: Any) -> None:
        """Change the timing; `why` is told in the log."""
        self.timing = structs.replace(self.timing, **changes)
        self.why = why or self.why

    def commit(self) -> None:
        """Write the timing down where it is another."""
        if self.timing != self.dag.timing:
            self.dag.timing = self.timing
            self.board.changes.append(TimingSet(self.name, self.timing, self.board.now, self.why, self.actor))

    def ask(self, slot: Slot) -> SlotFacts | None:
        """What is known of a slot; what is not comes with the next turn."""
        return self.board.agenda.ask(SlotAsk(self.name, self.key_of(slot), (slot.start, slot.end)))

    def key_of(self, slot: Slot) -> str:
        """The slot as people write it."""
        return slot_key(slot.start, slot.end, self.spec.timezone)

    # ----------------------------------------------------------------------------------------------------- beginning
    def begin(self) -> None:
        """The clock begins, for the first time or anew: with nothing of the past, unless the DAG catches up."""
        now, start = self.board.now, self.clock.bounds.start
        why = Why("edited") if self.timing.generation and not self.spec.catchup else Why("enabled")
        self.set(why, generation=self.clock.generation, enabled=now)
        if self.spec.catchup and start is not None:
            self.set(cursor=start, accepted=start)
            self._catch_up(self.clock.due(start, now))
        else:
            self._stand_at(self.clock.present(now))

    def come_back(self) -> None:
        """A file declares the DAG again: where nothing fell due meanwhile, its clock simply goes on."""
        now, accepted = self.board.now, self.timing.accepted
        self.set(Why("enabled"), retired=False)
        if not self.stale and accepted is not None and not self.spec.catchup and self.clock.due(accepted, now):
            self.set(enabled=now)
            self._stand_at(self.clock.present(now))

    def _stand_at(self, at: Instant) -> None:
        self.set(cursor=at, accepted=at)

    def _catch_up(self, past: Sequence[Slot]) -> None:
        if not past:
            return
        if len(past) <= AT_ONCE or self.name in self.board.agenda.confirmed:
            self.set(accepted=past[-1].end)
        else:
            reason = "nobody has confirmed that all of them are to be run (catchup)"
            self._propose(past, reason)
            self._stand_at(past[-1].end)

    def unpause(self, at: Instant, why: Why, run: Literal["", "latest", "missed"] = "") -> LeftOut | None:
        """The pause ended at an instant; what is left out of the slots that fell due in it."""
        self.set(why, paused=False, hard=False, until=None)
        left = None
        if self.stale:
            self.board.agenda.lifted[self.name] = at, run
        else:
            left = self.resume(at, run)
        self.why = why
        self.board.queue.unblock(self.name)
        return left

    def resume(self, at: Instant, run: Literal["", "latest", "missed"]) -> LeftOut | None:
        """What fell due in a pause that ended at an instant is left out, or run where somebody wants it."""
        accepted = self.timing.accepted
        if accepted is None or self.clock.once:
            return None
        due = self.clock.due(accepted, at)
        reason = "due during a pause"
        if not run and not self.spec.catchup:
            until = max(self.clock.present(at), accepted)
            return self._pass_over(until, self.clock.between(accepted, until), reason)
        if not due:
            return None
        if self.spec.catchup or (run == "missed" and len(due) <= AT_ONCE):
            self.set(accepted=due[-1].end)
            return None
        left = self._pass_over(due[-1].start, due, reason, propose=run == "missed")
        self.set(accepted=due[-1].end)
        return left

    # ----------------------------------------------------------------------------------------------------- falling due
    def fall_due(self) -> bool:
        """Decide about the slots that have fallen due; say whether all could be decided."""
        now, since = self.board.now, self.board.agenda.since
        assert self.timing.accepted is not None and since is not None
        due = self.clock.due(self.timing.accepted, now)
        timely = [slot for slot in due if slot.due >= now - ON_TIME]
        if len(due) == 1 and due[0].due >= since - ON_TIME:
            timely = list(due)  # the turn came late
        late = due[: len(due) - len(timely)]
        if late:
            self._decide_late(late, timely)
        return all(self._accept(slot) for slot in timely)

    def _decide_late(self, late: Sequence[Slot], timely: Sequence[Slot]) -> None:
        policy, newest, end = self.spec.missed, late[-1], late[-1].end
        if not self.spec.catchup and (policy != "run" or len(late) > AT_ONCE):
            until = timely[0].start if timely else end if policy == "skip" else newest.start
            if late[0].start < until:  # else it is the only one, and what waits for room waits on
                self._pass_over(until, late, "due while no scheduler led", propose=policy == "run")
        self.set(accepted=max(end, self.timing.accepted or end))

    def _accept(self, slot: Slot) -> bool:
        """A slot falls due on time: it will be run, or is skipped where a run is still going on (`overlap`)."""
        crowded = self.timing.cursor != self.timing.accepted or self.active >= self.spec.run_limit
        if self.spec.overlap == "skip" and crowded:
            facts = self.ask(slot)
            if facts is None:
                self.board.agenda.needy.add(self.name)
                return False
            if not is_satisfied(facts):
                self._skip(slot)
        self.set(accepted=slot.end)
        return True

    def _skip(self, slot: Slot) -> None:
        board, where = self.board, (slot.start, slot.end)
        version = self.dag.version.number
        board.changes.append(SlotMoved(self.name, where, SlotState.SKIPPED, None, version, board.now))
        board.agenda.note_slot(self.name, where, SlotState.SKIPPED)
        running = next(iter((*self.dag.granted, *(machine.key for machine in self.dag.waiting))), self.name)
        self.why = Why("overlapped", (str(running),))

    # ----------------------------------------------------------------------------------------------------- leaving out
    def _pass_over(
        self, until: Instant, undecided: Sequence[Slot], reason: str, *, propose: bool = False
    ) -> LeftOut | None:
        """Leave all slots out that start before an instant, also those that wait for room; never in silence."""
        assert self.timing.cursor is not None and self.timing.accepted is not None
        waiting = self.clock.between(self.timing.cursor, self.timing.accepted)
        slots = [*waiting, *(slot for slot in undecided if slot.start < until)]
        self.set(cursor=max(self.timing.cursor, until), accepted=max(self.timing.accepted, until))
        if not slots:
            return None
        if propose:
            reason = f"{reason}; {self._propose(slots, reason)}"
        left = LeftOut(self.name, len(slots), self.key_of(slots[0]), self.key_of(slots[-1]), reason)
        self.why = Why("left_out", (str(left.total), left.first, left.last, reason))
        self.board.alarm.left_out.append(left)
        return left

    def _propose(self, slots: Sequence[Slot], reason: str) -> str:
        number = propose(self.board, self.name, [(slot.start, slot.end) for slot in slots], reason)
        return f"`segue backfills resume {number}` runs them"

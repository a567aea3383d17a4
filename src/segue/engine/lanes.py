"""Lines before what attempts share: the slots of a pool, amounts of a resource.

All that asks for the same pool and the same resources stands in one *lane*; what is shared is a *gate*. A lane whose
head finds no room stands still as a whole, so a full pool costs nothing, hides nothing of other lanes, and nobody
behind a heavy head overtakes it. Against other lanes the head *holds* what it asks for: at the gate that refused it and
at those before it, taken in one order (pool, then resources by name), so that two heads never wait for each other.
Who comes from a better class need not mind a hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappush
from typing import Final, TypeAlias

from segue.engine.machine import Machine
from segue.model.size import show_bytes
from segue.model.spec import Rules
from segue.model.why import Why

__all__ = ["BACKFILL", "CLASSES", "RESERVED_FROM", "Entry", "Gate", "Lane", "amounts_of", "gates_of"]

Entry: TypeAlias = tuple[int, int, int, int, int, int, int, int, Machine]
"""(-priority, due, run, topological rank, tie-breaker, cell, stop, generation, machine)"""

CLASSES: Final = 3
BACKFILL: Final = 2
RESERVED_FROM: Final = 4
"""Of fewer than so many slots or workers none is kept free of backfills (rulings, "Backfill")."""


def gates_of(rules: Rules) -> tuple[tuple[str, bool], ...]:
    """(name, whether it is a pool) of all that a task needs room in, in the order in which it is taken."""
    pool = () if rules.pool is None else ((rules.pool, True),)
    return pool + tuple((name, False) for name in sorted(dict(rules.resources)))


def amounts_of(rules: Rules) -> tuple[int, ...]:
    """How much of each of its gates a task needs."""
    pool = () if rules.pool is None else (rules.slots,)
    return pool + tuple(amount for _, amount in sorted(dict(rules.resources).items()))


@dataclass(slots=True, eq=False)
class Gate:
    """What attempts share.

    Attributes:
        capacity: how much there is, None where nobody has said.
        reserve: how much of it is kept free of backfills.
        used: what the attempts alive have taken.
        holder, held, rank: the lane whose head waits for `held`, and that head's class.
        lanes: the lanes that pass here.
        barred: (class, entry) of what asks for more than there is.
    """

    name: str
    pool: bool
    capacity: int | None
    reserve: int
    used: int = 0
    holder: Lane | None = None
    held: int = 0
    rank: int = 0
    lanes: list[Lane] = field(default_factory=list)
    barred: list[tuple[int, Entry]] = field(default_factory=list)
    _tidy_at: int = 32

    def limit(self, klass: int) -> int:
        """The most that may be in use once an attempt of this class has begun."""
        whole = self.capacity or 0
        return whole - self.reserve if klass == BACKFILL and whole >= RESERVED_FROM else whole

    def bars(self, klass: int, amount: int) -> bool:
        """Whether so much will never be given as things are."""
        return self.capacity is None or amount > self.limit(klass)

    def has_room(self, lane: Lane, klass: int, amount: int) -> bool:
        """Whether an attempt of this lane may begin."""
        held = self.held if self.holder is not None and self.holder is not lane and self.rank <= klass else 0
        return self.used + held + amount <= self.limit(klass)

    def set_aside(self, klass: int, entry: Entry) -> None:
        """Keep what never passes until the capacity changes; what is void is thrown out now and then."""
        if len(self.barred) >= self._tidy_at:
            self.barred = [one for one in self.barred if one[1][7] == one[1][8].generation]
            self._tidy_at = 2 * len(self.barred) + 32
        self.barred.append((klass, entry))

    def reopen(self) -> None:
        """Let the lanes that stand still here try again."""
        for lane in self.lanes:
            lane.stuck = None

    def hold(self, lane: Lane, klass: int, amount: int) -> None:
        """Keep so much for the head of a lane, unless another's of the same or a better class waits already."""
        if self.holder is not None and self.holder is not lane and self.rank <= klass:
            return
        eased = self.holder is not None and (amount < self.held or klass > self.rank)
        self.holder, self.held, self.rank = lane, amount, klass
        if eased:
            self.reopen()

    def let_go(self, lane: Lane) -> bool:
        """Keep nothing for this lane any more; say whether that changes anything."""
        if self.holder is not lane:
            return False
        self.holder, self.held = None, 0
        self.reopen()
        return True

    def explain_bar(self, klass: int, amount: int) -> Why:
        """Why so much will never be given as things are."""
        wanted, whole = self._show(amount), self._show(self.capacity or 0)
        kind = "pool" if self.pool else "resource"
        if self.capacity is None:
            return Why(f"no_{kind}", (self.name, wanted))
        if amount > self.capacity:
            return Why(f"{kind}_small", (self.name, wanted, whole))
        return Why("pool_reserve", (self.name, wanted, str(self.limit(klass)), whole))

    def explain_wait(self, klass: int, amount: int) -> Why:
        """Why an attempt must wait for room here."""
        kind, wanted = "pool" if self.pool else "resource", self._show(amount)
        if self.used + amount > self.limit(klass):
            return Why(kind, (self.name, wanted, self._show(self.used), self._show(self.limit(klass))))
        return Why(f"{kind}_held", (self.name, wanted, self._show(self.held)))

    def _show(self, amount: int) -> str:
        return show_bytes(amount) if self.name == "memory" and not self.pool else str(amount)


class Lane:
    """Stretches that ask for the same gates: class by class, DAGs in turn, the best of a DAG first.

    Attributes:
        gates: in the order in which they are taken.
        ready: per class the heap of each DAG.
        turns: per class the heap of (last served, DAG) of the DAGs that may have something to take; `listed` is which.
        served: when a DAG was last served in this lane.
        stuck: the head that found no room; while it stands nothing of the lane is tried.
    """

    __slots__ = ("gates", "listed", "ready", "served", "stuck", "turns")

    def __init__(self, gates: tuple[Gate, ...] = ()) -> None:
        self.gates = gates
        self.ready: list[dict[str, list[Entry]]] = [{} for _ in range(CLASSES)]
        self.turns: list[list[tuple[int, str]]] = [[] for _ in range(CLASSES)]
        self.listed: set[tuple[int, str]] = set()
        self.served: dict[str, int] = {}
        self.stuck: Entry | None = None
        for gate in gates:
            gate.lanes.append(self)

    def list(self, klass: int, dag: str) -> None:
        """Give a DAG its turn."""
        self.stuck = None
        if (klass, dag) not in self.listed:
            self.listed.add((klass, dag))
            heappush(self.turns[klass], (self.served.get(dag, 0), dag))

    def barrier(self, klass: int, rules: Rules) -> Gate | None:
        """The first gate that will never let such a task pass, if there is one."""
        for gate, amount in self.pairs(rules):
            if gate.bars(klass, amount):
                return gate
        return None

    def pairs(self, rules: Rules) -> Iterator[tuple[Gate, int]]:
        """Each gate with what a task needs of it."""
        return zip(self.gates, amounts_of(rules), strict=True)

    def admits(self, klass: int, entry: Entry, rules: Rules) -> bool:
        """Whether the head may begin; where not, the lane stands still and its head holds what it has come to."""
        passed = []
        for gate, amount in self.pairs(rules):
            passed.append((gate, amount))
            if not gate.has_room(self, klass, amount):
                break
        else:
            return True
        for gate, amount in passed:
            gate.hold(self, klass, amount)
        for gate in self.gates[len(passed) :]:
            gate.let_go(self)
        self.stuck = entry
        return False

    def let_go(self) -> bool:
        """Hold nothing any more; say whether that changes anything."""
        return any([gate.let_go(self) for gate in self.gates])

"""What may be dispatched next, and the limits that say no.

Order: class of the run, DAGs in turn (least recently served first), inside a DAG priority, then due, then topological
order. An entry is a stretch of cells, so that a map over 100,000 items is one entry. Limits count attempts alive; the
counts are a cache of the machines and made anew with every restore.

What a limit stops is set aside and costs nothing until there is room: a lane before a full pool, a DAG at its
`max_active_tasks`, an entry at the `max_active` of its task, an entry that asks for more than there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import TypeAlias

from segue.engine.lanes import BACKFILL, RESERVED_FROM, Entry, Gate, Lane, gates_of
from segue.engine.machine import Machine
from segue.model.limits import Limits
from segue.model.spec import Rules
from segue.model.why import Why

__all__ = ["Queue", "may_be_ahead"]

Head: TypeAlias = tuple[Lane, int, Entry]
"""(lane, class, entry) of what a lane would serve next."""

_SHORT = 1_000_000


def may_be_ahead(rules: Rules) -> bool:
    """Say whether an attempt may be queued behind another one of a worker (rulings, "queued ahead")."""
    return (
        rules.pool is None
        and not rules.resources
        and not rules.secrets
        and rules.max_active is None
        and rules.idempotent
        and rules.isolation == "shared"
        and (rules.timeout is None or rules.timeout >= _SHORT)
    )


class Queue:
    """Ready cells of all granted runs.

    Args:
        dag_limit: the present `max_active_tasks` of a DAG, None for no limit.
        limits: what the settings allow.
        pools: (name, slots) of the pools that a person has set.

    Attributes:
        pools: slots of every pool, as things are.
    """

    def __init__(
        self,
        dag_limit: Callable[[str], int | None],
        limits: Limits,
        pools: Iterable[tuple[str, int]],
    ) -> None:
        self.pools = dict((*limits.pools, *pools))
        self.workers, self.depth = 0, 0
        self.alive = 0
        self.by_dag: dict[str, int] = defaultdict(int)
        self.by_task: dict[tuple[str, str], int] = defaultdict(int)
        self._settings = limits
        self._resources = dict(limits.resources)
        self._dag_limit = dag_limit
        self._free = Lane()
        self._lanes: dict[tuple[tuple[str, bool], ...], Lane] = {(): self._free}
        self._gates: dict[tuple[str, bool], Gate] = {}
        self._waiting: dict[Lane, None] = {}
        self._served: dict[str, int] = {}
        self._parked: dict[tuple[str, str], dict[Lane, list[tuple[int, Entry]]]] = {}
        self._blocked: dict[str, set[tuple[int, Lane]]] = defaultdict(set)
        self._called = False
        self._ties = count()
        self._services = count(1)

    def push(self, machine: Machine, node: int, cell: int, stop: int) -> None:
        """Offer the cells `cell <= c < stop` of a task."""
        machine.ready += stop - cell
        rules = machine.graph.tasks[node].rules
        priority = rules.priority + machine.spec.priority
        self._put(machine.klass, (
            -priority, machine.turn, machine.serial, machine.graph.rank[node], next(self._ties), cell, stop,
            machine.generation, machine,
        ))  # fmt: skip

    def take(self) -> tuple[Machine, int] | None:
        """The next cell that no limit forbids, or None."""
        while (head := self._first()) is not None:
            lane, klass, entry = head
            machine, cell = entry[8], entry[5]
            rules = machine.task(cell).rules
            if lane.gates and not lane.admits(klass, entry, rules):
                continue
            if self.alive >= self._most(klass, rules):
                return None  # the head of the line waits for a worker, and nobody overtakes it
            self._advance(lane, klass, entry)
            machine.ready -= 1
            return machine, cell
        return None

    def occupy(self, machine: Machine, cell: int) -> None:
        """An attempt of this cell is alive from now on."""
        task, dag = machine.task(cell), machine.key.dag
        rules = task.rules
        self.alive += 1
        machine.alive += 1
        self.by_dag[dag] += 1
        if rules.max_active is not None:
            self.by_task[dag, task.id] += 1
        if rules.pool is not None or rules.resources:
            for gate, amount in self._lane(rules).pairs(rules):
                gate.used += amount

    def release(self, machine: Machine, cell: int) -> None:
        """The attempt of this cell has ended; what waited for its place is looked at again."""
        task, dag = machine.task(cell), machine.key.dag
        rules = task.rules
        self.alive -= 1
        machine.alive -= 1
        self.by_dag[dag] -= 1
        if rules.pool is not None or rules.resources:
            for gate, amount in self._lane(rules).pairs(rules):
                gate.used -= amount
                gate.reopen()
        if rules.max_active is not None:
            self.by_task[dag, task.id] -= 1
            self._unpark(dag, task.id)
        self.unblock(dag)

    def unblock(self, dag: str) -> None:
        """Look again at what the limit of this DAG has stopped."""
        for klass, lane in self._blocked.pop(dag, ()):
            self._list(lane, klass, dag)

    def set_pool(self, name: str, slots: int | None) -> None:
        """Give a pool so many slots; None: as many as the settings say, if they name it."""
        if slots is None:
            slots = dict(self._settings.pools).get(name)
        self.pools.pop(name, None)
        if slots is not None:
            self.pools[name] = slots
        gate = self._gate(name, pool=True)
        gate.capacity = slots
        gate.reopen()
        again, gate.barred = gate.barred, []
        for klass, entry in again:
            self._put(klass, entry)

    def recount(self, machines: Iterable[Machine]) -> None:
        """Count anew what is alive, from the machines."""
        self.alive = 0
        self.by_dag.clear()
        self.by_task.clear()
        for gate in self._gates.values():
            gate.used = 0
            gate.reopen()
        for machine in machines:
            machine.alive = 0
            for cell, tally in machine.tallies.items():
                if tally.alive:
                    self.occupy(machine, cell)

    def ahead_of(self, machine: Machine) -> int:
        """How many stretches of the same or a better class are ready; for a sentence, not for a decision."""
        return sum(
            len(entries)
            for lane in self._waiting
            for ready in lane.ready[: machine.klass + 1]
            for entries in ready.values()
        )

    def why(self, machine: Machine, cell: int) -> Why | None:
        """Which pool or resource stops a cell, or that all workers are busy; None where neither is so."""
        rules = machine.task(cell).rules
        lane = self._lane(rules)
        for gate, amount in lane.pairs(rules):
            if gate.bars(machine.klass, amount):
                return gate.explain_bar(machine.klass, amount)
        for gate, amount in lane.pairs(rules):
            if not gate.has_room(lane, machine.klass, amount):
                return gate.explain_wait(machine.klass, amount)
        most = self._most(machine.klass, rules)
        if self.alive < most:
            return None
        if most == self._reserved() and self.alive < self.workers and machine.klass == BACKFILL:
            return Why("workers_reserve", (str(self.alive), str(self.workers), str(self.workers - most)))
        return Why("workers", (str(min(self.alive, self.workers)), str(self.workers)))

    # ----------------------------------------------------------------------------------------------------- capacity
    def _most(self, klass: int, rules: Rules) -> int:
        """How many attempts may be alive before one of this class begins; no backfill is queued ahead of others."""
        if klass == BACKFILL and (free := self._reserved()) < self.workers:
            return free
        return self.workers * (1 + self.depth) if self.depth and may_be_ahead(rules) else self.workers

    def _reserved(self) -> int:
        """The workers that backfills may use."""
        return self.workers - self._settings.backfill_reserve if self.workers >= RESERVED_FROM else self.workers

    def _lane(self, rules: Rules) -> Lane:
        if rules.pool is None and not rules.resources:
            return self._free
        names = gates_of(rules)
        lane = self._lanes.get(names)
        if lane is None:
            lane = self._lanes[names] = Lane(tuple(self._gate(name, pool=pool) for name, pool in names))
        return lane

    def _gate(self, name: str, *, pool: bool) -> Gate:
        gate = self._gates.get((name, pool))
        if gate is None:
            there = self.pools if pool else self._resources
            reserve = self._settings.backfill_reserve if pool else 0
            gate = self._gates[name, pool] = Gate(name, pool, there.get(name), reserve)
        return gate

    # -------------------------------------------------------------------------------------------------------- order
    def _put(self, klass: int, entry: Entry) -> None:
        machine = entry[8]
        dag, lane = machine.key.dag, self._lane(machine.task(entry[5]).rules)
        heappush(lane.ready[klass].setdefault(dag, []), entry)
        if (klass, lane) not in self._blocked.get(dag, ()):
            self._list(lane, klass, dag)

    def _unpark(self, dag: str, task: str) -> None:
        """Call one of each lane: whom a full pool keeps waiting must not keep the place from others."""
        for parked in self._parked.get((dag, task), {}).values():
            if parked:
                self._put(*heappop(parked))
                self._called = True

    def _list(self, lane: Lane, klass: int, dag: str) -> None:
        lane.list(klass, dag)
        self._waiting[lane] = None

    def _first(self) -> Head | None:
        """The best of what the lanes would serve next; again where one was called while they were looked through."""
        while True:
            self._called = False
            head = self._best_head()
            if not self._called:
                return head

    def _best_head(self) -> Head | None:
        if len(self._waiting) == 1 and self._free in self._waiting:
            return self._head(self._free)
        heads: list[Head] = []
        again = True
        while again:
            again = False
            heads.clear()
            for lane in tuple(self._waiting):
                if lane.stuck is not None and self._stands(lane.stuck):
                    continue
                lane.stuck = None
                head = self._head(lane)
                if head is not None:
                    heads.append(head)
                elif lane.let_go():
                    again = True
        return min(heads, key=self._rank, default=None)

    def _rank(self, head: Head) -> tuple[int, int, str, Entry]:
        _, klass, entry = head
        dag = entry[8].key.dag
        return klass, self._served.get(dag, 0), dag, entry

    def _stands(self, entry: Entry) -> bool:
        """Whether an entry still waits for room, and for nothing else."""
        machine = entry[8]
        dag, task = machine.key.dag, machine.task(entry[5])
        limit = self._dag_limit(dag)
        return (
            entry[7] == machine.generation
            and (limit is None or self.by_dag[dag] < limit)
            and (task.rules.max_active is None or self.by_task[dag, task.id] < task.rules.max_active)
        )

    def _head(self, lane: Lane) -> Head | None:
        """What a lane would serve next; DAGs that have nothing to take lose their turn."""
        for klass, turns in enumerate(lane.turns):
            while turns:
                dag = turns[0][1]
                entry = self._best(lane, klass, dag)
                if entry is not None:
                    return lane, klass, entry
                heappop(turns)
                lane.listed.discard((klass, dag))
        if not any(lane.turns):
            del self._waiting[lane]
        return None

    def _best(self, lane: Lane, klass: int, dag: str) -> Entry | None:
        """The first entry that the limits of its DAG and task let pass; others are set aside until a release."""
        entries = lane.ready[klass][dag]
        while entries:
            entry = entries[0]
            machine = entry[8]
            task = machine.task(entry[5])
            if entry[7] != machine.generation:
                heappop(entries)
                self._unpark(dag, task.id)  # the place that it was called for is still free
                continue
            limit = self._dag_limit(dag)
            if limit is not None and self.by_dag[dag] >= limit:
                self._blocked[dag].add((klass, lane))
                return None
            if task.rules.max_active is not None and self.by_task[dag, task.id] >= task.rules.max_active:
                lines = self._parked.setdefault((dag, task.id), {})
                heappush(lines.setdefault(lane, []), (klass, heappop(entries)))
                continue
            if lane.gates and (gate := lane.barrier(klass, task.rules)) is not None:
                gate.set_aside(klass, heappop(entries))
                self._unpark(dag, task.id)
                continue
            return entry
        return None

    def _advance(self, lane: Lane, klass: int, entry: Entry) -> None:
        dag, cell = entry[8].key.dag, entry[5]
        entries = lane.ready[klass][dag]
        if cell + 1 == entry[6]:
            heappop(entries)
        else:
            heapreplace(entries, (*entry[:5], cell + 1, *entry[6:]))
        lane.served[dag] = self._served[dag] = served = next(self._services)
        heapreplace(lane.turns[klass], (served, dag))
        if lane.gates:
            lane.let_go()

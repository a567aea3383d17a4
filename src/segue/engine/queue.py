"""What may be dispatched next, and the limits that say no.

Order: class of the run, DAGs in turn (least recently served first), inside a DAG priority, then due, then topological
order. An entry is a stretch of cells, so that a map over 100,000 items is one entry. Limits count attempts alive; the
counts are a cache of the machines and made anew with every restore.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import TypeAlias

from segue.engine.machine import Machine
from segue.model.limits import Limits
from segue.model.spec import Rules

__all__ = ["Queue", "may_be_ahead"]

Entry: TypeAlias = tuple[int, int, int, int, int, int, int, int, Machine]
"""(-priority, due, run, topological rank, tie-breaker, cell, stop, generation, machine)"""

_SHORT = 1_000_000
_CLASSES = 3


def may_be_ahead(rules: Rules) -> bool:
    """Say whether an attempt may be queued behind another one of a worker (rulings, "queued ahead")."""
    return (
        rules.pool is None
        and rules.max_active is None
        and rules.idempotent
        and rules.isolation == "shared"
        and (rules.timeout is None or rules.timeout >= _SHORT)
    )


class Queue:
    """Ready cells of all granted runs.

    Args:
        dag_limit: the present `max_active_tasks` of a DAG, None for no limit.
    """

    def __init__(
        self,
        dag_limit: Callable[[str], int | None],
        limits: Limits,
        pools: Iterable[tuple[str, int]],
    ) -> None:
        self.limits = limits
        self.pools = dict((*limits.pools, *pools))
        self.workers, self.depth = 0, 0
        self.alive = 0
        self.by_dag: dict[str, int] = defaultdict(int)
        self.by_task: dict[tuple[str, str], int] = defaultdict(int)
        self._dag_limit = dag_limit
        self._ready: list[dict[str, list[Entry]]] = [{} for _ in range(_CLASSES)]
        self._turns: list[list[tuple[int, str]]] = [[] for _ in range(_CLASSES)]
        self._listed: set[tuple[int, str]] = set()
        self._served: dict[str, int] = {}
        self._parked: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
        self._blocked: dict[str, set[int]] = defaultdict(set)
        self._ties = count()
        self._services = count(1)

    def push(self, machine: Machine, node: int, cell: int, stop: int) -> None:
        """Offer the cells `cell <= c < stop` of a task."""
        machine.ready += stop - cell
        rules = machine.graph.tasks[node].rules
        priority = rules.priority + machine.spec.priority
        self._put(machine.klass, (
            -priority, machine.row.due, machine.serial, machine.graph.rank[node], next(self._ties), cell, stop,
            machine.generation, machine,
        ))  # fmt: skip

    def take(self) -> tuple[Machine, int] | None:
        """The next cell that no limit forbids, or None."""
        while (klass := next((klass for klass, turns in enumerate(self._turns) if turns), None)) is not None:
            turns = self._turns[klass]
            dag = turns[0][1]
            entries = self._ready[klass][dag]
            found = self._head(klass, dag, entries)
            if found is None:
                heappop(turns)
                self._listed.discard((klass, dag))
                continue
            machine, cell, stop, rules = found
            ahead = self.workers * self.depth if may_be_ahead(rules) else 0
            if self.alive >= self.workers + ahead:
                return None  # the head of the line waits for a worker, and nobody overtakes it
            self._advance(entries, cell, stop)
            self._served[dag] = next(self._services)
            heapreplace(turns, (self._served[dag], dag))
            machine.ready -= 1
            return machine, cell
        return None

    def occupy(self, machine: Machine, cell: int) -> None:
        """An attempt of this cell is alive from now on."""
        task = machine.task(cell)
        self.alive += 1
        machine.alive += 1
        self.by_dag[machine.key.dag] += 1
        if task.rules.max_active is not None:
            self.by_task[machine.key.dag, task.id] += 1

    def release(self, machine: Machine, cell: int) -> None:
        """The attempt of this cell has ended; what waited for its place is looked at again."""
        task, dag = machine.task(cell), machine.key.dag
        self.alive -= 1
        machine.alive -= 1
        self.by_dag[dag] -= 1
        if task.rules.max_active is not None:
            self.by_task[dag, task.id] -= 1
            self._unpark(dag, task.id)
        self.unblock(dag)

    def unblock(self, dag: str) -> None:
        """Look again at what the limit of this DAG has stopped."""
        for klass in self._blocked.pop(dag, ()):
            self._list(klass, dag)

    def recount(self, machines: Iterable[Machine]) -> None:
        """Count anew what is alive, from the machines."""
        self.alive = 0
        self.by_dag.clear()
        self.by_task.clear()
        for machine in machines:
            machine.alive = 0
            for cell, tally in machine.tallies.items():
                if tally.alive:
                    self.occupy(machine, cell)

    def ahead_of(self, machine: Machine) -> int:
        """How many stretches of the same or a better class are ready; for a sentence, not for a decision."""
        return sum(len(entries) for ready in self._ready[: machine.klass + 1] for entries in ready.values())

    def _put(self, klass: int, entry: Entry) -> None:
        dag = entry[8].key.dag
        heappush(self._ready[klass].setdefault(dag, []), entry)
        if klass not in self._blocked.get(dag, ()):
            self._list(klass, dag)

    def _unpark(self, dag: str, task: str) -> None:
        parked = self._parked.get((dag, task))
        if parked:
            self._put(*heappop(parked))

    def _list(self, klass: int, dag: str) -> None:
        if (klass, dag) not in self._listed:
            self._listed.add((klass, dag))
            heappush(self._turns[klass], (self._served.get(dag, 0), dag))

    def _head(self, klass: int, dag: str, entries: list[Entry]) -> tuple[Machine, int, int, Rules] | None:
        """The first entry that the limits of its DAG and task let pass; others are set aside until a release."""
        while entries:
            entry = entries[0]
            machine, cell = entry[8], entry[5]
            if entry[7] != machine.generation:
                heappop(entries)
                self._unpark(dag, machine.task(cell).id)  # the place that it was called for is still free
                continue
            limit = self._dag_limit(dag)
            if limit is not None and self.by_dag[dag] >= limit:
                self._blocked[dag].add(klass)
                return None
            task = machine.task(cell)
            if task.rules.max_active is not None and self.by_task[dag, task.id] >= task.rules.max_active:
                heappush(self._parked.setdefault((dag, task.id), []), (klass, heappop(entries)))
                continue
            return machine, cell, entry[6], task.rules
        return None

    def _advance(self, entries: list[Entry], cell: int, stop: int) -> None:
        if cell + 1 == stop:
            heappop(entries)
        else:
            entry = entries[0]
            heapreplace(entries, (*entry[:5], cell + 1, *entry[6:]))

"""The immutable, indexed graph of one DAG version: tasks are numbers, edges are tuples of numbers.

Built once a version and shared by all its runs; nothing here is scanned while a run goes on.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from segue.model.errors import DefinitionError
from segue.model.spec import DagSpec, TaskSpec

__all__ = ["Environment", "Graph", "GrowingGraph", "find_cycle", "topological_order"]


class Environment(NamedTuple):
    """What a setup task makes and a teardown task directly below it takes away; `between` are the tasks that use it."""

    setup: int
    teardown: int
    between: frozenset[int]


def topological_order(tasks: Iterable[TaskSpec]) -> list[str]:
    """Order task ids so that upstream comes first; ties by order of declaration (Kahn).

    Raises:
        DefinitionError: there is a cycle; its path is in the message.
    """
    tasks = tuple(tasks)
    place = {task.id: at for at, task in enumerate(tasks)}
    missing = [len(task.upstream) for task in tasks]
    down: list[list[int]] = [[] for _ in tasks]
    for at, task in enumerate(tasks):
        for up in task.upstream:
            down[place[up]].append(at)
    free = [at for at, count in enumerate(missing) if not count]
    heapify(free)
    order = []
    while free:
        at = heappop(free)
        order.append(tasks[at].id)
        for below in down[at]:
            missing[below] -= 1
            if not missing[below]:
                heappush(free, below)
    if len(order) < len(tasks):
        raise DefinitionError("cycle: " + " → ".join(find_cycle(tasks)))
    return order


def find_cycle(tasks: Iterable[TaskSpec]) -> list[str]:
    """The path of one cycle, first task repeated at the end; empty where there is none.

    Peels off all that has no upstream left; what then remains all lies on or below a cycle, so walking upstream from
    any of it must meet a task twice.
    """
    upstream = {task.id: set(task.upstream) for task in tasks}
    below: dict[str, list[str]] = {name: [] for name in upstream}
    for name, ups in upstream.items():
        for up in ups:
            below[up].append(name)
    free = deque(name for name, ups in upstream.items() if not ups)
    while free:
        name = free.popleft()
        del upstream[name]
        for after in below[name]:
            upstream[after].discard(name)
            if not upstream[after]:
                free.append(after)
    if not upstream:
        return []
    up = next(iter(upstream))
    walk: dict[str, int] = {}
    while up not in walk:
        walk[up] = len(walk)
        up = min(upstream[up])
    return [up, *reversed(list(walk)[walk[up] :])]


class Graph:
    """Tasks of one spec as numbers in order of declaration.

    Attributes:
        tasks: the specs.
        index: number of each id.
        rank: topological place of each number.
        up, down: direct upstream of each, data first; direct downstream, ascending.
        data: upstream of each that gives it a value, in order of `TaskSpec.data`.
        feeds: 1 for each whose value something takes.
        gates: direct upstream of each that are branches or short-circuits.
        lists: numbers whose results each maps over, where it maps over any; mapped_over: all of these.
        setups: for each teardown task, the setup tasks directly upstream of it.
        environments: every pair of a teardown and one of its setups.
        past: numbers that wait for the same task of the slot before; a teardown never does.
        scopes: setups of the environments that each number lies in, where it lies in any; users: the other way round.
        ends: teardowns of these; needs: the other way round.
    """

    __slots__ = (
        "data", "down", "ends", "environments", "feeds", "gates", "index", "lists", "mapped_over", "needs", "past",
        "rank", "scopes", "setups", "tasks", "up", "users",
    )  # fmt: skip

    def __init__(self, spec: DagSpec) -> None:
        self.tasks = spec.tasks
        self.index = {task.id: at for at, task in enumerate(spec.tasks)}
        number = self.index
        self.rank = array("i", bytes(4 * len(spec.tasks)))
        for rank, name in enumerate(topological_order(spec.tasks)):
            self.rank[number[name]] = rank
        self.up = tuple(tuple(number[name] for name in task.upstream) for task in spec.tasks)
        self.data = tuple(ups[: len(task.data)] for ups, task in zip(self.up, spec.tasks, strict=True))
        down: list[list[int]] = [[] for _ in spec.tasks]
        for at, ups in zip(number.values(), self.up, strict=True):  # the same numbers, not others of the same size
            for up in ups:
                down[up].append(at)
        self.down = tuple(map(tuple, down))
        self.past = tuple(
            at for at, task in enumerate(spec.tasks) if task.rules.depends_on_past and task.kind != "teardown"
        )
        self.feeds = bytearray(len(spec.tasks))
        for ups in self.data:
            for up in ups:
                self.feeds[up] = 1
        forks = {at for at, task in enumerate(spec.tasks) if task.kind in ("branch", "short_circuit")}
        self.gates = {at: gates for at, ups in enumerate(self.up) if (gates := tuple(up for up in ups if up in forks))}
        self.lists = {
            at: lists
            for at, task in enumerate(spec.tasks)
            if task.mapped and (lists := tuple(number[over.task] for over in task.mapped.over if over.task is not None))
        }
        self.mapped_over = frozenset(up for lists in self.lists.values() for up in lists)
        self.setups = {
            at: tuple(up for up in self.up[at] if spec.tasks[up].kind == "setup")
            for at, task in enumerate(spec.tasks)
            if task.kind == "teardown"
        }
        self.environments = tuple(
            Environment(setup, at, frozenset(self.descendants((setup,)) & self.ancestors((at,))))
            for at, setups in self.setups.items()
            for setup in setups
        )
        self.users = _collected((setup, at) for setup, _, between in self.environments for at in between)
        self.scopes = _collected((at, setup) for setup, users in self.users.items() for at in users)
        self.needs = _collected((teardown, at) for _, teardown, between in self.environments for at in between)
        self.ends = _collected((at, teardown) for teardown, needed in self.needs.items() for at in needed)

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def leaves(self) -> Iterator[int]:
        """Numbers below which there is nothing but teardowns, which are no leaves themselves."""
        return (
            at
            for at, below in enumerate(self.down)
            if at not in self.setups and all(after in self.setups for after in below)
        )

    def descendants(self, of: Iterable[int]) -> set[int]:
        """All numbers downstream of `of`, without `of` itself unless one lies below another."""
        return _reach(self.down, of)

    def ancestors(self, of: Iterable[int]) -> set[int]:
        """All numbers upstream of `of`, without `of` itself unless one lies above another."""
        return _reach(self.up, of)


class GrowingGraph(Graph):
    """The graph of one run of a flow: tasks without edges are added while it goes on."""

    __slots__ = ()

    def add(self, task: TaskSpec) -> int:
        """Add a task; gives its number."""
        number = len(self.tasks)
        self.tasks += (task,)
        self.index[task.id] = number
        self.rank.append(number)
        self.up += ((),)
        self.data += ((),)
        self.down += ((),)
        self.feeds.append(0)
        return number


def _collected(pairs: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    found: dict[int, set[int]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: tuple(sorted(values)) for key, values in found.items()}


def _reach(steps: tuple[tuple[int, ...], ...], of: Iterable[int]) -> set[int]:
    found: set[int] = set()
    front = deque(of)
    while front:
        for at in steps[front.popleft()]:
            if at not in found:
                found.add(at)
                front.append(at)
    return found

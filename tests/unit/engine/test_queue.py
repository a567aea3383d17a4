"""The queue against a naive model: two sets of cells, the alive and the waiting, and the limits as arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine.lanes import BACKFILL, RESERVED_FROM, amounts_of, gates_of
from segue.engine.machine import Machine
from segue.engine.queue import Queue
from segue.model.ids import RunKey
from segue.model.images import RunRow
from segue.model.limits import Limits
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.resolve.graph import Graph

LIMITS = Limits((("p", 4), ("q", 5)), (("gpu", 2), ("memory", 8)), backfill_reserve=1)
PLENTY = 1_000


class Cell(NamedTuple):
    machine: Machine
    node: int

    @property
    def rules(self) -> Rules:
        return self.machine.spec.tasks[self.node].rules

    @property
    def dag(self) -> str:
        return self.machine.key.dag

    @property
    def task(self) -> tuple[str, str]:
        return self.dag, self.machine.spec.tasks[self.node].id


@dataclass
class Line:
    """The queue, and beside it what is known without it."""

    dag_limits: dict[str, int] = field(default_factory=dict)
    limits: Limits = LIMITS
    waiting: set[Cell] = field(default_factory=set)
    alive: list[Cell] = field(default_factory=list)
    numbers: count = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.queue = Queue(self.dag_limits.get, self.limits, ())
        self.queue.workers = PLENTY
        self.shared = {(name, True): slots for name, slots in self.limits.pools}
        self.shared |= {(name, False): amount for name, amount in self.limits.resources}

    # ------------------------------------------------------------------------------------------------------- doing
    def push(self, *rules: Rules, dag: str = "d", klass: int = 0) -> list[Cell]:
        """A run whose tasks are all ready."""
        n = next(self.numbers)
        spec = DagSpec(dag, tuple(TaskSpec(f"t{at}", one) for at, one in enumerate(rules)))
        machine = Machine(RunRow(RunKey(dag, "k", n), f"r{n}", 1, klass=klass), spec, Graph(spec))
        machine.serial = n
        for node in range(len(rules)):
            self.queue.push(machine, node, node, node + 1)
        cells = [Cell(machine, node) for node in range(len(rules))]
        self.waiting.update(cells)
        return cells

    def take(self) -> Cell | None:
        found = self.queue.take()
        if found is None:
            for cell in self.waiting:
                assert not self.fits(cell) or cell in self.excused(), f"{cell.task} could run, and nothing does"
            return None
        cell = Cell(*found)
        assert cell in self.waiting, "only what waits is taken, and once"
        assert self.fits(cell), "never over a limit"
        excused = self.excused()
        for other in self.waiting:
            better = other.machine.klass < cell.machine.klass
            assert not (better and self.fits(other)) or other in excused, "a better class goes first"
        self.waiting.remove(cell)
        self.alive.append(cell)
        self.queue.occupy(*cell)
        return cell

    def drain(self) -> list[Cell]:
        return list(iter(self.take, None))

    def release(self, cell: Cell) -> None:
        self.alive.remove(cell)
        self.queue.release(*cell)

    def void(self, machine: Machine) -> None:
        """What a cancel does: nothing of the run is waiting any more."""
        machine.generation += 1
        self.waiting = {cell for cell in self.waiting if cell.machine is not machine}

    def set_pool(self, name: str, slots: int | None) -> None:
        self.queue.set_pool(name, slots)
        if slots is None:
            slots = dict(self.limits.pools).get(name)
        self.shared.pop((name, True), None)
        if slots is not None:
            self.shared[name, True] = slots

    def limit_dag(self, dag: str, limit: int) -> None:
        self.dag_limits[dag] = limit
        self.queue.unblock(dag)

    # -------------------------------------------------------------------------------------------------------- model
    def limit(self, gate: tuple[str, bool], klass: int) -> int:
        whole = self.shared.get(gate, -1)
        return whole - 1 if gate[1] and klass == BACKFILL and whole >= RESERVED_FROM else whole

    def used(self, gate: tuple[str, bool]) -> int:
        return sum(
            dict(zip(gates_of(one.rules), amounts_of(one.rules), strict=True)).get(gate, 0) for one in self.alive
        )

    def has_room(self, cell: Cell) -> bool:
        needs = zip(gates_of(cell.rules), amounts_of(cell.rules), strict=True)
        return all(self.used(gate) + amount <= self.limit(gate, cell.machine.klass) for gate, amount in needs)

    def may_ever(self, cell: Cell) -> bool:
        needs = zip(gates_of(cell.rules), amounts_of(cell.rules), strict=True)
        return all(amount <= self.limit(gate, cell.machine.klass) for gate, amount in needs)

    def allowed(self, cell: Cell) -> bool:
        of_dag = sum(one.dag == cell.dag for one in self.alive)
        of_task = sum(one.task == cell.task and one.rules.max_active is not None for one in self.alive)
        most = cell.rules.max_active
        return of_dag < self.dag_limits.get(cell.dag, PLENTY) and (most is None or of_task < most)

    def fits(self, cell: Cell) -> bool:
        workers = self.queue.workers
        if cell.machine.klass == BACKFILL and workers >= RESERVED_FROM:
            workers -= 1
        return len(self.alive) < workers and self.allowed(cell) and self.has_room(cell)

    def excused(self) -> set[Cell]:
        """Cells that wait for room, and those that meet one of these, of no worse class, at a gate."""
        able = {cell for cell in self.waiting if self.allowed(cell) and self.may_ever(cell)}
        excused = {cell for cell in able if not self.has_room(cell)}
        while True:
            more = {
                cell
                for cell in able - excused
                for other in excused
                if other.machine.klass <= cell.machine.klass and {*gates_of(other.rules)} & {*gates_of(cell.rules)}
            }
            if not more:
                return excused
            excused |= more


amounts = st.integers(1, 4)
rules = st.builds(
    Rules,
    pool=st.sampled_from([None, "p", "q", "nowhere"]),
    slots=amounts,
    resources=st.lists(st.tuples(st.sampled_from(["gpu", "memory", "tape"]), amounts), max_size=2).map(tuple),
    max_active=st.sampled_from([None, None, 1, 2]),
    priority=st.integers(0, 2),
)
dags = st.sampled_from(["d", "e", "f"])
steps = st.one_of(
    st.tuples(st.just("push"), st.lists(rules, min_size=1, max_size=4), dags, st.integers(0, 2)),
    st.tuples(st.just("take"), st.integers(1, 5)),
    st.tuples(st.just("drain")),
    st.tuples(st.just("release"), st.integers(0, 9)),
    st.tuples(st.just("void"), st.integers(0, 9)),
    st.tuples(st.just("pool"), st.sampled_from(["p", "q", "nowhere"]), st.sampled_from([None, 0, 1, 3, 4, 9])),
    st.tuples(st.just("workers"), st.sampled_from([0, 1, 3, 5, 8, PLENTY])),
    st.tuples(st.just("dag"), dags, st.integers(0, 4)),
    st.tuples(st.just("recount")),
)


def do(line: Line, step: tuple) -> None:
    match step:
        case "push", wanted, dag, klass:
            line.push(*wanted, dag=dag, klass=klass)
        case "take", times:
            for _ in range(times):
                line.take()
        case ("drain",):
            line.drain()
        case "release", at if line.alive:
            line.release(line.alive[at % len(line.alive)])
        case "void", at if line.waiting:
            machines = sorted({cell.machine for cell in line.waiting}, key=lambda machine: machine.serial)
            line.void(machines[at % len(machines)])
        case _:
            change(line, step)


def change(line: Line, step: tuple) -> None:
    match step:
        case "pool", name, slots:
            line.set_pool(name, slots)
        case "workers", workers:
            line.queue.workers = workers
        case "dag", dag, limit:
            line.limit_dag(dag, limit)
        case ("recount",):
            recount(line)


def recount(line: Line) -> None:
    for cell in line.alive:
        cell.machine.tally(cell.node).alive = True
    line.queue.recount({cell.machine: None for cell in line.alive})
    for cell in line.alive:
        cell.machine.tally(cell.node).alive = False


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40))
def test_never_over_a_limit_never_idle_without_cause_and_nothing_is_lost(todo):
    line = Line()
    for step in todo:
        do(line, step)
    line.queue.workers = PLENTY
    for dag in list(line.dag_limits):
        line.limit_dag(dag, PLENTY)
    line.drain()
    while line.alive:
        line.release(line.alive[0])
        line.drain()
    assert not [cell.task for cell in line.waiting if line.may_ever(cell)], "all that can ever run has run"
    assert line.queue.alive == 0
    assert not any(line.used(gate) for gate in line.shared)


@settings(max_examples=100, deadline=None)
@given(st.lists(rules, min_size=1, max_size=12), st.integers(0, 2))
def test_what_cannot_run_says_so_and_what_runs_later_says_what_it_waits_for(wanted, klass):
    line = Line()
    line.queue.workers = 3
    line.push(*wanted, klass=klass)
    line.drain()
    for cell in line.waiting:
        why = line.queue.why(*cell)
        assert why is None or ("never runs" in str(why)) is not line.may_ever(cell)
        if not line.has_room(cell):
            assert why is not None


def pooled(slots: int = 1, **more: object) -> Rules:
    return Rules(pool="p", slots=slots, **more)


def served(line: Line, wanted: Cell, stream: list[Cell], refill) -> int:
    """How many others end before `wanted` has its turn, while for each that ends another comes."""
    for ended in range(100):
        line.drain()
        if wanted in line.alive:
            return ended
        line.release(next(cell for cell in line.alive if cell in stream))
        stream += refill()
    raise AssertionError("it starves")


def test_a_heavy_task_does_not_starve_behind_light_ones():
    line = Line()
    light = line.push(*[pooled()] * 8)
    line.drain()
    (heavy,) = line.push(pooled(4), dag="e")
    assert served(line, heavy, light, lambda: line.push(pooled())) <= 8


def test_a_heavy_task_does_not_starve_behind_a_dag_that_is_served_elsewhere_less_often():
    line = Line()
    light = line.push(*[pooled()] * 8, dag="e")
    line.drain()
    (heavy,) = line.push(pooled(4))

    def refill() -> list[Cell]:
        line.push(*[Rules()] * 5)
        line.drain()
        return line.push(pooled(), dag="e")

    assert served(line, heavy, light, refill) <= 8


def test_a_task_that_needs_a_pool_and_memory_does_not_starve_behind_those_that_need_one_of_them():
    line = Line()
    light = line.push(*[pooled(), Rules(resources=(("memory", 2),))] * 8)
    line.drain()
    (heavy,) = line.push(pooled(3, resources=(("memory", 6),)), dag="e")
    one_of = iter([pooled(), Rules(resources=(("memory", 2),))] * 100)
    assert served(line, heavy, light, lambda: line.push(next(one_of))) <= 16


def test_who_waits_for_memory_leaves_the_rest_of_its_pool_to_others():
    line = Line()
    line.push(Rules(resources=(("memory", 8),)))
    line.drain()
    (both,) = line.push(pooled(2, resources=(("memory", 1),)), dag="e")
    light = line.push(*[pooled()] * 3, dag="f")
    assert {*line.drain()} == {*light[:2]}, "two slots are kept"
    why = str(line.queue.why(*light[2]))
    assert why == "waits for room in pool p: it asks for 1, and 2 slots are kept for a task before it"
    assert str(line.queue.why(*both)) == "waits for memory: it asks for 1 B, 8 B of 8 B are in use"


def test_who_was_asked_for_by_name_need_not_mind_what_a_scheduled_task_waits_for():
    line = Line()
    line.push(pooled(3))
    line.drain()
    line.push(pooled(2, resources=(("gpu", 1),)), dag="e", klass=1)
    assert line.drain() == []
    by_name = line.push(pooled(), dag="f")
    assert line.drain() == by_name


def test_what_is_held_is_free_again_when_its_task_is_cancelled():
    line = Line()
    line.push(pooled(2))
    line.drain()
    (heavy,) = line.push(pooled(3), dag="e")
    light = line.push(*[pooled()] * 2, dag="f")
    other = line.push(pooled(resources=(("gpu", 1),)), dag="g")
    assert line.drain() == []
    line.void(heavy.machine)
    assert len(line.drain()) == 2
    assert len(line.waiting & {*light, *other}) == 1


def test_what_is_held_is_free_again_while_its_dag_may_start_nothing():
    line = Line()
    line.push(pooled(3))
    (rest,) = line.push(Rules(priority=-1), dag="e")
    line.drain()
    line.release(rest)
    line.push(pooled(2), dag="e")
    light = line.push(pooled(), dag="f")
    assert line.drain() == []
    line.limit_dag("e", 0)
    assert line.drain() == light


def test_a_hold_that_grows_smaller_lets_others_in():
    line = Line()
    line.push(pooled(1), Rules(resources=(("gpu", 2),)))
    line.drain()
    (big,) = line.push(pooled(3, resources=(("gpu", 1),)), dag="e")
    line.push(pooled(1, resources=(("gpu", 1),)), dag="f")
    light = line.push(pooled(), dag="g")
    assert line.drain() == []
    line.void(big.machine)
    assert line.drain() == light


def test_what_is_held_by_who_is_gone_is_found_free_whatever_lane_came_first():
    line = Line()
    line.push(pooled(2))
    line.drain()
    line.queue.workers = 0
    light = line.push(pooled(2), dag="f")
    (heavy,) = line.push(pooled(3, resources=(("gpu", 1),)), dag="e")
    line.queue.workers = PLENTY
    assert line.drain() == []
    line.void(heavy.machine)
    assert line.drain() == light


def test_who_comes_into_the_line_of_a_heavy_task_from_a_better_class_goes_before_it():
    line = Line()
    line.push(pooled(2))
    line.drain()
    line.push(pooled(3), dag="e", klass=1)
    assert line.drain() == []
    by_name = line.push(pooled(), dag="f")
    assert line.drain() == by_name


def test_who_has_come_to_wait_for_a_pool_keeps_no_memory_from_others():
    line = Line()
    line.push(Rules(resources=(("memory", 6),)))
    (first,) = line.push(pooled())
    line.drain()
    line.push(pooled(3, resources=(("memory", 4),)), dag="e")
    small = line.push(Rules(resources=(("memory", 2),)), dag="f")
    assert line.drain() == []
    line.set_pool("p", 3)
    assert line.drain() == small
    assert first in line.alive


def test_what_is_held_is_free_again_while_the_limit_of_its_task_is_reached():
    line = Line()
    line.push(pooled(3))
    line.drain()
    line.push(pooled(2, max_active=1), dag="e")
    light = line.push(pooled(), dag="f")
    assert line.drain() == []
    other = line.push(Rules(max_active=1), dag="e")
    assert {*line.drain()} == {*other, *light}


def test_who_waits_for_a_pool_keeps_the_place_of_its_task_from_no_other_run():
    line = Line()
    line.push(pooled(4))
    (first,) = line.push(Rules(max_active=1), dag="e")
    line.drain()
    line.push(pooled(1, max_active=1), dag="e")
    third = line.push(Rules(max_active=1), dag="e")
    assert line.drain() == []
    line.release(first)
    assert line.drain() == third


def test_who_is_called_and_will_never_run_lets_the_next_be_called():
    line = Line()
    (first,) = line.push(pooled(1, max_active=1))
    line.drain()
    line.push(pooled(3, max_active=1))
    last = line.push(pooled(1, max_active=1))
    assert line.drain() == []
    line.set_pool("p", 2)
    line.release(first)
    assert line.drain() == last


def test_who_is_called_while_the_line_is_looked_through_is_not_forgotten():
    line = Line()
    (first,) = line.push(Rules(max_active=1), klass=BACKFILL)
    line.drain()
    (void,) = line.push(Rules(max_active=1), klass=BACKFILL)
    assert line.drain() == []
    line.release(first)  # the place is offered to `void`, which is cancelled before it takes it
    line.void(void.machine)
    (second,) = line.push(Rules(max_active=1))
    (third,) = line.push(Rules(max_active=1))
    assert line.drain() == [second]
    line.release(second)
    assert line.drain() == [third]


def test_void_entries_that_could_never_run_are_not_kept():
    line = Line()
    for _ in range(300):
        (cell,) = line.push(Rules(pool="nowhere"))
        line.drain()
        line.void(cell.machine)
    assert len(line.queue._gates["nowhere", True].barred) < 70

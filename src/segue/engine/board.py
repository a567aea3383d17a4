"""What the engine has in front of it: DAGs, live runs, the queue, timers, and the turn being written.

Every move of a task or run goes through `move` and `move_run`, so that memory and the changes to commit never differ.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import count
from typing import Final

import msgspec

from segue.engine.agenda import Agenda
from segue.engine.alarm import Alarm, Notice
from segue.engine.dags import Dag
from segue.engine.machine import CANCELLED, CODE, SUCCESS, Machine
from segue.engine.neighbours import ask_for, span_before
from segue.engine.queue import Queue
from segue.engine.tally import Tally
from segue.model.changes import Change, RunCreated, RunMoved, SlotMoved, TaskMoved
from segue.model.commands import Command
from segue.model.events import Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import Version
from segue.model.limits import Limits
from segue.model.spec import HookName
from segue.model.state import FINAL, RUN_FINAL, RunState, SlotState, TaskState
from segue.model.timing import SlotAsk
from segue.model.value import encode
from segue.model.why import Why

__all__ = ["MAX_CHANGES", "NEW", "NOTHING", "Board", "Dag", "Note", "culprits_of", "name_of", "started_failed"]

MAX_CHANGES: Final = 10_000


DONE: Final = Why("done")
DISPATCHED: Final = Why("dispatched")
RESUMED: Final = Why("resumed")
NEW: Final = Tally()
MAX_CULPRITS: Final = 100
_GOOD: Final = frozenset({SUCCESS, CODE[TaskState.SKIPPED]})
_HOOKS: Final[dict[TaskState, HookName]] = {TaskState.SUCCESS: "success", TaskState.FAILED: "failure"}
_RUN_HOOKS: Final[dict[RunState, HookName]] = {RunState.SUCCESS: "success", RunState.FAILED: "failure"}


class Note(msgspec.Struct, frozen=True, gc=False):
    """What belongs to one move of a task beside its states. `at` None means now."""

    at: Instant | None = None
    began: Instant | None = None
    result: Value | None = None
    followed: tuple[str, ...] | None = None
    actor: str = ""
    reused_from: RunKey | None = None


NOTHING: Final = Note()


class Board:
    """The engine's memory, a cache of the store.

    Args:
        secret: the store's fence key.
        limits: what the settings allow.
        pools: (name, slots) of the pools that a person has set; they win over those of the settings.
        agenda: what is looked ahead to.
        alarm: what people have been told, and will be.

    Attributes:
        now: the turn's instant; never goes back.
        crowded: DAGs in which a place may have become free, in order (a set's order differs between processes).
        active: runs that something has happened to in this turn.
        over: runs that have ended, or whose hook has: those of which all has leave memory at the end of the turn.
        recalled: runs read from the store, whose attempts have still to be taken up.
        heirs: former id -> the DAG whose newest version says that it was renamed from it.
        disputed: DAG -> why its newest definition was not taken, where ids contradict each other.
        outdated: why memory must be read anew, empty while it need not.
        braked: the store is one that was put back: while all it knows is paused hard, a DAG that is new to it is too.
        timers: (instant, tie-breaker, machine, cell, generation) of retries.
        deadlines: (instant, run) of runs with a timeout that hold a place; what no longer holds is passed over.
        joins: what waits for the end of a run that it started: run and cell.
        calls: hooks to call when this step is done: the run, (task or nothing, hook, map index), round.
    """

    def __init__(
        self, secret: bytes, limits: Limits, pools: Iterable[tuple[str, int]], agenda: Agenda, alarm: Alarm
    ) -> None:
        self.agenda = agenda
        self.alarm = alarm
        self.secret = secret
        self.limits = limits
        self.now = Instant(0)
        self.dags: dict[str, Dag] = {}
        self.runs: dict[RunKey, Machine] = {}
        self.queue = Queue(self._task_limit, limits, pools)
        self.timers: list[tuple[Instant, int, Machine, int, int]] = []
        self.deadlines: list[tuple[Instant, RunKey]] = []
        self.joins: dict[RunKey, list[tuple[Machine, int]]] = {}
        self.calls: list[tuple[Machine, tuple[str, str, int | None], int]] = []
        self.changes: list[Change] = []
        self.commands: list[Command] = []
        self.crowded: dict[str, None] = {}
        self.active: dict[RunKey, Machine] = {}
        self.over: list[RunKey] = []
        self.recalled: list[Machine] = []
        self.heirs: dict[str, str] = {}
        self.disputed: dict[str, str] = {}
        self.outdated = ""
        self.braked = False
        self.serials = count(1)

    @property
    def room(self) -> bool:
        """Whether this turn takes more changes."""
        return len(self.changes) < MAX_CHANGES

    def _task_limit(self, dag: str) -> int | None:
        known = self.dags[dag]
        return 0 if known.timing.hard else known.version.spec.max_active_tasks

    def create(self, machine: Machine) -> None:
        """Write a new run down; it waits for its place."""
        self.changes.append(RunCreated(machine.row, self.now))
        self.agenda.note_run(machine.row, machine.state, new=True)
        self.admit(machine)
        self.wait_for_place(machine)

    def admit(self, machine: Machine) -> None:
        """Take a run into memory; its version stands for its DAG where that is unknown."""
        if machine.key.dag not in self.dags:
            self.dags[machine.key.dag] = Dag(Version(machine.row.version, machine.spec, bundle=machine.row.bundle))
        machine.serial = next(self.serials)
        self.runs[machine.key] = machine
        self.active[machine.key] = machine
        filling = self.agenda.filling_of(machine)
        if machine.row.kind == "lookback" or (filling is not None and filling.row.order == "newest"):
            machine.turn = -machine.row.due
        if filling is not None and machine.state not in RUN_FINAL:
            filling.open[machine.key] = machine
        if machine.graph.past and machine.row.slot is not None:
            machine.look_back(self._slot_before(machine))

    def _slot_before(self, machine: Machine) -> SlotAsk | None:
        """The slot that tasks of this run look back at; the first slot of a backfill looks at none."""
        slot, filling = machine.row.slot, self.agenda.filling_of(machine)
        assert slot is not None
        if filling is not None and filling.first == slot:
            return None
        before = span_before(self.dags[machine.key.dag].clock_of(machine.spec), slot)
        return None if before is None else ask_for(machine.key.dag, machine.spec, before)

    # -------------------------------------------------------------------------------------------------------- tasks
    def move(self, machine: Machine, cell: int, new: TaskState, why: Why, note: Note = NOTHING) -> None:
        """Move a task.

        Args:
            machine: its run.
            cell: the task.
            new: the new state.
            why: the reason.
            note: when it happened, if not now, and what belongs to its row.
        """
        own = machine.tallies.get(cell)
        tally = own or machine.tallies.get(machine.owner[cell], NEW)
        task, final = machine.task(cell), new in FINAL
        held = machine.withheld.get(cell) if machine.withheld and not final else None
        self.changes.append(
            TaskMoved(
                machine.key,
                task.id,
                machine.item(cell),
                machine.state_of(cell),
                new,
                self.now if note.at is None else note.at,
                why,
                tally.round,
                tally.tries,
                tally.losses,
                tally.platform,
                tally.not_before,
                note.began,
                note.result if held is None else held.value,
                note.followed,
                cell in machine.marked,
                own.number or None if own else None,
                note.actor,
                note.reused_from,
                b"" if held is None else held.staged,
            )
        )
        if final and machine.withheld:
            machine.withheld.pop(cell, None)
        if final and task.rules.hooks and cell not in machine.marked and note.reused_from is None:
            hook = _HOOKS.get(new)
            if hook in task.rules.hooks:
                self.calls.append((machine, (task.id, hook, machine.item(cell)), tally.round))
        if new is TaskState.FAILED or new is TaskState.HELD:
            machine.reasons[cell] = str(why)
            self.alarm.noticed.append(Notice(machine, cell, why))
        was_good = machine.states[cell] in _GOOD
        machine.put(cell, new)
        self.active[machine.key] = machine
        good = machine.states[cell] in _GOOD
        if machine.row.slot is not None and (good or was_good):
            self._tell_later(machine, cell, good)

    def _tell_later(self, machine: Machine, cell: int, good: bool) -> None:
        """A task has come to a good end, or leaves it: later slots may depend on that."""
        where, node = (machine.key.dag, machine.row.slot), machine.owner[cell]
        if where not in self.agenda.watchers and not self.dags[machine.key.dag].graph.past:
            return
        if not good:
            self.agenda.doubt(where)  # type: ignore[arg-type]
        elif machine.ended(node) and all(machine.states[one] in _GOOD for one in machine.cells(node)):
            self.agenda.note_good(where, machine.graph.tasks[node].id)  # type: ignore[arg-type]

    def key_of(self, machine: Machine, cell: int) -> AttemptKey:
        """The newest attempt of a cell."""
        return AttemptKey(machine.key, machine.task(cell).id, machine.item(cell), machine.tally(cell).number)

    def succeed(self, machine: Machine, cell: int, note: Note, why: Why = DONE) -> None:
        """End a cell whose result is accepted."""
        assert note.result is not None
        machine.keep(cell, note.result)
        self.move(machine, cell, TaskState.SUCCESS, why, note)
        tally = machine.tallies[cell]
        if tally.number == 1 and tally.round == 1:
            del machine.tallies[cell]  # what a first-try success has been through is known without it

    def later(self, machine: Machine, cell: int, at: Instant) -> None:
        """Offer a cell for dispatch again at `at`."""
        machine.retrying += 1
        heappush(self.timers, (at, next(self.serials), machine, cell, machine.generation))

    # --------------------------------------------------------------------------------------------------------- runs
    def move_run(self, machine: Machine, new: RunState, why: Why, actor: str = "") -> None:
        """Move a run, or (`new` is its state) write a fact about it that has changed."""
        over = new in RUN_FINAL
        self.changes.append(
            RunMoved(
                machine.key,
                machine.state,
                new,
                self.now,
                why,
                machine.round,
                machine.placed,
                machine.cancel_at,
                machine.started,
                self.now if over else None,
                culprits_of(machine) if new is RunState.FAILED else (),
                actor,
                machine.klass if machine.klass != machine.row.klass else None,
                machine.stop,
                machine.stopped_by,
                machine.spent,
                machine.placed_at,
            )
        )
        machine.state = new
        self.agenda.note_run(machine.row, new)
        filling = self.agenda.filling_of(machine)
        if filling is not None:
            filling.open[machine.key] = machine
            if over:
                del filling.open[machine.key]
            if over or new is RunState.HELD:
                self.agenda.hungry = True
        self.active[machine.key] = machine
        if over:
            self.over.append(machine.key)
            if machine.past is not None:
                self.agenda.unwatch(machine.past, machine.key)
            self.alarm.noticed.append(Notice(machine, None, why))
            for waiter, cell in self.joins.pop(machine.key, ()):
                self._tell(waiter, cell, machine)
            hook = _RUN_HOOKS.get(new)
            if hook in machine.spec.hooks:
                self.calls.append((machine, ("", hook, None), machine.round))

    def _tell(self, waiter: Machine, cell: int, ended: Machine) -> None:
        """The run that a task started and waits for has ended."""
        if waiter.joined.pop(cell, None) != ended.key or waiter.state_of(cell) is not TaskState.DEFERRED:
            return
        if ended.state is RunState.SUCCESS:
            self.succeed(waiter, cell, Note(result=name_of(ended.key)))
        else:
            self.move(waiter, cell, TaskState.FAILED, started_failed(ended.key, ended.state))

    def begin(self, machine: Machine) -> None:
        """The run takes its place: with its first dispatched attempt, or when it ends without one."""
        if machine.placed:
            return
        why = DISPATCHED if machine.state is RunState.QUEUED else RESUMED
        machine.placed, machine.placed_at = True, self.now
        if machine.started is None:
            machine.started = self.now
        self.move_run(machine, RunState.RUNNING, why)
        self.move_slot(machine, SlotState.RUNNING)
        self.watch_deadline(machine)

    def leave(self, machine: Machine, new: RunState, why: Why) -> None:
        """The run gives its place back: it has ended, or nothing of it can move."""
        if machine.placed_at is not None:
            machine.spent += self.now - machine.placed_at
            machine.placed_at = None
        machine.placed = machine.granted = False
        self.move_run(machine, new, why)
        dag = self.dags[machine.key.dag]
        dag.granted.pop(machine.key, None)
        if machine.waiting:
            machine.waiting = False
            dag.line_of(machine).remove(machine)
        self.crowded[machine.key.dag] = None
        if dag.timing.cursor != dag.timing.accepted:
            self.agenda.unplanned[machine.key.dag] = None

    def wait_for_place(self, machine: Machine) -> None:
        """Queue a run for a place; runs that have begun come before those that have not."""
        if not machine.granted and not machine.waiting:
            machine.waiting = True
            insort(self.dags[machine.key.dag].line_of(machine), machine, key=_turn)
        self.crowded[machine.key.dag] = None

    def deadline_of(self, machine: Machine) -> Instant | None:
        """When the timeout of a run will have been spent, while it holds its place."""
        if machine.spec.timeout is None or machine.placed_at is None:
            return None
        return Instant(machine.placed_at + max(machine.spec.timeout - machine.spent, 0))

    def overdue(self, machine: Machine) -> bool:
        """Whether a run has spent its timeout."""
        deadline = self.deadline_of(machine)
        return deadline is not None and deadline <= self.now

    def next_deadline(self) -> Instant | None:
        """When the next run will have spent its timeout."""
        while self.deadlines:
            deadline, key = self.deadlines[0]
            machine = self.runs.get(key)
            if machine is not None and not machine.stopping and self.deadline_of(machine) == deadline:
                return deadline
            heappop(self.deadlines)
        return None

    def watch_deadline(self, machine: Machine) -> None:
        """Come back when a run has spent its timeout."""
        deadline = self.deadline_of(machine)
        if deadline is not None:
            heappush(self.deadlines, (deadline, machine.key))

    def move_slot(self, machine: Machine, state: SlotState) -> None:
        """Write the ledger of the run's slot, if it has one."""
        if machine.row.slot is not None:
            row = machine.row
            self.changes.append(SlotMoved(row.run.dag, row.slot, state, row.run, row.version, self.now))  # type: ignore[arg-type]
            self.agenda.note_slot(row.run.dag, row.slot, state)  # type: ignore[arg-type]


def name_of(run: RunKey) -> Value:
    """The id of a run, as the value of the task that started it."""
    data = encode(str(run))
    return Value(data, digest=blake2b(data, digest_size=16).digest())


def started_failed(run: RunKey, state: RunState) -> Why:
    """Why a task failed that waited for a run."""
    return Why("started_failed", (str(run), state.value))


def _turn(machine: Machine) -> tuple[bool, int, int, int]:
    return machine.started is None, machine.klass, machine.turn, machine.serial


def culprits_of(machine: Machine) -> tuple[tuple[str, str], ...]:
    """Failed tasks with no failed upstream, each with its reason (rulings, "culprits").

    Where a timeout ended the run, also what it stopped: tasks that had begun, or else all that were left.
    """
    blamed = machine.blamed
    failed_tasks = {machine.owner[cell] for cell in blamed}
    culprits = [
        (machine.label(cell), machine.reasons.get(cell, ""))
        for cell in sorted(blamed)
        if failed_tasks.isdisjoint(machine.graph.up[machine.owner[cell]])
    ]
    if machine.stop == "timeout":
        stopped = [cell for cell in machine.used() if machine.states[cell] == CANCELLED]
        begun = [cell for cell in stopped if machine.tallies.get(cell, NEW).number]
        culprits += [(machine.label(cell), str(machine.stopped)) for cell in begun or ([] if culprits else stopped)]
    return tuple(culprits[:MAX_CULPRITS])

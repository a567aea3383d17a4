"""Promises about slots: a deadline of the run or of a task; that nothing waits a whole interval for the slot before.

For every promise of a DAG one timer is kept, that of the next slot of which it has not passed. When it rings, the store
is asked how the slot stands: only there is also what has left memory, and what never was in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from segue.engine.alarm import Promise, PromiseKind
from segue.engine.board import Board, Dag
from segue.engine.explain import explain
from segue.engine.machine import Machine
from segue.model.alerts import Alert
from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import datetime_at
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, SlotState
from segue.model.timing import SlotAsk, SlotFacts
from segue.schedule.deadline import deadline_of
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot
from segue.schedule.slots import latest_complete

__all__ = ["arm", "ask", "begin", "begin_run", "judge", "lateness"]

DAY: Final = 86_400_000_000
WAITS: Final = frozenset({"past", "past_unknown"})


def begin(board: Board, name: str) -> None:
    """Look at a DAG for the first time: also at what passed within a day before, while nobody led."""
    arm(board, name, _begin_since(board))


def begin_run(board: Board, machine: Machine) -> None:
    """Look at a run for the first time, likewise."""
    row, since = machine.row, _begin_since(board)
    if row.kind != "scheduled" or row.slot is None:
        return
    spec, slot = board.dags[row.run.dag].version.spec, Slot(*row.slot, row.due)
    for kind, task in _promised(spec):
        if since < _at(spec, kind, task, slot) <= board.now:
            _ring(board, row.run.dag, kind, task, slot, chained=False)


def _begin_since(board: Board) -> Instant:
    return Instant(max(board.alarm.covered, board.now - DAY))


def arm(board: Board, name: str, since: Instant) -> None:
    """Keep the promises of a DAG from now on, and those about slots in line that have passed since an instant."""
    board.alarm.generations[name] = board.alarm.generations.get(name, 0) + 1
    dag = board.dags.get(name)
    if dag is None:
        return
    timing = dag.timing
    for kind, task in _promised(dag.version.spec):
        for slot in _slots(dag, kind, task, since):
            if _at(dag.version.spec, kind, task, slot) > board.now:
                _ring(board, name, kind, task, slot, chained=True)
                break
            if timing.cursor is not None and timing.cursor <= slot.start < (timing.accepted or timing.cursor):
                _ring(board, name, kind, task, slot, chained=False)


def ask(board: Board, promise: Promise) -> None:
    """The instant of a promise has come: ask how its slot stands, and look for the next."""
    dag = board.dags.get(promise.dag)
    if dag is None or promise.generation != board.alarm.generations[promise.dag]:
        return
    spec, slot = dag.version.spec, promise.slot
    if promise.chained:
        task = _task(spec, promise.task)
        later = next(_slots(dag, promise.kind, task, promise.at, slot), None)
        if later is not None:
            _ring(board, promise.dag, promise.kind, task, later, chained=True)
    if promise.at in board.alarm.told.get((_thing(spec, promise), promise.kind), ()):
        return
    where = (promise.dag, (slot.start, slot.end))
    waiting = board.alarm.asked.setdefault(where, [])
    if not waiting:
        key = slot_key(slot.start, slot.end, spec.timezone)
        board.agenda.fresh.append(SlotAsk(promise.dag, key, (slot.start, slot.end)))
    waiting.append(promise)


def judge(board: Board, slots: Sequence[SlotFacts]) -> None:
    """The store has answered: whether what was promised is true."""
    for facts in slots:
        for promise in board.alarm.asked.pop((facts.ask.dag, facts.ask.slot), ()):
            dag = board.dags.get(promise.dag)
            if dag is not None and _owed(dag, facts) and _broken(board, dag.version.spec, promise, facts):
                board.alarm.late.append((promise, facts))


def lateness(board: Board, promise: Promise, facts: SlotFacts) -> Alert:
    """What people are told of a promise that was not kept."""
    spec, run = board.dags[promise.dag].version.spec, facts.latest
    thing, task = _thing(spec, promise), promise.task or _waiting(board, promise, facts)
    by = datetime_at(promise.at, spec.timezone).isoformat(sep=" ", timespec="minutes")
    standing = _standing(board, task, facts)
    if promise.kind == "past":
        span = show_duration(promise.slot.end - promise.slot.start)
        text = f"{thing}: {task} has waited {span} for the slot before: it {standing}"
    else:
        text = f"{thing} was not done by {by}: {standing}"
    owner = next((one.rules.owner for one in spec.tasks if one.id == task), None) or spec.owner or ""
    command = f"segue trigger {promise.dag} --date {facts.ask.key}" if run is None else f"segue why {run}"
    if facts.state is RunState.FAILED or facts.state is RunState.CANCELLED:
        command = f"segue retry {run}"
    return Alert(
        thing, promise.kind, promise.at, promise.dag, run, task, facts.ask.key, owner, text,
        ((task or promise.dag, standing),), command, spec.alerts,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- promises
def _promised(spec: DagSpec) -> Iterator[tuple[PromiseKind, TaskSpec | None]]:
    if spec.schedule is None:
        return
    if spec.deadline is not None or spec.deadline_at is not None:
        yield "deadline", None
    for task in spec.tasks:
        if task.rules.deadline is not None:
            yield "deadline", task
    if any(task.rules.depends_on_past for task in spec.tasks):
        yield "past", None


def _task(spec: DagSpec, name: str) -> TaskSpec | None:
    return next((task for task in spec.tasks if task.id == name), None)


def _at(spec: DagSpec, kind: PromiseKind, task: TaskSpec | None, slot: Slot) -> Instant:
    if kind == "past":
        return Instant(slot.due + slot.end - slot.start)
    at = deadline_of(spec, slot.due, task)
    assert at is not None
    return at


def _slots(
    dag: Dag, kind: PromiseKind, task: TaskSpec | None, since: Instant, last: Slot | None = None
) -> Iterator[Slot]:
    """The slots of which this is promised for an instant after `since`, in order; `last` lies before them."""
    spec = dag.version.spec
    clock = dag.clock = dag.clock or Clock(spec, dag.foretold)
    slot = last or latest_complete(clock.timetable, clock.bounds, Instant(since - _reach(spec, kind, task)))
    slot = slot or clock.timetable.after(None, clock.bounds)
    while slot is not None:
        if _at(spec, kind, task, slot) > since:
            yield slot
        slot = clock.timetable.slot_from(slot.end, clock.bounds)


def _reach(spec: DagSpec, kind: PromiseKind, task: TaskSpec | None) -> int:
    """A slot that fell due longer ago than this has nothing promised for now."""
    if kind == "past":
        return 0  # the newest that is due is the first of which it is
    if task is not None:
        return task.rules.deadline or 0
    return 2 * DAY if spec.deadline is None else spec.deadline


def _ring(board: Board, name: str, kind: PromiseKind, task: TaskSpec | None, slot: Slot, *, chained: bool) -> None:
    at = _at(board.dags[name].version.spec, kind, task, slot)
    generation = board.alarm.generations[name]
    promise = Promise(kind, name, "" if task is None else task.id, slot, at, generation, chained)
    board.alarm.ring(at, promise)


def _thing(spec: DagSpec, promise: Promise) -> str:
    key = slot_key(promise.slot.start, promise.slot.end, spec.timezone)
    return f"{promise.dag}@{key}" + (f"/{promise.task}" if promise.task else "")


# ----------------------------------------------------------------------------------------------------------- verdicts
def _owed(dag: Dag, facts: SlotFacts) -> bool:
    """Whether the schedule owes a run of this slot: it made one, or will; a paused clock owes nothing."""
    timing = dag.timing
    if timing.paused or timing.retired or timing.cursor is None:
        return False
    return facts.scheduled or (facts.ask.slot[0] >= timing.cursor and facts.shown is not SlotState.SKIPPED)


def _broken(board: Board, spec: DagSpec, promise: Promise, facts: SlotFacts) -> bool:
    if promise.kind == "past":
        return bool(_waiting(board, promise, facts))
    if facts.state is RunState.SUCCESS:
        return False
    wanted = [task.id for task in spec.tasks if not task.rules.allow_failure and task.kind != "teardown"]
    return not set([promise.task] if promise.task else wanted).issubset(facts.good)


def _waiting(board: Board, promise: Promise, facts: SlotFacts) -> str:
    """The first task of the slot's run that waits for the slot before."""
    machine = None if facts.latest is None else board.runs.get(facts.latest)
    if promise.kind != "past" or machine is None:
        return ""
    waiting = (task.id for task in machine.spec.tasks if task.rules.depends_on_past and _why(board, machine, task.id))
    return next(waiting, "")


def _why(board: Board, machine: Machine, task: str) -> bool:
    why = explain(board, machine.key, task, None)
    return why is not None and why.code in WAITS


def _standing(board: Board, task: str, facts: SlotFacts) -> str:
    """Where the slot stands, in words."""
    if facts.latest is None:
        return "it has no run yet"
    why = explain(board, facts.latest, task or None, None)
    if why is None or why.code == "final":
        return f"{facts.latest} is {facts.state}"
    return f"{facts.latest}{'/' * bool(task)}{task} {why}"

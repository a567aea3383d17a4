"""What people ask for. Every request is answered in the transaction that carries it out, or refused with the reason."""

from __future__ import annotations

import re
from typing import Final, assert_never

import msgspec

from segue.engine.board import Board, Dag
from segue.engine.machine import CODE, EXPANDED, FINAL_CODES, Machine
from segue.engine.reopening import apply_mark, check_collapse, go_on, maps_over, reopen
from segue.engine.restoring import enter, machine_of
from segue.model.changes import Answered, Cancel, Kill, RunCreated
from segue.model.errors import Refused
from segue.model.events import CancelRun, MarkTask, Request, RerunRun, RetryRun, TriggerRun
from segue.model.ids import RunKey
from segue.model.images import Facts, RunRow
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.why import Why

__all__ = ["act", "refuse"]

CANCELLING: Final = Why("cancelling")
_LABEL = re.compile(r"(?P<task>[^\[\]]+)(?:\[(?P<index>\d{1,9})\])?")


def act(board: Board, request: Request) -> None:
    """Carry a request out, or answer why not."""
    if request.facts.answer is not None:
        return  # it has been answered in an earlier life; the inbox passes that answer on
    try:
        match request.act:
            case TriggerRun() as wanted:
                run, text = _trigger(board, request, wanted)
            case RerunRun() as wanted:
                run, text = _rerun(board, request, wanted)
            case RetryRun() as wanted:
                run, text = _retry(board, request, wanted)
            case CancelRun() as wanted:
                run, text = _cancel(board, request, wanted)
            case MarkTask() as wanted:
                run, text = _mark(board, request, wanted)
            case _:
                assert_never(request.act)
    except Refused as refusal:
        refuse(board, request, str(refusal))
        return
    if text:
        name = type(request.act).__name__
        board.changes.append(Answered(request.id, request.actor, name, True, text, board.now, run))


def refuse(board: Board, request: Request, reason: str) -> None:
    """Answer that it was not done, and why."""
    name = type(request.act).__name__
    board.changes.append(Answered(request.id, request.actor, name, False, reason, board.now))


# ---------------------------------------------------------------------------------------------------------- new runs
def _trigger(board: Board, request: Request, wanted: TriggerRun) -> tuple[RunKey, str]:
    dag = _open_dag(board, wanted.dag)
    row = RunRow(
        RunKey(wanted.dag, wanted.key, 1), request.id, dag.version.number, dag.version.bundle, wanted.slot,
        params=wanted.params, reason=wanted.reason,
    )  # fmt: skip
    for machine in _rivals(dag, row):
        if machine.row.params == row.params and not wanted.replace:
            return machine.key, f"{machine.key} is already asked for"
    _check_place(board, request)
    return _create(board, request, row, wanted.replace)


def _rerun(board: Board, request: Request, wanted: RerunRun) -> tuple[RunKey, str]:
    old = _recall(board, wanted.run, request.facts)
    if old.key.dag not in board.dags and request.facts.version is not None:
        board.dags[old.key.dag] = Dag(request.facts.version)
    dag = _open_dag(board, old.key.dag)
    row = msgspec.structs.replace(
        old.row, request=request.id, version=dag.version.number, bundle=dag.version.bundle, kind="manual", klass=0,
        params=old.row.params if wanted.params is None else wanted.params, reason=f"rerun of {old.key}",
    )  # fmt: skip
    for machine in (*dag.granted.values(), *dag.waiting):
        same = (machine.row.reason, machine.row.version, machine.row.params) == (row.reason, row.version, row.params)
        if same and machine.cancel_at is None and not wanted.replace:
            return machine.key, f"{machine.key} is already asked for"
    if old.state not in RUN_FINAL and old.state is not RunState.HELD and not wanted.replace:
        raise Refused(f"{old.key} has not ended: cancel it, or ask with --replace")
    _check_place(board, request, old.key)
    if old.state not in RUN_FINAL and wanted.replace:
        _cancel_run(board, old, request.actor, now=False)
    return _create(board, request, row, wanted.replace)


def _open_dag(board: Board, name: str) -> Dag:
    dag = board.dags.get(name)
    if dag is None:
        raise Refused(f"there is no DAG {name}")
    if dag.quarantined is not None:
        raise Refused(f"DAG {name} is quarantined: {dag.quarantined}")
    if not len(dag.graph):
        raise Refused(f"DAG {name} has no tasks")
    return dag


def _check_place(board: Board, request: Request, run: RunKey | None = None) -> None:
    """Refuse what needs the place of a slot that another run holds, of which this owner knows nothing."""
    placed = request.facts.placed
    if placed is not None and placed != run and placed not in board.runs:
        raise Refused(f"{placed} was interrupted and holds this interval: `segue retry {placed}` goes on with it")


def _rivals(dag: Dag, row: RunRow) -> list[Machine]:
    """Runs that are active, or wait to be, for the same slot."""
    found = (*dag.granted.values(), *dag.waiting) if row.slot is not None else ()
    return [machine for machine in found if machine.row.slot == row.slot and machine.cancel_at is None]


def _create(board: Board, request: Request, row: RunRow, replace: bool) -> tuple[RunKey, str]:
    dag = board.dags[row.run.dag]
    for machine in _rivals(dag, row) if replace else ():
        _cancel_run(board, machine, request.actor, now=False)
    n = request.facts.next_n
    while (run := RunKey(row.run.dag, row.run.key, n)) in board.runs:
        n += 1
    due = board.now if row.slot is None else row.slot[1]
    row = msgspec.structs.replace(row, run=run, due=due, created=board.now, actor=request.actor)
    machine = Machine(row, dag.version.spec, dag.graph)
    board.changes.append(RunCreated(row, board.now))
    board.admit(machine)
    board.wait_for_place(machine)
    return run, f"{run} is queued"


# -------------------------------------------------------------------------------------------------------- old runs
def _recall(board: Board, key: RunKey, facts: Facts) -> Machine:
    """The run in memory, or as the store has it; not admitted yet."""
    machine = board.runs.get(key)
    if machine is not None:
        return machine
    if facts.run is None or facts.run.row.run != key:
        raise Refused(f"there is no run {key}")
    return machine_of(board, facts.run)


def _take_up(board: Board, machine: Machine) -> None:
    """Take a recalled run into memory, where it is not there yet."""
    if machine.key not in board.runs:
        enter(board, machine)


def _check_dag(board: Board, machine: Machine) -> None:
    dag = board.dags.get(machine.key.dag)
    if dag is not None and dag.quarantined is not None:
        raise Refused(f"DAG {machine.key.dag} is quarantined: {dag.quarantined}")


def _retry(board: Board, request: Request, wanted: RetryRun) -> tuple[RunKey, str]:
    machine = _recall(board, wanted.run, request.facts)
    _check_dag(board, machine)
    _check_place(board, request, machine.key)
    if machine.cancel_at is not None and machine.state not in RUN_FINAL:
        raise Refused(f"{machine.key} is being cancelled: ask again when it has ended")
    if request.facts.newer is not None and not wanted.force:
        raise Refused(f"{request.facts.newer} is newer for this interval (--force retries the older one all the same)")
    cells = _named(machine, wanted) if wanted.tasks else _failed(machine)
    try:
        check_collapse(machine, {machine.owner[cell] for cell in cells})
    except Refused:
        if wanted.tasks or machine.key in board.runs:
            raise
        cells = set()  # what was interrupted goes on; when that has ended another retry opens what failed
    if not cells and machine.state is RunState.HELD:
        held = ", ".join(machine.label(cell) for cell in sorted(machine.held)[:3])
        raise Refused(f"nothing to retry: no task of {machine.key} has failed; {held} is held: a person decides")
    if not cells and (machine.state in RUN_FINAL or machine.key in board.runs):
        raise Refused(f"nothing to retry: no task of {machine.key} has failed")
    _take_up(board, machine)
    machine.klass = 0
    machine.cancel_at = None
    reopen(board, machine, cells, request.actor)
    go_on(board, machine, request.actor)
    what = f"{len(cells)} task{'' if len(cells) == 1 else 's'} again" if cells else "what was interrupted"
    return machine.key, f"{machine.key} goes on: {what}, round {machine.round}"


def _failed(machine: Machine) -> set[int]:
    bad = {CODE[state] for state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED)}
    cells = {cell for cell in machine.used() if machine.states[cell] in bad}
    skipped = CODE[TaskState.SKIPPED]
    below = machine.graph.descendants({machine.owner[cell] for cell in cells})
    return cells | {cell for node in below for cell in machine.cells(node) if machine.states[cell] == skipped}


def _named(machine: Machine, wanted: RetryRun) -> set[int]:
    named: set[int] = set()
    for label in wanted.tasks:
        cell = _cell(machine, label)
        named.update(machine.cells(cell) if machine.states[cell] == EXPANDED else (cell,))
    for cell in sorted(named):
        if machine.states[cell] not in FINAL_CODES:
            raise Refused(f"{machine.label(cell)} has not ended: it is {machine.state_of(cell).value}")
    if not wanted.only:
        for node in machine.graph.descendants({machine.owner[cell] for cell in named}):
            named.update(cell for cell in machine.cells(node) if machine.states[cell] in FINAL_CODES)
    return named


def _cell(machine: Machine, label: str) -> int:
    match = _LABEL.fullmatch(label)
    index = int(match["index"]) if match and match["index"] else None
    cell = machine.cell(match["task"], index) if match else None
    if cell is None:
        raise Refused(f"{machine.key} has no task {label}")
    return cell


def _cancel(board: Board, request: Request, wanted: CancelRun) -> tuple[RunKey, str]:
    machine = _recall(board, wanted.run, request.facts)
    if machine.state in RUN_FINAL:
        raise Refused(f"{machine.key} has ended: {machine.state.value}")
    _cancel_run(board, machine, request.actor, now=wanted.now)
    return machine.key, f"{machine.key} is being cancelled"


def _cancel_run(board: Board, machine: Machine, actor: str, *, now: bool) -> None:
    """Stop a run: what waits ends at once, attempts get TERM, grace and KILL (`now`: KILL)."""
    _take_up(board, machine)
    if machine.cancel_at is None:
        machine.cancel_at, machine.cancelled_by = board.now, actor
        machine.rederive()
        board.move_run(machine, machine.state, CANCELLING, actor)
        machine.sweep = machine.used()
    for cell, tally in machine.tallies.items():
        if tally.alive:
            key = board.key_of(machine, cell)
            board.commands.append(Kill(key, tally.fence) if now else Cancel(key, tally.fence))


def _mark(board: Board, request: Request, wanted: MarkTask) -> tuple[RunKey, str]:
    machine = _recall(board, wanted.run, request.facts)
    _check_dag(board, machine)
    _check_place(board, request, machine.key)
    cell = _cell(machine, wanted.task)
    state = TaskState(wanted.state)
    tally = machine.tallies.get(cell)
    mark = tally.mark if tally is not None else None
    if mark is not None and mark[3] == request.id:
        return machine.key, ""  # asked again while its attempt is being stopped
    if mark is not None:
        raise Refused(f"{wanted.task} is being marked by {mark[1]} already")
    _check_mark(machine, cell, wanted)
    _take_up(board, machine)
    mark = (state, request.actor, wanted.reason, request.id)
    if tally is None or not tally.alive:
        apply_mark(board, machine, cell, mark)
    else:
        tally.mark = mark
        board.commands.append(Cancel(board.key_of(machine, cell), tally.fence))
    return machine.key, ""


def _check_mark(machine: Machine, cell: int, wanted: MarkTask) -> None:
    state = machine.state_of(cell)
    if machine.cancel_at is not None:
        raise Refused(f"{machine.key} was cancelled: `segue retry {machine.key}` opens it again")
    if machine.states[cell] == EXPANDED:
        raise Refused(f"{wanted.task} is mapped: name one item, {wanted.task}[0]")
    if state.value == wanted.state:
        raise Refused(f"{wanted.task} is {state.value} already")
    over = maps_over(machine, {machine.owner[cell]})
    if over and state is TaskState.SUCCESS:
        names = ", ".join(sorted(machine.graph.tasks[node].id for node in over))
        raise Refused(f"{names} was expanded over what {wanted.task} returned: retry it instead")

"""What `retry` reopens: what failed and what that stopped, or what is named (rulings, "What retry reopens")."""

from __future__ import annotations

from segue.engine.board import Board
from segue.engine.flows import failed_steps, refuse_step
from segue.engine.machine import CODE, EXPANDED, FINAL_CODES, HELD, PENDING, Machine
from segue.engine.past import explain_past
from segue.engine.recall import cell_of, check_dag, check_place, lift, recall, take_up
from segue.engine.reopening import check_collapse, check_environments, go_on, reopen, with_environments
from segue.model.acts import RetryRun
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.resolve.selection import select_tasks, selects_many

__all__ = ["retry"]


def retry(board: Board, request: Request, wanted: RetryRun) -> tuple[RunKey, str]:
    """Open a run, or some tasks of it, again.

    Raises:
        Refused: there is nothing to retry, or it cannot be done now.
    """
    machine = recall(board, wanted.run, request.facts)
    check_dag(board, machine)
    check_place(board, request, machine.key)
    if machine.stopping and machine.state not in RUN_FINAL:
        raise Refused(f"{machine.key} is being {_stopped(machine)}: ask again when it has ended")
    if machine.key in board.runs and board.overdue(machine):
        raise Refused(f"{machine.key} has spent its timeout, and is being cleaned up: ask again when it has ended")
    newer = request.facts.newer or _made_since(board, machine)
    if newer is not None and not wanted.force:
        raise Refused(f"{newer} is newer for this interval (--force retries the older one all the same)")
    cells = _cells(board, machine, wanted)
    if not cells and machine.behind and not machine.held:
        raise Refused(f"nothing to retry: {machine.key} {explain_past(board, machine)}")
    if not cells and machine.state is RunState.HELD and machine.stands_still():
        held = ", ".join(machine.label(cell) for cell in sorted(machine.held)[:3])
        raise Refused(f"nothing to retry: no task of {machine.key} has failed; {held} is held: a person decides")
    if not cells and (machine.state in RUN_FINAL or machine.key in board.runs):
        raise Refused(f"nothing to retry: no task of {machine.key} has failed")
    take_up(board, machine)
    machine.cancel_at, machine.stop, machine.stopped_by = None, "", ""
    lift(board, machine, request.actor)
    reopen(board, machine, cells, request.actor)
    go_on(board, machine, request.actor)
    what = f"{len(cells)} task{'' if len(cells) == 1 else 's'} again" if cells else "what was interrupted"
    return machine.key, f"{machine.key} goes on: {what}, round {machine.round}"


def _made_since(board: Board, machine: Machine) -> RunKey | None:
    """A newer run of the slot that the store did not know of when it was asked: made in this turn."""
    dag, slot = board.dags.get(machine.key.dag), machine.row.slot
    rivals = () if dag is None or slot is None else dag.runs
    return max((one.key for one in rivals if one.row.slot == slot and one.key.n > machine.key.n), default=None)


def _stopped(machine: Machine) -> str:
    return "stopped by its timeout" if machine.stop == "timeout" else "cancelled"


def _cells(board: Board, machine: Machine, wanted: RetryRun) -> set[int]:
    cells = with_environments(machine, _named(machine, wanted) if wanted.tasks else _failed(machine))
    nodes = {machine.owner[cell] for cell in cells}
    try:
        check_environments(machine, nodes)
        check_collapse(machine, nodes)
    except Refused:
        if wanted.tasks or machine.key in board.runs:
            raise
        return set()  # what was interrupted goes on; when that has ended another retry opens what failed
    return cells


def _failed(machine: Machine) -> set[int]:
    bad = {CODE[state] for state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED)}
    cells = {cell for cell in machine.used() if machine.states[cell] in bad}
    if machine.spec.is_flow:
        return failed_steps(machine, cells)
    skipped = CODE[TaskState.SKIPPED]
    below = machine.graph.descendants({machine.owner[cell] for cell in cells})
    return cells | {cell for node in below for cell in machine.cells(node) if machine.states[cell] == skipped}


def _named(machine: Machine, wanted: RetryRun) -> set[int]:
    named: set[int] = set()
    for word in wanted.tasks:
        refuse_step(machine, word)
        named |= _group(machine, word) if selects_many(word) else _one(machine, word)
    for cell in sorted(named):
        if machine.states[cell] == HELD:
            raise Refused(f"{machine.label(cell)} is held: release or reject it first")
        if machine.states[cell] not in FINAL_CODES:
            raise Refused(f"{machine.label(cell)} has not ended: it is {machine.state_of(cell).value}")
    if not wanted.only:
        for node in machine.graph.descendants({machine.owner[cell] for cell in named}):
            named.update(cell for cell in machine.cells(node) if machine.states[cell] in FINAL_CODES)
    return named


def _one(machine: Machine, label: str) -> set[int]:
    cell = cell_of(machine, label)
    return set(machine.cells(cell)) if machine.states[cell] == EXPANDED else {cell}


def _group(machine: Machine, word: str) -> set[int]:
    """What of several tasks has begun or ended; the others run anyway."""
    nodes = select_tasks(machine.graph, word)
    if not nodes:
        raise Refused(f"{machine.key} has no task {word}")
    return {cell for node in nodes for cell in machine.cells(node) if machine.states[cell] != PENDING}

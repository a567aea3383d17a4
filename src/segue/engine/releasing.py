"""A person's verdict on what a guard holds: let it go, or fail it.

What was staged is published by an attempt of its own; until that has a place and a worker the task stands between its
attempts like any other. What cannot be published is held again: the data is still there, and running the code again is
not what the person asked for.
"""

from __future__ import annotations

from segue.engine.board import Board, Note
from segue.engine.guards import EMPTY, like_of
from segue.engine.machine import EXPANDED, HELD, Machine
from segue.engine.recall import cell_of, check_dag, check_place, lift, recall, take_up
from segue.engine.reopening import go_on
from segue.model.acts import RejectTask, ReleaseTask
from segue.model.changes import GuardEased
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.model.state import RUN_FINAL, TaskState
from segue.model.why import Why

__all__ = ["reject", "release"]


def release(board: Board, request: Request, wanted: ReleaseTask) -> tuple[RunKey, str]:
    """Let a held task go.

    Raises:
        Refused: it is not held, or its run is over.
    """
    machine, cells = _held(board, request, wanted)
    lift(board, machine, request.actor)
    why = Why("released", (request.actor, wanted.reason))
    publishing = [cell for cell in cells if _let_go(board, machine, cell, why, Note(actor=request.actor))]
    if wanted.from_now_on:
        _ease(board, machine, cells, request.actor)
    go_on(board, machine, request.actor)
    text = f"{wanted.task} of {machine.key} is released"
    return machine.key, f"{text}: what it staged is published" if publishing else text


def reject(board: Board, request: Request, wanted: RejectTask) -> tuple[RunKey, str]:
    """Fail a held task.

    Raises:
        Refused: it is not held, or its run is over.
    """
    machine, cells = _held(board, request, wanted)
    for cell in cells:
        why = Why("rejected", (request.actor, wanted.reason))
        board.move(machine, cell, TaskState.FAILED, why, Note(actor=request.actor))
    go_on(board, machine, request.actor)
    return machine.key, f"{wanted.task} of {machine.key} is rejected"


def _held(board: Board, request: Request, wanted: ReleaseTask | RejectTask) -> tuple[Machine, list[int]]:
    machine = recall(board, wanted.run, request.facts)
    check_dag(board, machine)
    check_place(board, request, machine.key)
    if machine.state in RUN_FINAL:
        raise Refused(f"{machine.key} has ended: {machine.state.value}")
    if machine.stopping:
        raise Refused(f"{machine.key} is being stopped")
    cell = cell_of(machine, wanted.task)
    cells = [one for one in machine.cells(machine.owner[cell]) if machine.states[one] == HELD]
    if machine.states[cell] == EXPANDED and not cells:
        raise Refused(f"no item of {wanted.task} is held")
    if machine.states[cell] not in (EXPANDED, HELD):
        raise Refused(f"{wanted.task} is not held: {_standing(machine, cell)}")
    take_up(board, machine)
    return machine, cells if machine.states[cell] == EXPANDED else [cell]


def _standing(machine: Machine, cell: int) -> str:
    if cell in machine.withheld:
        return "it is released, and what it staged is being published"
    return f"it is {machine.state_of(cell).value}"


def _let_go(board: Board, machine: Machine, cell: int, why: Why, note: Note) -> bool:
    """Whether something has to be published first."""
    held = machine.withheld.get(cell)
    if held is None:  # a map over nothing
        board.move(machine, cell, TaskState.SKIPPED, why, note)
    elif held.staged:
        tally = machine.tally(cell)
        tally.platform, tally.not_before = 0, None
        board.move(machine, cell, TaskState.UP_FOR_RETRY, why, note)
    else:
        board.succeed(machine, cell, Note(result=held.value, actor=note.actor), why)
    return held is not None and bool(held.staged)


def _ease(board: Board, machine: Machine, cells: list[int], actor: str) -> None:
    """Remember that this may be so in comparable slots."""
    dag, task = machine.key.dag, machine.task(cells[0]).id
    like = like_of(machine.row.slot, machine.spec.timezone)
    board.dags[dag].eased.add((task, EMPTY, like))
    board.changes.append(GuardEased(dag, task, EMPTY, like, board.now, actor))

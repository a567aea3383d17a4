"""Opening again what has ended: retry of tasks, marks by hand. Both end in `rederive`, as a restart does."""

from __future__ import annotations

from collections.abc import Iterable

from segue.engine.board import Board, Note
from segue.engine.machine import CODE, EXPANDED, FINAL_CODES, Machine, Tally
from segue.model.changes import Answered, Collapsed
from segue.model.errors import Refused
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.why import Why

__all__ = ["apply_mark", "below_mark", "check_collapse", "go_on", "reopen"]


def check_collapse(machine: Machine, nodes: set[int]) -> set[int]:
    """The mapped tasks among `nodes` that must be expanded anew, because what feeds their list is reopened.

    Raises:
        Refused: one of them has items that have not ended.
    """
    collapsing = {
        node
        for node in nodes
        if machine.states[node] == EXPANDED and nodes.intersection(_feeds_list(machine, node))
    }
    for node in collapsing:
        for cell in machine.spans[node]:
            if machine.states[cell] not in FINAL_CODES:
                raise Refused(f"{machine.label(cell)} has not ended: wait for it, or cancel the run first")
    return collapsing


def _feeds_list(machine: Machine, node: int) -> list[int]:
    mapped = machine.graph.tasks[node].mapped
    return [machine.graph.index[over.task] for over in mapped.over if over.task is not None] if mapped else []


def reopen(board: Board, machine: Machine, cells: Iterable[int], actor: str) -> None:
    """Set ended cells to PENDING in a new round; mapped tasks whose list is reopened forget their items."""
    cells = sorted(cells)
    collapsing = check_collapse(machine, {machine.owner[cell] for cell in cells})
    why = Why("reopened", (actor,))
    for node in sorted(collapsing):
        tally = _new_round(machine, node)
        machine.collapse(node)
        board.changes.append(Collapsed(machine.key, machine.graph.tasks[node].id, tally.round, board.now))
    for cell in cells:
        if machine.owner[cell] in collapsing:
            continue
        _new_round(machine, cell)
        machine.marked.discard(cell)
        for kept in (machine.results, machine.lengths, machine.followed, machine.reasons):
            kept.pop(cell, None)
        board.move(machine, cell, TaskState.PENDING, why, Note(actor=actor))


def _new_round(machine: Machine, cell: int) -> Tally:
    tally = machine.tally(cell)
    tally.round += 1
    tally.tries = tally.losses = tally.platform = 0
    tally.not_before = None
    return tally


def below_mark(machine: Machine, node: int) -> set[int]:
    """The cells that a mark decides again: all below it that ended without having run, of tasks that have ended whole."""
    idle = (CODE[TaskState.UPSTREAM_FAILED], CODE[TaskState.SKIPPED])
    return {
        cell
        for below in machine.graph.descendants((node,))
        if all(machine.states[cell] in FINAL_CODES for cell in machine.cells(below))
        for cell in machine.cells(below)
        if machine.states[cell] in idle
    }


def apply_mark(board: Board, machine: Machine, cell: int, mark: tuple[TaskState, str, str, str]) -> None:
    """Set a cell without living attempt to the state a person wants, and decide again what lies below."""
    state, actor, reason, request = mark
    if machine.states[cell] in FINAL_CODES:
        _new_round(machine, cell)
    for kept in (machine.results, machine.lengths, machine.followed, machine.reasons):
        kept.pop(cell, None)
    machine.marked.add(cell)
    if state is TaskState.FAILED:
        machine.reasons[cell] = f"marked by {actor}: {reason}"
    board.move(machine, cell, state, Why("marked", (actor, reason)), Note(actor=actor))
    reopen(board, machine, below_mark(machine, machine.owner[cell]), actor)
    go_on(board, machine, actor)
    text = f"{machine.label(cell)} is marked {state.value}"
    board.changes.append(Answered(request, actor, "mark", True, text, board.now, machine.key))


def go_on(board: Board, machine: Machine, actor: str) -> None:
    """After an act: everything is derived anew, an ended run runs again, a run without place waits for one."""
    if machine.state in RUN_FINAL:
        machine.round += 1
        board.move_run(machine, RunState.RUNNING, Why("retried", (actor, str(machine.round))), actor)
        if machine.key in board.over:
            board.over.remove(machine.key)
    machine.rederive()
    if not machine.granted:
        board.wait_for_place(machine)

"""Opening again what has ended: retry of tasks, marks by hand. Both end in `rederive`, as a restart does."""

from __future__ import annotations

from collections.abc import Iterable

from segue.engine.board import Board, Note
from segue.engine.machine import CODE, EXPANDED, FINAL_CODES, PENDING, Machine
from segue.engine.tally import Mark, Tally
from segue.model.acts import MarkTask
from segue.model.changes import Answered, Collapsed
from segue.model.errors import Refused
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.why import Why

__all__ = [
    "apply_mark",
    "check_collapse",
    "check_environments",
    "go_on",
    "maps_over",
    "reopen",
    "with_environments",
]


_AT_REST = FINAL_CODES | {PENDING, EXPANDED}


def maps_over(machine: Machine, nodes: set[int]) -> set[int]:
    """The expanded tasks whose list comes from one of `nodes`, or from another of them."""
    found: set[int] = set()
    for node in sorted(machine.spans, key=machine.graph.rank.__getitem__):
        if any(up in nodes or up in found for up in machine.graph.lists.get(node, ())):
            found.add(node)
    return found


def check_collapse(machine: Machine, nodes: set[int]) -> set[int]:
    """The mapped tasks that must be expanded anew, because what feeds their list is reopened.

    Raises:
        Refused: one of them has items that have not ended.
    """
    collapsing = maps_over(machine, nodes)
    for node in sorted(collapsing):
        if machine.left[node]:
            raise Refused(f"{machine.graph.tasks[node].id} has not ended: wait for it, or cancel the run first")
    return collapsing


def with_environments(machine: Machine, cells: set[int]) -> set[int]:
    """These cells and the setups and teardowns of the environments they use, where those have been taken away.

    A setup that is opened again is followed by its teardown again. What a teardown has not ended still exists.
    """
    opened, size = set(cells), -1
    while len(opened) > size:
        size, nodes = len(opened), {machine.owner[cell] for cell in opened}
        for setup, teardown, between in machine.graph.environments:
            used = setup in nodes or not between.isdisjoint(nodes)
            if used and machine.ended(teardown):
                opened.update(cell for cell in machine.cells(setup) if machine.states[cell] in FINAL_CODES)
                opened.update(machine.cells(teardown))
    return opened


def check_environments(machine: Machine, nodes: set[int]) -> None:
    """Refuse to open what uses an environment that is being taken away.

    Raises:
        Refused: a teardown has begun and has not ended.
    """
    for _, teardown, between in machine.graph.environments:
        begun = [cell for cell in machine.cells(teardown) if machine.states[cell] not in _AT_REST]
        if begun and not between.isdisjoint(nodes):
            raise Refused(f"{machine.label(begun[0])} takes away what it needs: ask again when that has ended")


def reopen(board: Board, machine: Machine, cells: Iterable[int], actor: str) -> None:
    """Set ended cells to PENDING in a new round.

    Mapped tasks whose list is opened again are expanded anew: they forget their items, or that they were held for
    having none.
    """
    cells = sorted(cells)
    collapsing = check_collapse(machine, {machine.owner[cell] for cell in cells})
    why = Why("reopened", (actor,))
    for node in sorted(collapsing):
        machine.collapse(node)
        tally = _new_round(machine, node)
        board.changes.append(Collapsed(machine.key, machine.graph.tasks[node].id, tally.round, board.now))
    for cell in cells:
        if machine.owner[cell] in collapsing:
            continue
        _new_round(machine, cell)
        _forget(machine, cell)
        machine.marked.discard(cell)
        board.move(machine, cell, TaskState.PENDING, why, Note(actor=actor))
    opened = collapsing.union(machine.owner[cell] for cell in cells)
    for node in sorted(machine.held & machine.graph.lists.keys()):
        if opened.intersection(machine.graph.lists[node]):
            _new_round(machine, node)
            board.move(machine, node, TaskState.PENDING, why, Note(actor=actor))


def _forget(machine: Machine, cell: int) -> None:
    machine.reasons.pop(cell, None)
    for kept in (machine.results, machine.lengths, machine.followed):
        kept.pop(cell, None)


def _new_round(machine: Machine, cell: int) -> Tally:
    tally = machine.tally(cell)
    tally.round += 1
    tally.tries = tally.losses = tally.platform = 0
    tally.not_before = None
    return tally


def _below_mark(machine: Machine, node: int) -> set[int]:
    """The cells that a mark decides again: all below it that ended without having run, of tasks that have ended whole.

    What feeds the list of a map that is under way is left alone, and so is all where a setup above would have to.
    """
    idle = (CODE[TaskState.UPSTREAM_FAILED], CODE[TaskState.SKIPPED])
    busy = any(machine.left.values())
    cells = {
        cell
        for below in machine.graph.descendants((node,))
        if machine.ended(below) and not (busy and any(machine.left[over] for over in maps_over(machine, {below})))
        for cell in machine.cells(below)
        if machine.states[cell] in idle
    }
    opened = with_environments(machine, cells)
    over = maps_over(machine, {machine.owner[cell] for cell in opened})
    return set() if any(machine.left[mapped] for mapped in over) else opened


def apply_mark(board: Board, machine: Machine, cell: int, mark: Mark) -> None:
    """Set a cell without living attempt to the state a person wants, and decide again what lies below."""
    asked, actor, request, origin = mark
    state, was = TaskState(asked.state), machine.state_of(cell).value
    if machine.states[cell] in FINAL_CODES:
        _new_round(machine, cell)
    _forget(machine, cell)
    machine.marked.add(cell)
    board.move(machine, cell, state, Why("marked", (actor, asked.reason)), Note(actor=actor))
    if not machine.stopping:
        reopen(board, machine, _below_mark(machine, machine.owner[cell]), actor)
        go_on(board, machine, actor)
    text = f"{machine.label(cell)} is marked {state.value}"
    board.changes.append(
        Answered(request, actor, MarkTask.__name__, True, text, board.now, machine.key, asked, was, origin)
    )


def go_on(board: Board, machine: Machine, actor: str) -> None:
    """After an act: everything is derived anew, an ended run runs again, a run without place waits for one."""
    if machine.state in RUN_FINAL:
        machine.round += 1
        machine.spent = 0
        board.move_run(machine, RunState.RUNNING, Why("retried", (actor, str(machine.round))), actor)
    machine.rederive()
    if board.overdue(machine):
        board.watch_deadline(machine)  # it went by while nothing but teardowns was left
    if machine.state is not RunState.HELD or not machine.stands_still():
        board.wait_for_place(machine)

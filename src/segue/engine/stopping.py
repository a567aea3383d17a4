"""Stopping a run: by a person, or by its timeout.

What waits ends at once, attempts are stopped; teardowns whose setup succeeded still run, unless a person wants the end
now. A parked run waits for its place again, where a teardown of it has to run.
"""

from __future__ import annotations

from heapq import heappop
from typing import Final

from segue.engine.board import Board, Note
from segue.engine.hooks import call_hook
from segue.engine.machine import FINAL_CODES, UP_FOR_RETRY, Machine
from segue.model.commands import Cancel, Kill
from segue.model.duration import show_duration
from segue.model.images import Stop
from segue.model.state import TaskState
from segue.model.why import Why

__all__ = ["end_overdue", "stop_run", "sweep_cells"]

CANCELLING: Final = Why("cancelling")


def stop_run(board: Board, machine: Machine, stop: Stop, by: str) -> None:
    """Begin to stop a run, or say it again.

    Args:
        board: what the engine knows.
        machine: a run in memory that has not ended.
        stop: `cancel` and `timeout` give attempts TERM, grace and KILL, and let teardowns run; `now` kills all.
        by: who wants it, empty for the timeout.
    """
    if not machine.stopping or (stop == "now" and machine.stop != "now"):
        if machine.cancel_at is None:
            machine.cancel_at = board.now
        machine.stop, machine.stopped_by = stop, by
        machine.rederive()
        why = CANCELLING if stop != "timeout" else Why("timed_out", (show_duration(machine.spec.timeout or 0),))
        board.move_run(machine, machine.state, why, by)
        machine.sweep = machine.used()
    for cell, tally in machine.tallies.items():
        if tally.alive and machine.doomed(cell):
            key = board.key_of(machine, cell)
            board.commands.append(Kill(key, tally.fence) if stop == "now" else Cancel(key, tally.fence))


def sweep_cells(board: Board, machine: Machine) -> None:
    """Cancel every doomed cell without a living attempt, as far as this turn has room."""
    assert machine.sweep is not None
    while board.room:
        cell = next(machine.sweep, None)
        if cell is None:
            machine.sweep = None
            return
        tally = machine.tallies.get(cell)
        if machine.states[cell] in FINAL_CODES or (tally and tally.alive) or not machine.doomed(cell):
            continue
        if machine.states[cell] == UP_FOR_RETRY and cell in machine.kept and cell not in machine.withheld:
            _tell_remote(board, machine, cell)
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, Note(actor=machine.stopped_by))


def _tell_remote(board: Board, machine: Machine, cell: int) -> None:
    """Work that lives elsewhere goes on without an attempt: nobody but its `on_cancel` can end it."""
    task = machine.task(cell)
    if "cancel" in task.rules.hooks:
        call_hook(board, machine, (task.id, "cancel", machine.item(cell)), machine.tally(cell).round)


def end_overdue(board: Board) -> None:
    """Stop the runs whose timeout has come: the time that they held a place, parked time not counted."""
    while board.deadlines and board.deadlines[0][0] <= board.now:
        machine = board.runs.get(heappop(board.deadlines)[1])
        if machine is not None and _overdue(board, machine):
            stop_run(board, machine, "timeout", "")


def _overdue(board: Board, machine: Machine) -> bool:
    at_work = (cell for cell in machine.used() if machine.owner[cell] not in machine.graph.setups)
    return (
        board.overdue(machine)
        and not machine.stopping
        and any(machine.states[cell] not in FINAL_CODES for cell in at_work)
    )

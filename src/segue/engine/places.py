"""Places of runs: each DAG has so many for its scheduled and manual runs, each backfill its own, one for lookbacks."""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeAlias

from segue.engine.board import Board
from segue.engine.machine import Machine

__all__ = ["LOOKBACK", "Line", "grant_places", "limit_of", "line_of"]

LOOKBACK: Final = "lookback"

Line: TypeAlias = int | str
"""Whose places a run asks for: those of a backfill (its number), of lookbacks, or (empty) of the DAG."""


def line_of(machine: Machine) -> Line:
    """Whose places a run asks for."""
    if machine.row.backfill is not None:
        return machine.row.backfill
    return LOOKBACK if machine.row.kind == LOOKBACK else ""


def limit_of(board: Board, machine: Machine) -> int:
    """How many runs may hold the places that this one asks for; a backfill that nobody knows any more has one."""
    line = line_of(machine)
    if line == "":
        return board.dags[machine.key.dag].version.spec.run_limit
    filling = board.agenda.filling_of(machine)
    return 1 if filling is None else filling.row.cap


def grant_places(board: Board) -> bool:
    """Give free places to waiting runs, at most one active run a slot; say whether any was given."""
    given = False
    while board.crowded:
        name = next(iter(board.crowded))
        del board.crowded[name]
        given |= _grant(board, name)
    return given


def _grant(board: Board, name: str) -> bool:
    dag, given = board.dags[name], False
    slots = {machine.row.slot for machine in dag.granted.values() if machine.row.slot is not None}
    taken = Counter(map(line_of, dag.granted.values()))
    for machine in tuple(dag.waiting):
        line = line_of(machine)
        if taken[line] >= limit_of(board, machine):
            continue
        if machine.row.slot in slots or (machine.stopping and not machine.cleaning):
            continue
        dag.waiting.remove(machine)
        machine.waiting = False
        dag.granted[machine.key] = machine
        taken[line] += 1
        if machine.row.slot is not None:
            slots.add(machine.row.slot)
        machine.granted = given = True
        machine.rederive()
        board.active[machine.key] = machine
    return given

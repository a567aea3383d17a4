"""Places of runs: each DAG has so many for its scheduled and manual runs, each backfill its own, lookbacks have one."""

from __future__ import annotations

from collections import Counter

from segue.engine.board import Board
from segue.engine.machine import Machine

__all__ = ["grant_places", "limit_of"]


def limit_of(board: Board, machine: Machine) -> int:
    """How many runs may hold the places that this one asks for; a backfill that nobody knows any more has one."""
    if not machine.line:
        return board.dags[machine.key.dag].version.spec.run_limit
    filling = board.agenda.filling_of(machine)
    return 1 if filling is None else filling.row.cap


def grant_places(board: Board) -> bool:
    """Give free places to waiting runs, at most one active run a slot; say whether any was given."""
    given = False
    while board.crowded:
        name = next(iter(board.crowded))
        del board.crowded[name]
        dag = board.dags[name]
        slots = {machine.row.slot for machine in dag.granted.values() if machine.row.slot is not None}
        taken = Counter(machine.line for machine in dag.granted.values())
        for line in (dag.waiting, dag.aside):
            for machine in tuple(line):
                if taken[machine.line] < limit_of(board, machine):
                    if machine.row.slot not in slots and (not machine.stopping or machine.cleaning):
                        line.remove(machine)
                        _grant(board, machine)
                        given = True
                        taken[machine.line] += 1
                        if machine.row.slot is not None:
                            slots.add(machine.row.slot)
                elif not machine.line:
                    break  # all behind it ask for the same
    return given


def _grant(board: Board, machine: Machine) -> None:
    machine.waiting = False
    machine.granted = True
    board.dags[machine.key.dag].granted[machine.key] = machine
    machine.rederive()
    board.active[machine.key] = machine

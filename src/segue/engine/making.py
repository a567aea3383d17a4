"""Runs of slots, made where nobody asked for one by name."""

from __future__ import annotations

import msgspec

from segue.engine.board import Board
from segue.engine.machine import Machine
from segue.model.images import RunRow
from segue.model.spec import DagSpec
from segue.resolve.graph import Graph

__all__ = ["make_run"]


def make_run(board: Board, row: RunRow, spec: DagSpec | None = None) -> Machine:
    """Make a run of a slot of which all is known (`agenda.ask` gave facts); it waits for its place.

    Args:
        board: what the engine knows.
        row: the run; its number `n`, `request`, `version`, `bundle` and `created` are filled in.
        spec: of an older version that makes it, named in `row`; None: the DAG's present one.
    """
    dag = board.dags[row.run.dag]
    assert row.slot is not None
    run = row.run._replace(n=board.agenda.next_n(row.run.dag, row.slot))
    row = msgspec.structs.replace(row, run=run, request=f"{row.kind} {run}", created=board.now)
    if spec is None:
        row = msgspec.structs.replace(row, version=dag.version.number, bundle=dag.version.bundle)
    if spec is None or row.version == dag.version.number:
        machine = Machine(row, dag.version.spec, dag.graph)
    else:
        machine = Machine(row, spec, Graph(spec))
    board.create(machine)
    return machine

"""Runs that a task starts. The task says so with its outcome, so the run and that it was started are one transaction.

The run is known by the request that its task makes of it: whatever happens to the task, it finds that one again.
"""

from __future__ import annotations

from segue.engine.board import Board, Note, name_of, started_failed
from segue.engine.machine import Machine
from segue.engine.recall import open_dag
from segue.engine.restoring import enter, machine_of
from segue.engine.tally import Tally
from segue.model.errors import Refused
from segue.model.events import StartsRun
from segue.model.ids import RunKey, manual_key, started_by
from segue.model.images import RunRow
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, RunState, TaskState
from segue.model.value import decode, encode
from segue.model.why import Why

__all__ = ["start_run"]


def start_run(board: Board, found: tuple[Machine, int, Tally], outcome: StartsRun, note: Note) -> None:
    """Make the run that a task asks for, or find it, and end the task or let it wait.

    Args:
        board: what the engine knows.
        found: the run of the task, the task, and what that has been through.
        outcome: what the task asked for, with what the store knows about it.
        note: when, and when its code began.
    """
    machine, cell, tally = found
    if machine.doomed(cell):
        board.move(machine, cell, TaskState.CANCELLED, machine.stopped, note)
        return
    try:
        run, state = _found(board, outcome) or (_made(board, machine, cell, outcome), RunState.QUEUED)
    except Refused as why:
        tally.tries += 1
        board.move(machine, cell, TaskState.FAILED, Why("failed", (str(why),)), note)
        return
    if outcome.wait and state not in RUN_FINAL:
        machine.joined[cell] = run
        board.joins.setdefault(run, []).append((machine, cell))
        board.move(machine, cell, TaskState.DEFERRED, Why("deferred", (str(run),)), note)
    elif outcome.wait and state is not RunState.SUCCESS:
        board.move(machine, cell, TaskState.FAILED, started_failed(run, state), note)
    else:
        board.succeed(machine, cell, Note(note.at, note.began, name_of(run)))


def _found(board: Board, outcome: StartsRun) -> tuple[RunKey, RunState] | None:
    """The run that an earlier attempt has started, in memory from now on where it has not ended."""
    image = outcome.facts.made
    if image is None:
        return None
    run = image.row.run
    if run not in board.runs and image.state not in RUN_FINAL:
        enter(board, machine_of(board, image))
    return run, board.runs[run].state if run in board.runs else image.state


def _made(board: Board, machine: Machine, cell: int, outcome: StartsRun) -> RunKey:
    dag = open_dag(board, outcome.dag)
    _check_params(dag.version.spec, outcome.params)
    request = started_by(board.key_of(machine, cell).of)
    n = outcome.facts.next_n
    while (run := RunKey(outcome.dag, manual_key(request), n)) in board.runs:
        n += 1
    row = RunRow(
        run, request, dag.version.number, dag.version.bundle, klass=machine.klass, params=outcome.params,
        due=board.now, created=board.now, actor=machine.row.actor,
        reason=f"started by {machine.key}/{machine.label(cell)}",
    )  # fmt: skip
    child = Machine(row, dag.version.spec, dag.graph)
    board.create(child)
    return run


def _check_params(spec: DagSpec, params: bytes) -> None:
    given = decode(params) if params else {}
    known = {param.name: param for param in spec.params}
    for name in given:
        if name not in known:
            raise Refused(f"DAG {spec.id} has no param {name!r}: it has {', '.join(known) or 'none'}")
        if known[name].secret:
            raise Refused(f"param {name!r} of DAG {spec.id} is secret: a task cannot give it")
        if known[name].choices and encode(given[name]) not in known[name].choices:
            raise Refused(f"param {name!r} of DAG {spec.id} cannot be {given[name]!r}")
    missing = [name for name, param in known.items() if param.default is None and name not in given]
    if missing:
        raise Refused(f"DAG {spec.id} needs {', '.join(missing)}: params={{{missing[0]!r}: …}}")

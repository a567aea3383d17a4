"""Finding what a request is about: the run in memory or as the store has it, and its task."""

from __future__ import annotations

import re

from segue.engine.board import Board, Dag
from segue.engine.filling import Filling
from segue.engine.machine import Machine
from segue.engine.restoring import enter, machine_of
from segue.model.errors import Refused
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.model.images import Facts
from segue.model.state import RUN_FINAL
from segue.model.why import Why

__all__ = ["cell_of", "check_dag", "check_place", "lift", "open_dag", "recall", "take_up"]

_LABEL = re.compile(r"(?P<task>[^\[\]]+)(?:\[(?P<index>\d{1,9})\])?")


def recall(board: Board, key: RunKey, facts: Facts) -> Machine:
    """The run in memory, or as the store has it; not admitted yet.

    Raises:
        Refused: there is none.
    """
    machine = board.runs.get(key)
    if machine is not None:
        return machine
    if facts.backfill is not None:
        board.agenda.backfills.setdefault(facts.backfill.row.id, Filling(facts.backfill))
    if facts.run is None or facts.run.row.run != key:
        heir = board.heirs.get(key.dag)
        now = "" if heir is None else f": DAG {key.dag} is called {heir} now, and the run {key._replace(dag=heir)}"
        raise Refused(f"there is no run {key}{now}")
    return machine_of(board, facts.run)


def take_up(board: Board, machine: Machine) -> None:
    """Take a recalled run into memory, where it is not there yet."""
    if machine.key not in board.runs:
        enter(board, machine)


def check_dag(board: Board, machine: Machine) -> None:
    """Refuse what concerns a run of a quarantined DAG."""
    dag = board.dags.get(machine.key.dag)
    if dag is not None and dag.quarantined is not None:
        raise Refused(f"DAG {machine.key.dag} is quarantined: {dag.quarantined}")


def open_dag(board: Board, name: str) -> Dag:
    """The DAG, where runs of it can be made.

    Raises:
        Refused: it does not exist, stands still, or has no tasks.
    """
    if name in board.disputed:
        raise Refused(board.disputed[name])
    dag = board.dags.get(name)
    if dag is None:
        heir = board.heirs.get(name)
        raise Refused(f"there is no DAG {name}" + ("" if heir is None else f": it is called {heir} now"))
    if dag.quarantined is not None:
        raise Refused(f"DAG {name} is quarantined: {dag.quarantined}")
    if not len(dag.graph):
        raise Refused(f"DAG {name} has no tasks")
    return dag


def check_place(board: Board, request: Request, run: RunKey | None = None) -> None:
    """Refuse what needs the place of a slot that another run holds, of which this owner knows nothing."""
    placed = request.facts.placed
    if placed is not None and placed != run and placed not in board.runs:
        raise Refused(f"{placed} was interrupted and holds this interval: `segue retry {placed}` goes on with it")


def cell_of(machine: Machine, label: str) -> int:
    """The cell that people write so: `clean`, `clean[3]`.

    Raises:
        Refused: there is none.
    """
    match = _LABEL.fullmatch(label)
    index = int(match["index"]) if match and match["index"] else None
    cell = machine.cell(match["task"], index) if match else None
    if cell is None:
        raise Refused(f"{machine.key} has no task {label}")
    return cell


def lift(board: Board, machine: Machine, actor: str) -> None:
    """A person asked for this run by name: it comes before those that the schedule made."""
    if machine.klass:
        machine.klass = 0
        if machine.state not in RUN_FINAL:
            board.move_run(machine, machine.state, Why("lifted", (actor,)), actor)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from segue.model.api.graphs import Grid, GridColumn, GridRow
from segue.model.pages import STATE_CODES, GridRun, RunMark
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, TaskState
from segue.show.views.times import at, maybe_at, seconds

__all__ = ["NO_TASK", "grid_of", "key_of"]

NO_TASK: Final = "."
"""The code of a task that a run has not got."""

_LETTERS: Final = {code: str(state) for state, code in STATE_CODES.items()}
_PENDING: Final = STATE_CODES[TaskState.PENDING]


def grid_of(spec: DagSpec, runs: Sequence[GridRun], state: Callable[[RunMark], str], next: str | None = None) -> Grid:
    """Runs × tasks.

    Args:
        spec: the DAG as it is now: its tasks are the rows, and below them those that only these runs have.
        runs: the columns, the newest first.
        state: as a run's is shown.
        next: the cursor of older runs.
    """
    rows = [GridRow(task.id, task.group, task.kind, task.mapped is not None) for task in spec.tasks]
    known = {row.task_id for row in rows}
    for run in runs:
        for task in run.tasks:
            if task not in known:
                known.add(task)
                rows.append(GridRow(task, gone=True))
    place = {row.task_id: number for number, row in enumerate(rows)}
    columns = tuple(_column(run, rows, place, state(run.mark)) for run in runs)
    return Grid(spec.id, {**_LETTERS, NO_TASK: ""}, tuple(rows), columns, next)


def _column(run: GridRun, rows: Sequence[GridRow], place: dict[str, int], state: str) -> GridColumn:
    mark = run.mark
    codes = dict(zip(run.tasks, run.codes, strict=True))
    # What has not moved has no row: in a run that goes on it is still to come, in one that has ended it was not there.
    other = NO_TASK if mark.state in RUN_FINAL else _PENDING
    told = "".join([codes.get(row.task_id) or (NO_TASK if row.gone else other) for row in rows])
    items = tuple((place[task], {str(one): many for one, many in some}) for task, some in run.items)
    return GridColumn(
        str(mark.run), mark.number, state, mark.kind, key_of(mark), at(mark.created), maybe_at(mark.started),
        seconds(mark.started, mark.ended), mark.version, told, items,
    )  # fmt: skip


def key_of(mark: RunMark) -> str:
    """The part of a run's name behind the `@`."""
    return str(mark.run).partition("@")[2]

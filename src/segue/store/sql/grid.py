"""The grid of a DAG: its runs, and in each the states of its tasks.

A state is one letter, and the database puts the letters of a run together: one row a run reaches us instead of one a
task. No page of a value is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.engine import Connection

from segue.model.pages import STATE_CODES, GridPage, GridRun, RunMark
from segue.model.state import TaskState
from segue.store.schema import NO_INDEX, tasks
from segue.store.sql.grammar import text_of
from segue.store.sql.listing import Dialect, newest_marks

__all__ = ["grid_of"]

_MOST_ITEMS: Final = 100_000
"""Rows of items that one page counts."""

_code: Final = case(
    *((tasks.c.state == text_of(f"'{state}'"), text_of(f"'{code}'")) for state, code in STATE_CODES.items())
)


def grid_of(connection: Connection, dag: str, before: int | None, limit: int, dialect: Dialect) -> GridPage:
    """The newest runs of a DAG below a number, the newest first."""
    marks = newest_marks(connection, (dag,), limit, before, dialect)[:limit]
    rows = _rows(connection, [mark.number for mark in marks], dialect)
    shown: list[RunMark] = []
    mapped: list[int] = []
    items = 0
    for mark in marks:
        _, _, count = rows.get(mark.number, _NOTHING)
        if shown and items + count > _MOST_ITEMS:
            break
        items += count
        shown.append(mark)
        if count:
            mapped.append(mark.number)
    counts = _items(connection, mapped)
    found = tuple(_run(mark, rows.get(mark.number, _NOTHING), counts) for mark in shown)
    more = len(shown) < len(marks) or len(marks) == limit
    return GridPage(found, shown[-1].number if more and shown else None)


_Row = tuple[str, str, int]
_NOTHING: Final[_Row] = ("", "", 0)


def _rows(connection: Connection, numbers: Sequence[int], dialect: Dialect) -> dict[int, _Row]:
    """By run: the names of its tasks and their letters, in one order, and how many items they have."""
    joined = dialect.joined
    found = (
        select(
            tasks.c.run, joined(tasks.c.task_id, ","), joined(_code, ""), func.sum(func.coalesce(tasks.c.expanded, 0))
        )
        .where(tasks.c.run.in_(numbers), tasks.c.map_index == NO_INDEX)
        .group_by(tasks.c.run)
    )
    return {run: (names, codes, int(count)) for run, names, codes, count in connection.execute(found)}


def _items(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, list[tuple[TaskState, int]]]]:
    counted = (
        select(tasks.c.run, tasks.c.task_id, tasks.c.state, func.count())
        .where(tasks.c.run.in_(numbers), tasks.c.map_index > NO_INDEX)
        .group_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
        .order_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
    )
    found: dict[int, dict[str, list[tuple[TaskState, int]]]] = defaultdict(lambda: defaultdict(list))
    for run, task, state, count in connection.execute(counted) if numbers else ():
        found[run][task].append((TaskState(state), count))
    return found


def _run(mark: RunMark, row: _Row, counts: Any) -> GridRun:
    names, codes, _ = row
    items = tuple((task, tuple(states)) for task, states in counts.get(mark.number, {}).items())
    return GridRun(mark, tuple(names.split(",")) if names else (), codes, items)

"""The grid of a DAG: its runs, and in each the states of its tasks.

A state is one letter, and the database puts the letters of a run together: one row a run reaches us instead of one a
task. No page of a value is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

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


def _is_rare(state: TaskState) -> bool:
    return state is not TaskState.SUCCESS


# The database compares one after the other, so what most tasks are comes first.
_code: Final = case(
    *((text_of(f"'{state}'"), text_of(f"'{STATE_CODES[state]}'")) for state in sorted(STATE_CODES, key=_is_rare)),
    value=tasks.c.state,
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
    split = cache(lambda names: tuple(names.split(",")) if names else ())  # of most runs they are the same
    found = tuple(
        GridRun(mark, split(names), codes, _shown(counts.get(mark.number, {})))
        for mark in shown
        for names, codes, _ in (rows.get(mark.number, _NOTHING),)
    )
    more = len(shown) < len(marks) or len(marks) == limit
    return GridPage(found, shown[-1].number if more and shown else None)


_Row: TypeAlias = tuple[str, str, int]
_Count: TypeAlias = tuple[TaskState, int]
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


def _items(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, list[_Count]]]:
    counted = (
        select(tasks.c.run, tasks.c.task_id, tasks.c.state, func.count())
        .where(tasks.c.run.in_(numbers), tasks.c.map_index > NO_INDEX)
        .group_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
        .order_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
    )
    found: dict[int, dict[str, list[_Count]]] = defaultdict(lambda: defaultdict(list))
    for run, task, state, count in connection.execute(counted) if numbers else ():
        found[run][task].append((TaskState(state), count))
    return found


def _shown(counts: Mapping[str, Sequence[_Count]]) -> tuple[tuple[str, tuple[_Count, ...]], ...]:
    return tuple((task, tuple(states)) for task, states in counts.items())

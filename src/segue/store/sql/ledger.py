"""What is known of many slots at once, in a few statements: the engine asks ahead for the slots of all its DAGs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.engine import Connection

from segue.model.events import Known
from segue.model.ids import RunKey
from segue.model.state import RunState
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.views import SlotView
from segue.store.facts import GOOD, facts_of_slot, is_gone, number_in
from segue.store.schema import NO_INDEX, runs, slots, tasks
from segue.store.sql.rows import SLOTS, slot_view
from segue.store.sql.source import SqlSource

__all__ = ["look"]

_AT_ONCE: Final = 500
"""Asks that one statement answers; their parameters stay far below what SQLite takes."""

_GOOD: Final = sorted(state.value for state in GOOD)


def look(connection: Connection, asks: Sequence[SlotAsk]) -> Known:
    """What is known of slots, within the caller's read."""
    source = SqlSource(connection)
    found: list[SlotFacts] = []
    for first in range(0, len(asks), _AT_ONCE):
        found += _answers(connection, source, asks[first : first + _AT_ONCE])
    return Known(tuple(found))


def _answers(connection: Connection, source: SqlSource, asks: Sequence[SlotAsk]) -> Iterator[SlotFacts]:
    keys = [(ask.dag, *ask.slot) for ask in asks]
    of_slots = (
        select(runs.c.dag, runs.c.slot_start, runs.c.slot_end, runs.c.id, runs.c.key, runs.c.n, runs.c.state)
        .where(tuple_(runs.c.dag, runs.c.slot_start, runs.c.slot_end).in_(keys))
        .order_by(runs.c.id)
    )
    made: dict[Any, dict[RunKey, RunState]] = defaultdict(dict)
    slot_of: dict[int, Any] = {}
    for dag, start, end, number, key, n, state in connection.execute(of_slots):
        made[dag, start, end][RunKey(dag, key, n)] = RunState(state)
        slot_of[number] = (dag, start, end)
    rows = _rows(connection, keys)
    of_keys = tuple_(runs.c.dag, runs.c.key).in_([(ask.dag, ask.key) for ask in asks])
    taken = connection.execute(
        select(runs.c.dag, runs.c.key, func.max(runs.c.n)).where(of_keys).group_by(runs.c.dag, runs.c.key)
    )
    highest = {(dag, key): n for dag, key, n in taken}
    good: dict[Any, set[str]] = defaultdict(set)
    for number, task in _good_tasks(connection, list(slot_of)):
        good[slot_of[number]].add(task)
    for ask, slot in zip(asks, keys, strict=True):
        view, scheduled = rows.get(slot, (None, False))
        told = () if view is None else (view.last_run, view.last_good_run)
        taken_n = max(highest.get((ask.dag, ask.key), 0), number_in(told, ask.dag, ask.key))
        if view is not None and is_gone(view, made[slot]) and (version := source.newest(ask.dag)):
            good[slot] |= {task.id for task in version.spec.tasks}
        yield facts_of_slot(ask, made[slot], view, scheduled, taken_n, good[slot])


def _rows(connection: Connection, keys: Sequence[Any]) -> dict[Any, tuple[SlotView | None, bool]]:
    of = slots.c
    found = SLOTS.add_columns(of.scheduled).where(tuple_(of.dag, of.slot_start, of.slot_end).in_(keys))
    views = ((slot_view(row[:-1]), bool(row[-1])) for row in connection.execute(found))
    return {(view.dag, *view.slot): (view, scheduled) for view, scheduled in views}


def _good_tasks(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    whole = tasks.c.map_index == NO_INDEX
    good = case((tasks.c.state.in_(_GOOD), 1), else_=0)
    for first in range(0, len(numbers), _AT_ONCE):
        rows = connection.execute(
            select(
                tasks.c.run, tasks.c.task_id, func.max(case((whole, good), else_=0)), func.max(tasks.c.expanded),
                func.sum(case((whole, 0), else_=good)),
            )
            .where(tasks.c.run.in_(numbers[first : first + _AT_ONCE]))
            .group_by(tasks.c.run, tasks.c.task_id)
        )  # fmt: skip
        for run, task, is_good, expanded, items in rows:
            if is_good or (expanded and items == expanded):
                yield run, task

"""What is known of many slots at once, in a few statements: the engine asks ahead for the slots of all its DAGs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    values,
)
from sqlalchemy.engine import Connection

from segue.model.events import Known
from segue.model.ids import Instant, RunKey
from segue.model.state import RunState
from segue.model.timing import SlotAsk
from segue.store.facts import GOOD, facts_of_slot, is_gone, number_in, starts_of
from segue.store.schema import NO_INDEX, runs, slots, tasks
from segue.store.sql.grammar import ONE, ZERO, Grammar
from segue.store.sql.rows import SLOTS, slot_view
from segue.store.sql.source import SqlSource

__all__ = ["Ledger"]

_AT_ONCE: Final = 500
"""Rows that one statement asks about; their parameters stay far below what SQLite takes."""

_Slot: TypeAlias = tuple[str, Instant, Instant]


class Ledger:
    """The questions about slots, in one dialect.

    What is asked is joined, not looked for with `IN`: SQLite finds no index for a list of tuples. A statement is
    compiled with one row and written out for as many as there are: SQLAlchemy takes milliseconds to compile a list.

    Args:
        g: the dialect.
    """

    def __init__(self, g: Grammar) -> None:
        one = ("", "", 0, 0)
        asked = values(
            column("dag", Text), column("key", Text), column("slot_start", BigInteger), column("slot_end", BigInteger)
        )
        slot = asked.data([one]).cte("asked")
        r = runs.c
        of_slots = select(r.dag, r.slot_start, r.slot_end, r.id, r.key, r.n, r.state)
        of_keys = select(r.dag, r.key, func.max(r.n)).group_by(r.dag, r.key)
        self._runs = _Question(g, of_slots.join_from(slot, runs, _is_asked(runs, slot)).order_by(r.id))
        self._rows = _Question(g, SLOTS.add_columns(slots.c.scheduled).join_from(slot, slots, _is_asked(slots, slot)))
        named = and_(slots.c.dag == slot.c.dag, slots.c.slot_start.between(slot.c.slot_start, slot.c.slot_end))
        names = select(slot.c.dag, slot.c.key, slots.c.last_run, slots.c.last_good_run)
        self._named = _Question(g, names.join_from(slot, slots, named))
        self._highest = _Question(g, of_keys.join_from(slot, runs, and_(r.dag == slot.c.dag, r.key == slot.c.key)))
        self._tasks = _Question(g, _good_tasks())

    def look(self, connection: Connection, asks: Sequence[SlotAsk]) -> Known:
        """What is known of slots, within the caller's read."""
        source = SqlSource(connection)
        of_slots = [(ask.dag, ask.key, *ask.slot) for ask in asks]
        made: dict[_Slot, dict[RunKey, RunState]] = defaultdict(dict)
        slot_of: dict[int, _Slot] = {}
        for dag, start, end, number, key, n, state in self._runs.ask(connection, of_slots):
            made[dag, start, end][RunKey(dag, key, n)] = RunState(state)
            slot_of[number] = (dag, start, end)
        good: dict[_Slot, set[str]] = defaultdict(set)
        for run, task in self._tasks.ask(connection, [(number,) for number in slot_of]):
            good[slot_of[run]].add(task)
        highest = {(dag, key): n for dag, key, n in self._highest.ask(connection, of_slots)}
        told: dict[tuple[str, str], set[str | None]] = defaultdict(set)
        between = [(dag, key, *starts_of(key, start)) for dag, key, start, _ in of_slots]
        for dag, key, *names in self._named.ask(connection, between):
            told[dag, key].update(names)
        rows = {tuple(row[:3]): row for row in self._rows.ask(connection, of_slots)}
        found = []
        for ask in asks:
            slot = (ask.dag, *ask.slot)
            row = rows.get(slot)
            view = None if row is None else slot_view(row[:-1])
            if view is not None and is_gone(view, made[slot]) and (version := source.newest(ask.dag)):
                good[slot] |= {task.id for task in version.spec.tasks}
            key = (ask.dag, ask.key)
            taken = max(highest.get(key, 0), number_in(told[key], *key))
            scheduled = row is not None and bool(row[-1])
            found.append(facts_of_slot(ask, made[slot], view, scheduled, taken, good[slot]))
        return Known(tuple(found))


class _Question:
    def __init__(self, g: Grammar, question: Select[Any]) -> None:
        head, _, rest = str(question.compile(dialect=g.dialect)).partition("(VALUES ")
        row, _, tail = rest.partition("))")
        self._head, self._row, self._tail = head + "(VALUES ", row + ")", ")" + tail

    def ask(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            text = self._head + ", ".join([self._row] * len(some)) + self._tail
            yield from connection.exec_driver_sql(text, tuple(value for row in some for value in row)).fetchall()


def _is_asked(table: Table, asked: CTE) -> ColumnElement[bool]:
    return and_(*(table.c[name] == asked.c[name] for name in ("dag", "slot_start", "slot_end")))


def _good_tasks() -> Select[Any]:
    """Run, task: one that is good itself, or has been expanded and is so in all its items."""
    asked = values(column("run", BigInteger)).data([(0,)]).cte("asked")
    t = tasks.c
    is_good = or_(*(t.state == literal_column(f"'{state}'") for state in sorted(GOOD)))
    of_item = t.map_index > literal_column(str(NO_INDEX))
    itself = func.max(case((and_(is_good, ~of_item), ONE), else_=ZERO))
    items = func.sum(case((and_(is_good, of_item), ONE), else_=ZERO))
    return (
        select(t.run, t.task_id)
        .join_from(asked, tasks, t.run == asked.c.run)
        .group_by(t.run, t.task_id)
        .having(or_(itself == ONE, and_(func.max(t.expanded) > ZERO, items == func.max(t.expanded))))
    )

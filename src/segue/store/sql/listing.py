"""Which runs a list shows, found without walking through those it does not show.

An index has the runs of one DAG in one state in order of their numbers. A list of several DAGs or states takes as many
as it shows from each such *cell*, and of these the first: what it costs grows with the cells, not with history.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, FromClause, Select, func, or_, select, true
from sqlalchemy.engine import Connection

from segue.model.ids import Instant, RunKey
from segue.model.pages import RunMark, place_of_run
from segue.model.state import RunState
from segue.model.views import RunQuery, RunView
from segue.store.schema import dags, runs
from segue.store.sql.rows import RUNS, run_view

__all__ = ["MARKS", "Dialect", "mark_of", "marks_of", "newest_marks", "run_page", "side_by_side"]

_length: Final = runs.c.ended - runs.c.started
_WILD: Final = re.compile(r"\*|\?|\[.*?\]")
_STATES: Final = {state.value: state for state in RunState}

MARKS: Final[Select[Any]] = select(
    runs.c.id, runs.c.dag, runs.c.key, runs.c.n, runs.c.state, runs.c.kind, runs.c.slot_start, runs.c.slot_end,
    runs.c.created, runs.c.started, runs.c.ended, runs.c.version,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dialect:
    """What questions about lists need of a dialect.

    Args:
        matches: whether a column matches a pattern of `*`, `?` and `[…]`.
        words: a table of words with this name and the column `value`.
        of_each: the column `value` of a question of one column, asked for each row of what it refers to.
        contains: whether bytes stand in a column.
        joined: the texts of a group with something between them; two of one question in one order.
    """

    matches: Callable[[Any, str], ColumnElement[bool]]
    words: Callable[[Iterable[str], str], FromClause]
    of_each: Callable[[Select[Any], Sequence[FromClause]], FromClause]
    contains: Callable[[Any, bytes], ColumnElement[bool]]
    joined: Callable[[Any, str], ColumnElement[str]]


def run_page(connection: Connection, query: RunQuery, dialect: Dialect) -> list[RunView]:
    """The runs of a query in its order."""
    if query.error is None:
        return _page(connection, query, dialect)
    found: list[RunView] = []
    seen = query.seen
    while len(found) < query.limit:
        views = _page(connection, msgspec.structs.replace(query, seen=seen), dialect)
        found += [view for view in views if any(fnmatchcase(reason, query.error) for _, reason in view.culprits)]
        if len(views) < query.limit:
            break
        seen = place_of_run(views[-1], query.sort)
    return found[: query.limit]


def _page(connection: Connection, query: RunQuery, dialect: Dialect) -> list[RunView]:
    names = _names(connection, query, dialect)
    order = [runs.c.id.asc() if query.sort == "oldest" else runs.c.id.desc()]
    where = _conditions(query, dialect)
    if query.sort == "longest":
        order = [_length.desc(), *order]
        where += [runs.c.ended.is_not(None), runs.c.started.is_not(None)]
        if query.seen is not None:
            length, number = query.seen
            where += [_length <= length, or_(_length < length, runs.c.id < number)]
    else:
        bounds = _bounds(connection, query)
        if bounds is None:
            return []
        where += bounds
    if query.sort == "longest" or query.backfill is not None or (names is None and not query.states):
        where += [] if names is None else [runs.c.dag.in_(sorted(names))]
        where += [runs.c.state.in_(query.states)] if query.states else []
        ids: Select[Any] = select(runs.c.id).where(*where).order_by(*order).limit(query.limit)
    else:
        each = _cells(names, query.states or _STATES, where, order, query.limit, dialect)
        ids = select(each.c.value).order_by(each.c.value if query.sort == "oldest" else each.c.value.desc())
        ids = ids.limit(query.limit)
    return [run_view(row) for row in connection.execute(RUNS.where(runs.c.id.in_(ids)).order_by(*order))]


def _names(connection: Connection, query: RunQuery, dialect: Dialect) -> frozenset[str] | None:
    """The DAGs whose runs are shown, None: all."""
    if query.dag is None:
        return query.dags
    if _WILD.search(query.dag):
        of = select(dags.c.dag_id).where(dialect.matches(dags.c.dag_id, query.dag))
        named = frozenset(connection.execute(of).scalars())
    else:
        named = frozenset((query.dag,))
    return named if query.dags is None else named & query.dags


def _conditions(query: RunQuery, dialect: Dialect) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since is not None:
        found.append(runs.c.created >= query.since)
    if query.until is not None:
        found.append(runs.c.created < query.until)
    if query.kinds:
        found.append(runs.c.kind.in_(query.kinds))
    if query.backfill is not None:
        found.append(runs.c.backfill == query.backfill)
    if query.error is not None:
        literal = max(_WILD.split(query.error), key=len)
        found.append(runs.c.culprits.is_not(None))
        found += [dialect.contains(runs.c.culprits, literal.encode())] if literal else []
    return found


def _bounds(connection: Connection, query: RunQuery) -> list[ColumnElement[bool]] | None:
    """Between which numbers the runs are, None where there are none: so a list by number need not walk through time."""
    found: list[ColumnElement[bool]] = []
    if query.since is not None or query.until is not None:
        number = runs.c.id + 0  # of the index by time, not of the table from its end
        when = [runs.c.created >= (query.since or 0)]
        when += [runs.c.created < query.until] if query.until is not None else []
        first, last = connection.execute(select(func.min(number), func.max(number)).where(*when)).one()
        if first is None:
            return None
        found += [runs.c.id >= first, runs.c.id <= last]
    if query.seen is not None:
        found.append(runs.c.id > query.seen[1] if query.sort == "oldest" else runs.c.id < query.seen[1])
    return found


def _cells(
    names: Iterable[str] | None, states: Iterable[str], where: Sequence[ColumnElement[bool]], order: Sequence[Any],
    limit: int, dialect: Dialect,
) -> FromClause:  # fmt: skip
    """The numbers of so many runs of each DAG in each state."""
    of_states = dialect.words(map(str, states), "states")
    cells: list[FromClause] = [of_states]
    conditions = [runs.c.state == of_states.c.value, *where]
    if names is not None:
        of_names = dialect.words(names, "names")
        cells.append(of_names)
        conditions.append(runs.c.dag == of_names.c.value)
    inner = select(runs.c.id.label("id")).where(*conditions).order_by(*order).limit(limit).correlate(*cells)
    return dialect.of_each(inner, cells)


def side_by_side(first: FromClause, *others: FromClause) -> FromClause:
    """Every row of one with every row of the next."""
    return reduce(lambda left, right: left.join(right, true()), others, first)


# ------------------------------------------------------------------------------------------------------------- marks
def mark_of(row: Any) -> RunMark:
    """A row of `MARKS`."""
    number, dag, key, n, state, kind, start, end, created, started, ended, version = row
    return RunMark(
        number, RunKey(dag, key, n), _STATES[state], kind, None if start is None else (Instant(start), Instant(end)),
        created, started, ended, version,
    )  # fmt: skip


def newest_marks(
    connection: Connection, names: Iterable[str], count: int, before: int | None, dialect: Dialect
) -> list[RunMark]:
    """So many of the newest runs of each DAG, and maybe more: the newest first."""
    where = [] if before is None else [runs.c.id < before]
    each = _cells(names, _STATES, where, [runs.c.id.desc()], count, dialect)
    found = MARKS.where(runs.c.id.in_(select(each.c.value))).order_by(runs.c.id.desc())
    return [mark_of(row) for row in connection.execute(found)]


def marks_of(
    connection: Connection, asked: frozenset[str] | None, count: int, dialect: Dialect
) -> dict[str, list[RunMark]]:
    """The newest runs of each DAG, the newest first."""
    known = connection.execute(select(dags.c.dag_id)).scalars()
    names = sorted(name for name in known if asked is None or name in asked)
    found: dict[str, list[RunMark]] = {name: [] for name in names}
    for mark in newest_marks(connection, names, count, None, dialect):
        of_dag = found[mark.run.dag]
        if len(of_dag) < count:
            of_dag.append(mark)
    return found

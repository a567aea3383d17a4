"""How much there is to do: counted over what has not ended, so that history costs nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import and_, case, func, select, text
from sqlalchemy.engine import Connection

from segue.model.ids import Instant
from segue.model.pages import LoadView
from segue.model.state import RunState, TaskState
from segue.model.views import PoolView
from segue.store.facts import TaskCounts, Usage, pools_of, with_steps
from segue.store.schema import NO_INDEX, OPEN, attempts, runs, tasks
from segue.store.sql.grammar import ONE, ZERO
from segue.store.sql.source import SqlSource

__all__ = ["load_of", "pool_views"]

_open: Final = select(runs.c.id).where(text(OPEN))
_counted: Final = case(
    (and_(tasks.c.map_index == NO_INDEX, func.coalesce(tasks.c.expanded, ZERO) > ZERO), ZERO), else_=ONE
)
_tasks: Final = (
    select(tasks.c.run, tasks.c.task_id, tasks.c.state, func.sum(_counted), func.max(tasks.c.expanded))
    .where(tasks.c.run.in_(_open))
    .group_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
)
_oldest: Final = (
    select(func.min(attempts.c.created))
    .join_from(
        tasks, attempts,
        and_(
            attempts.c.run == tasks.c.run, attempts.c.task_id == tasks.c.task_id,
            attempts.c.map_index == tasks.c.map_index, attempts.c.number == tasks.c.number,
        ),
    )
    .where(tasks.c.run.in_(_open), tasks.c.state == "queued")
)  # fmt: skip


def load_of(connection: Connection, since: Instant) -> LoadView:
    """What is under way, and what ended at `since` or later."""
    ended = runs.c.ended
    going = select(runs.c.state, func.count()).where(text(OPEN)).group_by(runs.c.state)
    gone = select(runs.c.state, func.count()).where(ended.is_not(None), ended >= since).group_by(runs.c.state)
    counts = _counts(connection)
    total: Counter[TaskState] = Counter()
    for of_run in counts.values():
        for task in of_run.values():
            total.update(task.states)
    oldest = connection.execute(_oldest).scalar()
    return LoadView(
        _by_state(connection.execute(going)), _by_state(connection.execute(gone)), tuple(sorted(total.items())), oldest,
        tuple(_pools(connection, counts)),
    )  # fmt: skip


def pool_views(connection: Connection) -> list[PoolView]:
    """All pools that people have set, or that unfinished runs use, by name."""
    return _pools(connection, _counts(connection))


def _by_state(rows: Iterable[Any]) -> tuple[tuple[RunState, int], ...]:
    return tuple(sorted((RunState(state), count) for state, count in rows))


def _counts(connection: Connection) -> dict[int, dict[str, TaskCounts]]:
    found: dict[int, dict[str, TaskCounts]] = defaultdict(dict)
    for run, task, state, count, expanded in connection.execute(_tasks):
        known = found[run].get(task) or TaskCounts({}, 0)
        states = {**known.states, **({TaskState(state): int(count)} if count else {})}
        found[run][task] = TaskCounts(states, max(known.items, expanded or 0))
    return found


def _pools(connection: Connection, counts: dict[int, dict[str, TaskCounts]]) -> list[PoolView]:
    source = SqlSource(connection)
    rows = connection.execute(select(runs.c.id, runs.c.dag, runs.c.version, runs.c.placed).where(text(OPEN))).fetchall()

    def usage() -> Iterator[Usage]:
        for run, dag, version, placed in rows:
            spec = source.spec(dag, version)
            yield Usage(with_steps(spec, source.steps(run, spec)).tasks, bool(placed), counts.get(run, {}))

    return pools_of(dict(source.pools()), usage())

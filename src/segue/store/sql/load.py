"""How much there is to do: counted over what has not ended, so that history costs nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, case, func, select, text
from sqlalchemy.engine import Connection

from segue.model.ids import Instant
from segue.model.pages import LoadView
from segue.model.state import RunState, TaskState
from segue.model.views import PoolView
from segue.store.facts import TaskCounts, Usage, pools_of, with_steps
from segue.store.schema import NO_INDEX, OPEN, attempts, runs, tasks
from segue.store.sql.grammar import NO_TEXT, ONE, ZERO
from segue.store.sql.source import SqlSource

__all__ = ["load_of", "pool_views"]

_open: Final = select(runs.c.id).where(text(OPEN))
_going: Final = select(runs.c.id, runs.c.state, runs.c.dag, runs.c.version, runs.c.placed).where(text(OPEN))
_counted: Final = case(
    (and_(tasks.c.map_index == NO_INDEX, func.coalesce(tasks.c.expanded, ZERO) > ZERO), ZERO), else_=ONE
)
_tasks: Final = (
    select(tasks.c.run, tasks.c.task_id, tasks.c.state, func.sum(_counted), func.max(tasks.c.expanded))
    .where(tasks.c.run.in_(_open))
    .group_by(tasks.c.run, tasks.c.task_id, tasks.c.state)
)
# The sum keeps the database from going through all attempts of a run for those of its tasks that wait.
_oldest: Final = (
    select(func.min(attempts.c.created))
    .join_from(
        tasks, attempts,
        and_(
            attempts.c.run == tasks.c.run + ZERO, attempts.c.task_id == tasks.c.task_id,
            attempts.c.map_index == tasks.c.map_index, attempts.c.number == tasks.c.number,
        ),
    )
    .where(tasks.c.run.in_(_open), tasks.c.state == "queued")
)  # fmt: skip


def load_of(connection: Connection, since: Instant) -> LoadView:
    """What is under way, and what ended at `since` or later."""
    ended = runs.c.ended
    state = runs.c.state.op("||")(NO_TEXT)  # found by their end, not by the index that has them in order of state
    gone = select(state, func.count()).where(ended.is_not(None), ended >= since).group_by(state)
    going, counts = connection.execute(_going).fetchall(), _counts(connection)
    total: Counter[TaskState] = Counter()
    for of_run in counts.values():
        for task in of_run.values():
            total.update(task.states)
    return LoadView(
        tuple(sorted(Counter(RunState(row.state) for row in going).items())),
        tuple(sorted((RunState(end), count) for end, count in connection.execute(gone))),
        tuple(sorted(total.items())),
        connection.execute(_oldest).scalar(),
        tuple(_pools(connection, going, counts)),
    )


def pool_views(connection: Connection) -> list[PoolView]:
    """All pools that people have set, or that unfinished runs use, by name."""
    return _pools(connection, connection.execute(_going).fetchall(), _counts(connection))


def _counts(connection: Connection) -> dict[int, dict[str, TaskCounts]]:
    found: dict[int, dict[str, TaskCounts]] = defaultdict(dict)
    for run, task, state, count, expanded in connection.execute(_tasks):
        known = found[run].get(task) or TaskCounts({}, 0)
        states = {**known.states, **({TaskState(state): int(count)} if count else {})}
        found[run][task] = TaskCounts(states, max(known.items, expanded or 0))
    return found


def _pools(
    connection: Connection, going: Sequence[Any], counts: Mapping[int, Mapping[str, TaskCounts]]
) -> list[PoolView]:
    source = SqlSource(connection)

    def usage() -> Iterator[Usage]:
        for run in going:
            spec = source.spec(run.dag, run.version)
            tasks_of = with_steps(spec, source.steps(run.id, spec)).tasks
            yield Usage(tasks_of, bool(run.placed), counts.get(run.id, {}))

    return pools_of(dict(source.pools()), usage())

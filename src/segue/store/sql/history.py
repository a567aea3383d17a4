"""Backfills, alerts and what has been, as people and forecasts read them: questions within the caller's read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, exists, func, literal_column, select, text, tuple_
from sqlalchemy.engine import Connection

from segue.model.events import Value
from segue.model.ids import Instant, RunKey
from segue.model.state import RunState
from segue.model.views import AlertView, BackfillView, DeliveryView, DurationView
from segue.store.facts import AT_ONCE
from segue.store.schema import OPEN, alerts, attempts, backfills, deliveries, runs, steps, tasks
from segue.store.sql.forgetting import is_free
from segue.store.sql.rows import ALERTS, BACKFILLS, alert_view, backfill_view, step_of

__all__ = [
    "alerts_of", "backfills_of", "count_expired", "durations_of", "expired_runs", "recent_runs", "staged_in",
    "values_in",
]  # fmt: skip

_MOST: Final = 20_000
"""Attempts that one question about durations reads: more would say nothing new."""


def backfills_of(connection: Connection, where: Iterable[Any], limit: int) -> Sequence[BackfillView]:
    """Backfills of which all of `where` is true, with the states of their runs, the newest first."""
    found = BACKFILLS.where(*where).order_by(backfills.c.id.desc()).limit(limit)
    views = [backfill_view(row) for row in connection.execute(found)]
    states: dict[int, dict[RunState, int]] = defaultdict(dict)
    counted = (
        select(runs.c.backfill, runs.c.state, func.count())
        .where(runs.c.backfill.in_([view.row.id for view in views]))
        .group_by(runs.c.backfill, runs.c.state)
    )
    for backfill, state, count in connection.execute(counted) if views else ():
        states[backfill][RunState(state)] = count
    return [
        BackfillView(view.row, view.state, view.made, tuple(sorted(states[view.row.id].items())), view.ended)
        for view in views
    ]


def alerts_of(
    connection: Connection, where: Iterable[Any], since: Instant | None, open_only: bool, limit: int
) -> Sequence[AlertView]:
    """Alerts of which all of `where` is true, with their deliveries, the newest first."""
    key = (alerts.c.thing, alerts.c.kind, alerts.c.episode)
    mine = [deliveries.c[column.name] == column for column in key]
    found = ALERTS.where(*where).order_by(alerts.c.at.desc(), *key).limit(limit)
    if since is not None:
        found = found.where(alerts.c.at >= since)
    if open_only:
        failed = deliveries.c.state == "failed"
        found = found.where(~exists().where(*mine) | exists().where(*mine, failed))
    rows = connection.execute(found).fetchall()
    by_alert = _deliveries(connection, [tuple(row[:3]) for row in rows])
    return [alert_view(row, tuple(by_alert[tuple(row[:3])])) for row in rows]


def _deliveries(connection: Connection, keys: Sequence[Any]) -> dict[Any, list[DeliveryView]]:
    of = deliveries.c
    found = (
        select(of.thing, of.kind, of.episode, of.target, of.state, of.tries, of.text, of.at)
        .where(tuple_(of.thing, of.kind, of.episode).in_(keys))
        .order_by(of.target)
    )
    by_alert: dict[Any, list[DeliveryView]] = defaultdict(list)
    for row in connection.execute(found) if keys else ():
        by_alert[tuple(row[:3])].append(DeliveryView(*row[3:]))
    return by_alert


# Made once: putting these together costs more than what they ask for.
_NEWEST_GOOD: Final = (
    select(runs.c.id)
    .where(runs.c.dag == bindparam("dag"), runs.c.state == literal_column("'success'"))
    .order_by(runs.c.id.desc())
    .limit(bindparam("many"))
)
_SPANS: Final = (
    select(attempts.c.task_id, attempts.c.ended - attempts.c.started)
    .where(
        attempts.c.run == bindparam("of"), attempts.c.state == "success", attempts.c.kind == "user",
        attempts.c.cause != "deferred", attempts.c.started.is_not(None), attempts.c.ended.is_not(None),
    )
    .order_by(attempts.c.task_id, attempts.c.map_index, attempts.c.number)
    .limit(bindparam("many"))
)  # fmt: skip


def durations_of(connection: Connection, dag: str, limit: int) -> Sequence[DurationView]:
    """How long tasks took in the newest good runs of a DAG, by task, the newest run first."""
    spans: dict[str, list[int]] = defaultdict(list)
    left = _MOST
    for number in connection.execute(_NEWEST_GOOD, {"dag": dag, "many": limit}).scalars().all():
        rows = connection.execute(_SPANS, {"of": number, "many": left}).fetchall()
        for task, span in rows:
            spans[task].append(span)
        left -= len(rows)
        if left <= 0:
            break
    return [DurationView(task, tuple(found)) for task, found in sorted(spans.items())]


def expired_runs(connection: Connection, before: Instant, limit: int) -> Sequence[RunKey]:
    """Runs that ended before an instant, the oldest first, and that nothing needs any more."""
    ended = runs.c.ended
    old = select(runs.c.id, runs.c.dag, runs.c.key, runs.c.n).where(ended.is_not(None), ended < before, is_free())
    found: list[RunKey] = []
    rows = 0
    for number, *run in connection.execute(old.order_by(ended, runs.c.id).limit(limit)).fetchall():
        rows += connection.execute(select(func.count()).select_from(tasks).where(tasks.c.run == number)).scalar() or 0
        if found and rows > AT_ONCE:
            break
        found.append(RunKey(*run))
    return found


def count_expired(connection: Connection, before: Instant) -> int:
    """How many runs ended before an instant, and nothing needs them any more."""
    ended = runs.c.ended
    old = select(func.count()).select_from(runs).where(ended.is_not(None), ended < before, is_free())
    return connection.execute(old).scalar() or 0


def recent_runs(connection: Connection, since: Instant) -> Sequence[int]:
    """Numbers of runs that have not ended, or did at `since` or later."""
    ended = runs.c.ended
    parts = (select(runs.c.id).where(text(OPEN)), select(runs.c.id).where(ended.is_not(None), ended >= since))
    return sorted({number for part in parts for number in connection.execute(part).scalars()})


def values_in(connection: Connection, run: int) -> Sequence[Value]:
    """What is kept of the results of a run, and of the arguments of its steps."""
    of_tasks = select(tasks.c.inline, tasks.c.ref).where(tasks.c.run == run)
    of_steps = select(steps.c.step).where(steps.c.run == run)
    kept = [Value(*row) for row in connection.execute(of_tasks)]
    return kept + [Value(step.inline, step.ref) for step in map(step_of, connection.execute(of_steps).scalars())]


def staged_in(connection: Connection) -> Sequence[bytes]:
    """What held tasks have still to publish: only unfinished runs have such."""
    open_runs = select(runs.c.id).where(text(OPEN))
    found = select(tasks.c.staged).where(tasks.c.run.in_(open_runs), tasks.c.staged.is_not(None))
    return connection.execute(found).scalars().all()

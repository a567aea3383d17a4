"""Backfills, alerts, pools, resources, settings, and who has done what."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, get_args

from fastapi import Query

from segue.engine.forecast import WORKERS
from segue.model.access import Role
from segue.model.alerts import AlertKind
from segue.model.api.backfills import BackfillItem, BackfillWhole
from segue.model.api.listing import Listing
from segue.model.api.resources import ResourceHistory, Resources
from segue.model.api.standing import AlertItem, AuditItem, PoolItem, Setting, SilenceItem
from segue.model.backfills import BackfillState
from segue.model.errors import NotFound
from segue.model.moment import DAY, HOUR
from segue.model.pages import AlertQuery, AuditQuery, place_of_alert
from segue.show.api import specimens
from segue.show.api.narrowing import Id, Word, among, moment_of, narrowed, several
from segue.show.api.paging import Paging
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.views.backfills import backfill_item, backfill_whole
from segue.show.views.load import history_of
from segue.show.views.resources import resources as resources_of
from segue.show.views.standing import alert_item, audit_item, pool_item, silence_item

__all__ = ["STANDING"]

STANDING: Final = Routes("standing")
_STATES: Final[tuple[str, ...]] = get_args(BackfillState)


@STANDING.get("/backfills", needs=Role.VIEWER, example=specimens.BACKFILLS)
def backfills(
    visit: Visiting,
    page: Paging,
    dag: Word = None,
    state: Annotated[list[str] | None, Query(description=f"one of: {', '.join(_STATES)}")] = None,
) -> Listing[BackfillItem]:
    """Backfills, the newest first."""
    question = ("backfills", dag, state)
    after, states = page.after(visit, *question), among("state", state, _STATES)
    before = None if after is None else int(after[0])
    with visit.read() as reader:
        rows = reader.backfills(None, page.limit + 1, dags=narrowed(visit, dag=dag), before=before, states=states)
    return page.listed(visit, rows, lambda row: (row.row.id,), lambda row: backfill_item(row, visit.now), *question)


@STANDING.get("/backfills/{backfill}", needs=Role.VIEWER)
def backfill(visit: Visiting, backfill: Id) -> BackfillWhole:
    """One backfill: how far it is, interval by interval, and when it ends."""
    with visit.reading() as reading:
        try:
            view = reading.backfill(backfill)
            visit.require(Role.VIEWER, view.row.dag)
        except NotFound:
            raise NotFound(f"there is no backfill {backfill}") from None
        spec = visit.doors.specs.get(reading.reader, view.row.dag, view.row.version)
        workers = visit.doors.house.workers or WORKERS
        return backfill_whole(reading, view, spec, visit.now, workers)


@STANDING.get("/alerts", needs=Role.VIEWER, example=specimens.ALERTS)
def alerts(
    visit: Visiting,
    page: Paging,
    dag: Word = None,
    kind: Annotated[list[AlertKind] | None, Query()] = None,
    since: Annotated[str | None, Query(description="raised then or later")] = None,
    unsettled: Annotated[bool, Query(description="only those not yet sent, parked or silenced somewhere")] = False,
) -> Listing[AlertItem]:
    """Alerts, the newest first, each with what has become of it."""
    question = ("alerts", dag, kind, since, unsettled)
    after = page.after(visit, *question)
    place = None if after is None else (after[0], after[1], after[2], after[3])
    query = AlertQuery(
        narrowed(visit, dag=dag), tuple(kind or ()), moment_of(visit, "since", since), unsettled, place, page.limit + 1
    )
    with visit.read() as reader:
        return page.listed(visit, reader.alert_page(query), place_of_alert, alert_item, *question)


@STANDING.get("/silences", needs=Role.VIEWER, of=Of.EVERYTHING)
def silences(visit: Visiting) -> tuple[SilenceItem, ...]:
    """What is silenced now."""
    with visit.read() as reader:
        return tuple(map(silence_item, reader.silences(visit.now)))


@STANDING.get("/pools", needs=Role.VIEWER, example=specimens.POOLS)
def pools(visit: Visiting) -> tuple[PoolItem, ...]:
    """Pools: how many slots, how many of them in use, how many tasks wait for room."""
    names = _pools_seen(visit)
    with visit.read() as reader:
        return tuple(pool_item(pool) for pool in reader.pools() if names is None or pool.name in names)


def _pools_seen(visit: Visit) -> frozenset[str] | None:
    """The pools that tasks of the caller's DAGs ask for, None: all. They belong to no DAG, but tasks wait for them."""
    seen = visit.seen()
    if seen is None:
        return None
    with visit.reading() as reading:
        specs = [reading.newest(view) for view in reading.dags() if view.dag in seen]
    return frozenset(task.rules.pool for spec in specs for task in spec.tasks if task.rules.pool is not None)


@STANDING.get("/resources", needs=Role.VIEWER)
def resources(visit: Visiting) -> Resources:
    """Workers, pools, the queue, what was used and what that cost."""
    seen, names, doors = visit.seen(), _pools_seen(visit), visit.doors
    with visit.read() as reader:
        sample = doors.sampling.sample(reader, visit.now, DAY)
        found = resources_of(reader, sample, doors.desk.health(), doors.machine, visit.now, doors.price, seen)
    return replace(found, pools=tuple(pool for pool in found.pools if names is None or pool.name in names))


@STANDING.get("/resources/history", needs=Role.VIEWER)
def resource_history(
    visit: Visiting, hours: Annotated[int, Query(ge=1, le=168, description="to look back")] = 24
) -> ResourceHistory:
    """Queue, busy workers, waits, CPU and memory over time."""
    with visit.read() as reader:
        sample = visit.doors.sampling.sample(reader, visit.now, hours * HOUR)
    return history_of(sample, visit.now)


@STANDING.get("/settings", needs=Role.ADMIN, of=Of.EVERYTHING)
def settings(visit: Visiting) -> tuple[Setting, ...]:
    """What is set and where; values only where they cannot hold a secret."""
    return tuple(visit.doors.settings())


@STANDING.get("/audit", needs=Role.VIEWER, example=specimens.AUDIT)
def audit(  # noqa: PLR0913  # a filter is a parameter
    visit: Visiting,
    page: Paging,
    dag: Word = None,
    actor: Word = None,
    act: Annotated[list[str] | None, Query(description="names of acts")] = None,
    run: Annotated[str | None, Query(max_length=500, description="as printed")] = None,
    ok: Annotated[bool | None, Query(description="only what was done, or only what was refused")] = None,
    since: str | None = None,
    until: str | None = None,
) -> Listing[AuditItem]:
    """Who has asked for what, and what came of it, the newest first."""
    question = ("audit", dag, actor, act, run, ok, since, until)
    after = page.after(visit, *question)
    seen = narrowed(visit, dag=dag)
    with visit.reading() as reading:
        if seen is not None:
            seen |= {name for view in reading.dags() if view.dag in seen for name in view.former}
        query = AuditQuery(
            seen, actor, several(act), run, ok, moment_of(visit, "since", since), moment_of(visit, "until", until),
            None if after is None else int(after[0]), page.limit + 1,
        )  # fmt: skip
        return page.listed(visit, reading.reader.audit(query), lambda row: (row.seq,), audit_item, *question)

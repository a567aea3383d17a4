"""What should be there, what is missing, what comes, and whether it is in time."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Final

from fastapi import Query

from segue.model.access import Role
from segue.model.api.listing import Listing
from segue.model.api.slots import Clock, Forecast, Hole, LedgerPage
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.model.state import SlotState
from segue.show.api import specimens
from segue.show.api.dags import known_dag
from segue.show.api.narrowing import DagPath, Word, among
from segue.show.api.paging import Paging
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visiting
from segue.show.outlook import clock_of, forecast_of
from segue.show.slots import RETIRED, ledger_of, limits_of
from segue.show.views.ahead import clock_item, forecast_item, holes_of, ledger_page, outlooks
from segue.show.views.dags import DagFilter, known_dags

__all__ = ["AHEAD"]

AHEAD: Final = Routes("intervals")

_RECENT: Final = 400 * DAY
_SLOTS: Final = (*map(str, SlotState), RETIRED)


@AHEAD.get("/dags/{dag}/slots", needs=Role.VIEWER, of=Of.DAG, example=specimens.SLOTS)
def slots(
    visit: Visiting,
    dag: DagPath,
    when: Annotated[
        str | None,
        Query(max_length=100, description="`2026-04-01..2026-04-30`, both ends included; default: the last 400 days"),
    ] = None,
    state: Annotated[list[str] | None, Query(description=f"only those that show one of: {', '.join(_SLOTS)}")] = None,
) -> LedgerPage:
    """Every interval that should be, and what it shows: a calendar."""
    states = among("state", state, _SLOTS)
    with visit.reading() as reading:
        view, spec = reading.dag(dag)
        first, stop = limits_of(spec, when)
        since = None if when else Instant(visit.now - _RECENT)
        rows = reading.reader.slots(view.dag, since if first is None else first, stop)
        ledger = ledger_of(spec, (view.timing, view.foretold), rows, visit.now, when, since=since)
    return ledger_page(ledger, states)


@AHEAD.get("/missing", needs=Role.VIEWER, example=specimens.HOLES)
def missing(
    visit: Visiting,
    page: Paging,
    days: Annotated[int, Query(ge=1, le=366, description="so far back is looked")] = 30,
    tag: Word = None,
    owner: Word = None,
) -> Listing[Hole]:
    """What is missing, failed, stale or held over all DAGs, each with the command that fills it."""
    question = ("missing", days, tag, owner)
    after, seen = page.after(visit, *question), visit.seen()
    with visit.reading() as reading:
        known = known_dags(reading, seen, DagFilter(tag=tag, owner=owner), 0)
        rest = [one for one in known if after is None or one.view.dag > after[0]]
        holes = list(islice(holes_of(reading, rest, visit.now, days), page.limit + 1))
    return page.listed(visit, holes, lambda hole: (hole.dag_id,), lambda hole: hole, *question)


@AHEAD.get("/dags/{dag}/next", needs=Role.VIEWER, of=Of.DAG)
def dag_next(
    visit: Visiting,
    dag: DagPath,
    days: Annotated[int | None, Query(ge=1, le=366, description="all that falls due so many days from now on")] = None,
    count: Annotated[int, Query(ge=1, le=100, description="or so many")] = 5,
) -> Clock:
    """When it runs next."""
    with visit.reading() as reading:
        known = known_dag(reading, dag)
        return clock_item(clock_of(known.view, known.spec, visit.now, count, days))


@AHEAD.get("/next", needs=Role.VIEWER, example=specimens.NEXT)
def next_fires(visit: Visiting, page: Paging, tag: Word = None, owner: Word = None) -> Listing[Clock]:
    """What every DAG runs next, by id."""
    question = ("next", tag, owner)
    after, seen = page.after(visit, *question), visit.seen()
    with visit.reading() as reading:
        known = known_dags(reading, seen, DagFilter(tag=tag, owner=owner), 0)
        rest = [one for one in known if after is None or one.view.dag > after[0]]
        return page.listed(
            visit, rest, lambda one: (one.view.dag,), lambda one: clock_item(clock_of(one.view, one.spec, visit.now)),
            *question,
        )  # fmt: skip


@AHEAD.get("/dags/{dag}/forecast", needs=Role.VIEWER, of=Of.DAG)
def forecast(
    visit: Visiting,
    dag: DagPath,
    workers: Annotated[int | None, Query(ge=1, le=10_000, description="at once; default: as many as there are")] = None,
) -> Forecast:
    """How long its runs take, task by task, and whether the next one is in time."""
    with visit.reading() as reading:
        known = known_dag(reading, dag)
        clock = clock_of(known.view, known.spec, visit.now)
        return forecast_item(forecast_of(reading, clock, visit.now, workers or visit.doors.house.workers))


@AHEAD.get("/forecasts", needs=Role.VIEWER)
def forecasts(
    visit: Visiting,
    page: Paging,
    tag: Word = None,
    owner: Word = None,
    risk: Annotated[bool, Query(description="only those with a deadline that is late or at risk")] = False,
) -> Listing[Forecast]:
    """How long the runs of all DAGs take, by id; with `risk` the deadlines that are at risk."""
    question = ("forecasts", tag, owner, risk)
    after, seen = page.after(visit, *question), visit.seen()
    found = []
    with visit.reading() as reading:
        known = known_dags(reading, seen, DagFilter(tag=tag, owner=owner), 0)
        rest = [one for one in known if after is None or one.view.dag > after[0]]
        for one in outlooks(reading, rest, visit.now, visit.doors.house.workers):
            if not risk or any(each.risk in ("late", "at risk") for each in one.risks):
                found.append(one)
            if len(found) > page.limit:
                break
    return page.listed(
        visit, found, lambda one: (one.clock.spec.id,), lambda one: forecast_item(one, tasks=False), *question
    )

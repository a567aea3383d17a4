from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from segue.model.access import Role
from segue.model.api.dags import CodeDiff, DagItem, DagPage, Trend, VersionItem
from segue.model.api.events import Event
from segue.model.api.graphs import GraphPage, Grid
from segue.model.api.listing import Listing
from segue.model.errors import NotFound
from segue.model.pages import EventQuery
from segue.model.spec import DagSpec
from segue.show.api import specimens
from segue.show.api.narrowing import DagPath, Word, among, several
from segue.show.api.paging import Page, Paging
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.diffing import Side, difference_of
from segue.show.reading import Reading
from segue.show.views.dags import (
    DagFilter,
    DagSort,
    Known,
    dag_item,
    dag_page,
    known_dags,
    marked,
    order_of,
    trend_of,
    version_item,
)
from segue.show.views.events import event_of
from segue.show.views.graphs import graph_page
from segue.show.views.grids import grid_of

__all__ = ["DAGS", "known_dag"]

DAGS: Final = Routes("DAGs")

_STATES: Final = ("queued", "running", "held", "success", "failed", "cancelled", "interrupted")
_BACK: Final = 1_000  # runs among which one of a version is looked for


def known_dag(reading: Reading, dag: str, marks: int = 0) -> Known:
    """A DAG, also by a former id.

    Raises:
        NotFound: there is none of that name.
    """
    view, spec = reading.dag(dag)
    newest = reading.reader.marks(frozenset({view.dag}), marks) if marks else {}
    return Known(view, spec, newest.get(view.dag, ()))


@DAGS.get("/dags", needs=Role.VIEWER, example=specimens.DAGS)
def dags(  # noqa: PLR0913  # a filter is a parameter
    visit: Visiting,
    page: Paging,
    text: Annotated[str, Query(max_length=200, description="stands in id, owner, tag, file or doc")] = "",
    tag: Word = None,
    owner: Word = None,
    location: Word = None,
    state: Annotated[str | None, Query(description=f"of its newest run, one of: {', '.join(_STATES)}")] = None,
    paused: bool | None = None,
    retired: Annotated[bool, Query(description="also those that no file declares any more")] = False,
    sort: DagSort = "name",
    runs: Annotated[int, Query(ge=0, le=50, description="newest runs of each")] = 14,
) -> Listing[DagItem]:
    """DAGs, each with its newest runs and what it runs next."""
    words = among("state", None if state is None else [state], _STATES)
    wanted = DagFilter(text, tag, owner, location, words[0] if words else None, paused, retired)
    question = ("dags", wanted, sort)
    after, seen = page.after(visit, *question), visit.seen()
    with visit.reading() as reading:
        key = order_of(reading, sort, visit.now)
        # All are sorted by the newest run at most; the others are read of those that are shown.
        first = 1 if wanted.state is not None or sort in ("newest", "state") else 0
        known = sorted(known_dags(reading, seen, wanted, first), key=key, reverse=sort == "-name")
        if after is not None:
            known = [one for one in known if (key(one) < after if sort == "-name" else key(one) > after)]
        known = marked(reading, known[: page.limit + 1], max(runs, 1))
        return page.listed(visit, known, key, lambda one: dag_item(reading, one, visit.now), *question)


@DAGS.get("/dags/{dag}", needs=Role.VIEWER, of=Of.DAG)
def dag(
    visit: Visiting, dag: DagPath, runs: Annotated[int, Query(ge=1, le=50, description="newest runs")] = 14
) -> DagPage:
    """One DAG: its schedule in words, what comes, its params as a form needs them, its tasks, what is wrong with it."""
    with visit.reading() as reading:
        known = known_dag(reading, dag, runs)
        newest = next(iter(reading.reader.versions(known.view.dag, None, 1)), None)
        return dag_page(reading, known, visit.now, None if newest is None else newest.label)


@DAGS.get("/dags/{dag}/versions", needs=Role.VIEWER, of=Of.DAG, example=specimens.VERSIONS)
def versions(visit: Visiting, page: Paging, dag: DagPath) -> Listing[VersionItem]:
    """Its versions, the newest first."""
    question = ("versions", dag)
    after = page.after(visit, *question)
    with visit.reading() as reading:
        view, _ = reading.dag(dag)
        rows = reading.reader.versions(view.dag, None if after is None else after[0], page.limit + 1)
    return page.listed(visit, rows, lambda row: (row.number,), version_item, *question)


@DAGS.get("/dags/{dag}/diff", needs=Role.VIEWER, of=Of.DAG)
def compare_versions(
    visit: Visiting,
    dag: DagPath,
    old: Annotated[int, Query(ge=1, le=1 << 31, description="number of a version")],
    new: Annotated[int | None, Query(ge=1, le=1 << 31, description="of another; default: the newest")] = None,
) -> CodeDiff:
    """What lies between two versions: code, tasks and edges."""
    with visit.reading() as reading:
        known = known_dag(reading, dag, _BACK)
        sides = [_side(reading, known, number) for number in (old, new or known.view.version)]
    return difference_of(sides[0], sides[1], visit.doors.code)


def _side(reading: Reading, known: Known, number: int) -> Side:
    view, reader = known.view, reading.reader
    if number == view.version:
        return Side(f"version {number}", known.spec, view.bundle)
    rows = reader.versions(view.dag, number + 1, 1)
    if not rows or rows[0].number != number:
        raise NotFound(f"{view.dag} has no version {number}: the newest is {view.version}")
    run = next((mark.number for mark in known.marks if mark.version == number), None)
    found = None if run is None else reader.find(str(run))
    return Side(f"version {number}", reader.spec(view.dag, number), "" if found is None else found.row.bundle)


@DAGS.get("/dags/{dag}/grid", needs=Role.VIEWER, of=Of.DAG)
def grid(
    visit: Visiting,
    dag: DagPath,
    limit: Annotated[int, Query(ge=1, le=365, description="runs at most")] = 60,
    cursor: Annotated[str | None, Query(max_length=2000, description="`next` of the page before")] = None,
) -> Grid:
    """Runs × tasks, the newest run first, one letter a state."""
    page = Page(limit, cursor)
    after = page.after(visit, "grid", dag)
    with visit.reading() as reading:
        view, spec = reading.dag(dag)
        found = reading.reader.grid(view.dag, None if after is None else after[0], limit)
        next_ = None if found.next is None else page.pointer(visit, (found.next,), "grid", dag)
        return grid_of(spec, found.runs, lambda mark: reading.shown(mark.run, mark.state), next_)


@DAGS.get("/dags/{dag}/graph", needs=Role.VIEWER, of=Of.DAG)
def graph(
    visit: Visiting,
    dag: DagPath,
    version: Annotated[int | None, Query(ge=1, le=1 << 31, description="its number; default: the newest")] = None,
) -> GraphPage:
    """Its graph: tasks, edges of data and of order, groups."""
    with visit.reading() as reading:
        view, spec = reading.dag(dag)
        return graph_page(_version(visit, reading, view.dag, spec, version), version or view.version)


def _version(visit: Visit, reading: Reading, dag: str, newest: DagSpec, number: int | None) -> DagSpec:
    if number is None:
        return newest
    spec = visit.doors.specs.get(reading.reader, dag, number)
    if not spec.tasks:
        raise NotFound(f"{dag} has no version {number}")
    return spec


@DAGS.get("/dags/{dag}/trend", needs=Role.VIEWER, of=Of.DAG)
def trend(
    visit: Visiting, dag: DagPath, runs: Annotated[int, Query(ge=1, le=1000, description="newest runs")] = 100
) -> Trend:
    """How long its runs took: each, the median, the 90th percentile, and task by task."""
    with visit.reading() as reading:
        known = known_dag(reading, dag, runs)
        return trend_of(reading, known.view.dag, known.marks)


@DAGS.get("/dags/{dag}/events", needs=Role.VIEWER, of=Of.DAG, example=specimens.EVENTS)
def dag_events(
    visit: Visiting, page: Paging, dag: DagPath, kind: Annotated[list[str] | None, Query()] = None
) -> Listing[Event]:
    """What has happened to it and to its runs, the newest first."""
    kinds = several(kind)
    question = ("events", dag, kinds)
    after = page.after(visit, *question)
    with visit.reading() as reading:
        view, _ = reading.dag(dag)
        query = EventQuery(
            dags=frozenset({view.dag}), kinds=kinds, before=None if after is None else after[0], limit=page.limit
        )
        found = reading.reader.event_page(query)
    next_ = None if found.next is None else page.pointer(visit, (found.next,), *question)
    return Listing(tuple(map(event_of, found.events)), next_)

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from segue.client.transport import Transport, part
from segue.model.api.dags import CodeDiff, DagItem, DagPage, Trend, VersionItem
from segue.model.api.events import Event
from segue.model.api.graphs import GraphPage, Grid
from segue.model.api.listing import Listing
from segue.model.api.overview import Overview
from segue.model.api.slots import Clock, Forecast, Hole, LedgerPage

__all__ = ["DagEventsQuery", "Dags", "DagsQuery", "ForecastsQuery", "MissingQuery", "NextFiresQuery", "OverviewQuery"]


class OverviewQuery(TypedDict, total=False):
    """Of `overview`; see the route."""

    runs: int
    hours: int
    days: int


class DagsQuery(TypedDict, total=False):
    """Of `list`; see the route."""

    limit: int
    cursor: str | None
    text: str
    tag: str | None
    owner: str | None
    location: str | None
    state: str | None
    paused: bool | None
    retired: bool
    sort: str
    runs: int


class DagEventsQuery(TypedDict, total=False):
    """Of `events`; see the route."""

    limit: int
    cursor: str | None
    kind: Sequence[str]


class MissingQuery(TypedDict, total=False):
    """Of `missing`; see the route."""

    limit: int
    cursor: str | None
    days: int
    tag: str | None
    owner: str | None


class NextFiresQuery(TypedDict, total=False):
    """Of `next_fires`; see the route."""

    limit: int
    cursor: str | None
    tag: str | None
    owner: str | None


class ForecastsQuery(TypedDict, total=False):
    """Of `forecasts`; see the route."""

    limit: int
    cursor: str | None
    tag: str | None
    owner: str | None
    risk: bool


class Dags:
    """DAGs: what they are, how they look, when they run.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def overview(self, **query: Unpack[OverviewQuery]) -> Overview:
        """What needs somebody, every DAG with its newest runs, and what comes."""
        answer: Overview = self._transport.get("/overview", Overview, **query)
        return answer

    def list(self, **query: Unpack[DagsQuery]) -> Listing[DagItem]:
        """DAGs, each with its newest runs and what it runs next."""
        answer: Listing[DagItem] = self._transport.get("/dags", Listing[DagItem], **query)
        return answer

    def get(self, dag: str, *, runs: int = 14) -> DagPage:
        """One DAG: its schedule, what comes, its params as a form needs them, its tasks, what is wrong with it."""
        answer: DagPage = self._transport.get(f"/dags/{part(dag)}", DagPage, runs=runs)
        return answer

    def versions(self, dag: str, *, limit: int = 50, cursor: str | None = None) -> Listing[VersionItem]:
        """Its versions, the newest first."""
        answer: Listing[VersionItem] = self._transport.get(
            f"/dags/{part(dag)}/versions", Listing[VersionItem], limit=limit, cursor=cursor
        )
        return answer

    def compare_versions(self, dag: str, old: int, *, new: int | None = None) -> CodeDiff:
        """What lies between two versions: code, tasks and edges."""
        answer: CodeDiff = self._transport.get(f"/dags/{part(dag)}/diff", CodeDiff, old=old, new=new)
        return answer

    def grid(self, dag: str, *, limit: int = 60, cursor: str | None = None) -> Grid:
        """Runs × tasks, the newest run first, one letter a state."""
        answer: Grid = self._transport.get(f"/dags/{part(dag)}/grid", Grid, limit=limit, cursor=cursor)
        return answer

    def graph(self, dag: str, *, version: int | None = None) -> GraphPage:
        """Its graph: tasks, edges of data and of order, groups."""
        answer: GraphPage = self._transport.get(f"/dags/{part(dag)}/graph", GraphPage, version=version)
        return answer

    def trend(self, dag: str, *, runs: int = 100) -> Trend:
        """How long its runs took: each, the median, the 90th percentile, and task by task."""
        answer: Trend = self._transport.get(f"/dags/{part(dag)}/trend", Trend, runs=runs)
        return answer

    def events(self, dag: str, **query: Unpack[DagEventsQuery]) -> Listing[Event]:
        """What has happened to it and to its runs, the newest first."""
        answer: Listing[Event] = self._transport.get(f"/dags/{part(dag)}/events", Listing[Event], **query)
        return answer

    def slots(self, dag: str, *, when: str | None = None, state: Sequence[str] = ()) -> LedgerPage:
        """Every interval that should be, and what it shows: a calendar."""
        answer: LedgerPage = self._transport.get(f"/dags/{part(dag)}/slots", LedgerPage, when=when, state=state)
        return answer

    def missing(self, **query: Unpack[MissingQuery]) -> Listing[Hole]:
        """What is missing, failed, stale or held over all DAGs, each with the command that fills it."""
        answer: Listing[Hole] = self._transport.get("/missing", Listing[Hole], **query)
        return answer

    def next(self, dag: str, *, days: int | None = None, count: int = 5) -> Clock:
        """When it runs next."""
        answer: Clock = self._transport.get(f"/dags/{part(dag)}/next", Clock, days=days, count=count)
        return answer

    def next_fires(self, **query: Unpack[NextFiresQuery]) -> Listing[Clock]:
        """What every DAG runs next, by id."""
        answer: Listing[Clock] = self._transport.get("/next", Listing[Clock], **query)
        return answer

    def forecast(self, dag: str, *, workers: int | None = None) -> Forecast:
        """How long its runs take, task by task, and whether the next one is in time."""
        answer: Forecast = self._transport.get(f"/dags/{part(dag)}/forecast", Forecast, workers=workers)
        return answer

    def forecasts(self, **query: Unpack[ForecastsQuery]) -> Listing[Forecast]:
        """How long the runs of all DAGs take, by id; with `risk` the deadlines that are at risk."""
        answer: Listing[Forecast] = self._transport.get("/forecasts", Listing[Forecast], **query)
        return answer

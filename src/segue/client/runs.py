from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from segue.client.transport import Transport, part
from segue.model.api.dags import CodeDiff
from segue.model.api.events import Event
from segue.model.api.graphs import GraphPage
from segue.model.api.listing import Listing
from segue.model.api.runs import (
    Alike,
    AttemptItem,
    Blast,
    Critical,
    HeldTask,
    Kept,
    ParamValue,
    Preview,
    RunItem,
    RunWhole,
    TaskItem,
    Timeline,
    WhyPage,
)

__all__ = ["RunAttemptsQuery", "RunTasksQuery", "Runs", "RunsQuery"]


class RunsQuery(TypedDict, total=False):
    """Of `list`; see the route."""

    limit: int
    cursor: str | None
    dag: str | None
    state: Sequence[str]
    kind: Sequence[str]
    since: str | None
    until: str | None
    tag: str | None
    owner: str | None
    backfill: int | None
    error: str | None
    slot: str | None
    sort: str


class RunTasksQuery(TypedDict, total=False):
    """Of `tasks`; see the route."""

    limit: int
    cursor: str | None
    state: Sequence[str]
    task: str | None
    text: str


class RunAttemptsQuery(TypedDict, total=False):
    """Of `attempts`; see the route."""

    limit: int
    cursor: str | None
    task: str | None
    map_index: int | None


class Runs:
    """Runs, and everything that is in one.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, **query: Unpack[RunsQuery]) -> Listing[RunItem]:
        """Runs, the newest first unless `sort` says otherwise."""
        answer: Listing[RunItem] = self._transport.get("/runs", Listing[RunItem], **query)
        return answer

    def get(self, run: str, *, most: int = 2_000) -> RunWhole:
        """One run with its tasks, attempts and culprits: what `segue show RUN --json` prints."""
        answer: RunWhole = self._transport.get(f"/runs/{part(run)}", RunWhole, most=most)
        return answer

    def tasks(self, run: str, **query: Unpack[RunTasksQuery]) -> Listing[TaskItem]:
        """Its tasks in order of declaration, items of mapped ones one by one."""
        answer: Listing[TaskItem] = self._transport.get(f"/runs/{part(run)}/tasks", Listing[TaskItem], **query)
        return answer

    def attempts(self, run: str, **query: Unpack[RunAttemptsQuery]) -> Listing[AttemptItem]:
        """Its attempts in order of task, item and number."""
        answer: Listing[AttemptItem] = self._transport.get(f"/runs/{part(run)}/attempts", Listing[AttemptItem], **query)
        return answer

    def events(self, run: str, *, limit: int = 50, cursor: str | None = None, newest: bool = False) -> Listing[Event]:
        """Everything that has happened to it, in order, each with its reason."""
        answer: Listing[Event] = self._transport.get(
            f"/runs/{part(run)}/events", Listing[Event], limit=limit, cursor=cursor, newest=newest
        )
        return answer

    def graph(self, run: str) -> GraphPage:
        """Its graph: every task with its state, and what lies downstream of what failed or is held."""
        answer: GraphPage = self._transport.get(f"/runs/{part(run)}/graph", GraphPage)
        return answer

    def why(self, run: str, *, task: str | None = None) -> WhyPage:
        """Why it is as it is, and why each of its tasks waits or how it ended."""
        answer: WhyPage = self._transport.get(f"/runs/{part(run)}/why", WhyPage, task=task)
        return answer

    def blast_radius(self, run: str) -> Blast:
        """What is affected by what failed or is held in it: tasks, data, DAGs that wait for it, deadlines."""
        answer: Blast = self._transport.get(f"/runs/{part(run)}/blast", Blast)
        return answer

    def params(self, run: str) -> tuple[ParamValue, ...]:
        """Its params; of a secret only the name."""
        answer: tuple[ParamValue, ...] = self._transport.get(f"/runs/{part(run)}/params", tuple[ParamValue, ...])
        return answer

    def state(self, run: str) -> tuple[Kept, ...]:
        """What its tasks keep between attempts."""
        answer: tuple[Kept, ...] = self._transport.get(f"/runs/{part(run)}/state", tuple[Kept, ...])
        return answer

    def critical_path(self, run: str) -> Critical:
        """The tasks that decided how long it took."""
        answer: Critical = self._transport.get(f"/runs/{part(run)}/critical", Critical)
        return answer

    def timeline(self, run: str, *, most: int = 2_000) -> Timeline:
        """When each attempt waited and when it ran."""
        answer: Timeline = self._transport.get(f"/runs/{part(run)}/timeline", Timeline, most=most)
        return answer

    def compare_runs(self, run: str, *, other: str | None = None) -> CodeDiff:
        """What lies between an older run and this one: code, tasks, params, durations, rows."""
        answer: CodeDiff = self._transport.get(f"/runs/{part(run)}/diff", CodeDiff, other=other)
        return answer

    def results(self, run: str, *, task: str | None = None) -> tuple[Preview, ...]:
        """What its tasks made: kind, size, first rows."""
        answer: tuple[Preview, ...] = self._transport.get(f"/runs/{part(run)}/results", tuple[Preview, ...], task=task)
        return answer

    def held(self, run: str) -> tuple[HeldTask, ...]:
        """Its held tasks: what each made, beside what it made when it was last good."""
        answer: tuple[HeldTask, ...] = self._transport.get(f"/runs/{part(run)}/held", tuple[HeldTask, ...])
        return answer

    def alike(self, run: str, *, limit: int = 20) -> tuple[Alike, ...]:
        """Earlier runs in which the same task failed, and whether with the same words."""
        answer: tuple[Alike, ...] = self._transport.get(f"/runs/{part(run)}/alike", tuple[Alike, ...], limit=limit)
        return answer

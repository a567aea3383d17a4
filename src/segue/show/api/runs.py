from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Final

from fastapi import Query
from msgspec.structs import replace

from segue.model.access import Role
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
from segue.model.errors import NotFound, UsageError
from segue.model.pages import EventQuery, RunSort, place_of_run
from segue.model.state import RunState, TaskState
from segue.model.views import RunDetail, RunQuery, RunView
from segue.show.api import specimens
from segue.show.api.narrowing import Glob, RunPath, Word, among, glob_of, moment_of, narrowed
from segue.show.api.paging import Page, Paging
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.diffing import Side, difference_of
from segue.show.reading import Reading
from segue.show.usual import Usual
from segue.show.views.blast import Waiters, blast
from segue.show.views.events import event_of
from segue.show.views.facts import alike_to, critical, param_values, previews, timeline_of
from segue.show.views.graphs import graph_page
from segue.show.views.holding import held_tasks
from segue.show.views.runs import MOST, attempt_item, run_item, run_whole, task_items, why_page

__all__ = ["RUNS"]

RUNS: Final = Routes("runs")

_STATES: Final = tuple(map(str, RunState))
_KINDS: Final = ("scheduled", "manual", "backfill", "lookback", "event")
_OF_ONE_SLOT: Final = 100
_VALUE: Final = 2_000  # characters
_SMALL: Final = 5_000  # tasks and items of a run that is compared with what is usual


@RUNS.get("/runs", needs=Role.VIEWER, example=specimens.RUNS)
def runs(  # noqa: PLR0913  # a filter is a parameter
    visit: Visiting,
    page: Paging,
    dag: Glob = None,
    state: Annotated[list[str] | None, Query(description=f"one of: {', '.join(_STATES)}")] = None,
    kind: Annotated[list[str] | None, Query(description=f"one of: {', '.join(_KINDS)}")] = None,
    since: Annotated[str | None, Query(description="created then or later: a moment, `02:00`, `2h`")] = None,
    until: Annotated[str | None, Query(description="created before that")] = None,
    tag: Word = None,
    owner: Word = None,
    backfill: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    error: Annotated[str | None, Query(max_length=500, description="a glob on the reason of a culprit")] = None,
    slot: Annotated[str | None, Query(max_length=100, description="key of an interval; with the id of a DAG")] = None,
    sort: RunSort = "newest",
) -> Listing[RunItem]:
    """Runs, the newest first unless `sort` says otherwise."""
    query = RunQuery(
        glob_of("dag", dag), tuple(map(RunState, among("state", state, _STATES))), moment_of(visit, "since", since),
        page.limit + 1, backfill, None, moment_of(visit, "until", until), among("kind", kind, _KINDS),
        glob_of("error", error), sort,
    )  # fmt: skip
    if slot is not None:
        return _of_slot(visit, dag, slot)
    words = [dag, state, kind, since, until, tag, owner, backfill, error, sort]
    return _page_of(visit, page, query, narrowed(visit, tag, owner), words)


def _page_of(
    visit: Visit, page: Page, query: RunQuery, dags: frozenset[str] | None, words: Sequence[object]
) -> Listing[RunItem]:
    after = page.after(visit, "runs", *words)
    seen = None if after is None else (int(after[0]), int(after[1]))
    with visit.reading() as reading:
        found = reading.reader.runs(replace(query, dags=dags, seen=seen))
        return page.listed(
            visit, found, lambda view: place_of_run(view, query.sort),
            lambda view: run_item(view, reading.state(view), reading.zone(view)), "runs", *words,
        )  # fmt: skip


def _of_slot(visit: Visit, dag: str | None, slot: str) -> Listing[RunItem]:
    """All runs of one interval."""
    if dag is None:
        raise UsageError("slot= names an interval of one DAG: say dag= too")
    visit.require(Role.VIEWER, dag)
    found: list[RunView] = []
    with visit.reading() as reading:
        view, spec = reading.dag(dag)
        names = (f"{view.dag}@{slot}" if n == 1 else f"{view.dag}@{slot}.{n}" for n in range(1, _OF_ONE_SLOT))
        for name in names if slot.isprintable() else ():
            run = reading.reader.find(name)
            if run is None:
                break
            found.append(run)
        return Listing(tuple(run_item(run, reading.state(run), spec.timezone) for run in reversed(found)))


@RUNS.get("/runs/{run}", needs=Role.VIEWER, of=Of.RUN)
def run(
    visit: Visiting,
    run: RunPath,
    most: Annotated[int, Query(ge=0, le=MOST, description="tasks, and attempts, that are told")] = MOST,
) -> RunWhole:
    """One run with its tasks, attempts and culprits: what `segue show RUN --json` prints."""
    with visit.reading() as reading:
        detail = _detail(reading, run)
        small = sum(detail.counts().values()) <= _SMALL
        longer = dict(Usual(reading, visit.now).tasks(detail)) if small else {}
        view = detail.run
        return run_whole(detail, reading.state(view), longer, superseded=reading.superseded(view), most=most)


def _detail(reading: Reading, run: str, *, attempts: bool = True) -> RunDetail:
    """A run; what says nothing of its attempts does not read them: a map of 10,000 items has as many."""
    return reading.detail(reading.find(run), attempts=attempts)


@RUNS.get("/runs/{run}/tasks", needs=Role.VIEWER, of=Of.RUN, example=specimens.TASKS)
def run_tasks(
    visit: Visiting,
    page: Paging,
    run: RunPath,
    state: Annotated[list[str] | None, Query(description=f"one of: {', '.join(TaskState)}")] = None,
    task: Annotated[str | None, Query(max_length=300, description="only this task, all its items")] = None,
    text: Annotated[str, Query(max_length=300, description="stands in the label, whatever its case")] = "",
) -> Listing[TaskItem]:
    """Its tasks in order of declaration, items of mapped ones one by one."""
    states = among("state", state, tuple(map(str, TaskState)))
    question = ("tasks", run, states, task, text)
    after = page.after(visit, *question)
    start = 0 if after is None else int(after[0])
    with visit.reading() as reading:
        detail = _detail(reading, run, attempts=False)
        wanted = (
            (number, one)
            for number, one in enumerate(detail.entries())
            if number >= start and (not states or one.state in states) and task in (None, one.task)
            and text.casefold() in one.label.casefold()
        )  # fmt: skip
        rows = list(islice(wanted, page.limit + 1))
        tries = reading.reader.attempts_among(detail.run.run, [(one.task, one.index) for _, one in rows])
    told = task_items(replace(detail, attempts=tuple(tries)), (one for _, one in rows))
    items = {number: item for (number, _), item in zip(rows, told, strict=True)}
    return page.listed(visit, rows, lambda row: (row[0] + 1,), lambda row: items[row[0]], *question)


@RUNS.get("/runs/{run}/attempts", needs=Role.VIEWER, of=Of.RUN, example=specimens.ATTEMPTS)
def run_attempts(
    visit: Visiting,
    page: Paging,
    run: RunPath,
    task: Annotated[str | None, Query(max_length=300, description="only of this task")] = None,
    map_index: Annotated[int | None, Query(ge=0, le=1 << 31, description="only of this item")] = None,
) -> Listing[AttemptItem]:
    """Its attempts in order of task, item and number."""
    question = ("attempts", run, task, map_index)
    after = page.after(visit, *question)
    start = 0 if after is None else int(after[0])
    with visit.reading() as reading:
        wanted = (
            (number, one)
            for number, one in enumerate(_detail(reading, run).attempts)
            if number >= start and task in (None, one.key.task) and map_index in (None, one.key.index)
        )
        rows = list(islice(wanted, page.limit + 1))
    return page.listed(visit, rows, lambda row: (row[0] + 1,), lambda row: attempt_item(row[1]), *question)


@RUNS.get("/runs/{run}/events", needs=Role.VIEWER, of=Of.RUN, example=specimens.EVENTS)
def run_events(
    visit: Visiting,
    page: Paging,
    run: RunPath,
    newest: Annotated[bool, Query(description="the last ones first, instead of in order")] = False,
) -> Listing[Event]:
    """Everything that has happened to it, in order, each with its reason."""
    question = ("run events", run, newest)
    place = page.after(visit, *question)
    at = None if place is None else int(place[0])
    with visit.reading() as reading:
        key = reading.find(run).run
        way = EventQuery(run=key, before=at) if newest else EventQuery(run=key, after=at or 0)
        found = reading.reader.event_page(replace(way, limit=page.limit))
    next_ = None if found.next is None else page.pointer(visit, (found.next,), *question)
    return Listing(tuple(map(event_of, found.events)), next_)


@RUNS.get("/runs/{run}/graph", needs=Role.VIEWER, of=Of.RUN)
def run_graph(visit: Visiting, run: RunPath) -> GraphPage:
    """Its graph: every task with its state, and what lies downstream of what failed or is held."""
    with visit.reading() as reading:
        detail = _detail(reading, run, attempts=False)
        return graph_page(detail.spec, detail.run.row.version, detail, reading.state(detail.run))


@RUNS.get("/runs/{run}/why", needs=Role.VIEWER, of=Of.RUN, example=specimens.WHY)
def run_why(
    visit: Visiting, run: RunPath, task: Annotated[str | None, Query(max_length=300, description="only this")] = None
) -> WhyPage:
    """Why it is as it is, and why each of its tasks waits or how it ended."""
    with visit.reading() as reading:
        detail = _detail(reading, run, attempts=False)
        found = why_page(reading, detail, task)
    if task is not None and not found.tasks:
        raise NotFound(
            f"{found.run_id} has no task {task}: it has {', '.join(one.id for one in detail.spec.tasks[:20])}"
        )
    return found


@RUNS.get("/runs/{run}/blast", needs=Role.VIEWER, of=Of.RUN, example=specimens.BLAST)
def blast_radius(visit: Visiting, run: RunPath) -> Blast:
    """What is affected by what failed or is held in it: tasks, data, DAGs that wait for it, deadlines."""
    seen = visit.seen()
    with visit.reading() as reading:
        waiters = Waiters.of([reading.newest(view) for view in reading.dags() if not view.timing.retired])
        return blast(_detail(reading, run, attempts=False), waiters, seen)


@RUNS.get("/runs/{run}/params", needs=Role.VIEWER, of=Of.RUN)
def run_params(visit: Visiting, run: RunPath) -> tuple[ParamValue, ...]:
    """Its params; of a secret only the name."""
    with visit.reading() as reading:
        return param_values(_detail(reading, run, attempts=False))


@RUNS.get("/runs/{run}/critical", needs=Role.VIEWER, of=Of.RUN)
def critical_path(visit: Visiting, run: RunPath) -> Critical:
    """The tasks that decided how long it took."""
    with visit.reading() as reading:
        return critical(_detail(reading, run, attempts=False))


@RUNS.get("/runs/{run}/timeline", needs=Role.VIEWER, of=Of.RUN)
def timeline(
    visit: Visiting,
    run: RunPath,
    most: Annotated[int, Query(ge=1, le=20_000, description="lines that are told")] = MOST,
) -> Timeline:
    """When each attempt waited and when it ran."""
    with visit.reading() as reading:
        return timeline_of(_detail(reading, run), visit.now, most)


@RUNS.get("/runs/{run}/diff", needs=Role.VIEWER, of=Of.RUN)
def compare_runs(
    visit: Visiting,
    run: RunPath,
    other: Annotated[str | None, Query(max_length=500, description="an older run; default: the last good one")] = None,
) -> CodeDiff:
    """What lies between an older run and this one: code, tasks, params, durations, rows."""
    if other is not None:
        visit.require_run(Role.VIEWER, other)
    with visit.reading() as reading:
        new = _detail(reading, run)
        old = _last_good(reading, new) if other is None else _detail(reading, other)
    sides = [Side(str(one.run.run), one.spec, one.run.row.bundle, one.run.row.params, one) for one in (old, new)]
    return difference_of(sides[0], sides[1], visit.doors.code)


def _last_good(reading: Reading, detail: RunDetail) -> RunDetail:
    found = _good_before(reading, detail)
    if found is None:
        key = detail.run.run
        raise NotFound(f"no run of {key.dag} before {key} was good: name another run to compare it with")
    return found


def _good_before(reading: Reading, detail: RunDetail) -> RunDetail | None:
    query = RunQuery(
        states=(RunState.SUCCESS,), limit=1, dags=frozenset({detail.run.run.dag}), seen=(0, detail.run.number)
    )  # fmt: skip
    return next((reading.detail(found) for found in reading.reader.runs(query)), None)


@RUNS.get("/runs/{run}/held", needs=Role.VIEWER, of=Of.RUN)
def held(visit: Visiting, run: RunPath) -> tuple[HeldTask, ...]:
    """Its held tasks: what each made, beside what it made when it was last good."""
    with visit.reading() as reading:
        detail = _detail(reading, run, attempts=False)
        return tuple(held_tasks(detail, _good_before(reading, detail))) if detail.held else ()


@RUNS.get("/runs/{run}/results", needs=Role.VIEWER, of=Of.RUN)
def results(
    visit: Visiting, run: RunPath, task: Annotated[str | None, Query(max_length=300, description="only this")] = None
) -> tuple[Preview, ...]:
    """What its tasks made: kind, size, first rows."""
    with visit.reading() as reading:
        return tuple(previews(_detail(reading, run, attempts=False), task))


@RUNS.get("/runs/{run}/state", needs=Role.VIEWER, of=Of.RUN)
def kept_state(visit: Visiting, run: RunPath) -> tuple[Kept, ...]:
    """The small values that its tasks keep from attempt to attempt."""
    with visit.reading() as reading:
        found = reading.reader.kept(reading.find(run).run)
    return tuple(Kept(task, index, name, value[:_VALUE]) for task, index, name, value in found[:MOST])


@RUNS.get("/runs/{run}/alike", needs=Role.VIEWER, of=Of.RUN)
def alike(visit: Visiting, run: RunPath, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> tuple[Alike, ...]:
    """Earlier runs in which the same task failed, and whether with the same words."""
    with visit.reading() as reading:
        return tuple(alike_to(reading, _detail(reading, run, attempts=False), limit))

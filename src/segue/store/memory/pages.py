from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final

from segue.model.ids import Instant, RunKey
from segue.model.pages import (
    STATE_CODES,
    AlertQuery,
    AttemptQuery,
    AuditQuery,
    AuditView,
    EventPage,
    EventQuery,
    GridPage,
    GridRun,
    LoadView,
    PulseView,
    RequestView,
    RunMark,
    SlotQuery,
    VersionView,
    place_of_alert,
    place_of_run,
)
from segue.model.state import RUN_FINAL, TaskState
from segue.model.views import AlertView, AttemptView, EventView, RunQuery, RunView, SlotView, TaskView
from segue.store.facts import TaskCounts, Usage, by_key, is_settled, pools_of, with_steps
from segue.store.memory.tables import MemoryStore

__all__ = ["MemoryPages", "usage_of"]

_ALL: Final = RunQuery()


class MemoryPages:
    """Reads a store in memory page by page."""

    _store: MemoryStore

    def runs(self, query: RunQuery = _ALL) -> Sequence[RunView]:
        """Runs in the order of the query."""
        found = (view for view in self._store.newest_first() if _fits(view, query))
        if query.sort == "longest":
            found = (view for view in found if view.started is not None and view.ended is not None)
        down = -1 if query.sort != "oldest" else 1
        places = {place_of_run(view, query.sort): view for view in found}
        behind = (
            place for place in places
            if query.seen is None or (place < query.seen if down < 0 else place > query.seen)
        )  # fmt: skip
        return [places[place] for place in sorted(behind, reverse=down < 0)[: query.limit]]

    def marks(self, dags: frozenset[str] | None = None, count: int = 10) -> Mapping[str, Sequence[RunMark]]:
        """The newest runs of each DAG, the newest first."""
        names = sorted(name for name in self._store.dags if dags is None or name in dags)
        return {name: list(islice(map(_mark, self._of(name)), count)) for name in names}

    def grid(self, dag: str, before: int | None = None, limit: int = 365) -> GridPage:
        """The newest runs of a DAG with the states of their tasks."""
        views = list(islice((view for view in self._of(dag) if before is None or view.number < before), limit))
        runs = tuple(self._column(view) for view in views)
        return GridPage(runs, views[-1].number if len(views) == limit and views else None)

    def _column(self, view: RunView) -> GridRun:
        rows = self._store.tasks.get(view.run, {})
        tasks = sorted((task, row.state) for (task, index), row in rows.items() if index is None)
        items: dict[str, Counter[TaskState]] = defaultdict(Counter)
        is_mapped = any(row.expanded for row in rows.values())
        for (task, index), row in rows.items() if is_mapped else ():
            if index is not None:
                items[task][row.state] += 1
        return GridRun(
            _mark(view), tuple(task for task, _ in tasks), "".join(STATE_CODES[state] for _, state in tasks),
            tuple((task, tuple(sorted(counts.items()))) for task, counts in sorted(items.items())),
        )  # fmt: skip

    def _of(self, dag: str) -> Iterator[RunView]:
        return (view for view in self._store.newest_first() if view.run.dag == dag)

    # -------------------------------------------------------------------------------------------------------- attempts
    def find_attempt(self, number: int) -> AttemptView | None:
        """The attempt with this row number."""
        return next((one for one in self._attempts() if one.id == number), None)

    def attempt_page(self, query: AttemptQuery) -> Sequence[AttemptView]:
        """Attempts of a DAG in a span of time, the newest first."""
        found = (
            one
            for one in self._attempts()
            if one.key.run.dag == query.dag and query.since <= one.created < query.until
            and (not query.states or one.state in query.states) and query.task in (None, one.key.task)
            and (query.before is None or one.id < query.before)
        )  # fmt: skip
        return list(islice(found, query.limit))

    def _attempts(self) -> list[AttemptView]:
        found = (one for rows in self._store.attempts.values() for one in rows.values())
        return sorted(found, key=lambda one: -one.id)

    def kept(self, run: RunKey) -> Sequence[tuple[str, int | None, str, str]]:
        """The small values that tasks of a run keep: task, map index, name, value."""
        values = self._store.kept.get(run, {})
        ordered = sorted(values.items(), key=lambda pair: (*by_key(pair[0][:2]), pair[0][2]))
        return [(*where, value) for where, value in ordered]

    # ---------------------------------------------------------------------------------------------------------- events
    def event_page(self, query: EventQuery) -> EventPage:
        """Events in order, or the newest first."""
        rows: Iterable[EventView] = self._store.events if query.after is not None else reversed(self._store.events)
        found = (
            event
            for event in rows
            if (query.after is None or event.seq > query.after)
            and (query.after is not None or query.before is None or event.seq < query.before)
            and (query.dags is None or event.dag in query.dags) and (not query.kinds or event.kind in query.kinds)
            and query.run in (None, event.run)
        )  # fmt: skip
        views = tuple(islice(found, query.limit))
        return EventPage(views, views[-1].seq if views and len(views) == query.limit else None)

    # ----------------------------------------------------------------------------------------- slots, alerts, requests
    def slot_page(self, query: SlotQuery) -> Sequence[SlotView]:
        """Slots of a DAG, the newest first."""
        found = (
            view
            for (dag, start, end), view in sorted(self._store.slots.items(), reverse=True)
            if dag == query.dag and (not query.states or view.state in query.states)
            and (query.first is None or start >= query.first) and (query.stop is None or start < query.stop)
            and (query.before is None or (start, end) < query.before)
        )  # fmt: skip
        return list(islice(found, query.limit))

    def alert_page(self, query: AlertQuery) -> Sequence[AlertView]:
        """Alerts with their deliveries, the newest first."""

        def order(place: tuple[Instant, str, str, Instant]) -> tuple[int, str, str, Instant]:
            return (-place[0], *place[1:])

        views = {order(place_of_alert(view)): view for view in self._store.alerts.values()}
        found = (
            view
            for place, view in sorted(views.items())
            if (query.dags is None or view.alert.dag in query.dags)
            and (not query.kinds or view.alert.kind in query.kinds)
            and (query.since is None or view.at >= query.since) and not (query.open_only and is_settled(view))
            and (query.before is None or place > order(query.before))
        )  # fmt: skip
        return list(islice(found, query.limit))

    def request(self, request: str) -> RequestView | None:
        """A request, answered or not."""
        view = self._store.answers.get(request)
        if view is None:
            return None
        return RequestView(view.request, view.actor, view.act, view.at, view.at, view.ok, view.text, view.run)

    # -------------------------------------------------------------------------------------------------- versions, deeds
    def versions(self, dag: str, before: int | None = None, limit: int = 50) -> Sequence[VersionView]:
        """Versions of a DAG, the newest first."""
        store = self._store
        numbers = sorted((n for of, n in store.versions if of == dag and (before is None or n < before)), reverse=True)
        found = ((number, store.versions[dag, number]) for number in numbers[:limit])
        return [
            VersionView(dag, number, *store.brought[dag, number], version.spec_digest, version.code_digest)
            for number, version in found
        ]

    def audit(self, query: AuditQuery) -> Sequence[AuditView]:
        """What people asked for, the newest first."""
        found = (
            deed
            for deed in reversed(self._store.audit)
            if (query.dags is None or deed.dag in query.dags) and query.actor in (None, deed.actor)
            and (not query.acts or deed.act in query.acts) and query.run in (None, deed.run)
            and query.ok in (None, deed.ok) and (query.since is None or deed.at >= query.since)
            and (query.until is None or deed.at < query.until) and (query.before is None or deed.seq < query.before)
        )  # fmt: skip
        return list(islice(found, query.limit))

    # ------------------------------------------------------------------------------------------------------------ load
    def load(self, since: Instant) -> LoadView:
        """What is under way, and what ended at `since` or later."""
        store = self._store
        going = [view for view in store.runs.values() if view.state not in RUN_FINAL]
        gone = (view.state for view in store.runs.values() if view.ended is not None and view.ended >= since)
        rows = [(view.run, row) for view in going for row in store.tasks.get(view.run, {}).values()]
        queued = (
            store.attempts.get(run, {}).get((row.task, row.index, row.number))
            for run, row in rows
            if row.state is TaskState.QUEUED
        )
        counted = Counter(row.state for _, row in rows if not (row.index is None and row.expanded))
        return LoadView(
            tuple(sorted(Counter(view.state for view in going).items())), tuple(sorted(Counter(gone).items())),
            tuple(sorted(counted.items())), min((one.created for one in queued if one is not None), default=None),
            tuple(pools_of(store.pools, usage_of(store))),
        )  # fmt: skip

    def pulses(self, limit: int = 2000) -> Sequence[PulseView]:
        """The newest attempts, the newest first."""
        return [
            PulseView(
                one.key.run.dag, one.state, one.cause, one.kind, one.created, one.began, one.ended, one.cpu,
                one.peak_rss, one.worker,
            )
            for one in self._attempts()[:limit]
        ]  # fmt: skip

    def ends(self, since: Instant, limit: int = 5000) -> Sequence[RunMark]:
        """Runs that ended at `since` or later, the last first."""
        found = [view for view in self._store.runs.values() if view.ended is not None and view.ended >= since]
        return [_mark(view) for view in sorted(found, key=lambda view: (-(view.ended or 0), -view.number))[:limit]]


def usage_of(store: MemoryStore) -> Iterator[Usage]:
    """What unfinished runs use of pools."""
    for view in store.runs.values():
        if view.state in RUN_FINAL:
            continue
        spec = store.spec(view.run.dag, view.row.version)
        yield Usage(with_steps(spec, store.steps_of(view.run)).tasks, view.placed, _counts(store, view.run))


def _counts(store: MemoryStore, run: RunKey) -> dict[str, TaskCounts]:
    states: dict[str, Counter[TaskState]] = defaultdict(Counter)
    items: dict[str, int] = {}
    for row in store.tasks.get(run, {}).values():
        _count(row, states[row.task], items)
    return {task: TaskCounts(counts, items.get(task, 0)) for task, counts in states.items()}


def _count(row: TaskView, states: Counter[TaskState], items: dict[str, int]) -> None:
    if row.index is None and row.expanded:
        items[row.task] = row.expanded
    else:
        states[row.state] += 1


def _mark(view: RunView) -> RunMark:
    return RunMark(
        view.number, view.run, view.state, view.row.kind, view.row.slot, view.row.created, view.started, view.ended,
        view.row.version,
    )  # fmt: skip


def _fits(view: RunView, query: RunQuery) -> bool:
    row, error = view.row, query.error
    return (
        (query.dag is None or fnmatchcase(view.run.dag, query.dag))
        and (query.dags is None or view.run.dag in query.dags)
        and (not query.states or view.state in query.states)
        and (query.since is None or row.created >= query.since)
        and (query.until is None or row.created < query.until)
        and (not query.kinds or row.kind in query.kinds)
        and (query.backfill is None or row.backfill == query.backfill)
        and (error is None or any(fnmatchcase(reason, error) for _, reason in view.culprits))
    )

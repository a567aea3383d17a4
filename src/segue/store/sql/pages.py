"""Pages of what there is much of: every question has an end, whatever lies in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.engine import Connection

from segue.model.ids import Instant, RunKey
from segue.model.pages import (
    AlertQuery,
    AttemptQuery,
    AuditQuery,
    AuditView,
    EventPage,
    EventQuery,
    GridPage,
    LoadView,
    PulseView,
    RequestView,
    RunMark,
    SlotQuery,
    VersionView,
)
from segue.model.state import AttemptState
from segue.model.views import AlertView, AttemptView, SlotView
from segue.store.schema import alerts, attempts, audit, events, requests, runs, slots, task_state, versions
from segue.store.sql.grid import grid_of
from segue.store.sql.history import alerts_of
from segue.store.sql.listing import MARKS, Dialect, mark_of, marks_of
from segue.store.sql.load import load_of
from segue.store.sql.rows import ATTEMPTS, EVENTS, SLOTS, attempt_view, event_view, index_of, slot_view
from segue.store.sql.source import is_run

__all__ = ["SqlPages"]

_WALKED: Final = 20_000
"""Events that are looked at for one page."""

_words: Final = msgspec.msgpack.Decoder(tuple[tuple[str, str], ...]).decode
_PULSES: Final = select(
    runs.c.dag, attempts.c.state, attempts.c.cause, attempts.c.kind, attempts.c.created, attempts.c.started,
    attempts.c.ended, attempts.c.cpu, attempts.c.peak_rss, attempts.c.worker,
).join_from(attempts, runs, runs.c.id == attempts.c.run)  # fmt: skip
_VERSIONS: Final = select(
    versions.c.dag, versions.c.number, versions.c.created, versions.c.label, versions.c.spec_digest,
    versions.c.code_digest,
)  # fmt: skip
_DEEDS: Final = select(
    audit.c.seq, audit.c.at, audit.c.actor, audit.c.act, audit.c.ok, audit.c.target, audit.c.dag, audit.c.run,
    audit.c.task, audit.c.old, audit.c.new, audit.c.what, audit.c.reason, audit.c.request, audit.c.parent,
    audit.c.answer,
)  # fmt: skip
_REQUESTS: Final = select(
    requests.c.id, requests.c.actor, requests.c.act, requests.c.at, requests.c.answered, requests.c.outcome,
    requests.c.why, runs.c.dag, runs.c.key, runs.c.n,
).join_from(requests, runs, runs.c.id == requests.c.run, isouter=True)  # fmt: skip


class SqlPages:
    """Reads one database page by page. How a read begins and ends is the dialect's business."""

    _dialect: Dialect

    def _read(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def marks(self, dags: frozenset[str] | None = None, count: int = 10) -> Mapping[str, Sequence[RunMark]]:
        """The newest runs of each DAG, the newest first."""
        with self._read() as connection:
            return marks_of(connection, dags, count, self._dialect)

    def grid(self, dag: str, before: int | None = None, limit: int = 365) -> GridPage:
        """The newest runs of a DAG with the states of their tasks."""
        with self._read() as connection:
            return grid_of(connection, dag, before, limit, self._dialect)

    # -------------------------------------------------------------------------------------------------------- attempts
    def find_attempt(self, number: int) -> AttemptView | None:
        """The attempt with this row number."""
        with self._read() as connection:
            row = connection.execute(ATTEMPTS.where(attempts.c.id == number)).first()
        return None if row is None else attempt_view(row)

    def attempt_page(self, query: AttemptQuery) -> Sequence[AttemptView]:
        """Attempts of a DAG in a span of time, the newest first."""
        # Of its runs that were there then: an index of attempts by time would cost every one of them.
        there = select(runs.c.id).where(
            runs.c.dag == query.dag, runs.c.created < query.until,
            or_(runs.c.ended.is_(None), runs.c.ended >= query.since),
        )  # fmt: skip
        number = attempts.c.id + 0
        where = [attempts.c.created >= query.since, attempts.c.created < query.until]
        where += [attempts.c.state.in_(query.states)] if query.states else []
        where += [attempts.c.task_id == query.task] if query.task is not None else []
        where += [number < query.before] if query.before is not None else []
        found = ATTEMPTS.where(attempts.c.run.in_(there), *where).order_by(number.desc()).limit(query.limit)
        with self._read() as connection:
            return [attempt_view(row) for row in connection.execute(found)]

    def kept(self, run: RunKey) -> Sequence[tuple[str, int | None, str, str]]:
        """The small values that tasks of a run keep: task, map index, name, value."""
        of = task_state.c
        found = select(of.task_id, of.map_index, of.name, of.value).join(runs, runs.c.id == of.run).where(is_run(run))
        with self._read() as connection:
            rows = connection.execute(found.order_by(of.task_id, of.map_index, of.name))
            return [(task, index_of(index), name, value.decode()) for task, index, name, value in rows]

    # ---------------------------------------------------------------------------------------------------------- events
    def event_page(self, query: EventQuery) -> EventPage:
        """Events in order, or the newest first; what one page looks at is bounded."""
        seq, forward = events.c.seq, query.after is not None
        order = seq.asc() if forward else seq.desc()
        found: list[ColumnElement[bool]] = []
        if forward:
            found.append(seq > query.after)
        elif query.before is not None:
            found.append(seq < query.before)
        one = next(iter(query.dags)) if query.dags is not None and len(query.dags) == 1 else None
        if query.run is not None:
            found.append(events.c.run == select(runs.c.id).where(is_run(query.run)).scalar_subquery())
        elif one is not None:
            found.append(events.c.dag == one)
        sifted = list(_sifting(query))
        with self._read() as connection:
            edge = None
            if sifted:
                walked = select(seq).where(*found).order_by(order).limit(1).offset(_WALKED)
                edge = connection.execute(walked).scalar()
            if edge is not None:
                sifted.append(seq < edge if forward else seq > edge)
            page = EVENTS.where(*found, *sifted).order_by(order).limit(query.limit)
            views = [event_view(row) for row in connection.execute(page)]
        if len(views) == query.limit and views:
            return EventPage(tuple(views), views[-1].seq)
        return EventPage(tuple(views), None if edge is None else edge - 1 if forward else edge + 1)

    # ----------------------------------------------------------------------------------------- slots, alerts, requests
    def slot_page(self, query: SlotQuery) -> Sequence[SlotView]:
        """Slots of a DAG, the newest first."""
        start, end = slots.c.slot_start, slots.c.slot_end
        found = SLOTS.where(slots.c.dag == query.dag).order_by(start.desc(), end.desc()).limit(query.limit)
        if query.states:
            found = found.where(slots.c.state.in_(query.states))
        if query.first is not None:
            found = found.where(start >= query.first)
        if query.stop is not None:
            found = found.where(start < query.stop)
        if query.before is not None:
            first, last = query.before
            found = found.where(start <= first, or_(start < first, end < last))
        with self._read() as connection:
            return [slot_view(row) for row in connection.execute(found)]

    def alert_page(self, query: AlertQuery) -> Sequence[AlertView]:
        """Alerts with their deliveries, the newest first."""
        where: list[ColumnElement[bool]] = []
        if query.dags is not None:
            where.append(alerts.c.dag.in_(sorted(query.dags)))
        if query.kinds:
            where.append(alerts.c.kind.in_(query.kinds))
        if query.before is not None:
            at, *key = query.before
            behind = tuple_(alerts.c.thing, alerts.c.kind, alerts.c.episode) > tuple_(*key)
            where += [alerts.c.at <= at, or_(alerts.c.at < at, behind)]
        with self._read() as connection:
            return alerts_of(connection, where, query.since, query.open_only, query.limit)

    def request(self, request: str) -> RequestView | None:
        """A request, answered or not."""
        with self._read() as connection:
            row = connection.execute(_REQUESTS.where(requests.c.id == request)).first()
        if row is None:
            return None
        name, actor, act, at, answered, outcome, text, dag, key, n = row
        run = None if dag is None else RunKey(dag, key, n)
        return RequestView(name, actor, act, at, answered, None if outcome is None else bool(outcome), text, run)

    # -------------------------------------------------------------------------------------------------- versions, deeds
    def versions(self, dag: str, before: int | None = None, limit: int = 50) -> Sequence[VersionView]:
        """Versions of a DAG, the newest first."""
        found = _VERSIONS.where(versions.c.dag == dag).order_by(versions.c.number.desc()).limit(limit)
        if before is not None:
            found = found.where(versions.c.number < before)
        with self._read() as connection:
            return [VersionView(*row) for row in connection.execute(found)]

    def audit(self, query: AuditQuery) -> Sequence[AuditView]:
        """What people asked for, the newest first."""
        found = _DEEDS.where(*_of_audit(query)).order_by(audit.c.seq.desc()).limit(query.limit)
        with self._read() as connection:
            return [_deed(row) for row in connection.execute(found)]

    # ------------------------------------------------------------------------------------------------------------ load
    def load(self, since: Instant) -> LoadView:
        """What is under way, and what ended at `since` or later."""
        with self._read() as connection:
            return load_of(connection, since)

    def pulses(self, limit: int = 2000) -> Sequence[PulseView]:
        """The newest attempts, the newest first."""
        with self._read() as connection:
            rows = connection.execute(_PULSES.order_by(attempts.c.id.desc()).limit(limit))
            return [PulseView(dag, AttemptState(state), *rest) for dag, state, *rest in rows]

    def ends(self, since: Instant, limit: int = 5000) -> Sequence[RunMark]:
        """Runs that ended at `since` or later, the last first."""
        ended = runs.c.ended
        found = MARKS.where(ended.is_not(None), ended >= since).order_by(ended.desc(), runs.c.id.desc()).limit(limit)
        with self._read() as connection:
            return [mark_of(row) for row in connection.execute(found)]


def _sifting(query: EventQuery) -> Iterable[ColumnElement[bool]]:
    """Conditions that no index answers."""
    if query.kinds:
        yield events.c.kind.in_(query.kinds)
    if query.dags is not None and (len(query.dags) != 1 or query.run is not None):
        # Not as the index has it: a list of ids would be looked up there one by one, and sorted.
        yield func.coalesce(events.c.dag, "").in_(sorted(query.dags))


def _of_audit(query: AuditQuery) -> Iterable[ColumnElement[bool]]:
    of = audit.c
    if query.dags is not None:
        yield of.dag.in_(sorted(query.dags))
    if query.acts:
        yield of.act.in_(query.acts)
    wanted: tuple[tuple[Any, Any], ...] = ((of.actor, query.actor), (of.run, query.run))
    yield from (column == value for column, value in wanted if value is not None)
    if query.ok is not None:
        yield of.ok == int(query.ok)
    if query.since is not None:
        yield of.at >= query.since
    if query.until is not None:
        yield of.at < query.until
    if query.before is not None:
        yield of.seq < query.before


def _deed(row: Any) -> AuditView:
    seq, at, actor, act, ok, target, dag, run, task, old, new, what, *rest = row
    return AuditView(seq, at, actor, act, bool(ok), target, dag, run, task, old, new, _words(what), *rest)

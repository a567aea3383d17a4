"""The reading side: each call is one short snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import ScalarSelect, func, select, union_all
from sqlalchemy.engine import Connection

from segue.model.acts import SecretKind
from segue.model.events import Request, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import Snapshot
from segue.model.spec import DagSpec
from segue.model.state import RunState, TaskState
from segue.model.views import (
    AlertView,
    AnswerView,
    AttemptView,
    BackfillView,
    DagView,
    DurationView,
    EasedView,
    EventView,
    PoolView,
    RunDetail,
    RunQuery,
    RunView,
    SealedRow,
    SilenceView,
    SlotView,
    TaskView,
)
from segue.store.facts import Where, held_of, is_number, names_of, rehearsal_of, with_steps
from segue.store.schema import (
    NO_INDEX,
    attempts,
    backfills,
    dags,
    eased,
    events,
    requests,
    runs,
    silences,
    slots,
    task_state,
    tasks,
)
from segue.store.sql.history import (
    alerts_of,
    backfills_of,
    count_expired,
    durations_of,
    expired_runs,
    recent_runs,
    staged_in,
    values_in,
)
from segue.store.sql.listing import run_page
from segue.store.sql.load import pool_views
from segue.store.sql.pages import SqlPages
from segue.store.sql.rows import (
    ANSWERS,
    ATTEMPTS,
    BACKFILLS,
    DAGS,
    EVENTS,
    RUNS,
    SLOTS,
    TASKS,
    answer_view,
    attempt_view,
    backfill_view,
    dag_view,
    event_view,
    index_of,
    run_view,
    slot_view,
    task_view,
)
from segue.store.sql.source import SqlSource, is_run
from segue.store.sql.statements import SEALED, Statements

__all__ = ["SqlReader", "SqlResults"]

_ALL = RunQuery()
_AT_ONCE = 500  # names in one question
_tries = attempts.c


class SqlReader(SqlPages):
    """Reads one database; also all its rows, for the audit. How a read begins and ends is the dialect's business."""

    def _read(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    # ----------------------------------------------------------------------------------------------------------- runs
    def runs(self, query: RunQuery = _ALL) -> Sequence[RunView]:
        """Runs in the order of the query."""
        with self._read() as connection:
            return run_page(connection, query, self._dialect)

    def find(self, text: str) -> RunView | None:
        """The run that people name so: `dag@key`, `dag@key.2`, `dag@latest` or its row number."""
        with self._read() as connection:
            if is_number(text):
                tries = [RUNS.where(runs.c.id == int(text))]
            elif text.endswith("@latest"):
                dag = text.removesuffix("@latest")
                tries = [RUNS.where(runs.c.id == _newest_of(dag))]
            else:
                tries = [RUNS.where(is_run(name)) for name in names_of(text)]
            rows = (connection.execute(question).first() for question in tries)
            return next((run_view(row) for row in rows if row is not None), None)

    def run(self, run: RunKey, *, attempts: bool = True) -> RunDetail | None:
        """One run, whole, or without its attempts."""
        with self._read() as connection:
            row = connection.execute(RUNS.where(is_run(run))).first()
            if row is None:
                return None
            view = run_view(row)
            number = view.number
            of_tasks = TASKS.where(tasks.c.run == number).order_by(tasks.c.task_id, tasks.c.map_index)
            of_attempts = ATTEMPTS.where(_tries.run == number).order_by(_tries.task_id, _tries.map_index, _tries.number)
            rows = tuple(map(task_view, connection.execute(of_tasks)))
            holds = any(row.state is TaskState.HELD for row in rows)
            source = SqlSource(connection)
            spec = source.spec(run.dag, view.row.version)
            return RunDetail(
                view,
                with_steps(spec, source.steps(number, spec)),
                rows,
                tuple(map(attempt_view, connection.execute(of_attempts))) if attempts else (),
                held_of(rows, _held_since(connection, number)) if holds else (),
            )

    def attempts(self, run: RunKey, task: str, index: int | None) -> Sequence[AttemptView]:
        """The attempts of one task, the oldest first."""
        found = ATTEMPTS.where(
            is_run(run), attempts.c.task_id == task, attempts.c.map_index == (NO_INDEX if index is None else index)
        )
        with self._read() as connection:
            return [attempt_view(row) for row in connection.execute(found.order_by(attempts.c.number))]

    def attempts_among(self, run: RunKey, places: Sequence[tuple[str, int | None]]) -> Sequence[AttemptView]:
        """The attempts of some tasks and items, in order of task, item and number; perhaps of more than these."""
        if not places:
            return ()
        items = [NO_INDEX if index is None else index for _, index in places]
        found = ATTEMPTS.where(
            is_run(run), _tries.task_id.in_(sorted({task for task, _ in places})),
            _tries.map_index.between(min(items), max(items)),
        )  # fmt: skip
        with self._read() as connection:
            rows = connection.execute(found.order_by(_tries.task_id, _tries.map_index, _tries.number))
            return [attempt_view(row) for row in rows]

    # ------------------------------------------------------------------------------------------------- events, the rest
    def events(self, after: int = 0, *, run: RunKey | None = None, limit: int = 1000) -> Sequence[EventView]:
        """Events with a number above `after`, of one run or all."""
        found = EVENTS.where(events.c.seq > after).order_by(events.c.seq).limit(limit)
        if run is not None:
            found = found.where(events.c.run == select(runs.c.id).where(is_run(run)).scalar_subquery())
        with self._read() as connection:
            return [event_view(row) for row in connection.execute(found)]

    def last_event(self) -> int:
        """The newest event's number, 0 where there is none."""
        with self._read() as connection:
            return connection.execute(select(func.max(events.c.seq))).scalar() or 0

    def dags(self) -> Sequence[DagView]:
        """All, by id."""
        with self._read() as connection:
            return [dag_view(row) for row in connection.execute(DAGS.order_by(dags.c.dag_id))]

    def spec(self, dag: str, number: int) -> DagSpec:
        """A DAG as it was in a version; one without tasks where that is not kept."""
        with self._read() as connection:
            return SqlSource(connection).spec(dag, number)

    def slots(self, dag: str, first: Instant | None = None, stop: Instant | None = None) -> Sequence[SlotView]:
        """Slots of a DAG that start in `[first, stop)`, the oldest first."""
        found = SLOTS.where(slots.c.dag == dag).order_by(slots.c.slot_start, slots.c.slot_end)
        if first is not None:
            found = found.where(slots.c.slot_start >= first)
        if stop is not None:
            found = found.where(slots.c.slot_start < stop)
        with self._read() as connection:
            return [slot_view(row) for row in connection.execute(found)]

    def ledgers(self, dags: frozenset[str], first: Instant) -> Mapping[str, Sequence[SlotView]]:
        """Slots of several DAGs that start at `first` or later, the oldest first; a DAG without any is left out."""
        found: dict[str, list[SlotView]] = {}
        names = sorted(dags)
        with self._read() as connection:
            for at in range(0, len(names), _AT_ONCE):
                some = SLOTS.where(slots.c.dag.in_(names[at : at + _AT_ONCE]), slots.c.slot_start >= first)
                for row in connection.execute(some.order_by(slots.c.dag, slots.c.slot_start, slots.c.slot_end)):
                    found.setdefault(row[0], []).append(slot_view(row))
        return found

    def answer_to(self, request: str) -> AnswerView | None:
        """The answer a request has had."""
        with self._read() as connection:
            answered = ANSWERS.where(requests.c.id == request, requests.c.answered.is_not(None))
            row = connection.execute(answered).first()
            return None if row is None else answer_view(row)

    def rehearsal(self, dags: frozenset[str], asked: Sequence[Request]) -> tuple[Snapshot, Sequence[Request]]:
        """What an engine needs to answer requests."""
        with self._read() as connection:
            source = SqlSource(connection)
            return rehearsal_of(source, source.dags(dags), asked)

    # ------------------------------------------------------------------------------------- backfills, alerts, history
    def backfills(
        self,
        dag: str | None = None,
        limit: int = 50,
        *,
        dags: frozenset[str] | None = None,
        before: int | None = None,
        states: Sequence[str] = (),
    ) -> Sequence[BackfillView]:
        """Backfills of one DAG or all, the newest first."""
        where = [] if dag is None else [backfills.c.dag == dag]
        where += [] if dags is None else [backfills.c.dag.in_(sorted(dags))]
        where += [] if before is None else [backfills.c.id < before]
        where += [backfills.c.state.in_(states)] if states else []
        with self._read() as connection:
            return backfills_of(connection, where, limit)

    def backfill(self, number: int) -> BackfillView | None:
        """One backfill."""
        with self._read() as connection:
            return next(iter(backfills_of(connection, [backfills.c.id == number], 1)), None)

    def alerts(self, since: Instant | None = None, *, open_only: bool = False, limit: int = 100) -> Sequence[AlertView]:
        """Alerts raised at `since` or later, the newest first; `open_only`: not yet sent, parked or silenced."""
        with self._read() as connection:
            return alerts_of(connection, (), since, open_only, limit)

    def silences(self, now: Instant) -> Sequence[SilenceView]:
        """What is silenced now."""
        of = silences.c
        found = select(of.selection, of.until, of.actor, of.reason).where(of.until > now).order_by(of.selection)
        return [SilenceView(*row) for row in self._all(found)]

    def durations(self, dag: str, runs: int = 20) -> Sequence[DurationView]:
        """How long the tasks of a DAG took in its newest good runs, by task, the newest run first."""
        with self._read() as connection:
            return durations_of(connection, dag, runs)

    def expired(self, before: Instant, limit: int = 100) -> Sequence[RunKey]:
        """Runs that ended before an instant, the oldest first; none that owes a hook or is part of a backfill."""
        with self._read() as connection:
            return expired_runs(connection, before, limit)

    def expirable(self, before: Instant) -> int:
        """How many runs that ended before an instant may go."""
        with self._read() as connection:
            return count_expired(connection, before)

    def values(self, since: Instant) -> Iterator[Value]:
        """What is kept of results in runs that have not ended, or did at `since` or later; arguments of steps too."""
        with self._read() as connection:
            recent = recent_runs(connection, since)
        for run in recent:
            with self._read() as connection:
                found = values_in(connection, run)
            yield from found

    def staged(self) -> Sequence[bytes]:
        """What held tasks have still to publish."""
        with self._read() as connection:
            return staged_in(connection)

    # ----------------------------------------------------------------------------------- pools, guards, what is sealed
    def pools(self) -> Sequence[PoolView]:
        """All that people have set, or that unfinished runs use, by name."""
        with self._read() as connection:
            return pool_views(connection)

    def eased(self, dag: str | None = None) -> Sequence[EasedView]:
        """What people have released from now on, in one DAG or all."""
        found = select(eased.c.dag, eased.c.task, eased.c.guard, eased.c.like, eased.c.at)
        if dag is not None:
            found = found.where(eased.c.dag == dag)
        order = (eased.c.dag, eased.c.task, eased.c.guard, eased.c.like)
        return [EasedView(*row) for row in self._all(found.order_by(*order))]

    def sealed(self, kind: SecretKind, name: str) -> bytes | None:
        """The ciphertext of a connection or secret."""
        table = SEALED[kind]
        with self._read() as connection:
            return connection.execute(select(table.c.sealed).where(table.c.name == name)).scalar()

    def sealed_rows(self, kind: SecretKind) -> Sequence[SealedRow]:
        """All connections, or all secrets, by name."""
        table = SEALED[kind]
        found = select(table.c.name, table.c.sealed, table.c.key_id, table.c.at, table.c.actor)
        return [SealedRow(*row) for row in self._all(found.order_by(table.c.name))]

    # ------------------------------------------------------------------------------------------------- for the audit
    def state_rows(self) -> Iterator[tuple[int, str, int | None, str]]:
        """Whose small values are kept, with their run's number, and their names."""
        found = select(task_state.c.run, task_state.c.task_id, task_state.c.map_index, task_state.c.name)
        return ((run, task, index_of(index), name) for run, task, index, name in self._all(found))

    def slot_rows(self) -> Iterator[SlotView]:
        """The whole ledger."""
        return map(slot_view, self._all(SLOTS))

    def backfill_rows(self) -> Iterator[BackfillView]:
        """All backfills."""
        return map(backfill_view, self._all(BACKFILLS.order_by(backfills.c.id)))

    def run_rows(self) -> Iterator[RunView]:
        """All runs."""
        return (run_view(row) for row in self._all(RUNS.order_by(runs.c.id)))

    def task_rows(self) -> Iterator[tuple[int, TaskView]]:
        """All task rows, with their run's number."""
        return ((row[0], task_view(row)) for row in self._all(TASKS))

    def attempt_rows(self) -> Iterator[tuple[int, AttemptView]]:
        """All attempts, with their run's number."""
        return ((row[0], attempt_view(row)) for row in self._all(ATTEMPTS.order_by(attempts.c.id)))

    def event_rows(self) -> Iterator[EventView]:
        """The whole log, in order."""
        return (event_view(row) for row in self._all(EVENTS.order_by(events.c.seq)))

    def _all(self, question: Any) -> Sequence[Any]:
        with self._read() as connection:
            return connection.execute(question).fetchall()


def _newest_of(dag: str) -> ScalarSelect[int]:
    """The number of a DAG's newest run: that of the newest in each state, which an index has."""
    of, number = runs.c, func.max(runs.c.id)
    cells = union_all(*(select(number.label("id")).where(of.dag == dag, of.state == state) for state in RunState))
    return select(func.max(cells.subquery().c.id)).scalar_subquery()


def _held_since(connection: Connection, run: int) -> dict[Where, Instant]:
    found = (
        select(events.c.task_id, events.c.map_index, func.max(events.c.at))
        .where(events.c.run == run, events.c.kind == "task", events.c.new == TaskState.HELD.value)
        .group_by(events.c.task_id, events.c.map_index)
    )
    return {(task, index_of(index)): Instant(at) for task, index, at in connection.execute(found)}


class SqlResults:
    """Reads results for attempts, from one thread of its owner's choice."""

    _sql: Statements

    def _read(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def result(self, run: RunKey, task: str, index: int | None) -> Value | None:
        """The accepted result of one task, None where it has none."""
        where = NO_INDEX if index is None else index
        with self._read() as connection:
            row = connection.exec_driver_sql(self._sql.result, (*run, task, where)).first()
        return None if row is None or row[0] is row[1] is None else Value(*row)

    def results(self, run: RunKey, task: str, first: int, stop: int) -> Sequence[tuple[int, Value]]:
        """The accepted results of items `first <= index < stop`, in order of index."""
        with self._read() as connection:
            rows = connection.exec_driver_sql(self._sql.results, (*run, task, first, stop)).fetchall()
        return [(row[0], Value(*row[1:])) for row in rows if not row[1] is row[2] is None]

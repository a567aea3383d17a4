"""The reading side: one small contract a topic. Every call is one consistent read; what it gives is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from segue.model.acts import SecretKind
from segue.model.events import Request, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import Snapshot
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
from segue.model.spec import DagSpec
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

__all__ = [
    "AlertReader",
    "AttemptReader",
    "AuditReader",
    "BackfillReader",
    "DagReader",
    "EventReader",
    "GuardReader",
    "HistoryReader",
    "LoadReader",
    "PoolReader",
    "Reader",
    "RehearsalReader",
    "RequestReader",
    "RowReader",
    "RunReader",
    "SecretReader",
    "SlotReader",
]


class RunReader(Protocol):
    """Runs, and what is in them."""

    def runs(self, query: RunQuery = ...) -> Sequence[RunView]:
        """Runs in the order of the query."""
        ...

    def marks(self, dags: frozenset[str] | None = None, count: int = 10) -> Mapping[str, Sequence[RunMark]]:
        """The newest runs of each DAG that is known, the newest first; `dags` None: of all."""
        ...

    def grid(self, dag: str, before: int | None = None, limit: int = 365) -> GridPage:
        """The newest runs of a DAG below the number `before`, the newest first, with the states of their tasks."""
        ...

    def find(self, text: str) -> RunView | None:
        """The run that people name so: `dag@key`, `dag@key.2`, `dag@latest` or its row number."""
        ...

    def run(self, run: RunKey, *, attempts: bool = True) -> RunDetail | None:
        """One run, whole, or without its attempts."""
        ...

    def attempts(self, run: RunKey, task: str, index: int | None) -> Sequence[AttemptView]:
        """The attempts of one task, the oldest first."""
        ...

    def attempts_among(self, run: RunKey, places: Sequence[tuple[str, int | None]]) -> Sequence[AttemptView]:
        """The attempts of some tasks and items, in order of task, item and number; perhaps of more than these."""
        ...


class AttemptReader(Protocol):
    """Attempts by number and by time."""

    def find_attempt(self, number: int) -> AttemptView | None:
        """The attempt with this row number."""
        ...

    def attempt_page(self, query: AttemptQuery) -> Sequence[AttemptView]:
        """Attempts of a DAG in a span of time, the newest first."""
        ...

    def kept(self, run: RunKey) -> Sequence[tuple[str, int | None, str, str]]:
        """The small values that tasks of a run keep: task, map index, name, value; in that order."""
        ...


class EventReader(Protocol):
    """The log, by cursor: event numbers are commit order, so a reader that keeps the last number misses none."""

    def events(self, after: int = 0, *, run: RunKey | None = None, limit: int = 1000) -> Sequence[EventView]:
        """Events with a number above `after`, of one run or all."""
        ...

    def event_page(self, query: EventQuery) -> EventPage:
        """Events in order, or the newest first."""
        ...

    def last_event(self) -> int:
        """The newest event's number, 0 where there is none."""
        ...


class DagReader(Protocol):
    """DAGs as they were defined last."""

    def dags(self) -> Sequence[DagView]:
        """All, by id."""
        ...

    def spec(self, dag: str, number: int) -> DagSpec:
        """A DAG as it was in a version; one without tasks where that is not kept."""
        ...

    def versions(self, dag: str, before: int | None = None, limit: int = 50) -> Sequence[VersionView]:
        """Versions of a DAG below the number `before`, the newest first."""
        ...


class SlotReader(Protocol):
    """The ledger."""

    def slots(self, dag: str, first: Instant | None = None, stop: Instant | None = None) -> Sequence[SlotView]:
        """Slots of a DAG that start in `[first, stop)`, the oldest first."""
        ...

    def ledgers(self, dags: frozenset[str], first: Instant) -> Mapping[str, Sequence[SlotView]]:
        """Slots of several DAGs that start at `first` or later, the oldest first; a DAG without any is left out."""
        ...

    def slot_page(self, query: SlotQuery) -> Sequence[SlotView]:
        """Slots of a DAG, the newest first."""
        ...


class BackfillReader(Protocol):
    """Backfills."""

    def backfills(
        self,
        dag: str | None = None,
        limit: int = 50,
        *,
        dags: frozenset[str] | None = None,
        before: int | None = None,
        states: Sequence[str] = (),
    ) -> Sequence[BackfillView]:
        """Backfills of one DAG, of those in `dags`, or all, the newest first.

        Args:
            dag: its id.
            limit: so many at most.
            dags: ids.
            before: with numbers below this one.
            states: in one of these, where any is named.
        """
        ...

    def backfill(self, number: int) -> BackfillView | None:
        """One backfill."""
        ...


class AlertReader(Protocol):
    """Alerts."""

    def alerts(self, since: Instant | None = None, *, open_only: bool = False, limit: int = 100) -> Sequence[AlertView]:
        """Alerts raised at `since` or later, the newest first; `open_only`: not yet sent, parked or silenced somewhere.

        An alert without any delivery is open.
        """
        ...

    def alert_page(self, query: AlertQuery) -> Sequence[AlertView]:
        """Alerts with their deliveries, the newest first; those of one instant in order of what they are about."""
        ...

    def silences(self, now: Instant) -> Sequence[SilenceView]:
        """What is silenced now."""
        ...


class HistoryReader(Protocol):
    """What has been, as far as forecasts need it."""

    def durations(self, dag: str, runs: int = 20) -> Sequence[DurationView]:
        """How long the tasks of a DAG took in its newest good runs, by task; items of a mapped one count one by one."""
        ...

    def expired(self, before: Instant, limit: int = 100) -> Sequence[RunKey]:
        """Runs that ended before an instant, the oldest first.

        Those that owe a hook, and those of a backfill that has not ended, are not among them; together they are not
        more than a small transaction takes.
        """
        ...

    def expirable(self, before: Instant) -> int:
        """How many runs that ended before an instant may go."""
        ...

    def values(self, since: Instant) -> Iterable[Value]:
        """What is kept of results in runs that have not ended, or did at `since` or later; arguments of steps too.

        It is read in portions, not in one snapshot.
        """
        ...

    def staged(self) -> Iterable[bytes]:
        """What held tasks have still to publish."""
        ...


class RequestReader(Protocol):
    """What was asked."""

    def answer_to(self, request: str) -> AnswerView | None:
        """The answer a request has had."""
        ...

    def request(self, request: str) -> RequestView | None:
        """A request, answered or not."""
        ...


class AuditReader(Protocol):
    """What people asked for and what came of it: kept for good."""

    def audit(self, query: AuditQuery) -> Sequence[AuditView]:
        """Rows of the audit, the newest first."""
        ...


class LoadReader(Protocol):
    """How much there is to do, and how it has gone of late."""

    def load(self, since: Instant) -> LoadView:
        """What is under way, and what ended at `since` or later."""
        ...

    def pulses(self, limit: int = 2000) -> Sequence[PulseView]:
        """The newest attempts of all DAGs, the newest first."""
        ...

    def ends(self, since: Instant, limit: int = 5000) -> Sequence[RunMark]:
        """Runs that ended at `since` or later, the last first."""
        ...


class PoolReader(Protocol):
    """Pools."""

    def pools(self) -> Sequence[PoolView]:
        """All that people have set, or that unfinished runs use, by name."""
        ...


class GuardReader(Protocol):
    """Guards that people have released for runs to come."""

    def eased(self, dag: str | None = None) -> Sequence[EasedView]:
        """What people have released from now on, in one DAG or all."""
        ...


class SecretReader(Protocol):
    """Connections and secrets, encrypted; the key is not here."""

    def sealed(self, kind: SecretKind, name: str) -> bytes | None:
        """The ciphertext of a connection or secret."""
        ...

    def sealed_rows(self, kind: SecretKind) -> Sequence[SealedRow]:
        """All connections, or all secrets, by name."""
        ...


class RowReader(Protocol):
    """Every row, by run number, for the audit: so that it also sees a row whose run is gone."""

    def state_rows(self) -> Iterable[tuple[int, str, int | None, str]]:
        """Task, map index and name of every small value that is kept."""
        ...

    def slot_rows(self) -> Iterable[SlotView]:
        """The whole ledger."""
        ...

    def backfill_rows(self) -> Iterable[BackfillView]:
        """All backfills; runs are not counted."""
        ...

    def run_rows(self) -> Iterable[RunView]:
        """All runs."""
        ...

    def task_rows(self) -> Iterable[tuple[int, TaskView]]:
        """All task rows."""
        ...

    def attempt_rows(self) -> Iterable[tuple[int, AttemptView]]:
        """All attempts; the key of one whose run is gone has an empty run."""
        ...

    def event_rows(self) -> Iterable[EventView]:
        """The whole log, in order."""
        ...


class RehearsalReader(Protocol):
    """What would be decided if somebody asked for it."""

    def rehearsal(self, dags: frozenset[str], asked: Sequence[Request]) -> tuple[Snapshot, Sequence[Request]]:
        """What an engine needs to answer requests: these DAGs, and of runs and backfills those that are meant.

        The requests come back with what is known of their objects. The snapshot has no key to make fences with.
        """
        ...


class Reader(
    RunReader, AttemptReader, EventReader, DagReader, SlotReader, RequestReader, PoolReader, GuardReader, SecretReader,
    BackfillReader, AlertReader, HistoryReader, AuditReader, LoadReader, RehearsalReader, Protocol,
):  # fmt: skip
    """All topics."""

    def close(self) -> None:
        """Let go of the store."""
        ...

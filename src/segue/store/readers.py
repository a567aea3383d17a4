"""The reading side: one small contract a topic. Every call is one consistent read; what it gives is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from segue.model.acts import SecretKind
from segue.model.events import Value
from segue.model.ids import Instant, RunKey
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
    "BackfillReader",
    "DagReader",
    "EventReader",
    "GuardReader",
    "HistoryReader",
    "PoolReader",
    "Reader",
    "RequestReader",
    "RowReader",
    "RunReader",
    "SecretReader",
    "SlotReader",
]


class RunReader(Protocol):
    """Runs, and what is in them."""

    def runs(self, query: RunQuery = ...) -> Sequence[RunView]:
        """Runs, the newest first."""
        ...

    def find(self, text: str) -> RunView | None:
        """The run that people name so: `dag@key`, `dag@key.2`, `dag@latest` or its row number."""
        ...

    def run(self, run: RunKey) -> RunDetail | None:
        """One run, whole."""
        ...

    def attempts(self, run: RunKey, task: str, index: int | None) -> Sequence[AttemptView]:
        """The attempts of one task, the oldest first."""
        ...


class EventReader(Protocol):
    """The log, by cursor: event numbers are commit order, so a reader that keeps the last number misses none."""

    def events(self, after: int = 0, *, run: RunKey | None = None, limit: int = 1000) -> Sequence[EventView]:
        """Events with a number above `after`, of one run or all."""
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


class SlotReader(Protocol):
    """The ledger."""

    def slots(self, dag: str, first: Instant | None = None, stop: Instant | None = None) -> Sequence[SlotView]:
        """Slots of a DAG that start in `[first, stop)`, the oldest first."""
        ...


class BackfillReader(Protocol):
    """Backfills."""

    def backfills(self, dag: str | None = None, limit: int = 50) -> Sequence[BackfillView]:
        """Backfills of one DAG or all, the newest first."""
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


class Reader(
    RunReader, EventReader, DagReader, SlotReader, RequestReader, PoolReader, GuardReader, SecretReader,
    BackfillReader, AlertReader, HistoryReader, Protocol,
):  # fmt: skip
    """All topics."""

    def close(self) -> None:
        """Let go of the store."""
        ...

"""The reading side: one small contract a topic. Every call is one consistent read; what it gives is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from segue.model.ids import Instant, RunKey
from segue.model.views import (
    AnswerView,
    AttemptView,
    DagView,
    EventView,
    RunDetail,
    RunQuery,
    RunView,
    SlotView,
    TaskView,
)

__all__ = ["DagReader", "EventReader", "Reader", "RequestReader", "RowReader", "RunReader", "SlotReader"]


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


class SlotReader(Protocol):
    """The ledger."""

    def slots(self, dag: str, first: Instant | None = None, stop: Instant | None = None) -> Sequence[SlotView]:
        """Slots of a DAG that start in `[first, stop)`, the oldest first."""
        ...


class RequestReader(Protocol):
    """What was asked."""

    def answer_to(self, request: str) -> AnswerView | None:
        """The answer a request has had."""
        ...


class RowReader(Protocol):
    """Every row, by run number, for the audit: so that it also sees a row whose run is gone."""

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


class Reader(RunReader, EventReader, DagReader, SlotReader, RequestReader, Protocol):
    """All topics."""

    def close(self) -> None:
        """Let go of the store."""
        ...

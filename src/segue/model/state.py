"""States and the one table of legal moves.

Nothing else in the product knows which move is legal: the engine asks `check_move` in its tests and the simulator,
the store repeats the old state in its `WHERE`, and the documentation is generated from these tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = [
    "ATTEMPT_MOVES",
    "FINAL",
    "LIVE",
    "MOVES",
    "RUN_FINAL",
    "RUN_MOVES",
    "AttemptState",
    "RunState",
    "SlotState",
    "TaskState",
]


class TaskState(StrEnum):
    """Where a task of a run stands; PENDING has no row until it changes."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    UP_FOR_RETRY = "up_for_retry"
    DEFERRED = "deferred"
    HELD = "held"
    SUCCESS = "success"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one attempt stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """Where a run stands; HELD: nothing alive, at least one task held."""

    QUEUED = "queued"
    RUNNING = "running"
    HELD = "held"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SlotState(StrEnum):
    """What a slot shows; *missing* has no row."""

    MISSING = "missing"
    RUNNING = "running"
    FRESH = "fresh"
    STALE = "stale"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"


T = TaskState
FINAL: Final = frozenset({T.SUCCESS, T.FAILED, T.UPSTREAM_FAILED, T.SKIPPED, T.CANCELLED})
LIVE: Final = frozenset(T) - FINAL
RUN_FINAL: Final = frozenset({RunState.SUCCESS, RunState.FAILED, RunState.CANCELLED})

_ENDS = frozenset({T.SUCCESS, T.FAILED, T.SKIPPED, T.UP_FOR_RETRY, T.DEFERRED, T.HELD, T.CANCELLED})
_MARKED = frozenset({T.SUCCESS, T.FAILED, T.SKIPPED})
_REOPENED = frozenset({T.PENDING}) | _MARKED

MOVES: Final[dict[TaskState, frozenset[TaskState]]] = {
    T.PENDING: frozenset({T.QUEUED, T.DEFERRED, T.UPSTREAM_FAILED, T.CANCELLED, T.HELD}) | _MARKED,
    T.QUEUED: frozenset({T.RUNNING}) | _ENDS,
    T.RUNNING: _ENDS,
    T.UP_FOR_RETRY: frozenset({T.QUEUED, T.CANCELLED, T.UPSTREAM_FAILED}) | _MARKED,
    T.DEFERRED: frozenset({T.QUEUED, T.UP_FOR_RETRY, T.CANCELLED}) | _MARKED,
    T.HELD: frozenset({T.PENDING, T.QUEUED, T.UP_FOR_RETRY, T.CANCELLED}) | _MARKED,
    T.SUCCESS: _REOPENED,
    T.FAILED: _REOPENED,
    T.UPSTREAM_FAILED: _REOPENED,
    T.SKIPPED: _REOPENED,
    T.CANCELLED: _REOPENED,
}
"""Task moves (ARCHITECTURE §4). QUEUED carries the ends of RUNNING because rows are folded within a turn.

HELD goes to PENDING where what fed an empty map is opened again: it is expanded anew (docs/decisions/0010). It goes to
UP_FOR_RETRY where a person has released it and its publication waits for a place and a worker (docs/decisions/0013).
"""

R = RunState
RUN_MOVES: Final[dict[RunState, frozenset[RunState]]] = {
    R.QUEUED: frozenset({R.RUNNING, R.HELD, R.CANCELLED, R.FAILED}),
    R.RUNNING: frozenset({R.HELD, R.SUCCESS, R.FAILED, R.CANCELLED}),
    R.HELD: frozenset({R.RUNNING, R.FAILED, R.CANCELLED}),
    R.SUCCESS: frozenset({R.RUNNING}),
    R.FAILED: frozenset({R.RUNNING}),
    R.CANCELLED: frozenset({R.RUNNING}),
}

A = AttemptState
_ATTEMPT_ENDS = frozenset({A.SUCCESS, A.FAILED, A.TIMED_OUT, A.LOST, A.CANCELLED})
ATTEMPT_MOVES: Final[dict[AttemptState, frozenset[AttemptState]]] = {
    A.QUEUED: frozenset({A.RUNNING}) | _ATTEMPT_ENDS,
    A.RUNNING: _ATTEMPT_ENDS,
    A.SUCCESS: frozenset(),
    A.FAILED: frozenset(),
    A.TIMED_OUT: frozenset(),
    A.LOST: frozenset(),
    A.CANCELLED: frozenset(),
}

"""What acting routes take.

Every body names its objects (`runs`, `dags`, `backfills`) or selects them (`select`), and has `dry_run`, which answers
with the plan and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "AgainBackfills",
    "BackfillMoves",
    "CancelRuns",
    "DrainOwner",
    "KeepValue",
    "MarkRuns",
    "MoveBackfills",
    "NewBackfill",
    "PauseClocks",
    "PutPool",
    "RejectRuns",
    "ReleaseRuns",
    "RerunRuns",
    "RetryRuns",
    "SelectBackfills",
    "SelectRuns",
    "SilenceAlerts",
    "TriggerDags",
    "TryChannels",
    "UnpauseClocks",
]


# ----------------------------------------------------------------------------------------------------------------- runs
@dataclass(frozen=True, slots=True)
class SelectRuns:
    """Runs that fit everything that is given.

    Attributes:
        dag: a glob on the DAG's id.
        states: one of these.
        since: made then or later: `02:00`, `2h`, `2026-04-01`.
        tag: of the DAG.
        error: a glob on the reason of a failed task.
        until: made before that.
        kinds: `scheduled`, `manual`, `backfill`, `lookback`, `event`.
        owner: of the DAG.
        backfill: the number of the one that they belong to.
    """

    dag: str | None = None
    states: tuple[str, ...] = ()
    since: str | None = None
    tag: str | None = None
    error: str | None = None
    until: str | None = None
    kinds: tuple[Literal["scheduled", "manual", "backfill", "lookback", "event"], ...] = ()
    owner: str | None = None
    backfill: int | None = None


@dataclass(frozen=True, slots=True)
class RetryRuns:
    """Again what failed, with the same code.

    Attributes:
        runs: named as they are printed, by number or `dag@latest`.
        tasks: those only: `clean`, `clean[3]`, `group:x`; default: all that failed.
        only: not what follows these tasks.
        force: even where the interval has a newer run.
    """

    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False
    tasks: tuple[str, ...] = ()
    only: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class RerunRuns:
    """The intervals of runs anew with the newest code.

    Attributes:
        failed: take over every green task that has not changed.
        tasks: run these and what follows them, take over the rest.
        replace: cancel a run first where it has not ended.
    """

    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False
    failed: bool = False
    tasks: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class CancelRuns:
    """Stop runs; `now`: kill at once."""

    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False
    now: bool = False


@dataclass(frozen=True, slots=True)
class MarkRuns:
    """Set a task of runs by hand."""

    task: str
    state: Literal["success", "failed", "skipped"]
    reason: str
    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseRuns:
    """Let held tasks go: all of a run, or one.

    Attributes:
        from_now_on: the same task may be empty in comparable intervals to come.
    """

    reason: str
    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False
    task: str | None = None
    from_now_on: bool = False


@dataclass(frozen=True, slots=True)
class RejectRuns:
    """Fail held tasks: all of a run, or one."""

    reason: str
    runs: tuple[str, ...] = ()
    select: SelectRuns | None = None
    dry_run: bool = False
    task: str | None = None


# ----------------------------------------------------------------------------------------------------------------- DAGs
@dataclass(frozen=True, slots=True)
class TriggerDags:
    """Runs of DAGs.

    Attributes:
        dags: ids.
        select: `orders_*`, `tag:retail`, `owner:dana`; `,` joins, `&` keeps both.
        date: the interval that this names, or a range of them; default: the newest complete one.
        interval: the interval that begins at A and ends at B, as `A..B`.
        params: values by name.
        replace: cancel an active run of the interval first.
    """

    dags: tuple[str, ...] = ()
    select: str | None = None
    dry_run: bool = False
    date: str | None = None
    interval: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    replace: bool = False


@dataclass(frozen=True, slots=True)
class PauseClocks:
    """Stop the clocks of DAGs.

    Attributes:
        hard: also start nothing more of runs in flight.
        until: they go on by themselves: `18:00`, `2h`, `2026-04-01`.
    """

    dags: tuple[str, ...] = ()
    select: str | None = None
    dry_run: bool = False
    hard: bool = False
    until: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnpauseClocks:
    """Let the clocks of DAGs go on; `run`: of the intervals of the pause."""

    dags: tuple[str, ...] = ()
    select: str | None = None
    dry_run: bool = False
    run: Literal["", "latest", "missed"] = ""


# ------------------------------------------------------------------------------------------------------------ backfills
@dataclass(frozen=True, slots=True)
class NewBackfill:
    """Run the intervals of a range.

    Attributes:
        range: `2026-10-01..2026-10-31`, both ends included, or a day or a month alone.
        cap: so many runs at once.
        only: what an interval may show: *missing failed held stale*, or *all*.
    """

    range: str
    order: Literal["oldest", "newest", "parallel"] = "oldest"
    cap: int = 4
    only: tuple[str, ...] = ("missing",)
    params: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SelectBackfills:
    """Backfills that fit everything that is given: a glob on the DAG's id, and states."""

    dag: str | None = None
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveBackfills:
    """Pause or cancel backfills."""

    backfills: tuple[str, ...] = ()
    select: SelectBackfills | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class AgainBackfills:
    """Resume backfills, or run again what failed in them; `newest`: with the newest code from now on."""

    backfills: tuple[str, ...] = ()
    select: SelectBackfills | None = None
    dry_run: bool = False
    newest: bool = False


BackfillMoves = MoveBackfills | AgainBackfills


# --------------------------------------------------------------------------------------------------------------- others
@dataclass(frozen=True, slots=True)
class PutPool:
    """Slots of a pool; 0 stops it."""

    slots: int
    dry_run: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class KeepValue:
    """The value of a connection (its address) or secret. It is encrypted at once and never given back."""

    value: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SilenceAlerts:
    """Send no alert about what a selection names until then; `until` *now* ends it."""

    select: str
    until: str
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class TryChannels:
    """Send a letter to channels; none named: to all."""

    channels: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DrainOwner:
    """Start nothing more; not `on`: go on."""

    on: bool = True
    dry_run: bool = False

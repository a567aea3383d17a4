"""What people, and what speaks for them, can ask of the engine."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from segue.model.alerts import AlertKind
from segue.model.backfills import BackfillOrder
from segue.model.definition import Defined
from segue.model.ids import Instant, RunKey

__all__ = [
    "Act",
    "CancelRun",
    "Deploy",
    "Drain",
    "MarkAlert",
    "MarkTask",
    "MoveBackfill",
    "PauseDags",
    "RejectTask",
    "ReleaseTask",
    "RerunRun",
    "RetryRun",
    "RunAct",
    "SecretKind",
    "SetPool",
    "SetSecret",
    "Silence",
    "StartBackfill",
    "TriggerRun",
    "UnpauseDags",
]


class TriggerRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Make a run of `dag`: of the slot `[start, end)`, or without interval. `params` is an encoded dict."""

    dag: str
    key: str
    slot: tuple[Instant, Instant] | None = None
    params: bytes = b""
    reason: str = ""
    replace: bool = False


class RetryRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Reopen what failed, or the tasks named (`clean`, `clean[3]`) with their ended descendants unless `only`."""

    run: RunKey
    tasks: tuple[str, ...] = ()
    only: bool = False
    force: bool = False


class RerunRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A new run of the slot of `run` with the newest code; `params` replaces the old run's where given.

    `failed` takes over the unchanged green tasks of the old run; `cut` names tasks that run, with all below them, while
    every other green task is taken over.
    """

    run: RunKey
    params: bytes | None = None
    replace: bool = False
    failed: bool = False
    cut: tuple[str, ...] = ()


class CancelRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Stop a run: waiting tasks at once, attempts by TERM, grace and KILL (`now`: KILL at once)."""

    run: RunKey
    now: bool = False


class MarkTask(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Set a task (`clean`, `clean[3]`) to a final state by hand."""

    run: RunKey
    task: str
    state: Literal["success", "failed", "skipped"]
    reason: str


class ReleaseTask(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let a held task (`load`, `load[3]`) go: publish what it staged; `from_now_on`: also in comparable slots."""

    run: RunKey
    task: str
    reason: str
    from_now_on: bool = False


class RejectTask(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Fail a held task (`load`, `load[3]`)."""

    run: RunKey
    task: str
    reason: str


class SetPool(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give a pool so many slots; None removes it."""

    name: str
    slots: int | None


SecretKind: TypeAlias = Literal["connection", "secret"]


class SetSecret(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Keep a connection or secret that its sender has encrypted; None removes it.

    `key` names the key it is encrypted with. Where `was` is given only that value is replaced, and none else.
    """

    kind: SecretKind
    name: str
    sealed: bytes | None
    key: str = ""
    was: bytes | None = None


class PauseDags(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Stop the clocks of these DAGs; `hard`: dispatch nothing of their runs; until an instant, or for good."""

    dags: tuple[str, ...]
    hard: bool = False
    until: Instant | None = None
    reason: str = ""


class UnpauseDags(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let their clocks go on: with nothing of what was missed, its latest slot, or (*missed*) as after an outage."""

    dags: tuple[str, ...]
    run: Literal["", "latest", "missed"] = ""


class StartBackfill(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Run these slots of a DAG (`pack_slots`), with the newest code, which is pinned."""

    dag: str
    slots: bytes
    order: BackfillOrder = "oldest"
    cap: int = 4
    only: tuple[str, ...] = ("missing",)
    params: bytes = b""
    reason: str = ""


class MoveBackfill(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Pause, resume (also what was only proposed) or cancel a backfill, or run slots of it again (`again`).

    `newest` pins the newest code from now on. `slots` are those that are run again, where `to` is *again*.
    """

    backfill: int
    to: Literal["pause", "resume", "cancel", "again"]
    newest: bool = False
    slots: bytes = b""


class Drain(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Dispatch nothing and make no run, so that what runs comes to its end; not `on`: go on."""

    on: bool = True


class MarkAlert(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What has become of an alert at one target: *sent*, *failed* (tried again), *parked* (given up), *silenced*."""

    thing: str
    kind: AlertKind
    episode: Instant
    target: str
    state: Literal["sent", "failed", "parked", "silenced"]
    text: str = ""


class Silence(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Send no alert about what a selection names (`orders_*`, `tag:retail`, `owner:dana`) until an instant."""

    selection: str
    until: Instant
    reason: str = ""


class Deploy(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take these files in one step: all of them, or none where one contradicts what is known."""

    files: tuple[Defined, ...]
    label: str = ""


RunAct: TypeAlias = RetryRun | RerunRun | CancelRun | MarkTask | ReleaseTask | RejectTask


Act: TypeAlias = (
    TriggerRun | RunAct | SetPool | SetSecret | PauseDags | UnpauseDags | StartBackfill | MoveBackfill | Drain
    | MarkAlert | Silence | Deploy
)  # fmt: skip

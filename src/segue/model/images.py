"""What the store gives back to the engine: whole runs as they were committed, and facts about what it asks for.

Memory is a cache of the store: an image is all that is needed to go on with a run.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from segue.model.alerts import Episode
from segue.model.backfills import BackfillImage
from segue.model.ids import Instant, RunKey
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.timing import Foretold, Timing
from segue.model.why import Why

__all__ = [
    "AttemptImage",
    "AttemptKind",
    "DagImage",
    "Eased",
    "Facts",
    "HookImage",
    "RunImage",
    "RunRow",
    "Snapshot",
    "Step",
    "Stop",
    "TaskImage",
    "Version",
]

AttemptKind: TypeAlias = Literal["user", "publish", "hook"]
Stop: TypeAlias = Literal["", "cancel", "now", "timeout"]
"""Why a run is being stopped: by a person with teardowns, by a person without (`--now`), by its timeout."""


class Version(msgspec.Struct, frozen=True, gc=False):
    """One version of a DAG: its number, spec, digests and the bundle its code lies in."""

    number: int
    spec: DagSpec
    spec_digest: str = ""
    code_digest: str = ""
    bundle: str = ""


class RunRow(msgspec.Struct, frozen=True, gc=False):
    """What a run is from its creation on."""

    run: RunKey
    request: str
    version: int
    bundle: str = ""
    slot: tuple[Instant, Instant] | None = None
    kind: str = "manual"
    klass: int = 0
    environment: str = ""
    params: bytes = b""
    due: Instant = Instant(0)
    created: Instant = Instant(0)
    actor: str = ""
    reason: str = ""
    backfill: int | None = None


class AttemptImage(msgspec.Struct, frozen=True, gc=False):
    """The attempt of a task that is alive in the store."""

    number: int
    state: AttemptState
    began: Instant | None = None
    kind: AttemptKind = "user"


class HookImage(msgspec.Struct, frozen=True, gc=False):
    """The newest attempt of one hook (`task` as `hook_id` writes it), alive or not."""

    task: str
    index: int | None
    number: int
    state: AttemptState
    began: Instant | None = None


class TaskImage(msgspec.Struct, frozen=True, gc=False):
    """One row of `tasks` with the newest attempt's number; `reason` is the sentence of a failure or hold.

    The number of a mapped task itself is the highest that the items it has forgotten had: theirs go on from there.
    A mapped task that has been expanded has one row without index, PENDING, whose `expanded` is the number of items.
    `kept` is what `context.state` holds.
    """

    task: str
    index: int | None
    state: TaskState
    round: int = 1
    tries: int = 0
    losses: int = 0
    platform: int = 0
    not_before: Instant | None = None
    expanded: int | None = None
    number: int = 0
    inline: bytes | None = None
    ref: bytes | None = None
    length: int | None = None
    digest: bytes = b""
    marked: bool = False
    followed: tuple[str, ...] | None = None
    attempt: AttemptImage | None = None
    reason: str = ""
    staged: bytes = b""
    kept: tuple[tuple[str, str], ...] = ()
    preview: bytes = b""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One call of a task in a flow.

    Args:
        task: its spec; the id is that of the task and the number of the call, `load#3`.
        where: its function, `module:qualname`.
        inline, ref, digest: its arguments as a dict by parameter, kept as a result is.
        handled: numbers of the calls that had failed when this one was made, and were asked for their results.
    """

    task: TaskSpec
    where: str
    inline: bytes | None
    ref: bytes | None
    digest: bytes
    handled: tuple[int, ...] = ()


class RunImage(msgspec.Struct, frozen=True, gc=False):
    """One run, whole; of `klass stop stopped_by spent placed_at` see `RunMoved`. A run that has ended is among the
    unfinished ones while one of its `hooks` is alive. `spawned` are the steps of a flow, in order.
    """

    row: RunRow
    spec: DagSpec
    state: RunState
    round: int = 1
    placed: bool = False
    cancel_at: Instant | None = None
    started: Instant | None = None
    tasks: tuple[TaskImage, ...] = ()
    klass: int | None = None
    stop: Stop = ""
    stopped_by: str = ""
    spent: int = 0
    placed_at: Instant | None = None
    hooks: tuple[HookImage, ...] = ()
    spawned: tuple[Step, ...] = ()
    ended: Instant | None = None


class Eased(msgspec.Struct, frozen=True, gc=False):
    """What a person has released from now on: `guard` of `task` in slots like `like`."""

    task: str
    guard: str
    like: str


class DagImage(msgspec.Struct, frozen=True, gc=False):
    """One DAG and the version of its new runs; `highest` is the number that its newest version ever had.

    `failed`: its file could not be read last.
    """

    dag: str
    version: Version
    quarantined: Why | None = None
    highest: int = 0
    eased: tuple[Eased, ...] = ()
    timing: Timing = Timing()
    foretold: Foretold = Foretold()
    location: str = ""
    failed: bool = False


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the store knew about the object of a request when it was polled.

    Args:
        run: the run the act names, whole; None for a trigger or where there is none.
        version: the newest version of the DAG, for the engine that has not loaded it.
        next_n: the first free `n` of the run's key.
        placed: the run that holds the place of the slot, also one that this owner does not drive.
        newer: a newer run of the slot, for `retry`.
        answer: the answer that a request with this id has had already.
        made: for a trigger, the run that a request with this id has made.
        backfill: the backfill that the act is about, or to which its run belongs; also one that has ended.
    """

    run: RunImage | None = None
    version: Version | None = None
    next_n: int = 1
    placed: RunKey | None = None
    newer: RunKey | None = None
    answer: tuple[bool, str, RunKey | None] | None = None
    made: RunImage | None = None
    backfill: BackfillImage | None = None


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """One consistent read of all that an engine needs to begin; `braked`: the store is one that was put back."""

    fence_key: bytes
    dags: tuple[DagImage, ...] = ()
    runs: tuple[RunImage, ...] = ()
    pools: tuple[tuple[str, int], ...] = ()
    backfills: tuple[BackfillImage, ...] = ()
    last_backfill: int = 0
    episodes: tuple[Episode, ...] = ()
    braked: bool = False

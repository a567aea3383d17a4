"""What is done after a commit, and what goes with it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from segue.model.events import Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import AttemptKind, Step
from segue.model.spec import TaskSpec
from segue.model.state import TaskState

__all__ = [
    "Adopt",
    "Answer",
    "Brief",
    "Cancel",
    "Command",
    "Given",
    "Input",
    "Kill",
    "Launch",
    "Many",
    "Missing",
    "Recorded",
    "Stored",
]


class Brief(msgspec.Struct, frozen=True, gc=False):
    """What every attempt of a run is told; one object a run. Instants in microseconds.

    `dag` is the id by which its file calls the DAG, where that is a former one.
    """

    run: RunKey
    bundle: str
    file: str
    location: str
    timezone: str
    slot: tuple[Instant, Instant] | None = None
    due: Instant = Instant(0)
    kind: str = "manual"
    params: bytes = b""
    dag: str = ""


class Given(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An upstream value that travels with the launch."""

    value: Value


class Stored(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An upstream value that the executor reads from the store by key."""

    task: str
    index: int | None = None


class Many(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The results of a mapped upstream task: of `items` items all but `without`, read from the store in blocks."""

    task: str
    items: int
    without: tuple[int, ...] = ()


class Missing(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An upstream task gave no value: its final state."""

    task: str
    state: TaskState


Input: TypeAlias = Given | Stored | Many | Missing


class Recorded(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What has become of one call of a flow.

    Args:
        task: id of its task, `load#3`.
        digest: of its arguments.
        state: where it stands.
        reason: why it failed.
        inline: its value, where that is small; any other is read from the store.
        marked: a person set it to its state; it has no value.
    """

    task: str
    digest: bytes
    state: TaskState
    reason: str = ""
    inline: bytes | None = None
    marked: bool = False


class Launch(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Start an attempt. `inputs` stand in the order of `task.data`.

    `picks` has one number for each list a mapped task maps over: which item of it this attempt takes. Where the list
    is the result of a mapped task, `inputs` already holds that one item and its pick is -1.
    `tries` counts the user failures before it in this round, `ahead` says that it may be queued behind another.
    `state` are the small values the task keeps; `empty` is what its guard does about nothing, decided from its options,
    the environment and what people have released. A *publish* attempt publishes `staged`. A *hook* has the key of its
    own (`hook_id`), while `task` is the task it belongs to; the hook of a DAG has a task without id.
    `step`: it is a call of a flow. `steps`: it is a flow that has made these calls.
    """

    key: AttemptKey
    fence: bytes
    brief: Brief
    task: TaskSpec
    inputs: tuple[Input, ...] = ()
    picks: tuple[int, ...] = ()
    round: int = 1
    tries: int = 0
    ahead: bool = False
    kind: AttemptKind = "user"
    state: tuple[tuple[str, str], ...] = ()
    empty: Literal["hold", "warn", "ok"] = "hold"
    staged: bytes = b""
    step: Step | None = None
    steps: tuple[Recorded, ...] = ()


class Adopt(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The store says this attempt is running: go on watching it, or report it lost (cause OWNER)."""

    key: AttemptKey
    fence: bytes


class Cancel(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Stop an attempt: TERM, its grace, KILL, with all descendants. It then reports `Ended` or `Lost`.

    Of an attempt that the executor does not know it reports at once that it never began.
    """

    key: AttemptKey
    fence: bytes = b""


class Kill(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Stop an attempt without grace; else as `Cancel`."""

    key: AttemptKey
    fence: bytes = b""


class Answer(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The answer to a question of a living attempt; False: it must not begin."""

    key: AttemptKey
    seq: int
    yes: bool


Command: TypeAlias = Launch | Adopt | Cancel | Kill | Answer

"""What reaches the engine: words of attempts, of people and of the definition child.

An event is the past; the engine cannot refuse it, only decide what follows. Every word of an attempt carries its fence.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from segue.model.acts import Act
from segue.model.definition import Defined
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import Facts, Step
from segue.model.timing import SlotFacts

__all__ = [
    "OWN_CAUSES",
    "Asked",
    "Cancelled",
    "Capacity",
    "Deferred",
    "Ended",
    "Event",
    "Expired",
    "Failure",
    "Followed",
    "Held",
    "Known",
    "Lost",
    "LostCause",
    "MayStart",
    "Origin",
    "Outcome",
    "Request",
    "Skipped",
    "Started",
    "StartsRun",
    "StateSet",
    "Tick",
    "Usage",
    "Value",
]


class Value(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A result: its encoding `inline`, or an encoded reference `ref`; `length` where something maps over it.

    `preview` is an encoded dict for people: the head, schema and size of what is too large to show.
    """

    inline: bytes | None = None
    ref: bytes | None = None
    length: int | None = None
    digest: bytes = b""
    preview: bytes = b""


class Failure(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The task's code failed.

    Args:
        kind: short machine word: the exception's class name, `timeout`, `unstorable`, …
        text: one line for people.
        retryable: decided in the child, which has the classes that `Retry(on=, not_on=)` names.
        retry_after: microseconds, where the task asked for a delay of its own.
    """

    kind: str
    text: str
    retryable: bool = True
    retry_after: int | None = None


class Skipped(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The task raised `Skip`."""

    why: str = ""


class Followed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A branch chose these direct downstream tasks; a short-circuit that stops chose none."""

    ids: tuple[str, ...]
    value: Value = Value()


class Held(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A guard holds what the task made: `text` says what it saw, `value` is the result.

    `staged` names what an attempt of kind *publish* has to publish, empty where nothing was staged.
    """

    guard: str
    text: str
    value: Value
    staged: bytes = b""


class Deferred(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A flow gives its worker back until steps have ended.

    Args:
        steps: the calls it has made that were not recorded yet, in order.
        awaits: numbers of the calls it waits for, from 1; empty where it wants to go on at once.
    """

    steps: tuple[Step, ...] = ()
    awaits: tuple[int, ...] = ()


class StartsRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The task is done with the start of a run without interval of `dag`, or (`wait`) when that run has ended.

    `params` is an encoded dict. `facts` is what the store knew about the run when this was polled.
    """

    dag: str
    params: bytes = b""
    wait: bool = False
    facts: Facts = Facts()


class Cancelled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The attempt was stopped because we asked; nothing of it is alive."""

    begun: bool = True


Outcome: TypeAlias = Value | Failure | Skipped | Followed | Held | Deferred | StartsRun | Cancelled


class LostCause(StrEnum):
    """Whose doing it was that an attempt ended without a word."""

    SIGNAL = "signal"
    EXIT = "exit"
    MEMORY = "memory"
    WORKER = "worker"
    LEASE = "lease"
    OWNER = "owner"


OWN_CAUSES = frozenset({LostCause.SIGNAL, LostCause.EXIT, LostCause.MEMORY})
"""The task's own doing; the others are the platform's, and OWNER counts nowhere."""


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What an attempt used: peak resident bytes, CPU microseconds; `notes` are sentences for its page.

    `rows` and `source` are what it reported of the data it made: number of rows, fingerprint of its source.
    `refused` are the connections and secrets (`secret shop_key`) that it asked for and does not declare.
    """

    peak_rss: int | None = None
    cpu: int | None = None
    worker: str = ""
    log: str | None = None
    notes: tuple[str, ...] = ()
    rows: int | None = None
    source: str = ""
    refused: tuple[str, ...] = ()


class Started(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The attempt's code has been running since `at` (the worker's stamp)."""

    key: AttemptKey
    fence: bytes
    at: Instant
    worker: str = ""


class Ended(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The attempt has ended and said how. `started` is None where its code never began."""

    key: AttemptKey
    fence: bytes
    started: Instant | None
    at: Instant
    outcome: Outcome
    usage: Usage = Usage()


class Lost(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The attempt is gone without a word. `started` is None where its code certainly never began."""

    key: AttemptKey
    fence: bytes
    started: Instant | None
    at: Instant
    cause: LostCause
    signal: int | None = None
    exit_code: int | None = None
    usage: Usage = Usage()


class MayStart(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The attempt of an `idempotent=False` task asks before it runs the code; answered after RUNNING is committed."""


class StateSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """`context.state.set`: answered when the value is durable."""

    name: str
    value: str


class Asked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A question of a living attempt, answered after the commit."""

    key: AttemptKey
    fence: bytes
    at: Instant
    seq: int
    what: MayStart | StateSet
    worker: str = ""


class Capacity(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the executor takes: attempts at once, and how many short ones more may be queued ahead for each."""

    workers: int
    depth: int = 0


class Origin(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a request comes from, for the audit.

    Args:
        reason: why, in the words of whoever asks.
        parent: an id that all requests of one act on a selection share.
        selection: the words of that selection.
    """

    reason: str = ""
    parent: str = ""
    selection: str = ""


class Request(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Somebody asks. `facts` is what the store knew about the act's object when it was polled."""

    id: str
    actor: str
    act: Act
    facts: Facts = Facts()
    origin: Origin = Origin()


class Known(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the store knows about the slots that the engine asked for."""

    slots: tuple[SlotFacts, ...]


class Expired(msgspec.Struct, frozen=True, gc=False, tag=True):
    """These runs ended longer ago than runs are kept."""

    runs: tuple[RunKey, ...]


class Tick(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Nothing but the passing of time."""


Event: TypeAlias = Started | Ended | Lost | Asked | Capacity | Request | Defined | Known | Expired | Tick

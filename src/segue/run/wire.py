"""What executor and worker say to each other.

Four channels lead to a worker. *Work* is a SOCK_SEQPACKET pair, one message a datagram: the executor keeps a
duplicate of the worker's end, so that taking work back is receiving it oneself and the kernel arbitrates who got it.
*Side* is a stream of framed questions and answers about values, served by a thread that is not the loop's; what
`context.state` sets is told on *work*, behind which nobody may wait for an answer, and answered on *side*. *Control* is
a pipe to the worker that carries the tokens of attempts to be stopped. The fourth is the page (`segue.run.page`). All
of them are private to one worker; the fence never leaves the executor.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final, Literal, TypeAlias

import msgspec

from segue.model.commands import Brief, Input, Recorded
from segue.model.events import MayStart, Outcome, StateSet, Value
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptKind, Step
from segue.model.spec import TaskKind
from segue.model.version import VERSION

__all__ = [
    "MAX_DATAGRAM",
    "WIRE",
    "Answers",
    "Ask",
    "Block",
    "Body",
    "Bulky",
    "CONTROL",
    "Fork",
    "ForkFailed",
    "FromServer",
    "FromWorker",
    "Gone",
    "Grant",
    "Heeded",
    "One",
    "Question",
    "Ready",
    "Report",
    "Reveal",
    "Revealed",
    "Setup",
    "Signal",
    "ToServer",
    "ToWorker",
    "Work",
    "mismatch",
    "read_frame",
    "write_frame",
]

WIRE: Final = 2
"""Number of this protocol; a fork server of another installation refuses what it does not speak."""

MAX_DATAGRAM: Final = 192 * 1024
"""Bytes; a datagram must fit into the socket's buffer as a whole, 208 KiB on Linux."""

CONTROL: Final = struct.Struct("<q")
"""What the control pipe carries: the token of an attempt."""


def mismatch(wire: str = str(WIRE), version: str = VERSION) -> str:
    """What a child says, and ends, where its owner is another Segue; "" where they are of one kind."""
    if (wire, version) == (str(WIRE), VERSION):
        return ""
    return (
        f"its Segue is {VERSION} (protocol {WIRE}), the owner's {version} (protocol {wire}): "
        f"install one version, `{sys.executable} -m pip install segue=={version}`"
    )


# ---------------------------------------------------------------------------------------------- executor and worker
class Work(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="w"):
    """One attempt.

    `token` is its number in this executor's life, `data` the upstream ids that `inputs` belong to, `ask` whether it
    must ask before it begins. `fresh` grows when a task of the run gave a value again: older cached values are void.
    `brief` is left out where the worker has it. `what` is the kind of the attempt; of a hook, `task` is as `hook_id`
    writes it. `hooked`: the task has an `on_cancel`. `state`, `empty` and `staged` are those of the launch.
    `reveals`: the task declares connections or secrets, which it has to ask for. `step` and `steps`: see `Launch`.
    """

    token: int
    run: RunKey
    task: str
    index: int | None
    number: int
    kind: TaskKind = "task"
    data: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    picks: tuple[int, ...] = ()
    round: int = 1
    tries: int = 0
    fresh: int = 0
    ask: bool = False
    brief: Brief | None = None
    what: AttemptKind = "user"
    hooked: bool = False
    state: tuple[tuple[str, str], ...] = ()
    empty: Literal["hold", "warn", "ok"] = "ok"
    staged: bytes = b""
    reveals: bool = False
    step: Step | None = None
    steps: tuple[Recorded, ...] = ()


class Bulky(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="h"):
    """An attempt too large for a datagram: ask for its `Body`."""

    token: int


class Grant(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="g"):
    """The answer to `Ask`; on *work* where it may begin, on *side* where it set something."""

    token: int
    seq: int
    yes: bool


ToWorker: TypeAlias = Work | Bulky | Grant


class Ask(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="a"):
    """A question of an attempt: may it begin, is its state durable?"""

    token: int
    seq: int
    at: Instant
    what: MayStart | StateSet = MayStart()


class Heeded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="c"):
    """The `on_cancel` of an attempt that is to be stopped has been called, and ended."""

    token: int


class Report(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="r"):
    """How an attempt ended; nothing of it is alive. `said`: it has a log. `retire`: the worker exits now.

    `rows` and `source` are what is known of the data it made.
    `refused` are the connections and secrets that it asked for and does not declare.
    """

    token: int
    began: Instant | None
    at: Instant
    outcome: Outcome
    rss: int = 0
    cpu: int = 0
    said: bool = False
    retire: bool = False
    notes: tuple[str, ...] = ()
    rows: int | None = None
    source: str = ""
    refused: tuple[str, ...] = ()


FromWorker: TypeAlias = Ask | Heeded | Report


# ------------------------------------------------------------------------------------------------- side: about values
class Body(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="b"):
    """The encoded `Work` that was too bulky; answered as it is."""

    token: int


class One(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="o"):
    """The result of one task; answered by an encoded `Value | None`."""

    run: RunKey
    task: str
    index: int | None


class Block(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="k"):
    """Results of items `first <= index < stop`; answered by an encoded list of (index, Value)."""

    run: RunKey
    task: str
    first: int
    stop: int


class Reveal(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="v"):
    """The connections and secrets that the worker's attempts declare; answered by an encoded `Revealed`."""


class Revealed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Addresses and values by name, values of the run's secret params as JSON; or why there are none."""

    connections: dict[str, str] = {}
    secrets: dict[str, str] = {}
    fault: str = ""
    retryable: bool = False
    params: dict[str, str] = {}


Question: TypeAlias = Body | One | Block | Reveal
Answers: TypeAlias = list[tuple[int, Value]]

_LENGTH = struct.Struct("<I")


def write_frame(sock: socket.socket, body: bytes) -> None:
    """Send one frame on a side channel, blocking."""
    sock.sendall(_LENGTH.pack(len(body)) + body)


def read_frame(sock: socket.socket) -> bytes:
    """Receive one frame, blocking.

    Raises:
        EOFError: the other side is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size))
    return _exactly(sock, length)


def _exactly(sock: socket.socket, size: int) -> bytes:
    parts = bytearray(size)
    view, at = memoryview(parts), 0
    while at < size:
        got = sock.recv_into(view[at:])
        if not got:
            raise EOFError("the side channel was closed")
        at += got
    return bytes(parts)


# ---------------------------------------------------------------------------------------- executor and fork server
class Setup(msgspec.Struct, frozen=True, gc=False):
    """What every worker of a fork server shares; an argument of its command line, in JSON.

    Args:
        preload: installed packages to import before the first fork.
        workshop: module that turns work into calls; it has `open_workshop(setup)`.
        storage: where large values lie.
        bundles: folder of unpacked bundles.
        attempts: number after which a worker retires.
        growth: bytes of resident memory after which a worker retires.
        values: encoded dict: what arguments of DAG functions that are no params are given.
        version: of the owner's Segue.
    """

    wire: int
    preload: tuple[str, ...]
    workshop: str
    storage: str
    bundles: str
    attempts: int
    growth: int
    values: bytes = b""
    version: str = ""


class Fork(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Make a worker. Descriptors travel along, in the order of `Seat`; `seal` begins its marks.

    `group` is the folder of a control group to join, where there is one.
    """

    worker: int
    seal: bytes
    group: str = ""


class Signal(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Send a signal to a worker's process group."""

    worker: int
    number: int


ToServer: TypeAlias = Fork | Signal


class Ready(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Workers can be forked; `skipped` says which packages were not preloaded and why."""

    skipped: tuple[str, ...] = ()


class Gone(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A worker has been reaped and all its descendants are dead; `left` is how many had to be killed."""

    worker: int
    signal: int | None
    exit_code: int | None
    rss: int
    cpu: int
    left: int = 0


class ForkFailed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The system did not give a process."""

    worker: int
    text: str


FromServer: TypeAlias = Ready | Gone | ForkFailed

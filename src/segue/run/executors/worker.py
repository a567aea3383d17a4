from __future__ import annotations

import os
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import msgspec

from segue.model.commands import Launch
from segue.model.events import Ended, Lost, Outcome
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import AttemptKind
from segue.model.masking import Veil
from segue.model.sealing import has_sealed
from segue.run.executors.memory import MemoryGroup, tree_size
from segue.run.page import BEGAN, BEGAN_AT, PID, STREAMS, TAKEN, TOKEN, Page, make_page
from segue.run.wire import CONTROL, MAX_DATAGRAM, Ask, FromWorker, Report, ToWorker

__all__ = ["Attempt", "Question", "ReuseKey", "Sight", "Worker"]

_decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
_sent: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_buffer = memoryview(bytearray(MAX_DATAGRAM))


class ReuseKey(NamedTuple):
    """Attempts that may share a process: the same code, the same secrets, the same limit of memory.

    `params` are those of the run where one of them is secret, else empty.
    """

    location: str
    bundle: str
    connections: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    memory: int | None = None
    params: bytes = b""


@lru_cache(maxsize=1024)
def _reuse_key(
    location: str, bundle: str, connections: tuple[str, ...], secrets: tuple[str, ...],
    resources: tuple[tuple[str, int], ...], params: bytes,
) -> ReuseKey:  # fmt: skip
    memory = dict(resources).get("memory")
    return ReuseKey(location, bundle, frozenset(connections), frozenset(secrets), memory, params)


class Attempt:
    """One attempt in the hands of the executor; `asks`: it must ask before it begins, `hooked`: it has an `on_cancel`.

    `verdict` is what it has come to, reported when its worker is dead; `questions` are those it waits for an answer to.
    `kept` is what its task keeps as state. `tended`: its `on_cancel` was called; where it was not, an *errand* calls it
    in a process of its own, with the same launch, and the `end` of both is waited for.
    """

    __slots__ = (
        "asks", "end", "errand", "fresh", "hooked", "kept", "launch", "of", "questions", "reuse", "started", "tended",
        "token", "verdict", "what", "worker",
    )  # fmt: skip

    def __init__(self, token: int, launch: Launch, of: Attempt | None = None) -> None:
        self.token, self.launch, self.of = token, launch, of
        self.worker: Worker | None = None
        self.verdict: Outcome | Report | None = None
        self.started = self.tended = False
        self.kept: dict[str, str] = dict(launch.state) if of is None else of.kept
        self.questions: dict[int, Question] = {}
        self.errand: Attempt | None = None
        self.end: Ended | Lost | None = None
        brief, rules = launch.brief, launch.task.rules
        params = brief.params if has_sealed(brief.params) else b""
        self.reuse = _reuse_key(brief.location, brief.bundle, rules.connections, rules.secrets, rules.resources, params)
        self.fresh = of is not None or rules.isolation == "fresh"
        self.what: AttemptKind = launch.kind if of is None else "hook"
        user = self.what == "user"
        self.asks = user and not rules.idempotent  # hooks and what is published may run twice
        self.hooked = user and "cancel" in rules.hooks


class Question(NamedTuple):
    """What an attempt, or its errand, waits for an answer to."""

    attempt: Attempt
    ask: Ask


class Sight(NamedTuple):
    """What a worker's page shows: the attempt it has or had last, since when, since when its code runs (0: not).

    `began_at` stays when the code has ended, until the next attempt: a worker may die before it has reported.
    """

    token: int
    taken: float
    began: float
    began_at: Instant | None


class Worker:
    """The executor's end of one worker process.

    Args:
        number: its number in this executor's life.
        reuse: what its attempts have in common.
        fresh: it takes one attempt only.

    Attributes:
        tell: answers it on *side*.
    """

    def __init__(self, number: int, reuse: ReuseKey, fresh: bool) -> None:
        self.number, self.reuse, self.fresh = number, reuse, fresh
        self.seal = secrets.token_hex(16).encode()
        self.veil = Veil()
        self.group: MemoryGroup | None = None
        self.over = 0
        self.sock, self.twin = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.side, self._their_side = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._their_control, self._control = os.pipe()
        self.page: Page = make_page()
        pipes = [os.pipe() for _ in STREAMS]
        self.pipes = (pipes[0][0], pipes[1][0])
        self._writing = (pipes[0][1], pipes[1][1])
        self._ears = tuple(os.dup(fd) for fd in self.pipes)
        self.tell: Callable[[bytes], None] = lambda _: None
        self.queue: dict[int, Attempt] = {}
        self._backlog: deque[tuple[int, bytes]] = deque()
        self.runs: set[RunKey] = set()
        self.keys: dict[int, AttemptKey] = {}
        self.closing = self.ours = self.slow = self.alone = False
        self.look_at = self.term_at = self.kill_at = float("inf")

    @property
    def takes_more(self) -> bool:
        """Whether work may be queued behind what it has: not where that is long, or asks before it begins."""
        return not (self.closing or self.slow or self.alone or self.fresh)

    @property
    def seats(self) -> tuple[int, ...]:
        """Descriptors for the worker, in the order of `Fork`, without the lock."""
        return (self.twin.fileno(), self._their_side.fileno(), self._their_control, *self._writing, self.page.fd)

    def seated(self) -> None:
        """Its descriptors are on their way: close our copies, all but the twin."""
        self._their_side.close()
        for fd in (self._their_control, *self._writing, self.page.fd):
            os.close(fd)

    def give(self, attempt: Attempt, data: bytes) -> None:
        """Send work, or keep it until there is room."""
        attempt.worker = self
        if self.group is not None and not self.queue:
            self.group.begin()
        self.alone = attempt.asks
        self.queue[attempt.token] = attempt
        self.keys[attempt.token] = attempt.launch.key
        self._backlog.append((attempt.token, data))
        self.flush()

    def answer(self, data: bytes) -> None:
        """Say whether it may begin; nothing is queued where that question is open."""
        with suppress(BlockingIOError, ConnectionError):
            self.sock.send(data, socket.MSG_DONTWAIT)

    def stop(self, token: int) -> None:
        """Tell it to call the `on_cancel` of this attempt."""
        with suppress(BrokenPipeError):
            os.write(self._control, CONTROL.pack(token))

    def flush(self) -> None:
        """Send what waits for room. A reported attempt made room, so nothing waits for long."""
        with suppress(BlockingIOError, ConnectionError):
            while self._backlog:
                self.sock.send(self._backlog[0][1], socket.MSG_DONTWAIT)
                self._backlog.popleft()

    def receive(self) -> Iterator[FromWorker]:
        """What the worker has said."""
        recv_into = self.sock.recv_into
        while True:
            try:
                size = recv_into(_buffer, 0, socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionError):
                return
            if not size:
                return
            yield _decoder.decode(_buffer[:size])

    def take_back(self) -> list[Attempt]:
        """Receive instead of the worker: the attempts it will not get, in the order they were sent."""
        back = []
        with suppress(BlockingIOError, ConnectionError):
            while size := self.twin.recv_into(_buffer, 0, socket.MSG_DONTWAIT):
                back.append(_sent.decode(_buffer[:size]).token)
        back += [token for token, _ in self._backlog]
        self._backlog.clear()
        attempts = [self.queue.pop(token) for token in back if token in self.queue]
        for attempt in attempts:
            attempt.worker = None
        return attempts

    def look(self) -> Sight:
        """Read the page."""
        cells = self.page.cells
        token, taken, began = cells[TOKEN], cells[TAKEN], cells[BEGAN]
        began_at = Instant(cells[BEGAN_AT]) if cells[BEGAN_AT] else None
        return Sight(token, taken / 1e9, began / 1e9 if began > 0 else began, began_at)

    def told(self) -> tuple[int, str, str, int]:
        """Its process, location, the attempt it runs now, as printed, and how many wait behind that."""
        runs = self.queue.get(self.look().token)
        shown = "" if runs is None else str(runs.launch.key)
        return int(self.page.cells[PID]), self.reuse.location, shown, len(self.queue) - (runs is not None)

    @property
    def limited(self) -> bool:
        """Whether its memory is to be measured now."""
        return self.reuse.memory is not None and bool(self.queue) and not self.over

    def measure(self, alive: bool = True) -> bool:
        """Measure its memory, with that of all it started; says whether it is, or was, over its limit."""
        pid, limit = int(self.page.cells[PID]), self.reuse.memory
        if self.group is not None:
            if self.group.exceeded:
                self.over = max(self.group.peak, 1)
        elif limit is not None and pid and alive and (held := tree_size(pid)) > limit:
            self.over = held
        return self.over > 0

    def said(self) -> bool:
        """Whether the attempt that it died with said anything."""
        return any(self.page.spoke(stream, ear) for stream, ear in enumerate(self._ears))

    def close(self) -> None:
        """Close what is the loop's, and let go of attempts, so that the page goes with the last who needs it."""
        for attempt in self.queue.values():
            attempt.worker = None
        self.queue.clear()
        self.sock.close()
        self.twin.close()
        for fd in (self._control, *self._ears):
            os.close(fd)

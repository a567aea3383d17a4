from __future__ import annotations

import os
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import msgspec

from segue.model.errors import StoreDown, UnknownName, UnreadableValue, UsageError, VaultDown
from segue.model.events import StateSet, Value
from segue.model.ids import Instant, RunKey
from segue.run.wire import (
    Answers,
    Ask,
    Block,
    Body,
    Grant,
    One,
    Question,
    Reveal,
    Revealed,
    Work,
    read_frame,
    write_frame,
)

__all__ = ["Supply"]

_encode = msgspec.msgpack.Encoder().encode
_work = msgspec.msgpack.Decoder(Work)
_one: msgspec.msgpack.Decoder[Value | None] = msgspec.msgpack.Decoder(Value | None)
_block = msgspec.msgpack.Decoder(Answers)
_grant = msgspec.msgpack.Decoder(Grant)
_revealed = msgspec.msgpack.Decoder(Revealed)
_ENTRIES, _BYTES = 64, 32 * 1024 * 1024


class Supply:
    """Upstream values that did not travel with the work: asked for on the side channel, the newest ones kept.

    So the ten thousand items of a mapped task fetch the list they map over once for each worker.
    """

    def __init__(self, side: socket.socket, tell: Callable[[bytes], None]) -> None:
        self._side, self._tell = side, tell
        self._turn, self._pid = Lock(), os.getpid()
        self.broken = False
        self._kept: OrderedDict[tuple[RunKey, int, str, int | None], Value] = OrderedDict()
        self._bytes = 0

    def body(self, token: int) -> Work:
        """The attempt that was too large for a datagram."""
        return _work.decode(self._ask(Body(token)))

    def one(self, work: Work, task: str, index: int | None) -> Value | None:
        """The result of one task of the run of `work`."""
        name = (work.run, work.fresh, task, index)
        value = self._kept.get(name)
        if value is None:
            value = _one.decode(self._ask(One(work.run, task, index)))
            if value is not None:
                self._keep(name, value)
        else:
            self._kept.move_to_end(name)
        return value

    def block(self, work: Work, task: str, first: int, stop: int) -> Sequence[tuple[int, Value]]:
        """Results of items `first <= index < stop` of a mapped task, those that there are."""
        return _block.decode(self._ask(Block(work.run, task, first, stop)))

    def revealed(self) -> Revealed:
        """The connections and secrets that the task declares.

        Raises:
            UnknownName: one of them is nowhere, or unusable.
            VaultDown: they cannot be read now.
        """
        found = _revealed.decode(self._ask(Reveal()))
        if found.fault:
            raise (VaultDown if found.retryable else UnknownName)(found.fault)
        return found

    def set_state(self, token: int, name: str, value: str) -> None:
        """Return when a value of `context.state` is durable.

        Raises:
            StoreDown: it is not, and will not be.
        """
        ask = Ask(token, 0, Instant(time.time_ns() // 1000), StateSet(name, value))
        if not _grant.decode(self._exchange(lambda: self._tell(_encode(ask)))).yes:
            raise StoreDown(f"context.state[{name!r}] was not kept: the run's owner ends, or has given it up")

    def _ask(self, question: Question) -> bytes:
        answer = self._exchange(lambda: write_frame(self._side, _encode(question)))
        if not answer:
            raise UnreadableValue("the store could not be read: see the owner's log")
        return answer

    def _exchange(self, ask: Callable[[], None]) -> bytes:
        """One question and its answer at a time. Who is interrupted in between leaves an answer that nobody awaits."""
        if os.getpid() != self._pid:
            raise UsageError("a process that the task started cannot ask for this: do it in the task itself")
        with self._turn:
            if self.broken:
                raise UnreadableValue("an earlier question of this attempt was interrupted")
            self.broken = True
            ask()
            answer = read_frame(self._side)
            self.broken = False
        return answer

    def _keep(self, name: tuple[RunKey, int, str, int | None], value: Value) -> None:
        self._kept[name] = value
        self._bytes += len(value.inline or b"")
        while len(self._kept) > _ENTRIES or self._bytes > _BYTES:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old.inline or b"")

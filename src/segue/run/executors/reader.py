from __future__ import annotations

import selectors
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from segue.model.contracts import Results
from segue.run.executors.attendant import Attendant
from segue.run.wire import Block, Body, One, Question

__all__ = ["Reader"]

_LENGTH = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)


class Reader:
    """Answers what workers ask about values, in a thread of its own and never waiting for one of them.

    Args:
        results: reads the store; called from this thread only.
        bodies: encoded work that was too large for a datagram, by token; filled by the executor.
    """

    def __init__(self, results: Results, bodies: Mapping[int, bytes]) -> None:
        self._results, self._bodies = results, bodies
        self._attendant = Attendant("segue-reader")
        self._channels: set[_Channel] = set()

    def serve(self, side: socket.socket) -> None:
        """Answer on this socket until its other end is closed; takes the socket over."""
        side.setblocking(False)
        self._attendant.submit(lambda: self._open(side))

    def close(self) -> None:
        """End the thread and close every channel."""
        self._attendant.close()
        for channel in self._channels:
            channel.side.close()

    def _open(self, side: socket.socket) -> None:
        channel = _Channel(self, side)
        self._channels.add(channel)
        self._attendant.watch(side.fileno(), selectors.EVENT_READ, channel.ready)

    def drop(self, channel: _Channel) -> None:
        """Close a channel whose worker is gone."""
        self._attendant.forget(channel.side.fileno())
        self._channels.discard(channel)
        channel.side.close()

    def listen(self, channel: _Channel) -> None:
        """Wait for questions, and for room where an answer is not yet taken."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if channel.outgoing else 0)
        self._attendant.watch(channel.side.fileno(), events, channel.ready)

    def answer(self, question: Question) -> bytes:
        """The answer, empty where there is none to be had."""
        try:
            return self._found(question)
        except Exception:  # noqa: BLE001 - whatever ails the store, the attempt that asked fails, and no other
            return b""

    def _found(self, question: Question) -> bytes:
        match question:
            case Body(token):
                return self._bodies.get(token, b"")
            case One(run, task, index):
                return _encode(self._results.result(run, task, index))
            case Block(run, task, first, stop):
                return _encode(list(self._results.results(run, task, first, stop)))


class _Channel:
    """One worker's questions and the bytes of answers that it has not taken yet."""

    def __init__(self, reader: Reader, side: socket.socket) -> None:
        self._reader, self.side = reader, side
        self._incoming, self.outgoing = bytearray(), bytearray()

    def ready(self, events: int) -> None:
        try:
            if events & selectors.EVENT_READ and not self._read():
                self._reader.drop(self)
                return
            with suppress(BlockingIOError):
                while self.outgoing:
                    del self.outgoing[: self.side.send(self.outgoing)]
        except ConnectionError:
            self._reader.drop(self)
            return
        self._reader.listen(self)

    def _read(self) -> bool:
        data = self.side.recv(65536)
        self._incoming += data
        while len(self._incoming) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                break
            body = self._reader.answer(_decoder.decode(self._incoming[_LENGTH.size : end]))
            del self._incoming[:end]
            self.outgoing += _LENGTH.pack(len(body)) + body
        return bool(data)

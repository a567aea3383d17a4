from __future__ import annotations

import selectors
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from segue.model.address import Address, check_maskable
from segue.model.contracts import Results, Vault
from segue.model.errors import StoreDown, UnknownName, UsageError, VaultDown
from segue.model.masking import Veil
from segue.model.sealing import text_of
from segue.run.executors.attendant import Attendant
from segue.run.wire import Block, Body, One, Question, Reveal, Revealed

__all__ = ["Allowed", "NoVault", "Reader"]

_PATIENCE = 2.0  # seconds for a back end of secrets that does not answer, at the end
_PAUSE = 0.5  # seconds from one try to read a store that is away to the next
_LENGTH = struct.Struct("<I")
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)


class Allowed(NamedTuple):
    """What a worker may be told: names of connections and secrets, ciphertexts of the run's secret params."""

    connections: Sequence[str] = ()
    secrets: Sequence[str] = ()
    params: Mapping[str, bytes] = MappingProxyType({})


class NoVault:
    """Where there is no place for secrets, as in tests."""

    def unseal(self, params: Mapping[str, bytes]) -> dict[str, str]:
        """Nothing, as long as nothing is wanted."""
        if params:
            raise UnknownName(f"this executor has no key for {', '.join(params)}")
        return {}

    def reveal(self, connections: Sequence[str], secrets: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Nothing, as long as nothing is wanted."""
        if connections or secrets:
            raise UnknownName(f"this executor has no place to look for {', '.join((*connections, *secrets))}")
        return {}, {}


_NOTHING = Allowed()


class Reader:
    """Answers what workers ask about values, in a thread of its own and never waiting for one of them.

    Secrets are looked for in a second thread: a back end may take its time, and no value waits for it.

    Args:
        results: reads the store; called from this thread only.
        bodies: encoded work that was too large for a datagram, by token; filled by the executor.
        vault: knows connections and secrets; called from the second thread only.
    """

    def __init__(self, results: Results, bodies: Mapping[int, bytes], vault: Vault | None = None) -> None:
        self._results, self._bodies, self._vault = results, bodies, vault or NoVault()
        self._attendant = Attendant("segue-reader")
        self._revealing: Attendant | None = None
        self._channels: set[_Channel] = set()

    def serve(
        self, side: socket.socket, allowed: Allowed = _NOTHING, veil: Veil | None = None
    ) -> Callable[[bytes], None]:
        """Answer a worker until its end of the socket is closed.

        Args:
            side: our end; taken over.
            allowed: what the worker may be told.
            veil: told every secret before the worker is.

        Returns:
            Sends it one answer, called from another thread.
        """
        side.setblocking(False)
        channel = _Channel(self, side, allowed, veil or Veil())
        self._attendant.submit(lambda: self._open(channel))
        return lambda body: self._attendant.submit(lambda: self._tell(channel, body))

    def close(self) -> None:
        """End the threads and close every channel."""
        if self._revealing is not None:
            self._revealing.close(_PATIENCE)
        self._attendant.close()
        for channel in self._channels:
            channel.side.close()

    def _open(self, channel: _Channel) -> None:
        self._channels.add(channel)
        self.listen(channel)

    def drop(self, channel: _Channel) -> None:
        """Close a channel whose worker is gone."""
        self._attendant.forget(channel.side.fileno())
        self._channels.discard(channel)
        channel.side.close()

    def listen(self, channel: _Channel) -> None:
        """Wait for questions, and for room where an answer is not yet taken."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if channel.outgoing else 0)
        self._attendant.watch(channel.side.fileno(), events, channel.ready)

    def _tell(self, channel: _Channel, body: bytes) -> None:
        if channel in self._channels:
            channel.say(body)
            self.listen(channel)

    def answer(self, channel: _Channel, question: Question) -> None:
        """Send the answer, empty where there is none to be had."""
        if isinstance(question, Reveal):
            self._reveal(channel)
            return
        try:
            body = self._found(question)
        except StoreDown:
            # The attempt has its place and nothing to do but to wait, as the loop does.
            self._attendant.after(_PAUSE, lambda: self._ask_again(channel, question))
            return
        except Exception:  # noqa: BLE001 - whatever ails the store, the attempt that asked fails, and no other
            body = b""
        channel.say(body)

    def _ask_again(self, channel: _Channel, question: Question) -> None:
        if channel in self._channels:
            self.answer(channel, question)
            self.listen(channel)

    def _reveal(self, channel: _Channel) -> None:
        if self._revealing is None:
            self._revealing = Attendant("segue-vault")

        def ask() -> None:
            body = _encode(self._revealed(channel))
            self._attendant.submit(lambda: self._tell(channel, body))

        self._revealing.submit(ask)

    def _revealed(self, channel: _Channel) -> Revealed:
        try:
            connections, secrets = self._vault.reveal(channel.allowed.connections, channel.allowed.secrets)
            params = self._vault.unseal(channel.allowed.params)
            hidden = [*_hidden(connections, secrets), *(text_of(value) for value in params.values())]
        except UsageError as why:
            return Revealed(fault=str(why))
        except VaultDown as why:
            return Revealed(fault=str(why), retryable=True)
        except Exception as why:  # noqa: BLE001 - a back end is foreign code; its text may hold what must not be shown
            return Revealed(fault=f"secrets cannot be read: {type(why).__qualname__}", retryable=True)
        channel.veil.learn(hidden)
        return Revealed(connections, secrets, params=params)

    def _found(self, question: Body | One | Block) -> bytes:
        match question:
            case Body(token):
                return self._bodies.get(token, b"")
            case One(run, task, index):
                return _encode(self._results.result(run, task, index))
            case Block(run, task, first, stop):
                return _encode(list(self._results.results(run, task, first, stop)))


def _hidden(connections: Mapping[str, str], secrets: Mapping[str, str]) -> list[str]:
    """What must be hidden of these. Raises `UsageError` where that cannot be done."""
    found = list(secrets.values())
    for name, value in secrets.items():
        check_maskable(f"secret {name}", (value,))
    for name, uri in connections.items():
        parts = Address.of(uri).secrets
        check_maskable(f"the password of connection {name}", parts)
        found += parts
    return found


class _Channel:
    """One worker's questions, what it may be told, and the bytes of answers that it has not taken yet."""

    def __init__(self, reader: Reader, side: socket.socket, allowed: Allowed, veil: Veil) -> None:
        self._reader, self.side, self.allowed, self.veil = reader, side, allowed, veil
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
            question = _decoder.decode(self._incoming[_LENGTH.size : end])
            del self._incoming[:end]
            self._reader.answer(self, question)
        return bool(data)

    def say(self, body: bytes) -> None:
        """Add an answer; it leaves when there is room."""
        self.outgoing += _LENGTH.pack(len(body)) + body

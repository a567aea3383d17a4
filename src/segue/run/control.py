"""The control socket: how other processes of the same user speak to the owner of a home.

It is an `Inbox`: what arrives is an event for the loop, and whoever asked is answered when the loop acknowledges it,
that is after the commit. Everything happens in the loop's thread and never blocks: the server is one epoll descriptor
that the executor's `wait` watches beside its own. A follower is only poked; what happened it reads from the event log
itself, from its own cursor, so that a slow one costs the loop nothing.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from segue.model.changes import Answered, Change
from segue.model.events import Event, Expired, Request
from segue.model.ids import RunKey

__all__ = [
    "MESSAGE_LIMIT",
    "Ask",
    "ControlServer",
    "Follow",
    "Look",
    "Message",
    "Post",
    "Reply",
    "frame",
    "peer_uid",
    "unframe",
]

MESSAGE_LIMIT: Final = 4_000_000
_CONNECTIONS: Final = 64
_HEAD = struct.Struct("!I")


class Ask(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Do something; answered after the commit."""

    request: Request


class Look(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Say something that only the owner knows; answered at once."""

    what: Literal["why", "health"]
    run: RunKey | None = None
    task: str = ""


class Follow(msgspec.Struct, frozen=True, gc=False, tag=True):
    """From now on send a `Reply` without text after every commit."""


class Post(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let go of runs that nobody needs any more; that it was heard is answered at once."""

    event: Expired


Message: TypeAlias = Ask | Look | Follow | Post


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer: whether it was done, a sentence, the run it made or concerns, for `Look` the body, for `Ask` the id
    of its request: what is asked together is not answered in order.
    """

    ok: bool
    text: str = ""
    run: RunKey | None = None
    body: msgspec.Raw = msgspec.Raw(b"\xc0")
    request: str = ""


def frame(message: Message | Reply) -> bytes:
    """Encode a message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return _HEAD.pack(len(body)) + body


def unframe(buffer: bytearray) -> bytes | None:
    """Take the first whole message out of a buffer, None where there is none yet.

    Raises:
        ValueError: it is longer than any message is.
    """
    if len(buffer) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack_from(buffer)
    if length > MESSAGE_LIMIT:
        raise ValueError("message too long")
    end = _HEAD.size + length
    if len(buffer) < end:
        return None
    body = bytes(buffer[_HEAD.size : end])
    del buffer[:end]
    return body


def peer_uid(connection: socket.socket) -> int:
    """The user at the other end of a Unix socket."""
    size = struct.calcsize("3i")
    return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1])


class _Peer:
    __slots__ = ("connection", "following", "received", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received, self.unsent = bytearray(), bytearray()
        self.following = False


class ControlServer:
    """The owner's inbox.

    Args:
        path: where the socket is made, mode 0600; None: no socket, only what is posted in this process.
        look: answers a `Look` from the owner's memory, with what msgpack can encode.
        uid_of: tells the user of a connection; others than our own are sent away.
    """

    def __init__(
        self, path: Path | None, look: Callable[[Look], object], uid_of: Callable[[socket.socket], int] = peer_uid
    ) -> None:
        self._look, self._uid_of, self._path = look, uid_of, path
        self._decoder = msgspec.msgpack.Decoder(Message)
        self._queue: deque[Event] = deque()
        self._waiting: dict[str, list[Callable[[Reply], None]]] = {}
        self._selector = selectors.DefaultSelector()
        self._poke_in, self._poke_out = os.pipe()
        for end in (self._poke_in, self._poke_out):
            os.set_blocking(end, False)
        self._selector.register(self._poke_in, selectors.EVENT_READ)
        self._listener = None if path is None else self._listen(path)
        self._peers: set[_Peer] = set()

    def _listen(self, path: Path) -> socket.socket:
        path.unlink(missing_ok=True)  # the home's lock says that nobody else listens here
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        mask = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
        listener.listen(_CONNECTIONS)
        self._selector.register(listener, selectors.EVENT_READ)
        return listener

    def post(self, event: Event, answered: Callable[[Reply], None] | None = None) -> None:
        """Put an event of this process in; safe in a signal handler and from other threads.

        Args:
            event: a request with an id of its own, or a definition.
            answered: called after the commit, where the event is a request.
        """
        if isinstance(event, Request) and answered is not None:
            self._waiting.setdefault(event.id, []).append(answered)
        self._queue.append(event)
        self.poke()

    def poke(self) -> None:
        """Let the loop take a turn."""
        with contextlib.suppress(BlockingIOError):  # it is poked already
            os.write(self._poke_out, b"!")

    def fileno(self) -> int | None:
        """The epoll descriptor of everything that may arrive."""
        return self._selector.fileno() if hasattr(self._selector, "fileno") else None

    def poll(self) -> Sequence[Event]:
        """Take in what has arrived; all events that are not acknowledged, oldest first."""
        for key, _ in self._selector.select(0):
            if key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.data, _Peer):
                self._serve(key.data)
            else:
                os.read(self._poke_in, 4096)
        return tuple(self._queue)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """Forget the oldest events, which these are, and answer who asked; see `Inbox`.

        A request that is not answered yet stays: a mark waits until the attempt it stops has ended, and after a
        conflict it must come again.
        """
        answers = {change.request: change for change in changes if isinstance(change, Answered)}
        kept = []
        for event in events:
            original = self._queue.popleft()
            if isinstance(event, Request) and event.facts.answer is not None:
                self._answer(event.id, Reply(*event.facts.answer))  # committed earlier, unknown to us until now
            elif isinstance(event, Request) and event.id not in answers:
                kept.append(original)
        self._queue.extendleft(reversed(kept))
        for request, change in answers.items():
            self._answer(request, Reply(change.ok, change.text, change.run))

    def _answer(self, request: str, reply: Reply) -> None:
        reply = msgspec.structs.replace(reply, request=request)
        for answer in self._waiting.pop(request, ()):
            answer(reply)

    def asking(self, request: str) -> int:
        """How many wait for the answer to this request."""
        return len(self._waiting.get(request, ()))

    @property
    def followers(self) -> int:
        """How many are poked after every commit."""
        return sum(peer.following for peer in self._peers)

    def committed(self) -> None:
        """Poke all followers."""
        for peer in [peer for peer in self._peers if peer.following and not peer.unsent]:
            self._send(peer, Reply(True))

    def close(self) -> None:
        """Leave nothing behind: connections, descriptors, the socket's name."""
        for peer in tuple(self._peers):
            self._drop(peer)
        if self._listener is not None and self._path is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)
        self._selector.close()
        os.close(self._poke_in)
        os.close(self._poke_out)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        if self._uid_of(connection) not in (os.getuid(), 0) or len(self._peers) >= _CONNECTIONS:
            connection.close()
            return
        connection.setblocking(False)
        peer = _Peer(connection)
        self._peers.add(peer)
        self._selector.register(connection, selectors.EVENT_READ, peer)

    def _serve(self, peer: _Peer) -> None:
        try:
            data = peer.connection.recv(65536)
            if not data:
                raise ConnectionError
            peer.received += data
            while (body := unframe(peer.received)) is not None:
                self._take(peer, self._decoder.decode(body))
        except BlockingIOError:
            self._flush(peer)
        except (OSError, ValueError):  # gone, or it speaks no msgpack of ours
            self._drop(peer)

    def _take(self, peer: _Peer, message: Message) -> None:
        match message:
            case Ask(request):
                known = request.id in self._waiting
                self._waiting.setdefault(request.id, []).append(lambda reply: self._send(peer, reply))
                if not known:
                    self._queue.append(request)
            case Look():
                self._send(peer, Reply(True, body=msgspec.Raw(msgspec.msgpack.encode(self._look(message)))))
            case Follow():
                peer.following = True
            case Post(event):
                self._queue.append(event)
                self._send(peer, Reply(True))

    def _send(self, peer: _Peer, reply: Reply) -> None:
        if peer in self._peers:
            peer.unsent += frame(reply)
            self._flush(peer)

    def _flush(self, peer: _Peer) -> None:
        try:
            while peer.unsent:
                del peer.unsent[: peer.connection.send(peer.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(peer)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.unsent else 0)
        self._selector.modify(peer.connection, wanted, peer)

    def _drop(self, peer: _Peer) -> None:
        if peer in self._peers:
            self._peers.discard(peer)
            self._selector.unregister(peer.connection)
            peer.connection.close()

"""Stands between a client and its server and cuts the line at a chosen moment of a chosen commit.

It reads the client's messages as the protocol frames them, so it knows a COMMIT when it sees one. A cut is what a
network does: both sides lose the connection, neither is told why.
"""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
import threading
from pathlib import Path

__all__ = ["Cut", "Proxy"]

_NAME = ".s.PGSQL.5432"


class Cut(enum.Enum):
    """When: relative to the commit that it is armed for."""

    BEFORE = "before the server hears of the commit"
    WHILE = "while the server commits"
    INSIDE = "in the middle of the reply"
    AFTER = "before the client hears the reply"
    EARLIER = "with the transaction's statements half sent"


class Proxy:
    """One listener, two threads a connection.

    Args:
        folder: where the socket is made.
        server: the server's own socket.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.host, self._server = folder, server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _NAME))
        self._listener.listen(64)
        self._lock = threading.Lock()
        self._armed: tuple[int, Cut] | None = None
        self._down = False
        self._pairs: set[_Pair] = set()
        self.cuts: list[Cut] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, commits: int, cut: Cut) -> None:
        """Cut the line at the `commits`-th commit from now on (0: the next)."""
        with self._lock:
            self._armed = (commits, cut)

    @property
    def armed(self) -> bool:
        """Whether a cut is still to come."""
        return self._armed is not None

    def hang_up(self) -> None:
        """Cut all lines now."""
        with self._lock:
            pairs = tuple(self._pairs)
        for pair in pairs:
            pair.cut()

    def set_down(self, down: bool) -> None:
        """Let nobody through any more, or again."""
        self._down = down
        if down:
            self.hang_up()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self._listener.close()
        self.hang_up()

    def committing(self) -> Cut | None:
        """A commit comes by: whether, and when, to cut."""
        with self._lock:
            if self._armed is None:
                return None
            left, cut = self._armed
            if left:
                self._armed = (left - 1, cut)
                return None
            self._armed = None
            self.cuts.append(cut)
            return cut

    def beginning(self) -> bool:
        """A transaction's first statements come by: whether to cut among them."""
        with self._lock:
            if self._armed is None or self._armed[1] is not Cut.EARLIER or self._armed[0] > 0:
                return False
            self._armed = None
            self.cuts.append(Cut.EARLIER)
            return True

    def forget(self, pair: _Pair) -> None:
        """A connection is gone."""
        with self._lock:
            self._pairs.discard(pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                if self._down:
                    raise ConnectionError
                server.connect(str(self._server))
            except OSError:
                client.close()
                server.close()
                continue
            pair = _Pair(self, client, server)
            with self._lock:
                self._pairs.add(pair)
            for way in (pair.ask, pair.answer):
                threading.Thread(target=way, daemon=True).start()


class _Pair:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._at_reply: Cut | None = None
        self._buffer = b""
        self._started = False
        self._prepared: dict[bytes, bytes] = {}

    def cut(self) -> None:
        for one in (self._client, self._server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _done(self) -> None:
        self.cut()
        self._client.close()
        self._server.close()
        self._proxy.forget(self)

    def ask(self) -> None:
        """From the client to the server."""
        with contextlib.suppress(OSError):
            while data := self._client.recv(65536):
                self._buffer += data
                if not self._pass_on():
                    break
        self.cut()

    def _pass_on(self) -> bool:
        ready = b""
        for message in self._messages():
            text = self._text_of(message)
            if text == b"COMMIT" and (cut := self._proxy.committing()) is not None:
                if cut is Cut.BEFORE:
                    self._server.sendall(ready)
                    return False
                self._at_reply = cut
                self._server.sendall(ready + message)
                if cut is Cut.WHILE:
                    return False
                ready = b""
                continue
            if text.startswith(b"UPDATE lease SET renewed") and self._proxy.beginning():
                self._server.sendall(ready)
                return False
            ready += message
        self._server.sendall(ready)
        return True

    def _text_of(self, message: bytes) -> bytes:
        """The statement that this message has executed, if it is one that does."""
        if message[:1] == b"Q":
            return message[5:-1]
        if message[:1] == b"P":
            name, text, _ = message[5:].split(b"\0", 2)
            self._prepared[name] = text
        elif message[:1] == b"B":
            _, name, _ = message[5:].split(b"\0", 2)
            return self._prepared.get(name, b"")
        return b""

    def _messages(self) -> list[bytes]:
        found = []
        while True:
            head = 1 if self._started else 0
            if len(self._buffer) < head + 4:
                return found
            (length,) = struct.unpack_from("!I", self._buffer, head)
            end = head + length
            if len(self._buffer) < end:
                return found
            found.append(self._buffer[:end])
            self._buffer = self._buffer[end:]
            # The first message has no letter; an encryption request is answered and the first message comes again.
            if not self._started and length != 8:
                self._started = True

    def answer(self) -> None:
        """From the server to the client."""
        with contextlib.suppress(OSError):
            while data := self._server.recv(65536):
                if self._at_reply is Cut.AFTER:
                    break
                if self._at_reply is Cut.INSIDE:
                    self._client.sendall(data[: len(data) // 2])
                    break
                self._client.sendall(data)
        self._done()

from __future__ import annotations

import os
import secrets
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from segue.model.errors import EnvironmentFault
from segue.run.interpreters import Child, environment_of
from segue.run.processes import kill_all, marked
from segue.run.wire import Fork, FromServer, Setup, Signal, ToServer

__all__ = ["HOME_MARK", "ForkServer"]

HOME_MARK = "SEGUE_HOME_MARK"
"""Name of the environment variable by which processes of a home are found after its owner's death."""

_OWN_MARK = "SEGUE_FORKS_MARK"
_PATIENCE = 10.0  # seconds for a fork server to kill its workers
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[FromServer] = msgspec.msgpack.Decoder(FromServer)


class ForkServer:
    """The executor's end of a fork server. Start it in the main thread: it dies with the thread that starts it.

    Args:
        python: its interpreter.
        env: environment of this process.
        mark: what finds it, all its descendants, and those of other fork servers of the home.
        setup: what its workers share.

    Raises:
        EnvironmentFault: the interpreter cannot be started.
    """

    def __init__(self, python: str, env: Mapping[str, str], mark: str, setup: Setup) -> None:
        own = secrets.token_hex(8)
        self._mark = f"{_OWN_MARK}={own}".encode()
        self._orders: deque[tuple[bytes, list[int]]] = deque()
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.setblocking(False)
        fd = theirs.fileno()
        words = [str(fd), str(os.getpid()), msgspec.json.encode(setup).decode(), "{}"]
        marked_env = environment_of(python, env) | {HOME_MARK: mark, _OWN_MARK: own}
        with theirs:
            try:
                self._child = Child(python, "segue.run.children.forkserver", words, marked_env, fd)
            except EnvironmentFault:
                self.sock.close()
                raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.process.pid

    def fork(self, worker: int, seal: bytes, fds: Sequence[int], group: str = "") -> None:
        """Order a worker. The descriptors stay the caller's."""
        self._order(Fork(worker, seal, group), [os.dup(fd) for fd in fds])

    def signal(self, worker: int, number: int) -> None:
        """Send a signal to a worker's group; one that is dead already gets none."""
        self._order(Signal(worker, number), [])

    def read(self) -> list[FromServer] | None:
        """What it says; None when it is dead."""
        self._flush()
        notices: list[FromServer] = []
        with suppress(BlockingIOError):
            while True:
                try:
                    data = self.sock.recv(4096)
                except ConnectionError:
                    data = b""
                if not data:
                    return notices or None
                notices.append(_decoder.decode(data))
        return notices

    def kill(self) -> None:
        """Kill it; `read` says so."""
        self._child.process.kill()

    def close(self) -> str:
        """End it and all its workers, and see that nothing of them is left; says what ended it."""
        self.sock.close()
        self._child.end(_PATIENCE)
        for _, fds in self._orders:
            _close(fds)
        self._orders.clear()
        kill_all(lambda: marked(self._mark), _PATIENCE)
        complaint = self._child.complaint()
        self._child.close()
        return complaint

    def last_words(self) -> str:
        """The last that it, or a worker that had not begun yet, wrote to standard error."""
        return self._child.last_words()

    def _order(self, order: ToServer, fds: list[int]) -> None:
        self._orders.append((_encode(order), fds))
        self._flush()

    def _flush(self) -> None:
        try:
            while self._orders:
                data, fds = self._orders[0]
                if fds:
                    socket.send_fds(self.sock, [data], fds)
                else:
                    self.sock.send(data)
                self._orders.popleft()
                _close(fds)
        except (BlockingIOError, ConnectionError):
            pass  # full: later; dead: `read` says so


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)

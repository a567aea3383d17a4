from __future__ import annotations

import os
import socket
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from segue.run.processes import kill_all, marked
from segue.run.wire import Fork, FromServer, Setup, Signal, ToServer

__all__ = ["HOME_MARK", "ForkServer"]

HOME_MARK = "SEGUE_HOME_MARK"
"""Name of the environment variable by which processes of a home are found after its owner's death."""

_PATIENCE = 10.0  # seconds for a fork server to kill its workers
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[FromServer] = msgspec.msgpack.Decoder(FromServer)


class ForkServer:
    """The executor's end of a fork server. Start it in the main thread: it dies with the thread that starts it.

    Args:
        python: its interpreter.
        env: its whole environment; `SEGUE_*` is left out.
        mark: what finds it and all its descendants.
        setup: what its workers share.
    """

    def __init__(self, python: str, env: Mapping[str, str], mark: str, setup: Setup) -> None:
        self._mark = f"{HOME_MARK}={mark}".encode()
        self._orders: deque[tuple[bytes, list[int]]] = deque()
        self.ready = False
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.setblocking(False)
        fd = theirs.fileno()
        command = [python, "-P", "-m", "segue.run.children.forkserver", str(fd), str(os.getpid())]
        clean = {name: value for name, value in env.items() if not name.startswith("SEGUE_")}
        with theirs:
            self._process = subprocess.Popen(
                [*command, msgspec.json.encode(setup).decode(), "{}"],
                env=clean | {HOME_MARK: mark},
                stdin=subprocess.DEVNULL,
                pass_fds=[fd],
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

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

    def close(self) -> None:
        """End it and all its workers, and see that nothing of them is left."""
        self.sock.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for _, fds in self._orders:
            _close(fds)
        self._orders.clear()
        kill_all(lambda: marked(self._mark), _PATIENCE)

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

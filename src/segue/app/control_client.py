from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from segue.model.errors import EnvironmentFault
from segue.model.events import Request
from segue.model.ids import RunKey
from segue.run.control import Ask, Follow, Look, Message, Reply, frame, unframe

__all__ = ["ControlClient", "OwnerGone"]

PATIENCE: Final = 30.0


class OwnerGone(EnvironmentFault):
    """The process that owned the home has ended, or does not answer."""


class ControlClient:
    """Speaks to the owner of a home; closes with `with`.

    Args:
        path: the owner's socket.
        patience: seconds to wait for an answer.

    Raises:
        OwnerGone: nobody answers there; also from every method.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(patience)
        self._received = bytearray()
        try:
            self._socket.connect(str(path))
        except OSError as why:
            self._socket.close()
            raise OwnerGone(f"nobody answers at {path}: {why.strerror or why}") from why

    def ask(self, request: Request) -> Reply:
        """Send a request and wait until it is committed and answered."""
        return self._call(Ask(request))

    def why(self, run: RunKey, task: str = "") -> Any:
        """What the owner's engine says about every waiting task of a run: `(label, state, sentence)`."""
        return msgspec.msgpack.decode(self._call(Look("why", run, task)).body)

    def health(self) -> Any:
        """How the owner is: a dict."""
        return msgspec.msgpack.decode(self._call(Look("health")).body)

    def commits(self) -> Iterator[bool]:
        """Give a turn (true) after every commit from now on, until the owner ends; some turns are idle."""
        self._send(Follow())
        self._call(Look("health"))  # answered in order: what is committed after this is told
        self._socket.settimeout(None)
        return self._turns()

    def _turns(self) -> Iterator[bool]:
        while True:
            try:
                self._receive()
            except OwnerGone:
                return
            yield True

    def _call(self, message: Message) -> Reply:
        self._send(message)
        return self._receive()

    def _send(self, message: Message) -> None:
        try:
            self._socket.sendall(frame(message))
        except OSError as why:
            raise OwnerGone(f"the owner of this home does not listen: {why}") from why

    def _receive(self) -> Reply:
        while (body := unframe(self._received)) is None:
            try:
                data = self._socket.recv(65536)
            except OSError as why:
                raise OwnerGone(f"the owner of this home does not answer: {why}") from why
            if not data:
                raise OwnerGone("the owner of this home ended before it answered")
            self._received += data
        return msgspec.msgpack.decode(body, type=Reply)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

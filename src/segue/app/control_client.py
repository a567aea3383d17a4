from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from segue.model.errors import EnvironmentFault
from segue.model.events import Expired, Request
from segue.model.ids import RunKey
from segue.run.control import Ask, Follow, Look, Message, Post, Reply, frame, unframe

__all__ = ["PATIENCE", "ControlClient", "OwnerGone"]

PATIENCE: Final = 30.0
"""Seconds to wait for an answer."""


class OwnerGone(EnvironmentFault):
    """The process that owned the home has ended, or does not answer."""


class OwnerSilent(OwnerGone):
    """The owner has not answered in time; it may do so yet."""


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

    def ask_all(self, requests: Sequence[Request], wait: float) -> dict[str, Reply]:
        """Send requests together; the answers that have come in time, by id of the request.

        Args:
            requests: each with an id of its own.
            wait: seconds for all of them together.
        """
        end = time.monotonic() + wait
        self._send_all(map(Ask, requests))
        waiting, answers = {request.id for request in requests}, dict[str, Reply]()
        while waiting and (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                reply = self._receive()
            except OwnerSilent:
                break
            answers[reply.request] = reply
            waiting.discard(reply.request)
        return answers

    def why(self, run: RunKey, task: str = "") -> Any:
        """What the owner's engine says about every waiting task of a run: `(label, state, sentence)`."""
        return msgspec.msgpack.decode(self._call(Look("why", run, task)).body)

    def health(self) -> Any:
        """How the owner is: a dict."""
        return msgspec.msgpack.decode(self._call(Look("health")).body)

    def post(self, event: Expired) -> None:
        """Have runs forgotten that nobody needs any more."""
        self._call(Post(event))

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
        self._send_all([message])

    def _send_all(self, messages: Iterable[Message]) -> None:
        try:
            for message in messages:
                self._socket.sendall(frame(message))
        except OSError as why:
            raise OwnerGone(f"the owner of this home does not listen: {why}") from why

    def _receive(self) -> Reply:
        while (body := unframe(self._received)) is None:
            try:
                data = self._socket.recv(65536)
            except TimeoutError as why:
                raise OwnerSilent(f"the owner of this home does not answer: {why}") from why
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

"""One server, spoken to in JSON: its answers become values of `segue.model.api`, its problems become our errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import httpx2
import msgspec

from segue.model.api.events import Event
from segue.model.errors import (
    Bug,
    EnvironmentFault,
    Forbidden,
    NoOwner,
    NotFound,
    Refused,
    SegueError,
    UsageError,
)

__all__ = ["Transport", "part"]

_ERRORS: Final[Mapping[int, type[SegueError]]] = {
    400: UsageError, 401: Forbidden, 403: Forbidden, 404: NotFound, 405: UsageError, 409: Refused, 413: UsageError,
    421: UsageError, 422: UsageError, 429: Refused, 503: NoOwner,
}  # fmt: skip
_PORTION: Final = 65_536


class _Problem(msgspec.Struct):
    """What of a problem is told on."""

    title: str = ""
    detail: str = ""
    incident: str | None = None


class Transport:
    """Requests and answers.

    Args:
        url: of the server, `https://segue.example.org`.
        token: of the API (`segue token add`).
        timeout: seconds for one answer.
        transport: instead of a connection, for tests.

    Raises:
        UsageError: the address is none.
    """

    def __init__(
        self, url: str, token: str, timeout: float = 30.0, transport: httpx2.BaseTransport | None = None
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no address of a server: write https://segue.example.org")
        self.url = url.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.url, timeout=timeout, transport=transport, follow_redirects=False,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, kind: Any, /, **query: Any) -> Any:
        """Ask for something.

        Args:
            path: below `/api/v1`, its parts percent-encoded.
            kind: what the answer is.
            query: what is None or empty is left out; a sequence is given several times.

        Raises:
            SegueError: the server says no, or is not there.
        """
        return self._decoded(self._send("GET", path, params=_query(query)), kind)

    def text(self, path: str, /, **query: Any) -> str:
        """Ask for plain text; see `get`."""
        return self._send("GET", path, params=_query(query)).text

    def act(self, method: str, path: str, kind: Any, body: object = None, *, key: str = "") -> Any:
        """Have something done.

        Args:
            method: POST, PUT or DELETE.
            path: below `/api/v1`.
            kind: what the answer is, None where it has none.
            body: a value of `segue.model.api`.
            key: sent again, it has the same effect and the same answer.

        Raises:
            SegueError: the server says no, or is not there.
        """
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        content = b"" if body is None else msgspec.json.encode(body)
        return self._decoded(self._send(method, path, content=content, headers=headers), kind)

    def upload(self, path: str, file: BinaryIO, kind: Any, /, **query: Any) -> Any:
        """Send a file; see `act`."""
        headers = {"Content-Type": "application/x-tar"}
        answer = self._send("POST", path, params=_query(query), content=_pieces(file), headers=headers)
        return self._decoded(answer, kind)

    def follow(self, path: str, after: int | None, /, **query: Any) -> Iterator[tuple[str, Event | int]]:
        """The live stream until it ends: (kind, event), and (`open` or `reset`, number) where it stands.

        Args:
            path: of the stream.
            after: number of the last event that is known, None: from now on.
            query: of the stream.

        Raises:
            SegueError: the server says no, or is not there.
        """
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        patience = httpx2.Timeout(30.0, read=90.0)  # an idle stream shows every 20 s that it lives
        try:
            with self._http.stream(
                "GET", f"/api/v1{path}", params=_query(query), headers=headers, timeout=patience
            ) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise self._error(answer)
                for one in httpx2.EventSource(answer):
                    if one.event in ("open", "reset"):
                        yield one.event, int(one.id or 0)
                    else:
                        yield one.event, msgspec.json.decode(one.data, type=Event)
        except httpx2.HTTPError as why:
            raise EnvironmentFault(f"the stream of {self.url} has broken: {why}") from None

    def _send(self, method: str, path: str, **words: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **words)
        except httpx2.HTTPError as why:
            hint = "is `segue up` running there, and is this its address?"
            raise EnvironmentFault(f"{self.url} does not answer ({why}): {hint}") from None
        if answer.status_code >= 300:
            raise self._error(answer)
        return answer

    def _error(self, answer: httpx2.Response) -> SegueError:
        try:
            problem = msgspec.json.decode(answer.content, type=_Problem)
        except msgspec.DecodeError:
            problem = _Problem(detail=f"{self.url} answers {answer.status_code}, not as Segue does: is it one?")
        said = problem.detail or problem.title
        if answer.status_code == 401:
            said = f"{self.url} does not accept the token in SEGUE_TOKEN: `segue token add` on its machine makes one"
        return _ERRORS.get(answer.status_code, Bug)(said)

    def _decoded(self, answer: httpx2.Response, kind: Any) -> Any:
        if kind is None or answer.status_code == 204:
            return None
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError as why:
            text = f"{self.url} answers in a way that this version does not know ({why}): compare `segue --version`"
            raise EnvironmentFault(text) from None


def part(value: object) -> str:
    """A part of a path, percent-encoded whole."""
    return quote(str(value), safe="")


def _query(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in given.items() if not _left_out(value)}


def _left_out(value: Any) -> bool:
    return value is None or (isinstance(value, str | Sequence) and not value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else value


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PORTION):
        yield piece

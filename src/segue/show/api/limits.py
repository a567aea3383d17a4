"""What a request may weigh, decided before anything of it is understood (RELIABILITY D30).

This is plain ASGI in front of everything else. The server below it bounds what it holds of an unfinished request and
how long a client may take for its headers; the rest is bounded here: the count and length of headers, the URL, ranges,
the body's length (also where it was not announced) and the time it takes to come.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.show.api.problems import problem_about, problem_response

__all__ = ["BODY", "HEADERS", "HEADER_BYTES", "Limits", "enlarge"]

BODY: Final = 1024 * 1024
"""Bytes of a body, unless a route takes more."""
HEADER_BYTES: Final = 32 * 1024
"""Bytes of all headers together, and of the line before them."""

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # not `no-referrer`: a form would come with `Origin: null`
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cache-control", b"no-store"),
)
"""What every answer has, unless it says otherwise itself."""

_HEADERS: Final = 100
_URL: Final = 8 * 1024
_RANGES: Final = 8
_FORMS: Final = "multipart/"
_SLOWEST: Final = 64 * 1024  # bytes a second, of a body that is larger than others
_PATIENCE: Final = 30.0  # seconds for a body of the usual size
_CLOSE: Final = {"Connection": "close"}
_REFUSED: Final = _CLOSE | {name.decode(): value.decode() for name, value in HEADERS}
_DIGITS: Final = 18
_KEY: Final = "body_limit"


def enlarge(scope: Scope, limit: int) -> None:
    """Take a larger body of this request.

    Args:
        scope: of the request.
        limit: bytes.
    """
    scope["state"][_KEY] = limit


class Limits:
    """Refuses what weighs too much.

    Args:
        app: what lies behind.
        patience: seconds for a body of the usual size to come.
    """

    def __init__(self, app: ASGIApp, patience: float = _PATIENCE) -> None:
        self._app, self._patience = app, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is not None:
            status, detail = refusal
            await problem_response(problem_about(status, detail), _REFUSED)(scope, receive, send)
            return
        scope.setdefault("state", {})[_KEY] = BODY
        body = _Body(scope, receive, self._patience)
        await self._app(scope, body.receive, body.closing(send))


class _Body:
    """A request's body on its way: counted, timed; a connection on which some of it was left unread is closed."""

    def __init__(self, scope: Scope, receive: Receive, patience: float) -> None:
        self._scope, self._receive, self._patience = scope, receive, patience
        self._announced = _announced(scope)
        self._whole = self._announced == 0
        self._read = 0
        self._until: float | None = None

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        limit = self._scope["state"][_KEY]
        if max(self._read, self._announced or 0) > limit:
            raise _too_large(limit)
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._patience + max(0, limit - BODY) / _SLOWEST
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "the body of this request comes too slowly", _CLOSE) from None
        self._read += len(message.get("body", b""))
        if self._read > limit:
            raise _too_large(limit)
        self._whole = not message.get("more_body", False)
        return message

    def closing(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not self._whole:
                kept = [one for one in message.get("headers", ()) if one[0].lower() != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        return sending


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body of this request is longer than {limit} bytes", _CLOSE)


def _announced(scope: Scope) -> int | None:
    """The length of the body, None where it shows at the end only."""
    length: int | None = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < _DIGITS else None
    return length


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if len(scope.get("raw_path", b"")) + len(scope.get("query_string", b"")) > _URL:
        return 414, f"the URL is longer than {_URL} bytes"
    if len(headers) > _HEADERS:
        return 431, f"there are more than {_HEADERS} headers"
    if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return 431, f"the headers are longer than {HEADER_BYTES} bytes together"
    if sum(value.count(b",") + 1 for name, value in headers if name == b"range") > _RANGES:
        return 416, f"more than {_RANGES} ranges at once"
    for name, value in headers:
        if name == b"content-type" and value.decode("latin-1").strip().lower().startswith(_FORMS):
            return 415, "no route takes a form: send JSON"
    return None

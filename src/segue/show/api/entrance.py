"""What every request passes before any code of a route: the right host, a principal, no forgery.

It is plain ASGI around the whole application, so that also an unknown path or a made-up method is refused, and its
decisions read headers and the route that matched, never a URL (RELIABILITY D1, D2, D5, D6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from secrets import compare_digest
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.model.access import Principal
from segue.model.ids import Instant
from segue.show.access.subjects import Subjects
from segue.show.api.problems import Problem, problem_response
from segue.show.api.routing import Route
from segue.show.api.visiting import Visit
from segue.show.doors import Doors

__all__ = ["SAFE", "Entrance", "cookie_name"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; every other one does, also one that nobody has heard of."""

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_CSP: Final = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def cookie_name(instance: str) -> str:
    """The name of a session's cookie: cookies are shared by all ports of a host, so each installation has its own."""
    return f"segue_{instance[:8]}"


@dataclass(frozen=True, slots=True)
class _Asker:
    principal: Principal | None
    by_cookie: bool = False


class Entrance:
    """Lets in who may come in.

    Args:
        app: what lies behind.
        routes: of that application.
        doors: to the outside.
        hosts: names under which this server may be called, in lower case, without port.
    """

    def __init__(
        self, app: ASGIApp, routes: Callable[[], Sequence[BaseRoute]], doors: Doors, hosts: Collection[str]
    ) -> None:
        self._app, self._routes, self._doors, self._hosts = app, routes, doors, frozenset(hosts)
        self._subjects = Subjects()
        self._cookie = cookie_name(doors.instance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        problem = self._host_problem(headers)
        asker = _Asker(None)
        if problem is None:
            asker = await run_in_threadpool(self._asker, headers)
            problem = self._problem(scope, headers, asker)
        sending = _with_headers(send)
        if problem is not None:
            told = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
            await problem_response(problem, told)(scope, receive, sending)
            return
        if asker.principal is not None:
            scope.setdefault("state", {})["visit"] = self._visit(scope, headers, asker.principal)
        await self._app(scope, receive, sending)

    def _host_problem(self, headers: Headers) -> Problem | None:
        host = headers.getlist("host")
        if len(host) == 1 and _name_of(host[0]) in self._hosts:
            return None
        detail = "this server does not go by that name: `public_host` in [tool.segue.web] adds one"
        return Problem(421, "wrong host", detail)

    def _problem(self, scope: Scope, headers: Headers, asker: _Asker) -> Problem | None:
        public = self._is_public(scope)
        if scope["type"] != "http":
            return Problem(401, "sign in first", "there is nothing to connect to")
        if asker.principal is None and not public:
            return Problem(401, "sign in first", "send a session's cookie, or `Authorization: Bearer` with a token")
        if scope["method"] in SAFE or (asker.principal is not None and not asker.by_cookie):
            return None
        if not self._same_origin(headers):
            return Problem(403, "not allowed", "this request comes from another site")
        if public:
            return None
        assert asker.principal is not None
        if not compare_digest(headers.get("x-segue-csrf", "").encode(), asker.principal.csrf.encode()):
            return Problem(403, "not allowed", "X-Segue-CSRF must carry the value that GET /api/v1/session gives")
        return None

    def _same_origin(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme, mark, host = headers.get("origin", "").partition("://")
        return bool(mark) and scheme in ("http", "https") and host.lower() == headers["host"].lower()

    def _is_public(self, scope: Scope) -> bool:
        for route in self._routes():
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return isinstance(route, Route) and route.permit.role is None
        return False

    def _asker(self, headers: Headers) -> _Asker:
        now = self._doors.clock()
        kind, _, token = headers.get("authorization", "").partition(" ")
        if token:
            known = self._doors.gate.by_token(token.strip(), now) if kind.lower() == "bearer" else None
            return _Asker(known)
        value = _cookie(headers, self._cookie)
        return _Asker(self._doors.gate.by_session(value, now) if value else None, by_cookie=True)

    def _visit(self, scope: Scope, headers: Headers, principal: Principal) -> Visit:
        client = scope.get("client")
        now: Instant = self._doors.clock()
        return Visit(
            self._doors, principal, now, self._subjects, headers.get("idempotency-key", ""),
            headers.get("if-none-match", ""), client[0] if client else "",
        )  # fmt: skip


def _name_of(host: str) -> str:
    """The name in a `Host` header, without its port."""
    name, _, port = host.rpartition(":") if host[-1:] != "]" else (host, "", "")
    return (name if name and port.isascii() and port.isdigit() else host).lower()


def _cookie(headers: Headers, name: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message.get("headers", ())}
            more = [*_HEADERS, *([] if b"content-security-policy" in given else [(b"content-security-policy", _CSP)])]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sending

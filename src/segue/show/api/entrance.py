"""What every request passes before any code of a route: the right host, a principal, no forgery.

It is plain ASGI around the whole application, so that also an unknown path or a made-up method is refused, and its
decisions read headers and the route that matched, never a URL (RELIABILITY D1, D2, D5, D6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from secrets import compare_digest
from typing import Any, Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.model.access import Principal
from segue.model.errors import EnvironmentFault, SegueError
from segue.model.ids import Instant
from segue.show.access.subjects import Subjects
from segue.show.api.limits import HEADERS
from segue.show.api.problems import Incidents, problem_about, problem_of, problem_response
from segue.show.api.routing import Route
from segue.show.api.visiting import Guest, Visit
from segue.show.doors import Doors

__all__ = ["SAFE", "Entrance", "cookie_name"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; every other one does, also one that nobody has heard of."""

_DENIED: Final = (401, 403, 404, 421)
_THREADS: Final = 8


def cookie_name(instance: str) -> str:
    """The name of a session's cookie: cookies are shared by all ports of a host, so each installation has its own."""
    return f"segue_{instance[:8]}"


@dataclass(frozen=True, slots=True)
class _Asker:
    principal: Principal | None
    cookie: str = ""
    by_cookie: bool = False


class Entrance:
    """Lets in who may come in.

    Args:
        app: what lies behind.
        routes: of that application.
        doors: to the outside.
        hosts: names under which this server may be called, in lower case, without port.
        incidents: answers what is a fault of ours.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], doors: Doors, hosts: Collection[str], incidents: Incidents
    ) -> None:
        self._app, self._routes, self._doors, self._hosts = app, routes, doors, frozenset(hosts)
        self._open = [route for route in routes if isinstance(route, Route) and route.permit.role is None]
        self._incidents = incidents
        self._subjects = Subjects()
        self._threads = CapacityLimiter(_THREADS)
        self._cookie = cookie_name(doors.instance)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        sending = _Sending(scope, send)
        try:
            answer = await self._admit(scope, sending)
            await (self._app if answer is None else answer)(sending.scope, receive, sending)
        except SegueError as error:
            answer = problem_response(problem_of(error))
        except Exception as error:  # noqa: BLE001 - the last place where it can be told; what lies behind logs its own
            answer = None if sending.started else self._incidents.tell(error)
        else:
            return
        if answer is not None and not sending.started:
            await answer(scope, receive, sending)

    async def _admit(self, scope: Scope, sending: _Sending) -> ASGIApp | None:
        """Find out who asks; an answer for whoever is refused."""
        headers = Headers(scope=scope)
        if not self._is_host(headers):
            detail = "this server does not go by that name: `public_host` in [tool.segue.web] adds one"
            return problem_response(problem_about(421, detail))
        asker = await self._asker(headers)
        refusal = self._refusal(scope, headers, asker)
        client = scope.get("client")
        address = client[0] if client else ""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            sending.denied = partial(self._note, scope, asker, address)
        if refusal is not None:
            told = {"WWW-Authenticate": "Bearer"} if refusal[0] == 401 else None
            return problem_response(problem_about(*refusal), told)
        self._welcome(scope, headers, asker, address)
        return None

    def _is_host(self, headers: Headers) -> bool:
        host = headers.getlist("host")
        return len(host) == 1 and _name_of(host[0]) in self._hosts

    def _refusal(self, scope: Scope, headers: Headers, asker: _Asker) -> tuple[int, str] | None:
        """Status and sentence for whoever may not come in."""
        if scope["type"] != "http":
            return 401, "there is nothing to connect to"
        safe = scope["method"] in SAFE
        if asker.principal is not None and (safe or not asker.by_cookie):
            return None
        public = self._public(scope) is not None
        if asker.principal is None and not public:
            return 401, "send a session's cookie, or `Authorization: Bearer` with a token"
        if safe:
            return None
        if not _same_origin(headers):
            return 403, "this request comes from another site"
        if asker.principal is None or public:
            return None
        if not compare_digest(headers.get("x-segue-csrf", "").encode(), asker.principal.csrf.encode()):
            return 403, "X-Segue-CSRF must carry the value that GET /api/v1/session gives"
        return None

    def _public(self, scope: Scope) -> Route | None:
        """The public route that this goes to."""
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        if not any(_leads(route, asked) for route in self._open):  # there are few, and strangers ask often
            return None
        first = next(route for route in self._routes if _leads(route, asked))
        return first if isinstance(first, Route) and first.permit.role is None else None

    async def _asker(self, headers: Headers) -> _Asker:
        now, gate = self._doors.clock(), self._doors.gate
        kind, _, token = headers.get("authorization", "").partition(" ")
        if token:
            known = kind.lower() == "bearer"
            return _Asker(await self._in_thread(gate.by_token, token.strip(), now) if known else None)
        cookie = _cookie(headers, self._cookie)
        return _Asker(await self._in_thread(gate.by_session, cookie, now) if cookie else None, cookie, by_cookie=True)

    async def _in_thread(self, look: Callable[[str, Instant], Principal | None], what: str, now: Instant) -> Any:
        return await run_sync(look, what, now, limiter=self._threads)

    def _welcome(self, scope: Scope, headers: Headers, asker: _Asker, address: str) -> None:
        """Put where routes find it who asks."""
        state, now = scope.setdefault("state", {}), self._doors.clock()
        state["guest"] = Guest(self._doors, now, address, asker.cookie, asker.principal)
        if asker.principal is not None:
            key = headers.get("idempotency-key", "")
            state["visit"] = Visit(
                self._doors, asker.principal, now, self._subjects, key, headers.get("if-none-match", ""), address,
                _sent(scope) if key else b"",
            )  # fmt: skip

    async def _note(self, scope: Scope, asker: _Asker, address: str, status: int) -> None:
        """Write down that a change was refused."""
        if status == 404 and asker.principal is None:
            return
        why = problem_about(status, "").title
        who = "" if asker.principal is None else asker.principal.name
        public = self._public(scope)  # its path may hold a secret
        path = scope.get("raw_path", b"").decode("latin-1") if public is None else public.path
        what = f"{scope['method'][:20]} {path[:200]}"
        with suppress(EnvironmentFault):  # it was refused all the same
            deny = partial(self._doors.gate.deny, who, what, why, self._doors.clock(), address)
            await run_sync(deny, limiter=self._threads)


def _sent(scope: Scope) -> bytes:
    path = scope.get("raw_path") or scope["path"].encode()
    return b"\0".join((scope["method"].encode(), path, scope.get("query_string", b"")))


def _leads(route: BaseRoute, scope: Scope) -> bool:
    return route.matches(scope)[0] is Match.FULL


def _name_of(host: str) -> str:
    """The name in a `Host` header, without its port."""
    name, _, port = host.rpartition(":") if host[-1:] != "]" else (host, "", "")
    return (name if name and port.isascii() and port.isdigit() else host).lower()


def _cookie(headers: Headers, name: str) -> str:
    """Ours among those of every port of this machine, which may hold anything."""
    for pair in ";".join(headers.getlist("cookie")).split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            return value.strip().strip('"')
    return ""


def _same_origin(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    scheme, mark, host = headers.get("origin", "").partition("://")
    return bool(mark) and scheme in ("http", "https") and host.lower() == headers["host"].lower()


class _Sending:
    """The answer on its way out: with the headers that every answer has, and without a body where none was asked for.

    Attributes:
        scope: of the request, as what lies behind sees it.
        started: whether anything was sent.
        denied: is told, before the answer goes, the status of one that refuses.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send, self._bodiless = send, scope["type"] == "http" and scope["method"] == "HEAD"
        self.scope: Scope = {**scope, "method": "GET"} if self._bodiless else scope
        self.started = self._over = False
        self.denied: Callable[[int], Awaitable[None]] | None = None

    async def __call__(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            if self.denied is not None and message["status"] in _DENIED:
                await self.denied(message["status"])
            self.started = True
            given = {name.lower() for name, _ in message.get("headers", ())}
            more = [header for header in HEADERS if header[0] not in given]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await self._send(message)
        if self._bodiless and message["type"] == "http.response.start":
            self._over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

"""The one way to make a route: what it needs is said where it is made, and what it returns is encoded here.

A route without permission cannot be declared, so none can be forgotten (RELIABILITY D1, D8).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from functools import partial, wraps
from hashlib import blake2b
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from segue.model.access import ALL, Role
from segue.model.errors import UsageError
from segue.show.access.deciding import decide
from segue.show.api.bodies import body_of, checking
from segue.show.api.limits import enlarge
from segue.show.api.repeating import once
from segue.show.api.visiting import Visit

__all__ = ["PREFIX", "PROBLEM", "Of", "Permit", "Route", "Routes", "Threads", "encoded"]

PREFIX: Final = "/api/v1"

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Result = TypeVar("_Result")
PROBLEM: Final[dict[str, Any]] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""What OpenAPI calls the content of an error."""

_SAID: Final = {
    401: "nobody is signed in", 403: "the role does not reach so far", 404: "there is no such thing to be seen",
    409: "not in the present state", 422: "it cannot be understood", 503: "the store or the scheduler is away",
}  # fmt: skip


class Of(Enum):
    """What the role is needed on."""

    EVERYTHING = ALL
    """On the selection `*`: what belongs to no DAG."""
    SOME = "some"
    """On any DAG: the function narrows to what may be seen, or calls `visit.require` for each object."""
    DAG = "dag"
    """On the DAG that the path names as `{dag}`."""
    RUN = "run"
    """On the DAG of the run that the path names as `{run}`."""
    SELF = "self"
    """On nothing: it is about whoever asks, and nobody else."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a route needs; `role` None: it is public."""

    role: Role | None
    of: Of = Of.SOME


class Threads:
    """Where functions of routes run: acts wait for the owner, and looks must not wait for acts.

    Looks are work for one interpreter: more of them at once only wait for each other with a snapshot open.
    """

    def __init__(self, looking: int = 8, acting: int = 16) -> None:
        self._looking, self._acting = CapacityLimiter(looking), CapacityLimiter(acting)

    async def run(self, function: Callable[[], _Result], *, acts: bool = False) -> _Result:
        """Run a function in a thread."""
        return await run_sync(function, limiter=self._acting if acts else self._looking)


class Route(APIRoute):
    """A route that says what it needs, and decides before anything of the request's body or parameters is read."""

    permit: Permit
    threads: Threads
    body: int | None = None
    words: frozenset[str] = frozenset()
    more: str | None = None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that has come here by its path."""
        if scope["method"] in (self.methods or ()) and self.permit.role is not None:
            await self._guard(self.permit.role, scope)
            if self.body is not None:
                enlarge(scope, self.body)
            self._check_words(scope)
        await super().handle(scope, receive, send)

    def _check_words(self, scope: Scope) -> None:
        """A filter that is spelled wrong would show everything."""
        for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name not in self.words and (self.more is None or not name.startswith(self.more)):
                near = get_close_matches(name[:100], self.words, 1)
                has = ", ".join(sorted(self.words)) or "none"
                hint = f"did you mean {near[0]}?" if near else f"there are: {has}"
                raise UsageError(f"this question has no parameter {name[:100]!r}: {hint}")

    async def _guard(self, role: Role, scope: Scope) -> None:
        visit: Visit = scope["state"]["visit"]
        if decide(visit.principal, role, None):
            return
        require = _REQUIRED[self.permit.of]
        await self.threads.run(partial(require, visit, role, scope["path_params"]))


@dataclass(frozen=True, slots=True)
class _Declared:
    method: str
    path: str
    function: Callable[..., Any]
    permit: Permit
    body: int | None
    more: str | None
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one topic.

    Args:
        tag: the topic, as OpenAPI shows it.
        prefix: of their paths.
    """

    tag: str
    prefix: str = PREFIX
    _declared: list[_Declared] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> Callable[[_Function], _Function]:
        """Declare a route that looks; see `add`."""
        return self.add("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[_Function], _Function]:
        """Declare a route that acts; see `add`."""
        return self.add("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[_Function], _Function]:
        """Declare a route that sets; see `add`."""
        return self.add("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[_Function], _Function]:
        """Declare a route that removes; see `add`."""
        return self.add("DELETE", path, **options)

    def add(
        self, method: str, path: str, *, needs: Role | None = None, of: Of = Of.SOME, public: bool = False,
        body: int | None = None, more: str | None = None, **options: Any,
    ) -> Callable[[_Function], _Function]:  # fmt: skip
        """Declare a route.

        Args:
            method: GET, POST, PUT or DELETE.
            path: below the prefix.
            needs: the role.
            of: what the role is needed on.
            public: anybody may.
            body: bytes of a request's body, where more are taken than elsewhere.
            more: how parameters begin that the function reads by itself.
            options: of FastAPI's route: `summary`, `status_code`, `responses`, …; `example`: an answer, and `asks`: a
                body, as OpenAPI shows them.

        Raises:
            ValueError: it says neither what it needs nor that it is public.
        """
        if (needs is None) is not public:
            raise ValueError(f"{method} {path}: say what it needs, or public=True")

        def declare(function: _Function) -> _Function:
            permit = Permit(needs, of)
            self._declared.append(_Declared(method, self.prefix + path, function, permit, body, more, options))
            return function

        return declare

    def made(self, threads: Threads) -> Iterator[Route]:
        """The routes, for an application.

        Args:
            threads: where their functions run, unless they are coroutines.
        """
        for one in self._declared:
            permit = one.permit
            options = {"summary": _summary(one.function), **one.options}
            extra = {"x-segue-role": "public" if permit.role is None else str(permit.role)}
            extra |= _asked(options.pop("asks", None)) | options.pop("openapi_extra", {})
            body = body_of(one.function)
            checks = [] if body is None else [Depends(checking(body))]
            status = options.get("status_code", 200)
            answers = _answered(status, options.pop("example", None))
            more = {code: answers.get(code, {}) | told for code, told in options.pop("responses", {}).items()}
            responses = {**_told(permit, one.method), **answers, **more}
            endpoint = _answering(one.function, threads, status, acts=one.method != "GET")
            route = Route(
                one.path, endpoint, methods=[one.method], tags=[self.tag], responses=responses, openapi_extra=extra,
                operation_id=one.function.__name__, dependencies=checks, **options,
            )  # fmt: skip
            route.permit, route.threads, route.body = permit, threads, one.body
            route.words = frozenset(_words(route.dependant))
            route.more = one.more
            yield route


def _words(of: Dependant) -> Iterator[str]:
    """The names of all parameters of a query, those of dependencies too."""
    yield from (one.alias for one in of.query_params)
    for part in of.dependencies:
        yield from _words(part)


def _summary(function: Callable[..., Any]) -> str:
    return (function.__doc__ or function.__name__).partition("\n")[0].rstrip(".")


def _told(permit: Permit, method: str) -> dict[int | str, dict[str, Any]]:
    codes: Sequence[int] = (422, 503) if permit.role is None else (401, 403, 404, 422, 503)
    if method != "GET":
        codes = (*codes, 409)
    return {code: {"description": _SAID[code], "content": PROBLEM} for code in codes}


def _answered(status: int, example: object) -> dict[int | str, dict[str, Any]]:
    return {} if example is None else {status: {"content": _json(example)}}


def _asked(example: object) -> dict[str, Any]:
    return {} if example is None else {"requestBody": {"content": _json(example)}}


def _json(example: object) -> dict[str, Any]:
    return {"application/json": {"example": msgspec.to_builtins(example)}}


_Require = Callable[[Visit, Role, dict[str, str]], None]
_REQUIRED: Final[dict[Of, _Require]] = {
    Of.EVERYTHING: lambda visit, role, _: visit.require(role, None),
    Of.SOME: lambda visit, role, _: visit.require_some(role),
    Of.DAG: lambda visit, role, path: visit.require(role, path["dag"]),
    Of.RUN: lambda visit, role, path: visit.require_run(role, path["run"]),
    Of.SELF: lambda *_: None,
}


def _answering(
    function: Callable[..., Any], threads: Threads, status: int, *, acts: bool
) -> Callable[..., Awaitable[Response]]:
    """The function, with what it returns encoded; a `Response` is sent as it is."""

    def finish(result: object, words: dict[str, Any]) -> Response:
        if isinstance(result, Response):
            return result
        visit = next((word for word in words.values() if isinstance(word, Visit)), None)
        return encoded(result, "" if visit is None or acts else visit.if_none_match, status)

    def asked(words: dict[str, Any]) -> object:
        visit = words.get("visit")
        if not (acts and isinstance(visit, Visit)):
            return function(**words)
        if words.get("dry_run") or getattr(words.get("body"), "dry_run", False):  # it does nothing, so may come again
            visit = replace(visit, key="")
        return once(visit, lambda known: function(**{**words, "visit": known}))

    @wraps(function)
    async def answer(**words: Any) -> Response:
        if iscoroutinefunction(function):
            return finish(await function(**words), words)
        return await threads.run(lambda: finish(asked(words), words), acts=acts)

    return answer


def encoded(result: object, if_none_match: str = "", status: int = 200) -> Response:
    """A JSON answer with its tag; without a body where the caller has it already."""
    if result is None:
        return Response(status_code=204)
    body = msgspec.json.encode(result)
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (one.strip() for one in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "application/json")

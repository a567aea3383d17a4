"""Errors as problem+json (RFC 9457): what was wrong, where, what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from segue.model.errors import (
    DefinitionError,
    EnvironmentFault,
    Forbidden,
    NotFound,
    Refused,
    SegueError,
    UsageError,
)
from segue.show.api.wording import fault_in, plain

__all__ = [
    "RETRY",
    "Fault",
    "Incidents",
    "Problem",
    "handle_problems",
    "problem_about",
    "problem_of",
    "problem_response",
]

_STATUSES: Final[tuple[tuple[type[SegueError], int], ...]] = (
    (NotFound, 404), (Forbidden, 403), (Refused, 409), (UsageError, 422), (DefinitionError, 422),
    (EnvironmentFault, 503),
)  # fmt: skip
_TITLES: Final = {
    400: "bad request", 401: "sign in first", 403: "not allowed", 404: "not found", 405: "method not allowed",
    408: "too slow", 409: "not now", 413: "too large", 414: "URL too long", 415: "unknown content type",
    416: "too many ranges", 421: "wrong host", 422: "cannot be understood", 429: "too many requests",
    431: "headers too large", 500: "a fault of ours", 503: "not available",
}  # fmt: skip
RETRY: Final = "5"
"""Seconds after which to come again."""

_FAULTS: Final = 50  # of a request that are told
_log = logging.getLogger("segue.web")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `where` is its place in the request."""

    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong.

    Attributes:
        status: of HTTP.
        title: of that status.
        detail: what was wrong, where, what to do.
        errors: where several things are wrong at once.
        incident: a number under which the server's log tells more.
    """

    status: int
    title: str
    detail: str
    errors: tuple[Fault, ...] = ()
    incident: str | None = None
    type: str = field(default="about:blank")


def problem_about(status: int, detail: str, errors: tuple[Fault, ...] = (), incident: str | None = None) -> Problem:
    """A problem with the title of its status.

    Args:
        status: of HTTP.
        detail: what was wrong, where, what to do.
        errors: where several things are wrong at once.
        incident: a number under which the server's log tells more.
    """
    return Problem(status, _TITLES.get(status, "error"), detail, errors, incident)


def problem_of(error: SegueError) -> Problem:
    """An error of ours, as people are told."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return problem_about(status, plain(str(error)))


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as an answer."""
    told = dict(headers or {})
    if problem.status == 503:
        told.setdefault("Retry-After", RETRY)
    return Response(msgspec.json.encode(problem), problem.status, told, "application/problem+json")


class Incidents:
    """Faults of ours: logged whole, told with a number only.

    Args:
        number: gives a new one.
    """

    def __init__(self, number: Callable[[], str]) -> None:
        self._number = number

    def tell(self, error: Exception) -> Response:
        """Answer what is nobody's fault but ours."""
        number = self._number()
        _log.error("incident %s", number, exc_info=error, extra={"incident": number})
        detail = f"this is a fault of Segue, not of your request: its log tells more under incident {number}"
        return problem_response(problem_about(500, detail, incident=number))


def handle_problems(app: FastAPI, incidents: Incidents) -> None:
    """Answer every error with a problem.

    Args:
        app: gets the handlers.
        incidents: answers what is a fault of ours.
    """

    async def told(_: Request, error: Exception) -> Response:
        assert isinstance(error, SegueError)
        problem = problem_of(error)
        return incidents.tell(error) if problem.status == 500 else problem_response(problem)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = tuple(Fault(".".join(map(str, one["loc"])), fault_in(one)) for one in error.errors()[:_FAULTS])
        detail = "; ".join(f"{fault.where}: {fault.detail}" for fault in faults[:5])
        return problem_response(problem_about(422, detail, faults))

    async def plain(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem_response(problem_about(error.status_code, str(error.detail)), dict(error.headers or {}))

    async def ours(_: Request, error: Exception) -> Response:
        return incidents.tell(error)

    app.add_exception_handler(SegueError, told)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, ours)

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

__all__ = ["Fault", "Problem", "handle_problems", "problem_of", "problem_response"]

_STATUSES: Final[tuple[tuple[type[SegueError], int], ...]] = (
    (NotFound, 404), (Forbidden, 403), (Refused, 409), (UsageError, 422), (DefinitionError, 422),
    (EnvironmentFault, 503),
)  # fmt: skip
_TITLES: Final = {
    400: "bad request", 401: "sign in first", 403: "not allowed", 404: "not found", 405: "method not allowed",
    409: "not now", 413: "too large", 415: "unknown content type", 421: "wrong host", 422: "cannot be understood",
    429: "too many requests", 431: "headers too large", 500: "a fault of ours", 503: "not available",
}  # fmt: skip
_RETRY: Final = "5"  # seconds
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


def problem_of(error: SegueError) -> Problem:
    """An error of ours, as people are told."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return Problem(status, _TITLES[status], str(error))


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as an answer."""
    told = dict(headers or {})
    if problem.status == 503:
        told.setdefault("Retry-After", _RETRY)
    return Response(msgspec.json.encode(problem), problem.status, told, "application/problem+json")


def handle_problems(app: FastAPI, incident: Callable[[], str]) -> None:
    """Answer every error with a problem.

    Args:
        app: gets the handlers.
        incident: a new number for what is a fault of ours.
    """

    def told(_: Request, error: Exception) -> Response:
        assert isinstance(error, SegueError)
        problem = problem_of(error)
        return _ours(error) if problem.status == 500 else problem_response(problem)

    def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = tuple(Fault(".".join(map(str, one["loc"])), str(one["msg"])) for one in error.errors())
        detail = "; ".join(f"{fault.where}: {fault.detail}" for fault in faults[:5])
        return problem_response(Problem(422, _TITLES[422], detail, faults))

    def plain(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "error")
        return problem_response(Problem(error.status_code, title, str(error.detail)), dict(error.headers or {}))

    def _ours(error: Exception) -> Response:
        number = incident()
        _log.error("incident %s", number, exc_info=error)
        detail = f"this is a fault of Segue, not of your request: its log tells more under incident {number}"
        return problem_response(Problem(500, _TITLES[500], detail, incident=number))

    app.add_exception_handler(SegueError, told)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, lambda _, error: _ours(error))

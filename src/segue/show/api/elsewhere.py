from __future__ import annotations

from html import escape
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from starlette.responses import RedirectResponse

from segue.model.errors import NotFound, SegueError
from segue.show.access.identity import Identity, Return
from segue.show.api.cookies import leave, on_loopback, page, put_cookie, set_cookie
from segue.show.api.entrance import cookie_name
from segue.show.api.problems import problem_of
from segue.show.api.routing import PROBLEM, Routes
from segue.show.api.visiting import Guest, Guesting

__all__ = ["ELSEWHERE"]

ELSEWHERE: Final = Routes("sign-in", prefix="")

_PATH: Final = "/sign-in/oidc"
_CALLBACK: Final = f"{_PATH}/callback"
_PATIENCE: Final = 600
"""Seconds in which people sign in elsewhere."""
_NONE: Final = {"description": "the settings name no provider of identities", "content": PROBLEM}
_AWAY: Final[dict[int, dict[str, Any]]] = {303: {"description": "to the provider of identities"}, 404: _NONE}
_BACK: Final[dict[int, dict[str, Any]]] = {
    303: {"description": "signed in; the cookie is set"},
    403: {"description": "not signed in", "content": {"text/html": {}}},
    404: _NONE,
}


@ELSEWHERE.get(_PATH, public=True, responses=_AWAY, status_code=303, response_model=None)
def sign_in_elsewhere(request: Request, guest: Guesting) -> Response:
    """Sign in at the provider of identities that the settings name."""
    begun = _identity(guest).begin(_callback(request))
    answer = RedirectResponse(begun.url, 303)
    put_cookie(answer, request, _name(guest), begun.cookie, _PATIENCE, _PATH)
    return answer


# Providers add parameters of their own.
@ELSEWHERE.get(_CALLBACK, public=True, responses=_BACK, status_code=303, response_model=None, more="")
def come_back(
    request: Request,
    guest: Guesting,
    code: Annotated[str, Query(max_length=4_000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=1_000)] = "",
) -> Response:
    """Come back from the provider of identities."""
    identity = _identity(guest)
    back = Return(code, state, error, iss, request.cookies.get(_name(guest), ""))
    answer: Response
    try:
        claimed = identity.finish(back, _callback(request), guest.now)
        entry = guest.doors.gate.entering.enter(claimed, guest.address, guest.now)
    except SegueError as why:
        guest.doors.gate.deny("", "sign-in by the provider of identities", str(why), guest.now, guest.address)
        answer = page(
            "Not signed in", f'<p>{escape(str(why))}</p><p><a href="{_PATH}">Try again</a></p>', problem_of(why).status
        )
    else:
        leave(guest)
        answer = RedirectResponse("/", 303)
        set_cookie(answer, request, guest.doors.instance, entry)
    put_cookie(answer, request, _name(guest), "", 0, _PATH)
    return answer


def _identity(guest: Guest) -> Identity:
    if guest.doors.identity is None:
        raise NotFound("people sign in here only: [tool.segue.oidc] names no provider of identities")
    return guest.doors.identity


def _callback(request: Request) -> str:
    """Our address as the browser has it; the entrance has checked the name."""
    scheme = "http" if on_loopback(request) else "https"
    return f"{scheme}://{request.headers['host']}{_CALLBACK}"


def _name(guest: Guest) -> str:
    return f"{cookie_name(guest.doors.instance)}_oidc"

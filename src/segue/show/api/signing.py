from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from starlette.responses import RedirectResponse

from segue.model.access import Role
from segue.model.api.access import Credentials, GrantForm, PasswordChange, RoleOn, SessionItem, SignedIn, SignInWays
from segue.model.api.listing import Listing
from segue.model.errors import Forbidden
from segue.show.access.deciding import decide
from segue.show.access.entering import Entry
from segue.show.access.throttling import Throttled
from segue.show.api.cookies import clear_cookie, leave, page, set_cookie
from segue.show.api.problems import Problem, problem_response
from segue.show.api.routing import PROBLEM, Of, Routes, encoded
from segue.show.api.visiting import Guesting, Visit, Visiting
from segue.show.views.people import session_item, signed_in

__all__ = ["DOORSTEP", "SIGNING"]

SIGNING: Final = Routes("sign-in")
DOORSTEP: Final = Routes("sign-in", prefix="")

_SIGNED_IN: Final[dict[int, dict[str, Any]]] = {
    200: {"model": SignedIn, "description": "signed in; the cookie is set"},
    401: {"description": "wrong name or password", "content": PROBLEM},
    403: {"description": "too many failures in a row closed the password, or another site asks", "content": PROBLEM},
    429: {"description": "too many tries: wait as long as `Retry-After` says", "content": PROBLEM},
}
_DANA: Final = SignedIn("dana", (GrantForm("operator", "tag:retail"),), "session", "5f2c…", "2026-12-21T09:30:00Z")
_HERE: Final = SessionItem(
    "32f60f103e14b163", "password", "192.0.2.7", "2026-11-21T09:30:00Z", "2026-11-21T17:05:00Z", "2026-12-21T09:30:00Z",
    True,
)  # fmt: skip
_PAGE: Final[dict[int, dict[str, Any]]] = {200: {"description": "a page with a button", "content": {"text/html": {}}}}
_SPENT: Final[dict[int, dict[str, Any]]] = {
    303: {"description": "signed in; the cookie is set"},
    403: {
        "description": "the link is spent, or too old, or another site asks",
        "content": {"text/html": {}, **PROBLEM},
    },
}
_BUTTON: Final = '<p>This link works once.</p><form method="post"><button autofocus>Sign in</button></form>'
_GONE: Final = (
    "<p>It was used before, or is too old. <code>segue user link NAME</code> prints another; where there is no user "
    "yet, so does the next start.</p>"
)


@DOORSTEP.get("/sign-in/{link}", public=True, responses=_PAGE, response_model=None)
def show_sign_in_link(link: str) -> Response:
    """Show the button that uses a one-time link: whoever only looks ahead at links does not spend it."""
    return page("Sign in", _BUTTON)


@DOORSTEP.post("/sign-in/{link}", public=True, responses=_SPENT, status_code=303, response_model=None)
def use_sign_in_link(request: Request, guest: Guesting, link: str) -> Response:
    """Sign in by a one-time link."""
    entry = guest.doors.gate.entering.spend_link(link, guest.address, guest.now)
    if entry is None:
        return page("This link is spent", _GONE, 403)
    leave(guest)
    answer = RedirectResponse("/", 303)
    set_cookie(answer, request, guest.doors.instance, entry)
    return answer


@SIGNING.post(
    "/session", public=True, responses=_SIGNED_IN, response_model=None, asks=Credentials("dana", "four words or so"),
    example=_DANA,
)  # fmt: skip
def sign_in(request: Request, guest: Guesting, body: Credentials) -> Response:
    """Sign in with user and password."""
    entering = guest.doors.gate.entering
    found = entering.sign_in(body.user, body.password, guest.address, guest.now)
    if isinstance(found, Entry):
        leave(guest)
    return _entered(request, guest.doors.instance, found)


@SIGNING.get("/session", needs=Role.VIEWER, of=Of.SELF, example=_DANA)
def session(visit: Visiting) -> SignedIn:
    """Say who speaks, what they may do, and what unsafe requests must carry."""
    return signed_in(visit.principal)


@SIGNING.get("/session/ways", public=True, example=SignInWays(oidc=True))
def sign_in_ways(guest: Guesting) -> SignInWays:
    """Say how one signs in, besides with a password."""
    return SignInWays(guest.doors.identity is not None)


@SIGNING.get("/session/role", needs=Role.VIEWER, of=Of.SELF, example=RoleOn("orders", "operator"))
def role_on(visit: Visiting, dag: Annotated[str, Query(max_length=200, description="a DAG's id")]) -> RoleOn:
    """Say what one may do on a DAG."""
    with visit.read() as reader:
        subject = visit.subjects.one(reader, dag)
    held = [] if subject is None else [role for role in Role if decide(visit.principal, role, subject)]
    return RoleOn(dag, str(max(held, key=lambda role: role.rank)) if held else None)


@SIGNING.delete("/session", needs=Role.VIEWER, of=Of.SELF, status_code=204, response_model=None)
def sign_out(request: Request, visit: Visiting) -> Response:
    """Sign out; the session ends at once."""
    _is_session(visit)
    visit.doors.gate.entering.sign_out(visit.principal, visit.now, visit.address)
    answer = Response(status_code=204)
    clear_cookie(answer, request, visit.doors.instance)
    return answer


@SIGNING.post(
    "/session/password", needs=Role.VIEWER, of=Of.SELF, responses=_SIGNED_IN, response_model=None,
    asks=PasswordChange("four other words", "four words or so"), example=_DANA,
)  # fmt: skip
def change_password(request: Request, visit: Visiting, body: PasswordChange) -> Response:
    """Choose another password; all sessions of one's own end, and a new one begins."""
    entering = visit.doors.gate.entering
    found = entering.change_password(visit.principal, body.old, body.new, visit.address, visit.now)
    return _entered(request, visit.doors.instance, found)


@SIGNING.get("/sessions", needs=Role.VIEWER, of=Of.SELF, example=Listing((_HERE,)))
def sessions(visit: Visiting) -> Listing[SessionItem]:
    """List where one is signed in oneself, the newest first."""
    _is_session(visit)
    found = visit.doors.gate.people.sessions(visit.principal.name)
    return Listing(tuple(session_item(session, visit.principal.key) for session in found))


@SIGNING.delete("/sessions", needs=Role.VIEWER, of=Of.SELF, status_code=204, response_model=None)
def sign_out_everywhere(request: Request, visit: Visiting) -> Response:
    """Sign out everywhere, here too."""
    _is_session(visit)
    visit.doors.gate.people.end_sessions(visit.principal.name, visit.actor, visit.now)
    answer = Response(status_code=204)
    clear_cookie(answer, request, visit.doors.instance)
    return answer


def _is_session(visit: Visit) -> None:
    if visit.principal.via != "session":
        raise Forbidden("a token has no session: DELETE /api/v1/tokens/{user}/{name} ends it")


def _entered(request: Request, instance: str, found: Entry | Throttled | None) -> Response:
    match found:
        case Entry():
            answer = encoded(signed_in(found.principal))
            set_cookie(answer, request, instance, found)
            return answer
        case Throttled(closed=True):
            said = "too many failures in a row have closed this password: an admin, or `segue user password`, opens it"
            return problem_response(Problem(403, "not allowed", said))
        case Throttled(seconds=seconds):
            told = f"too many failures: try again in {seconds} s"
            return problem_response(Problem(429, "too many requests", told), {"Retry-After": str(seconds)})
        case None:
            return problem_response(Problem(401, "not recognised", "wrong name or password"))

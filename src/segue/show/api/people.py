from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query, Response

from segue.model.access import Grant, Role
from segue.model.api.access import (
    AccessItem,
    GrantForm,
    GrantsForm,
    LinkMade,
    PasswordForm,
    TokenForm,
    TokenItem,
    TokenMade,
    UserForm,
    UserItem,
    UserMade,
)
from segue.model.api.listing import Listing
from segue.model.errors import UsageError
from segue.show.access.deciding import check_grant
from segue.show.api.paging import Paging
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visiting
from segue.show.views.people import access_item, token_item, user_item

__all__ = ["PEOPLE"]

PEOPLE: Final = Routes("users and tokens")
_MOST_GRANTS: Final = 100

_OPERATOR: Final = GrantForm("operator", "tag:retail")
_DANA: Final = UserItem("dana", (_OPERATOR,), False, True, False, "2026-11-21T09:30:00Z")
_LINK: Final = "/sign-in/7c0366ce6f94a40d.…"
_CI: Final = TokenItem(
    "32f60f103e14b163", "dana", "ci", "operator", "tag:retail", "2026-11-21T09:30:00Z", "2027-02-19T09:30:00Z", None
)
_DENIED: Final = AccessItem(
    "7",
    "2026-11-21T09:30:00Z",
    "eve",
    "POST /api/v1/drain",
    "",
    "this needs the role admin on everything",
    False,
    "192.0.2.7",
)


@PEOPLE.get("/users", needs=Role.ADMIN, of=Of.EVERYTHING, example=Listing((_DANA,)))
def users(visit: Visiting) -> Listing[UserItem]:
    """List users, in order of name."""
    return Listing(tuple(user_item(user) for user in visit.doors.gate.people.users()))


@PEOPLE.get("/users/{user}", needs=Role.ADMIN, of=Of.EVERYTHING, example=_DANA)
def user(visit: Visiting, user: str) -> UserItem:
    """Show one user."""
    return user_item(visit.doors.gate.people.user(user))


@PEOPLE.post(
    "/users", needs=Role.ADMIN, of=Of.EVERYTHING, status_code=201, response_model=None,
    responses={201: {"model": UserMade, "description": "made"}},
    asks=UserForm("dana", (_OPERATOR,)), example=UserMade(_DANA, _LINK),
)  # fmt: skip
def add_user(visit: Visiting, body: UserForm) -> Response:
    """Make a user; without a password the answer holds a link by which they come in once."""
    gate = visit.doors.gate
    grants = _grants(body.grants)
    user = gate.people.add_user(body.name, grants, body.password, visit.actor, visit.now, elsewhere=body.elsewhere)
    link = None
    if body.password is None and not body.elsewhere:
        link = _path(gate.entering.invite(user.name, visit.actor, visit.now))
    return _secret(UserMade(user_item(user), link))


@PEOPLE.put("/users/{user}/grants", needs=Role.ADMIN, of=Of.EVERYTHING, asks=GrantsForm((_OPERATOR,)), example=_DANA)
def set_grants(visit: Visiting, user: str, body: GrantsForm) -> UserItem:
    """Say what a user may do; ends their sessions."""
    return user_item(visit.doors.gate.people.set_grants(user, _grants(body.grants), visit.actor, visit.now))


@PEOPLE.put(
    "/users/{user}/password", needs=Role.ADMIN, of=Of.EVERYTHING, status_code=204,
    asks=PasswordForm("four words or so"),
)  # fmt: skip
def set_password(visit: Visiting, user: str, body: PasswordForm) -> None:
    """Give a user another password, which also opens one that was closed; ends their sessions."""
    visit.doors.gate.people.set_password(user, body.password, visit.actor, visit.now)


@PEOPLE.post(
    "/users/{user}/link", needs=Role.ADMIN, of=Of.EVERYTHING, status_code=201, response_model=None,
    responses={201: {"model": LinkMade, "description": "made"}}, example=LinkMade("dana", _LINK),
)  # fmt: skip
def invite_user(visit: Visiting, user: str) -> Response:
    """Make a link by which a user comes in once."""
    return _secret(LinkMade(user, _path(visit.doors.gate.entering.invite(user, visit.actor, visit.now))))


@PEOPLE.post("/users/{user}/disable", needs=Role.ADMIN, of=Of.EVERYTHING, example=_DANA)
def disable_user(visit: Visiting, user: str) -> UserItem:
    """Let a user in no more; their sessions end and their tokens stop at once."""
    return user_item(visit.doors.gate.people.set_disabled(user, True, visit.actor, visit.now))


@PEOPLE.post("/users/{user}/enable", needs=Role.ADMIN, of=Of.EVERYTHING, example=_DANA)
def enable_user(visit: Visiting, user: str) -> UserItem:
    """Let a user in again."""
    return user_item(visit.doors.gate.people.set_disabled(user, False, visit.actor, visit.now))


@PEOPLE.delete("/users/{user}/sessions", needs=Role.ADMIN, of=Of.EVERYTHING, status_code=204)
def end_sessions(visit: Visiting, user: str) -> None:
    """Sign a user out everywhere."""
    people = visit.doors.gate.people
    people.end_sessions(people.user(user).name, visit.actor, visit.now)


@PEOPLE.delete("/users/{user}", needs=Role.ADMIN, of=Of.EVERYTHING, status_code=204)
def remove_user(visit: Visiting, user: str) -> None:
    """Forget a user with their sessions and tokens."""
    visit.doors.gate.people.remove_user(user, visit.actor, visit.now)


@PEOPLE.get("/tokens", needs=Role.VIEWER, of=Of.SELF, example=Listing((_CI,)))
def tokens(
    visit: Visiting,
    user: Annotated[str | None, Query(description="whose; `*`: all (needs admin)", max_length=64)] = None,
) -> Listing[TokenItem]:
    """List tokens: one's own, or of others where one is admin on everything."""
    own = visit.principal.name.partition("/")[0]
    if user not in (None, own):
        visit.require(Role.ADMIN, None)
    asked = None if user == "*" else user or own
    return Listing(tuple(token_item(token) for token in visit.doors.gate.people.tokens(asked)))


@PEOPLE.post(
    "/tokens", needs=Role.VIEWER, of=Of.SELF, status_code=201, response_model=None,
    responses={201: {"model": TokenMade, "description": "made; the token is not shown again"}},
    asks=TokenForm("ci", "operator", "tag:retail"), example=TokenMade("segue_32f60f103e14b163_…", _CI),
)  # fmt: skip
def add_token(visit: Visiting, body: TokenForm) -> Response:
    """Make a token: of one's own, or of others where one is admin on everything."""
    user = body.user or visit.principal.name.partition("/")[0]
    scope = check_grant(body.role, body.select)
    made, kept = visit.doors.gate.people.add_token(user, body.name, scope, body.days, visit.principal, visit.now)
    return _secret(TokenMade(made, token_item(kept)))


@PEOPLE.delete("/tokens/{user}/{name}", needs=Role.VIEWER, of=Of.SELF, status_code=204)
def revoke_token(visit: Visiting, user: str, name: str) -> None:
    """End a token at once: one's own, itself, or of others where one is admin on everything."""
    visit.doors.gate.people.revoke_token(user, name, visit.principal, visit.now)


@PEOPLE.get("/audit/access", needs=Role.ADMIN, of=Of.EVERYTHING, example=Listing((_DENIED,)))
def access_audit(
    visit: Visiting,
    page: Paging,
    actor: Annotated[str, Query(description="only of this user or token", max_length=200)] = "",
    ok: Annotated[bool | None, Query(description="only what was done, or only what was refused")] = None,
) -> Listing[AccessItem]:
    """List signing in, changes of users and tokens, and what was denied, the newest first."""
    after = page.after(visit, "access", actor, ok)
    before = None if after is None else int(after[0])
    rows = visit.doors.gate.audit(before, page.limit + 1, actor=actor, ok=ok)
    return page.listed(visit, rows, lambda row: (row.number,), access_item, "access", actor, ok)


def _grants(forms: Sequence[GrantForm]) -> list[Grant]:
    if len(forms) > _MOST_GRANTS:
        raise UsageError(f"a user has at most {_MOST_GRANTS} grants: `,` in a selection joins what several would name")
    return [check_grant(form.role, form.select) for form in forms]


def _path(link: str) -> str:
    return f"/sign-in/{link}"


def _secret(made: object) -> Response:
    """What is shown once is kept by nobody on the way."""
    answer = encoded(made, status=201)
    answer.headers["Cache-Control"] = "no-store"
    del answer.headers["ETag"]
    return answer

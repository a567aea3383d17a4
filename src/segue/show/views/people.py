from __future__ import annotations

from collections.abc import Iterable

from segue.model.access import Grant, Principal
from segue.model.api.access import AccessItem, GrantForm, SessionItem, SignedIn, TokenItem, UserItem
from segue.show.views.times import at, maybe_at
from segue.store.access.book import Noted, Session, Token, User

__all__ = ["access_item", "session_item", "signed_in", "token_item", "user_item"]


def signed_in(principal: Principal) -> SignedIn:
    """Whoever speaks, as they are told."""
    return SignedIn(
        principal.name, _grants(principal.grants), principal.via, principal.csrf, maybe_at(principal.until),
        principal.must_set_password,
    )  # fmt: skip


def user_item(user: User) -> UserItem:
    """A user, as others see them."""
    has = user.password is not None
    return UserItem(user.name, _grants(user.grants), user.disabled, has, bool(user.subject), at(user.made))


def access_item(row: Noted) -> AccessItem:
    """A row of the audit of who may enter."""
    note = row.note
    return AccessItem(
        str(row.number), at(note.at), note.actor, note.action, note.object, note.text, note.ok, note.address
    )  # fmt: skip


def session_item(session: Session, here: str) -> SessionItem:
    """A session; `here` is the id of the one that asks."""
    made, seen, until = (at(one) for one in (session.made, session.seen, session.until))
    return SessionItem(session.id, session.how, session.address, made, seen, until, session.id == here)


def token_item(token: Token) -> TokenItem:
    """A token, without itself."""
    scope = token.scope
    return TokenItem(
        token.id, token.user, token.name, scope.role.value, scope.select, at(token.made), maybe_at(token.until),
        maybe_at(token.used),
    )  # fmt: skip


def _grants(grants: Iterable[Grant]) -> tuple[GrantForm, ...]:
    return tuple(GrantForm(grant.role.value, grant.select) for grant in grants)

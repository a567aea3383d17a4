"""Signing in, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from segue.model.access import Grant, Principal, Role
from segue.model.errors import Forbidden, Refused
from segue.model.ids import Instant
from segue.show.access.identity import Claimed, awaited
from segue.show.access.minting import Mint, csrf_of, fits, read_secret
from segue.show.access.passwords import LONGEST, Passwords, check_password
from segue.show.access.throttling import Throttled, judge, origin_of
from segue.store.access.book import Book, How, Link, Note, Session, Strikes, User

__all__ = ["LIFE", "LINK_LIFE", "Entering", "Entry", "is_user_name"]

LIFE: Final = 30 * 86_400_000_000
"""Microseconds after which a session ends, used or not."""

LINK_LIFE: Final = 86_400_000_000
"""Microseconds for which a one-time link can be used."""

_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9._+@-]{0,63}", re.ASCII)


def is_user_name(name: str) -> bool:
    """Whether a user may be called so."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody has come in.

    Args:
        cookie: of the new session.
        principal: who it is.
    """

    cookie: str
    principal: Principal


class Entering:
    """Lets people in and out.

    Args:
        book: where they are.
        mint: makes secrets.
        passwords: makes and compares hashes.
        changed: called when somebody may have lost a right.
    """

    def __init__(self, book: Book, mint: Mint, passwords: Passwords, changed: Callable[[], object]) -> None:
        self._book, self._mint, self._passwords, self._changed = book, mint, passwords, changed

    def sign_in(self, name: str, password: str, address: str, now: Instant) -> Entry | Throttled | None:
        """Let somebody in by their password.

        Args:
            name: as it was typed.
            password: as it was typed.
            address: where from.
            now: the present.

        Returns:
            None where name or password are wrong, or the user may not enter: which of it is not told.
        """
        name = name.strip().lower()
        verified = self._verify(name if is_user_name(name) else "?", password, address, now)
        if isinstance(verified, Throttled):
            return verified
        entry = None
        if verified is not None:
            entry = self._open(verified, "password", address, now, verified.password)
        if entry is None:
            self._book.write(_note(now, "", "sign-in", name[:64], "wrong name or password", address, ok=False))
        return entry

    def sign_out(self, principal: Principal, now: Instant, address: str = "") -> None:
        """End a session at once."""
        self._book.end_session(principal.key, _note(now, principal.name, "sign-out", principal.name, "", address))
        self._changed()

    def change_password(
        self, principal: Principal, old: str, new: str, address: str, now: Instant
    ) -> Entry | Throttled | None:
        """Give oneself another password; all sessions end, and a new one begins.

        Args:
            principal: of a session.
            old: the present password; not looked at where there is none.
            new: the next.
            address: where from.
            now: the present.

        Returns:
            None where the old password is wrong.

        Raises:
            Forbidden: a token is no person.
            UsageError: the new one is too easy.
        """
        if principal.via != "session":
            raise Forbidden("a token changes no password: sign in for that")
        user = self._book.user(principal.name)
        if user is None:
            return None
        check_password(new, user.name)
        if user.password is not None:
            verified = self._verify(user.name, old, address, now)
            if not isinstance(verified, User):
                return verified
        note = _note(now, user.name, "user.password", user.name, "changed by themselves; sessions ended", address)
        kept = self._passwords.hash(new)
        self._book.set_password(user.name, kept, note)
        self._changed()
        return self._open(user, "password", address, now, kept)

    def enter(self, claimed: Claimed, address: str, now: Instant) -> Entry:
        """Let in somebody whom a provider of identities has recognised.

        Whoever comes for the first time is made where their groups give them a role, or is a user of that name whom an
        admin has made to come from there.

        Args:
            claimed: who they are there.
            address: where from.
            now: the present.

        Raises:
            Forbidden: they may not enter, with the reason.
        """
        user = self._book.user_of(claimed.subject) or self._first_time(claimed, address, now)
        if claimed.grants is not None and set(claimed.grants) != set(user.grants):
            text = "as the groups at the provider of identities say"
            note = _note(now, user.name, "user.grants", user.name, text, address)
            self._book.set_grants(user.name, claimed.grants, note)
            self._changed()
            user = msgspec.structs.replace(user, grants=claimed.grants)
        if claimed.grants == ():
            raise Forbidden("none of your groups has a role here: ask an admin")
        entry = self._open(user, "oidc", address, now)
        if entry is None:
            raise Forbidden(f"{user.name} may not enter: ask an admin")
        return entry

    def _first_time(self, claimed: Claimed, address: str, now: Instant) -> User:
        name = claimed.name
        if not is_user_name(name):
            raise Forbidden(f"{name[:80]!r} cannot be the name of a user: choose another claim in [tool.segue.oidc]")
        found = self._book.user(name)
        if found is None:
            if not claimed.grants:
                raise Forbidden(f"nobody has let {name} in: an admin does, `segue user add {name} --by oidc`")
            user = User(name, now, claimed.grants, None, False, claimed.subject)
            self._book.add_user(user, _note(now, name, "user.add", name, "by the provider of identities", address))
            return user
        if found.subject != awaited(name):
            raise Forbidden(
                f"there is another {name} here: an admin removes them, or the name at the provider is changed"
            )
        note = _note(now, name, "user.subject", name, "is who the provider of identities says", address)
        self._book.set_subject(name, claimed.subject, note)
        return found

    # ----------------------------------------------------------------------------------------------------------- links
    def first_link(self, user: str, now: Instant) -> str | None:
        """A link that makes the first user, admin on everything; None where there is a user.

        Args:
            user: what they will be called: the account that runs Segue.
            now: the present.
        """
        if self._book.users():
            return None
        name = re.sub(r"[^a-z0-9._+@-]", "_", user.lower())[:64]
        return self._link(name if is_user_name(name) else "admin", "", now, first=True)

    def invite(self, name: str, actor: str, now: Instant) -> str:
        """A link by which a user comes in once, to choose a password.

        Raises:
            Refused: there is no such user, or they may not enter.
        """
        user = self._book.user(name)
        if user is None or user.disabled:
            raise Refused(f"there is no user {name!r} who may enter")
        return self._link(name, actor, now)

    def _link(self, name: str, actor: str, now: Instant, *, first: bool = False) -> str:
        made = self._mint.make()
        link = Link(made.key, name, made.digest, Instant(now + LINK_LIFE), first)
        self._book.add_link(link, _note(now, actor, "link.add", name, "for the first user" if first else ""))
        return made.text

    def spend_link(self, text: str, address: str, now: Instant) -> Entry | None:
        """Let somebody in by a link; None where it is none, too old, or spent."""
        read = read_secret(text)
        link = None if read is None else self._book.link(read[0])
        if read is None or link is None or not fits(read[1], link.digest) or now >= link.until:
            return None
        newcomer = User(link.user, now, (Grant(Role.ADMIN),)) if link.first else None
        note = _note(now, link.user, "link.spend", link.user, "made the first user" if link.first else "", address)
        if not self._book.spend_link(link, newcomer, note):
            return None
        user = newcomer or self._book.user(link.user)
        return None if user is None else self._open(user, "link", address, now)

    # ------------------------------------------------------------------------------------------------------------ both
    def _verify(self, name: str, password: str, address: str, now: Instant) -> User | Throttled | None:
        """The user whose password this is; the try counts before it is looked at."""
        refused = self._weigh(name, address, now)
        if refused is not None:
            return refused
        user = self._book.user(name)
        kept = None if user is None or user.disabled else user.password
        fits_it = self._passwords.verify(password if len(password) <= LONGEST else "", kept)
        return user if fits_it else None

    def _weigh(self, name: str, address: str, now: Instant) -> Throttled | None:
        refused: list[Throttled] = []

        def weigh(found: Sequence[Strikes | None]) -> tuple[Strikes, Strikes, Strikes] | None:
            verdict = judge(found, now)
            if isinstance(verdict, Throttled):
                refused.append(verdict)
                return None
            return verdict

        self._book.weigh(name, origin_of(address), weigh, now)
        return refused[0] if refused else None

    def _open(self, user: User, how: How, address: str, now: Instant, proven: str | None = None) -> Entry | None:
        made = self._mint.make()
        session = Session(made.key, user.name, made.digest, now, now, Instant(now + LIFE), how, origin_of(address))
        if not self._book.open_session(session, _note(now, user.name, "sign-in", user.name, how, address), proven):
            return None
        unset = how == "link" and user.password is None
        principal = Principal(user.name, user.grants, "session", made.key, csrf_of(made.secret), session.until, unset)
        return Entry(made.text, principal)


def _note(now: Instant, actor: str, action: str, about: str, text: str, address: str = "", *, ok: bool = True) -> Note:
    return Note(now, actor, action, about, text, ok, address)

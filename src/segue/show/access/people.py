"""Users, what they may do, and their tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from segue.model.access import Grant, Principal, Role
from segue.model.errors import Forbidden, NotFound, UsageError
from segue.model.ids import Instant
from segue.show.access.deciding import decide
from segue.show.access.entering import is_user_name
from segue.show.access.identity import awaited
from segue.show.access.minting import Mint
from segue.show.access.passwords import Passwords, check_password
from segue.store.access.book import Book, Note, Session, Token, User

__all__ = ["DAYS", "People"]

DAYS: Final = 90
"""For which a token is good where nothing is said."""

_LONGEST_DAYS: Final = 3_650
_DAY: Final = 86_400_000_000
_TOKEN_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)


class People:
    """Changes who may enter; whoever calls has decided that it may be done.

    Args:
        book: where they are.
        mint: makes secrets.
        passwords: makes hashes.
        changed: called when somebody may have lost a right.
    """

    def __init__(self, book: Book, mint: Mint, passwords: Passwords, changed: Callable[[], object]) -> None:
        self._book, self._mint, self._passwords, self._changed = book, mint, passwords, changed

    # ----------------------------------------------------------------------------------------------------------- users
    def users(self) -> Sequence[User]:
        """All of them, in order of name."""
        return self._book.users()

    def user(self, name: str) -> User:
        """One of them.

        Raises:
            NotFound: there is none of that name.
        """
        user = self._book.user(name)
        if user is None:
            raise NotFound(f"there is no user {name!r}")
        return user

    def add_user(
        self, name: str, grants: Sequence[Grant], password: str | None, actor: str, now: Instant, *,
        elsewhere: bool = False,
    ) -> User:  # fmt: skip
        """Make one.

        Args:
            name: lower case.
            grants: what they may do.
            password: theirs; None: they come in by a link, or from elsewhere.
            actor: who does it.
            now: the present.
            elsewhere: they sign in at the provider of identities, who knows them by that name.

        Raises:
            UsageError: no name, or too easy a password.
            Refused: there is one of that name.
        """
        if not is_user_name(name):
            raise UsageError(
                f"{name[:80]!r} is no name of a user: lower case letters, digits and . _ + @ -, at most 64"
            )
        if password is not None:
            check_password(password, name)
        kept = None if password is None else self._passwords.hash(password)
        user = User(name, now, tuple(grants), kept, False, awaited(name) if elsewhere else "")
        self._book.add_user(user, Note(now, actor, "user.add", name, _shown(user.grants)))
        return user

    def set_password(self, name: str, password: str, actor: str, now: Instant) -> None:
        """Give one another password; opens an account that too many failures have closed, and ends its sessions.

        Raises:
            NotFound: there is none of that name.
            UsageError: it is too easy.
        """
        self.user(name)
        check_password(password, name)
        note = Note(now, actor, "user.password", name, f"set by {actor}; sessions ended")
        self._book.set_password(name, self._passwords.hash(password), note)
        self._changed()

    def set_grants(self, name: str, grants: Sequence[Grant], actor: str, now: Instant) -> User:
        """Say what one may do; ends their sessions.

        Raises:
            NotFound: there is none of that name.
            Refused: nobody who may do everything would be left.
        """
        old = self.user(name)
        self._book.set_grants(
            name, grants, Note(now, actor, "user.grants", name, f"{_shown(old.grants)} → {_shown(grants)}")
        )
        self._changed()
        return self.user(name)

    def set_disabled(self, name: str, disabled: bool, actor: str, now: Instant) -> User:
        """Let one in no more, or again; ends their sessions and stops their tokens.

        Raises:
            NotFound: there is none of that name.
            Refused: nobody who may do everything would be left.
        """
        self.user(name)
        self._book.set_disabled(name, disabled, Note(now, actor, "user.disable" if disabled else "user.enable", name))
        self._changed()
        return self.user(name)

    def remove_user(self, name: str, actor: str, now: Instant) -> None:
        """Forget one with their sessions and tokens.

        Raises:
            NotFound: there is none of that name.
            Refused: nobody who may do everything would be left.
        """
        old = self.user(name)
        self._book.remove_user(name, Note(now, actor, "user.remove", name, _shown(old.grants)))
        self._changed()

    def sessions(self, name: str) -> Sequence[Session]:
        """Where one is signed in, the newest first."""
        return self._book.sessions(name)

    def end_sessions(self, name: str, actor: str, now: Instant) -> int:
        """Sign one out everywhere; from how many places."""
        ended = self._book.end_sessions(name, Note(now, actor, "session.end", name, "all"))
        self._changed()
        return ended

    # ---------------------------------------------------------------------------------------------------------- tokens
    def tokens(self, user: str | None) -> Sequence[Token]:
        """Those of one, or all."""
        return self._book.tokens(user)

    def add_token(
        self, user: str, name: str, scope: Grant, days: int | None, actor: Principal | str, now: Instant
    ) -> tuple[str, Token]:
        """Make a token of a user.

        Args:
            user: whose; it never may more than they may at the moment when it is used.
            name: theirs only once.
            scope: what it may at most.
            days: for which it is good, 1 to 3,650; None: 90.
            actor: who does it; a name where they own the machine.
            now: the present.

        Returns:
            The token, which nobody can be shown again, and what is kept of it.

        Raises:
            Forbidden: it is for another, or made by a token, and the maker is not admin on everything.
            UsageError: no name, or no such time.
            Refused: there is no such user, or they have one of that name.
        """
        _check_maker(user, actor)
        if _TOKEN_NAME.fullmatch(name) is None:
            raise UsageError(f"{name[:80]!r} is no name of a token: letters, digits and . _ -, at most 64")
        days = DAYS if days is None else days
        if not 1 <= days <= _LONGEST_DAYS:
            raise UsageError(f"a token is good for 1 to {_LONGEST_DAYS} days, not {days}")
        made = self._mint.make()
        token = Token(made.key, user, name, made.digest, scope, now, Instant(now + days * _DAY))
        text = f"{scope.role} on {scope.select} for {days} days"
        self._book.add_token(token, Note(now, _name_of(actor), "token.add", f"{user}/{name}", text))
        return made.token, token

    def revoke_token(self, user: str, name: str, actor: Principal | str, now: Instant) -> None:
        """End a token at once.

        Raises:
            Forbidden: it is another's, and whoever asks is not admin on everything.
            NotFound: there is none of that name.
        """
        itself = isinstance(actor, Principal) and actor.via == "token" and actor.name == f"{user}/{name}"
        if not itself:
            _check_maker(user, actor)
        found = next((token for token in self._book.tokens(user) if token.name == name), None)
        if found is None:
            raise NotFound(f"{user} has no token {name!r}")
        self._book.revoke_token(found.id, Note(now, _name_of(actor), "token.revoke", f"{user}/{name}"))
        self._changed()


def _check_maker(user: str, actor: Principal | str) -> None:
    """Tokens of one's own are one's own affair; but a narrow token must not make itself a wide one."""
    if isinstance(actor, str) or decide(actor, Role.ADMIN, None):
        return
    if actor.name != user:
        raise Forbidden(f"tokens of {user} are made and revoked by {user}, signed in, or by an admin on `*`")


def _name_of(actor: Principal | str) -> str:
    return actor if isinstance(actor, str) else actor.name


def _shown(grants: Sequence[Grant]) -> str:
    return ", ".join(f"{grant.role} on {grant.select}" for grant in grants) or "no role"

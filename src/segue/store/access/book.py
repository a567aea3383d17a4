"""Who may enter: users, sessions, tokens, failed tries, one-time links, and the audit of all that.

Every change is one transaction together with its audit row, so that neither is without the other. Whatever takes rights
away moves a counter; who remembers whom it has recognised compares it and asks nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from segue.model.access import Grant
from segue.model.ids import Instant

__all__ = ["Book", "Claim", "Claims", "How", "Link", "Note", "Noted", "Session", "Strikes", "Token", "User"]

How: TypeAlias = Literal["password", "link", "oidc"]


class User(msgspec.Struct, frozen=True, gc=False):
    """Somebody.

    Args:
        name: lower case, as it stands in the audit.
        grants: what they may do, in order of selection.
        password: argon2id, None where they have none.
        subject: who they are at the provider of identities, empty where they do not come from there.
    """

    name: str
    made: Instant
    grants: tuple[Grant, ...] = ()
    password: str | None = None
    disabled: bool = False
    subject: str = ""


class Session(msgspec.Struct, frozen=True, gc=False):
    """Somebody who has signed in.

    Args:
        id: public.
        digest: SHA-256 of what only the browser has.
        seen: about when it was last used.
        until: when it ends, used or not.
    """

    id: str
    user: str
    digest: bytes
    made: Instant
    seen: Instant
    until: Instant
    how: How = "password"
    address: str = ""


class Token(msgspec.Struct, frozen=True, gc=False):
    """What a script shows.

    Args:
        id: public.
        name: of its user's choice, theirs only once.
        digest: SHA-256 of what only the script has.
        scope: never more than what its user may do.
        until: when it ends, None: when it is revoked.
        used: about when it was last used.
    """

    id: str
    user: str
    name: str
    digest: bytes
    scope: Grant
    made: Instant
    until: Instant | None = None
    used: Instant | None = None


class Link(msgspec.Struct, frozen=True, gc=False):
    """An address that lets one person in once.

    Args:
        id: public.
        user: who enters.
        digest: SHA-256 of what only the link has.
        first: it makes the first user, and is void where there is one.
    """

    id: str
    user: str
    digest: bytes
    until: Instant
    first: bool = False


class Strikes(msgspec.Struct, frozen=True, gc=False):
    """Tries that count against an account, an address or both: how many, since when, and when the last one was."""

    count: int
    since: Instant
    at: Instant


class Note(msgspec.Struct, frozen=True, gc=False):
    """A row of the audit.

    Args:
        actor: who; empty where nobody was recognised.
        action: `sign-in`, `user.add`, `token.revoke`, or of a request `POST /api/v1/runs`.
        object: of what.
        text: old and new, or why not, for people; never a secret.
        ok: it was done.
        address: where from.
    """

    at: Instant
    actor: str
    action: str
    object: str = ""
    text: str = ""
    ok: bool = True
    address: str = ""


class Noted(msgspec.Struct, frozen=True, gc=False):
    """A row of the audit with its number."""

    number: int
    note: Note


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What an `Idempotency-Key` was used for.

    Args:
        digest: of the request.
        at: when it was first used.
        status: of the answer, 0: there is none yet.
        answer: its body, as JSON.
    """

    digest: bytes
    at: Instant
    status: int = 0
    answer: str = ""


class Claims(Protocol):
    """Keeps what keys were used for, for a day; may be used by several threads."""

    def claim(self, key: str, digest: bytes, now: Instant) -> Claim:
        """What a key was used for first, which may be this.

        Args:
            key: and who used it, as one word.
            digest: of the request.
            now: what is a day old is forgotten.
        """
        ...

    def settle(self, key: str, status: int, answer: str) -> None:
        """Keep the answer."""
        ...

    def release(self, key: str) -> None:
        """Forget it, where there is no answer yet: nothing was done."""
        ...


class Book(Claims, Protocol):
    """Keeps them; may be used by several threads.

    Every method raises `StoreDown` where it cannot read or write now.
    """

    def changes(self) -> int:
        """Moves whenever somebody may have lost a right, in this process or another; one indexed look-up."""
        ...

    # Users.
    def users(self) -> Sequence[User]:
        """All of them, in order of name."""
        ...

    def user(self, name: str) -> User | None:
        """The one of that name."""
        ...

    def user_of(self, subject: str) -> User | None:
        """The one who is that at the provider of identities."""
        ...

    def add_user(self, user: User, note: Note) -> None:
        """Keep a new one.

        Raises:
            Refused: there is one of that name.
        """
        ...

    def set_password(self, name: str, password: str | None, note: Note) -> None:
        """Give them another password, or none; ends their sessions and forgets failed tries.

        Raises:
            Refused: there is no such user.
        """
        ...

    def set_subject(self, name: str, subject: str, note: Note) -> None:
        """Say who they are at the provider of identities.

        Raises:
            Refused: there is no such user.
        """
        ...

    def set_disabled(self, name: str, disabled: bool, note: Note) -> None:
        """Let them in no more, or again; ends their sessions.

        Raises:
            Refused: there is no such user, or nobody who may do everything would be left.
        """
        ...

    def set_grants(self, name: str, grants: Sequence[Grant], note: Note) -> None:
        """Say what they may do; ends their sessions.

        Raises:
            Refused: there is no such user, or nobody who may do everything would be left.
        """
        ...

    def remove_user(self, name: str, note: Note) -> None:
        """Forget them with their sessions and tokens.

        Raises:
            Refused: there is no such user, or others are left and nobody of them may do everything.
        """
        ...

    # Sessions.
    def open_session(self, session: Session, note: Note, proven: str | None = None) -> bool:
        """Keep a new one; False where its user may not enter now.

        Args:
            session: of a user.
            note: written where it is kept.
            proven: the hash that a password was found to fit; it must still be theirs. Failed tries are forgotten.
        """
        ...

    def session(self, key: str) -> tuple[Session, User] | None:
        """The one with that public id, and its user."""
        ...

    def sessions(self, user: str) -> Sequence[Session]:
        """Those of a user, the newest first."""
        ...

    def touch_session(self, key: str, now: Instant) -> None:
        """Say that it was used."""
        ...

    def end_session(self, key: str, note: Note) -> bool:
        """Forget it; whether there was one."""
        ...

    def end_sessions(self, user: str, note: Note) -> int:
        """Forget all of a user; how many there were."""
        ...

    # Tokens.
    def add_token(self, token: Token, note: Note) -> None:
        """Keep a new one.

        Raises:
            Refused: there is no such user, or they have one of that name.
        """
        ...

    def token(self, key: str) -> tuple[Token, User] | None:
        """The one with that public id, and its user."""
        ...

    def tokens(self, user: str | None = None) -> Sequence[Token]:
        """Those of a user, or all, in order of user and name."""
        ...

    def touch_token(self, key: str, now: Instant) -> None:
        """Say that it was used."""
        ...

    def revoke_token(self, key: str, note: Note) -> bool:
        """Forget it; whether there was one."""
        ...

    # Failed tries.
    def weigh(
        self,
        account: str,
        address: str,
        judge: Callable[[Sequence[Strikes | None]], Sequence[Strikes] | None],
        now: Instant,
    ) -> None:
        """Let somebody judge what counts against an account, an address, and both together, in one transaction.

        Args:
            account: name that was given.
            address: where from.
            judge: is given those three, and gives them as they are to be kept, or None: they stay as they are.
            now: what is a day old is forgotten, but for what counts against the account of a user.
        """
        ...

    # Links.
    def add_link(self, link: Link, note: Note) -> None:
        """Keep a new one."""
        ...

    def link(self, key: str) -> Link | None:
        """The one with that public id."""
        ...

    def spend_link(self, link: Link, newcomer: User | None, note: Note) -> bool:
        """Use it up; False where somebody else was faster, or where it makes the first user and there is one.

        Args:
            link: as it was read.
            newcomer: the user that it makes.
            note: written where it is spent.
        """
        ...

    # Audit.
    def write(self, note: Note) -> None:
        """Add a row to the audit."""
        ...

    def audit(
        self, before: int | None = None, limit: int = 100, *, actor: str = "", ok: bool | None = None
    ) -> Sequence[Noted]:
        """Rows of the audit, the newest first.

        Args:
            before: only those with smaller numbers.
            limit: at most so many.
            actor: only of this one.
            ok: only what was done, or only what was refused.
        """
        ...

    def close(self) -> None:
        """Let go."""
        ...

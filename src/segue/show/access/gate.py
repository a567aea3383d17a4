"""Recognises whoever speaks.

Whom it has recognised it remembers, so that an idle request costs one indexed look-up: of a counter that moves when
anybody may have lost a right, here or in another process. Then it forgets everybody and tells whoever watches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal, TypeAlias

import msgspec

from segue.model.access import Principal
from segue.model.errors import EnvironmentFault
from segue.model.ids import Instant
from segue.show.access.deciding import scoped
from segue.show.access.entering import Entering
from segue.show.access.folding import Folding
from segue.show.access.minting import Mint, csrf_of, fits, read_secret, read_token
from segue.show.access.passwords import Passwords
from segue.show.access.people import People
from segue.store.access.book import Book, Claims, Note, Noted

__all__ = ["IDLE", "Keeper"]

IDLE: Final = 7 * 86_400_000_000
"""Microseconds without use after which a session ends."""

_TOUCH: Final = 300_000_000
_REMEMBERED: Final = 10_000

_Kind: TypeAlias = Literal["session", "token"]


@dataclass(slots=True)
class _Known:
    principal: Principal
    digest: bytes
    used: Instant

    def alive(self, now: Instant) -> bool:
        until = self.principal.until
        idle = self.principal.via == "session" and now - self.used >= IDLE
        return not idle and (until is None or now < until)


class Keeper:
    """The gate, in front of a book; used by all threads of a process.

    Args:
        book: where users, sessions and tokens are.
        mint: makes secrets.
        passwords: makes and compares hashes.
    """

    def __init__(self, book: Book, mint: Mint, passwords: Passwords) -> None:
        self._book = book
        self.entering = Entering(book, mint, passwords, self.refresh)
        self.people = People(book, mint, passwords, self.refresh)
        self.claims: Claims = book
        self._lock = Lock()
        self._changes = book.changes()
        self._remembered: dict[tuple[_Kind, str], _Known] = {}
        self._watchers: dict[int, Callable[[], None]] = {}
        self._watched = 0
        self._folding = Folding()

    def close(self) -> None:
        """Let go of the book."""
        self._book.close()

    # ----------------------------------------------------------------------------------------------------- recognising
    def by_session(self, cookie: str, now: Instant) -> Principal | None:
        """Whose session this is, None where it is nobody's, or has ended."""
        read = read_secret(cookie)
        return None if read is None else self._recognise("session", *read, now)

    def by_token(self, token: str, now: Instant) -> Principal | None:
        """Whose token this is, None where it is nobody's, or has ended."""
        read = read_token(token)
        return None if read is None else self._recognise("token", *read, now)

    def still(self, principal: Principal, now: Instant) -> Principal | None:
        """The principal as it stands now, None where its session or token has ended."""
        self.refresh()
        known, _ = self._find(principal.via, principal.key, now)
        return None if known is None else msgspec.structs.replace(known.principal, csrf=principal.csrf)

    def _recognise(self, kind: _Kind, key: str, secret: str, now: Instant) -> Principal | None:
        changes = self.refresh()
        known, fresh = self._find(kind, key, now)
        if known is None or not fits(secret, known.digest):
            return None
        if fresh:
            if kind == "session":
                known.principal = msgspec.structs.replace(known.principal, csrf=csrf_of(secret))
            self._remember(kind, key, known, changes)
        self._touch(kind, key, known, now)
        return known.principal

    def _find(self, kind: _Kind, key: str, now: Instant) -> tuple[_Known | None, bool]:
        """What is known of a session or token that has not ended, and whether it was read just now."""
        known = self._remembered.get((kind, key))
        if known is not None and known.alive(now):
            return known, False
        known = self._load(kind, key)  # another process may have seen it used
        return (known if known is not None and known.alive(now) else None), True

    def _load(self, kind: _Kind, key: str) -> _Known | None:
        if kind == "session":
            kept = self._book.session(key)
            if kept is None or kept[1].disabled:
                return None
            session, user = kept
            unset = session.how == "link" and user.password is None
            principal = Principal(user.name, user.grants, kind, key, "", session.until, unset)
            return _Known(principal, session.digest, session.seen)
        found = self._book.token(key)
        if found is None or found[1].disabled:
            return None
        token, user = found
        principal = Principal(f"{user.name}/{token.name}", scoped(user.grants, token.scope), kind, key, "", token.until)
        return _Known(principal, token.digest, token.used or Instant(0))

    def _remember(self, kind: _Kind, key: str, known: _Known, changes: int) -> None:
        with self._lock:
            # What was read before somebody lost a right is not to be remembered after it.
            if self._changes == changes:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[kind, key] = known

    def _touch(self, kind: _Kind, key: str, known: _Known, now: Instant) -> None:
        if now - known.used < _TOUCH:
            return
        known.used = now
        with suppress(EnvironmentFault):  # who may read may do so beside a full disk
            (self._book.touch_session if kind == "session" else self._book.touch_token)(key, now)

    # -------------------------------------------------------------------------------------------------------- watching
    def refresh(self) -> int:
        """Look whether anybody has lost a right, and tell the watchers if so; one indexed look-up.

        Returns:
            The counter of such changes.
        """
        changes = self._book.changes()
        with self._lock:
            moved = changes != self._changes
            if moved:
                self._changes = changes
                self._remembered.clear()
            watchers = list(self._watchers.values()) if moved else []
        for watcher in watchers:
            watcher()
        return changes

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Be told when anybody may have lost a right.

        Args:
            callback: called in the thread that notices; must not block.

        Returns:
            Ends it.
        """
        with self._lock:
            self._watched += 1
            number = self._watched
            self._watchers[number] = callback

        def end() -> None:
            with self._lock:
                self._watchers.pop(number, None)

        return end

    # ----------------------------------------------------------------------------------------------------------- audit
    def deny(self, who: str, what: str, why: str, now: Instant, address: str = "") -> None:
        """Write an audit row of what was refused; what is refused again and again is counted."""
        for text in self._folding.rows(who, why, now):
            with suppress(EnvironmentFault):  # it is refused whether or not that can be written down
                self._book.write(Note(now, who[:200], what[:300], "", text[:500], False, address))

    def audit(
        self, before: int | None = None, limit: int = 100, *, actor: str = "", ok: bool | None = None
    ) -> Sequence[Noted]:
        """What was denied, signing in, and changes of users and tokens, the newest first; see `Book.audit`."""
        return self._book.audit(before, limit, actor=actor, ok=ok)

    def first_link(self, user: str, now: Instant) -> str | None:
        """A link that makes the first user, None where there is a user; see `Entering.first_link`."""
        return self.entering.first_link(user, now)

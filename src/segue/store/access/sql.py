from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row

from segue.model.access import ALL, Grant, Role
from segue.model.errors import Refused
from segue.model.ids import Instant
from segue.store.access.book import Claim, Link, Note, Noted, Session, Strikes, Token, User
from segue.store.access.line import Line
from segue.store.access.tables import audit, claims, grants, links, meta, sessions, throttle, tokens, users

__all__ = ["SqlBook"]

_CHANGES: Final = "SELECT value FROM access_meta WHERE name = 'changes'"
_DAY: Final = 86_400_000_000


class SqlBook:
    """The book, in tables of either dialect.

    Args:
        line: to the database; closed with the book.
    """

    def __init__(self, line: Line) -> None:
        self._line = line

    def close(self) -> None:
        """Let go."""
        self._line.close()

    def changes(self) -> int:
        """Moves whenever somebody may have lost a right."""
        return int(self._line.ask(_CHANGES))

    # ----------------------------------------------------------------------------------------------------------- users
    def users(self) -> list[User]:
        """All of them, in order of name."""
        with self._line.read() as db:
            return _users(db)

    def user(self, name: str) -> User | None:
        """The one of that name."""
        with self._line.read() as db:
            return _user(db, name)

    def user_of(self, subject: str) -> User | None:
        """The one who is that at the provider of identities."""
        with self._line.read() as db:
            return next(iter(_users(db, users.c.subject == subject)), None)

    def add_user(self, user: User, note: Note) -> None:
        """Keep a new one."""
        with self._line.write() as db:
            _add_user(db, user)
            _write(db, note)

    def set_password(self, name: str, password: str | None, note: Note) -> None:
        """Give them another password, or none."""
        with self._changing(note) as db:
            _must_hit(db.execute(update(users).where(users.c.name == name).values(password=password)), name)
            db.execute(delete(throttle).where(throttle.c.account == name))
            db.execute(delete(links).where(links.c.user == name))
            db.execute(delete(sessions).where(sessions.c.user == name))

    def set_subject(self, name: str, subject: str, note: Note) -> None:
        """Say who they are at the provider of identities."""
        with self._changing(note) as db:
            _must_hit(db.execute(update(users).where(users.c.name == name).values(subject=subject)), name)

    def set_disabled(self, name: str, disabled: bool, note: Note) -> None:
        """Let them in no more, or again."""
        with self._changing(note) as db, _somebody_stays(db):
            _must_hit(db.execute(update(users).where(users.c.name == name).values(disabled=int(disabled))), name)
            db.execute(delete(sessions).where(sessions.c.user == name))

    def set_grants(self, name: str, given: Sequence[Grant], note: Note) -> None:
        """Say what they may do."""
        with self._changing(note) as db, _somebody_stays(db):
            if _user(db, name) is None:
                raise _nobody(name)
            db.execute(delete(grants).where(grants.c.user == name))
            _add_grants(db, name, given)
            db.execute(delete(sessions).where(sessions.c.user == name))

    def remove_user(self, name: str, note: Note) -> None:
        """Forget them with their sessions and tokens."""
        with self._changing(note) as db, _somebody_stays(db):
            _must_hit(db.execute(delete(users).where(users.c.name == name)), name)
            for table in (grants, sessions, tokens, links):
                db.execute(delete(table).where(table.c.user == name))
            db.execute(delete(throttle).where(throttle.c.account == name))

    # -------------------------------------------------------------------------------------------------------- sessions
    def open_session(self, session: Session, note: Note, proven: str | None = None) -> bool:
        """Keep a new one; False where its user may not enter now."""
        with self._line.write() as db:
            user = _user(db, session.user)
            if user is None or user.disabled or (proven is not None and user.password != proven):
                return False
            db.execute(delete(sessions).where(sessions.c.until <= session.made))
            if proven is not None:
                forgiven = throttle.c.address.in_(("", session.address))
                db.execute(delete(throttle).where((throttle.c.account == user.name) & forgiven))
            db.execute(insert(sessions).values(**_values(session)))
            _write(db, note)
            return True

    def session(self, key: str) -> tuple[Session, User] | None:
        """The one with that public id, and its user."""
        with self._line.read() as db:
            row = db.execute(select(sessions).where(sessions.c.id == key)).one_or_none()
            user = None if row is None else _user(db, row.user)
            return None if row is None or user is None else (_session(row), user)

    def sessions(self, user: str) -> list[Session]:
        """Those of a user, the newest first."""
        asked = select(sessions).where(sessions.c.user == user).order_by(sessions.c.made.desc(), sessions.c.id)
        with self._line.read() as db:
            return [_session(row) for row in db.execute(asked)]

    def touch_session(self, key: str, now: Instant) -> None:
        """Say that it was used."""
        with self._line.write() as db:
            db.execute(update(sessions).where(sessions.c.id == key).values(seen=now))

    def end_session(self, key: str, note: Note) -> bool:
        """Forget it; whether there was one."""
        with self._changing(note) as db:
            return db.execute(delete(sessions).where(sessions.c.id == key)).rowcount > 0

    def end_sessions(self, user: str, note: Note) -> int:
        """Forget all of a user; how many there were."""
        with self._changing(note) as db:
            return db.execute(delete(sessions).where(sessions.c.user == user)).rowcount

    # ---------------------------------------------------------------------------------------------------------- tokens
    def add_token(self, token: Token, note: Note) -> None:
        """Keep a new one."""
        with self._line.write() as db:
            if _user(db, token.user) is None:
                raise _nobody(token.user)
            same = (tokens.c.user == token.user) & (tokens.c.name == token.name)
            if db.execute(select(tokens.c.id).where(same)).first() is not None:
                raise Refused(f"{token.user} has a token {token.name!r} already: revoke it, or name this one otherwise")
            scope = {"role": token.scope.role.value, "selection": token.scope.select}
            db.execute(insert(tokens).values(**_values(token, "scope"), **scope))
            _write(db, note)

    def token(self, key: str) -> tuple[Token, User] | None:
        """The one with that public id, and its user."""
        with self._line.read() as db:
            row = db.execute(select(tokens).where(tokens.c.id == key)).one_or_none()
            user = None if row is None else _user(db, row.user)
            return None if row is None or user is None else (_token(row), user)

    def tokens(self, user: str | None = None) -> list[Token]:
        """Those of a user, or all, in order of user and name."""
        asked = select(tokens).order_by(tokens.c.user, tokens.c.name)
        with self._line.read() as db:
            return [_token(row) for row in db.execute(asked if user is None else asked.where(tokens.c.user == user))]

    def touch_token(self, key: str, now: Instant) -> None:
        """Say that it was used."""
        with self._line.write() as db:
            db.execute(update(tokens).where(tokens.c.id == key).values(used=now))

    def revoke_token(self, key: str, note: Note) -> bool:
        """Forget it; whether there was one."""
        with self._changing(note) as db:
            return db.execute(delete(tokens).where(tokens.c.id == key)).rowcount > 0

    # ---------------------------------------------------------------------------------------------------- failed tries
    def weigh(
        self,
        account: str,
        address: str,
        judge: Callable[[Sequence[Strikes | None]], Sequence[Strikes] | None],
        now: Instant,
    ) -> None:
        """Let somebody judge what counts against an account, an address, and both together."""
        keys = ((account, ""), ("", address), (account, address))
        with self._line.write() as db:
            found = [db.execute(select(throttle).where(_strikes_of(*key))).one_or_none() for key in keys]
            kept = judge([None if row is None else Strikes(row.tries, row.since, row.at) for row in found])
            if kept is None:
                return
            passing = (throttle.c.address != "") | throttle.c.account.not_in(select(users.c.name))
            db.execute(delete(throttle).where((throttle.c.at < now - _DAY) & passing))
            for key, one in zip(keys, kept, strict=True):
                db.execute(delete(throttle).where(_strikes_of(*key)))
                row = {"account": key[0], "address": key[1], "tries": one.count, "since": one.since, "at": one.at}
                db.execute(insert(throttle).values(row))

    # ----------------------------------------------------------------------------------------------------------- links
    def add_link(self, link: Link, note: Note) -> None:
        """Keep a new one."""
        with self._line.write() as db:
            db.execute(insert(links).values(**_values(link, "first"), first=int(link.first)))
            _write(db, note)

    def link(self, key: str) -> Link | None:
        """The one with that public id."""
        with self._line.read() as db:
            row = db.execute(select(links).where(links.c.id == key)).one_or_none()
        return None if row is None else Link(row.id, row.user, bytes(row.digest), row.until, bool(row.first))

    def spend_link(self, link: Link, newcomer: User | None, note: Note) -> bool:
        """Use it up; False where somebody else was faster, or where it makes the first user and there is one."""
        with self._line.write() as db:
            spent = db.execute(delete(links).where((links.c.id == link.id) & (links.c.digest == link.digest))).rowcount
            db.execute(delete(links).where(links.c.until < note.at))
            if not spent or (newcomer is not None and _count(db, users)):
                return False
            if newcomer is not None:
                _add_user(db, newcomer)
            _write(db, note)
            return True

    # ---------------------------------------------------------------------------------------------------------- claims
    def claim(self, key: str, digest: bytes, now: Instant) -> Claim:
        """What a key was used for first, which may be this."""
        with self._line.write() as db:
            asked = select(claims).where(claims.c.id == key, claims.c.at >= now - _DAY)
            row = db.execute(asked).one_or_none()
            if row is not None:
                return Claim(bytes(row.digest), row.at, row.status, row.answer)
            db.execute(delete(claims).where(claims.c.at < now - _DAY))
            db.execute(insert(claims).values(id=key, digest=digest, at=now, status=0, answer=""))
        return Claim(digest, now)

    def settle(self, key: str, status: int, answer: str) -> None:
        """Keep the answer."""
        with self._line.write() as db:
            db.execute(update(claims).where(claims.c.id == key).values(status=status, answer=answer))

    def release(self, key: str) -> None:
        """Forget it, where there is no answer yet."""
        with self._line.write() as db:
            db.execute(delete(claims).where((claims.c.id == key) & (claims.c.status == 0)))

    # ----------------------------------------------------------------------------------------------------------- audit
    def write(self, note: Note) -> None:
        """Add a row to the audit."""
        with self._line.write() as db:
            _write(db, note)

    def audit(
        self, before: int | None = None, limit: int = 100, *, actor: str = "", ok: bool | None = None
    ) -> list[Noted]:
        """Rows of the audit, the newest first."""
        asked = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            asked = asked.where(audit.c.number < before)
        if actor:
            asked = asked.where(audit.c.actor == actor)
        if ok is not None:
            asked = asked.where(audit.c.ok == int(ok))
        with self._line.read() as db:
            return [_noted(row) for row in db.execute(asked)]

    @contextmanager
    def _changing(self, note: Note) -> Iterator[Connection]:
        """A transaction that may take a right away."""
        with self._line.write() as db:
            yield db
            db.execute(update(meta).where(meta.c.name == "changes").values(value=meta.c.value + 1))
            _write(db, note)


# ---------------------------------------------------------------------------------------------------------------- rows
def _users(db: Connection, where: Any = None) -> list[User]:
    asked = select(users).order_by(users.c.name)
    rows = db.execute(asked if where is None else asked.where(where)).all()
    given: dict[str, list[Grant]] = {row.name: [] for row in rows}
    wanted = select(grants).order_by(grants.c.selection, grants.c.role)
    for row in db.execute(wanted if where is None else wanted.where(grants.c.user.in_(list(given)))):
        given[row.user].append(Grant(Role(row.role), row.selection))
    return [
        User(row.name, row.made, tuple(given[row.name]), row.password, bool(row.disabled), row.subject or "")
        for row in rows
    ]


def _user(db: Connection, name: str) -> User | None:
    return next(iter(_users(db, users.c.name == name)), None)


def _add_user(db: Connection, user: User) -> None:
    if _user(db, user.name) is not None:
        raise Refused(f"there is a user {user.name!r} already")
    db.execute(
        insert(users).values(
            name=user.name, made=user.made, password=user.password, disabled=int(user.disabled),
            subject=user.subject or None,
        )
    )  # fmt: skip
    _add_grants(db, user.name, user.grants)


def _add_grants(db: Connection, name: str, given: Sequence[Grant]) -> None:
    rows = [{"user": name, "selection": one.select, "role": one.role.value} for one in dict.fromkeys(given)]
    if rows:
        db.execute(insert(grants), rows)


@contextmanager
def _somebody_stays(db: Connection) -> Iterator[None]:
    """Refuse what would leave users of whom none may do everything: only the host's owner could mend that."""
    before = _masters(db)
    yield
    if before and not _masters(db) and _count(db, users):
        raise Refused("nobody who may do everything would be left: make another user admin on `*` first")


def _masters(db: Connection) -> int:
    joined = users.join(grants, grants.c.user == users.c.name)
    able = (users.c.disabled == 0) & (grants.c.role == Role.ADMIN.value) & (grants.c.selection == ALL)
    return int(db.execute(select(func.count()).select_from(joined).where(able)).scalar_one())


def _count(db: Connection, table: Any) -> int:
    return int(db.execute(select(func.count()).select_from(table)).scalar_one())


def _must_hit(done: Any, name: str) -> None:
    if done.rowcount == 0:
        raise _nobody(name)


def _nobody(name: str) -> Refused:
    return Refused(f"there is no user {name!r}: `segue user list` shows them, `segue user add` makes one")


def _strikes_of(account: str, address: str) -> Any:
    return (throttle.c.account == account) & (throttle.c.address == address)


def _values(record: Any, *but: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__ if name not in but}


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.user, bytes(row.digest), row.made, row.seen, row.until, row.how, row.address)


def _token(row: Row[Any]) -> Token:
    scope = Grant(Role(row.role), row.selection)
    return Token(row.id, row.user, row.name, bytes(row.digest), scope, row.made, row.until, row.used)


def _noted(row: Row[Any]) -> Noted:
    note = Note(row.at, row.actor, row.action, row.object, row.text, bool(row.ok), row.address)
    return Noted(row.number, note)


def _write(db: Connection, note: Note) -> None:
    db.execute(insert(audit).values(**_values(note, "ok"), ok=int(note.ok)))

"""The tables of the access database, alike in both dialects: the prefix keeps them apart from others on a server."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Index, LargeBinary, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.schema import Column

from segue.model.access import Role
from segue.store.columns import instant, integer, one_of, row_id, word

__all__ = [
    "PREFIX", "VERSION", "audit", "claims", "grants", "links", "meta", "metadata", "sessions", "throttle", "tokens",
    "users",
]  # fmt: skip

VERSION: Final = 1
"""Of these tables."""

PREFIX: Final = "access_"
"""How their names begin."""

metadata = MetaData()


def _table(name: str, *parts: Any, rowid: bool = False, autoincrement: bool = False) -> Table:
    return Table(
        PREFIX + name, metadata, *parts,
        sqlite_strict=True, sqlite_with_rowid=rowid, sqlite_autoincrement=autoincrement,
    )  # fmt: skip


def _digest() -> Column[bytes]:
    return Column("digest", LargeBinary, nullable=False)


meta = _table("meta", word("name", primary_key=True), integer("value"))

users = _table(
    "users",
    word("name", primary_key=True),
    integer("made"),
    word("password", nullable=True),
    integer("disabled"),
    word("subject", nullable=True, unique=True),
)

grants = _table(
    "grants",
    word("user"),
    word("selection"),
    word("role"),
    PrimaryKeyConstraint("user", "selection", "role"),
    one_of("role", Role),
)

sessions = _table(
    "sessions",
    word("id", primary_key=True),
    word("user"),
    _digest(),
    integer("made"),
    integer("seen"),
    integer("until"),
    word("how"),
    word("address"),
)
Index(f"{PREFIX}sessions_of", sessions.c.user)

tokens = _table(
    "tokens",
    word("id", primary_key=True),
    word("user"),
    word("name"),
    _digest(),
    word("role"),
    word("selection"),
    integer("made"),
    instant("until"),
    instant("used"),
    UniqueConstraint("user", "name"),
    one_of("role", Role),
)

throttle = _table(
    "throttle",
    word("account"),
    word("address"),
    integer("tries"),
    integer("since"),
    integer("at"),
    PrimaryKeyConstraint("account", "address"),
)
Index(f"{PREFIX}throttle_at", throttle.c.at)

links = _table(
    "links", word("id", primary_key=True), word("user"), _digest(), integer("until"), integer("first")
)  # fmt: skip

claims = _table(
    "claims", word("id", primary_key=True), _digest(), integer("at"), integer("status"), word("answer")
)  # fmt: skip
Index(f"{PREFIX}claims_at", claims.c.at)

audit = _table(
    "audit",
    row_id("number"),
    integer("at"),
    word("actor"),
    word("action"),
    word("object"),
    word("text"),
    integer("ok"),
    word("address"),
    rowid=True,
    autoincrement=True,
)
Index(f"{PREFIX}audit_of", audit.c.actor, audit.c.number)

"""Whose tables they are, and of which version."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from segue.model.errors import HomeUnusable, StoreDown
from segue.store.access.tables import PREFIX
from segue.store.postgres.connection import shown
from segue.store.schema import SCHEMA, meta

__all__ = ["LOCK", "check_stamp", "has_tables", "read_meta"]

_T = TypeVar("_T")
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('segue schema ' || current_schema(), 0))"
"""Held by whoever makes or changes tables, until its transaction ends."""


def has_tables(connection: Connection) -> bool:
    """Whether there are any, ours or others; those of users and sessions may be there before."""
    return any(not name.startswith(PREFIX) for name in inspect(connection).get_table_names())


def check_stamp(connection: Connection, url: str) -> int:
    """Check that tables are ours and of the version that this Segue knows; gives it.

    Raises:
        HomeUnusable: they are not.
        StoreDown: there are none yet.
    """
    seen = inspect(connection)
    if not has_tables(connection):
        raise StoreDown(f"{shown(url)} has no tables yet: the first `segue run` makes them")
    columns = {column["name"] for column in seen.get_columns("meta")} if seen.has_table("meta") else set()
    if not {"name", "value"} <= columns:
        raise HomeUnusable(
            f"{shown(url)} holds tables of something else: name an empty database with SEGUE_DATABASE_URL=…"
        )
    version = read_meta(connection, "schema", int)
    if version > SCHEMA:
        raise HomeUnusable(
            f"{shown(url)} is of version {version}, this Segue reads up to {SCHEMA}: install the newer Segue again"
        )
    if version < SCHEMA:
        raise HomeUnusable(
            f"{shown(url)} is of version {version}, this Segue needs {SCHEMA}: stop every Segue that uses it, make a "
            "backup, then `segue db upgrade`"
        )
    return version


def read_meta(connection: Connection, name: str, type_: type[_T]) -> _T:
    """One of the facts that were written with the tables."""
    value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one()
    return msgspec.msgpack.decode(value, type=type_)

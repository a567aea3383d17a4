"""Opening a database: make it, check it, bring it up to date."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound

from segue.model.errors import SegueError
from segue.model.ids import Instant
from segue.store.schema import SCHEMA, meta, metadata
from segue.store.sqlite.connection import connect_writer, damaged, faults, grow_wal, open_driver
from segue.store.sqlite.grammar import STATEMENTS
from segue.store.sqlite.lives import begin_life
from segue.store.sqlite.version import stored_version
from segue.store.sqlite.writer import SqliteWriter

__all__ = ["open_writer"]

_T = TypeVar("_T")
_DAY: Final = 86_400_000_000
_NEVER: Final = msgspec.msgpack.encode(-_DAY)
_UPGRADING: Final = "segue.store.migrations.upgrading"


class _Upgrading(Protocol):
    def upgrade(self, connection: Connection, path: Path, old: int) -> Path: ...


def open_writer(
    path: Path,
    now: Instant,
    say: Callable[[str], None] = lambda _: None,
    driver: Callable[[str], Any] = open_driver,
    *,
    durable: bool = True,
) -> SqliteWriter:
    """Open a home's database for writing; made where there is none. Only the owner of the home may do so.

    Args:
        path: the database file, in a home that has been checked and is owned.
        now: written as the time of its creation.
        say: told in a sentence when an old database has been brought up to date.
        driver: opens a DB-API connection in autocommit mode from a `file:` URI.
        durable: what is committed survives a loss of power; else only what was there when it was closed in order.

    Raises:
        HomeUnusable: the database is damaged, of a newer version, or not ours.
        StoreDown: it cannot be written now.
    """
    with suppress(OSError):  # where it cannot be made SQLite says why
        path.touch(mode=0o600)  # its log and index get the same mode
    connection = connect_writer(path, driver, durable=durable)
    try:
        with faults(path):
            made = _prepare(connection, path, now, say)
            restored = begin_life(connection, path, now, made=made)
            instance, fence_key = _read(connection, "instance", str), _read(connection, "fence_key", bytes)
    except (DBAPIError, NoResultFound, KeyError, msgspec.MsgspecError) as error:
        connection.close()
        raise damaged(path, str(error)) from error
    except (SegueError, OSError):
        connection.close()
        raise
    grow_wal(path)
    return SqliteWriter(connection, path, instance, fence_key, restored)


def _prepare(connection: Connection, path: Path, now: Instant, say: Callable[[str], None]) -> bool:
    """Make it, or check it and bring it up to date; says whether it was made."""
    version = stored_version(connection, path)
    if version is None:
        _create(connection, now)
        return True
    due = _is_check_due(connection, now)
    if due:
        _check(connection, path)
    if version < SCHEMA:
        # Loaded by name, and only here: importing alembic costs most of a second.
        upgrading = cast(_Upgrading, importlib.import_module(_UPGRADING))
        copy = upgrading.upgrade(connection, path, version)
        say(f"{path} was brought from version {version} to {SCHEMA}; the copy made before is {copy}")
    if due:
        with suppress(DBAPIError):  # what cannot be noted will be checked again
            connection.exec_driver_sql(STATEMENTS.set_meta, ("checked", msgspec.msgpack.encode(now)))
    return False


def _is_check_due(connection: Connection, now: Instant) -> bool:
    """Whether the last owner did not close, or the last check is a day old: it takes as long as the file is large."""
    notes = {name: value for name, value in connection.execute(select(meta.c.name, meta.c.value))}
    checked = msgspec.msgpack.decode(notes.get("checked", _NEVER), type=int)
    return notes.get("closed") != notes["epoch"] or not checked <= now < checked + _DAY


def _check(connection: Connection, path: Path) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if found != ["ok"]:
        raise damaged(path, "; ".join(found))


def _create(connection: Connection, now: Instant) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    metadata.create_all(connection, checkfirst=False)
    values: dict[str, object] = {
        "schema": SCHEMA, "instance": os.urandom(8).hex(), "fence_key": os.urandom(32), "epoch": 0, "closed": 0,
        "created": now, "checked": now,
    }  # fmt: skip
    for name, value in values.items():
        connection.exec_driver_sql(STATEMENTS.set_meta, (name, msgspec.msgpack.encode(value)))
    connection.exec_driver_sql("COMMIT")


def _read(connection: Connection, name: str, type_: type[_T]) -> _T:
    value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one()
    return msgspec.msgpack.decode(value, type=type_)

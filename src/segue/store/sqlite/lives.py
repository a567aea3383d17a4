"""Whether a database is the one that this home had last, or was put here: restored, or copied by hand.

Each time an owner opens it the database begins a *life*: a random word that it keeps, and the home beside it. A copy
that was made in an earlier life has another word, one that `segue db backup` made says so itself, and one of the
present life knows fewer events than the home has seen. What was put here starts paused: what it holds as running has
been run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from segue.model.errors import StoreDown
from segue.model.ids import Instant
from segue.store.schema import events, meta
from segue.store.sql.braking import brake
from segue.store.sqlite.grammar import STATEMENTS

__all__ = ["BACKUP", "MARK", "begin_life", "end_life", "sync_folder"]

MARK: Final = "database.json"
"""Name of the file in which a home notes which database it had last."""

BACKUP: Final = "backup"
"""Name of the note in `meta` by which a copy is known as one."""


class _Mark(msgspec.Struct, frozen=True):
    """The database that a home had last: its name, its life, and the least number of events that it knew."""

    instance: str
    life: str
    events: int = 0


def begin_life(connection: Connection, path: Path, now: Instant, *, made: bool) -> str:
    """Take note that a database is opened for writing; one that was put here is paused before anybody reads it.

    Args:
        connection: the one that writes; no transaction is open.
        path: the database file.
        now: the present.
        made: the file was made just now.

    Returns:
        Why it is taken for one that was put here; empty where it is not.

    Raises:
        StoreDown: the home cannot be written, and what it had last is not known, or this is something else.
    """
    rows = connection.execute(select(meta.c.name, meta.c.value))
    notes = {name: msgspec.msgpack.decode(value) for name, value in rows}
    seen = connection.execute(select(func.max(events.c.seq))).scalar() or 0
    mark, life = _read(path), os.urandom(8).hex()
    why = "" if made else _origin(notes, mark, seen)
    try:
        _note(connection, life, mark, now if why else None)
        _write(path, _Mark(notes["instance"], life, seen))
    except (DBAPIError, OSError) as error:
        # What cannot be written now goes on under the life before; only what is new here must not.
        if why or mark is None:
            if isinstance(error, DBAPIError):
                raise
            raise StoreDown(f"{path.with_name(MARK)} cannot be written: {error.strerror or error}") from error
    return why


def _note(connection: Connection, life: str, mark: _Mark | None, restored: Instant | None) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        if restored is not None:
            brake(connection, restored, STATEMENTS.set_meta)
            connection.execute(delete(meta).where(meta.c.name == BACKUP))
        # Where the home's note cannot be renewed it still names the life before this one.
        for name, value in {"life": life, "former": mark.life if mark else ""}.items():
            connection.exec_driver_sql(STATEMENTS.set_meta, (name, msgspec.msgpack.encode(value)))
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(DBAPIError):
            connection.exec_driver_sql("ROLLBACK")
        raise


def end_life(path: Path, seen: int) -> None:
    """Note the last event's number, so that a copy which was made meanwhile is known as older.

    Raises:
        OSError: the home cannot be written.
    """
    mark = _read(path)
    if mark is not None:
        _write(path, msgspec.structs.replace(mark, events=max(seen, mark.events)))


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _origin(notes: Mapping[str, Any], mark: _Mark | None, seen: int) -> str:
    if BACKUP in notes:
        return "it is a backup"
    if mark is None:
        return "it comes from another home" if notes.get("life") else ""
    if mark.instance != notes["instance"]:
        return "it is another database than this home had"
    if mark.life not in (notes.get("life"), notes.get("former")) or seen < mark.events:
        return "it is older than what this home had"
    return ""


def _read(path: Path) -> _Mark | None:
    try:
        return msgspec.json.decode(path.with_name(MARK).read_bytes(), type=_Mark)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, mark: _Mark) -> None:
    file = path.with_name(MARK)
    fresh = file.with_name(f".{MARK}-{os.getpid()}")
    fresh.touch(mode=0o600)
    with fresh.open("wb") as out:
        out.write(msgspec.json.encode(mark))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync_folder(file.parent)

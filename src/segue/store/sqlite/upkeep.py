from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from segue.model.errors import HomeUnusable
from segue.model.ids import Instant
from segue.store.sqlite.connection import connect_reader, faults
from segue.store.sqlite.grammar import STATEMENTS
from segue.store.sqlite.lives import BACKUP, sync_folder
from segue.store.sqlite.version import stored_version

__all__ = ["SAFE", "SAFE_WAL", "Manifest", "back_up", "copy_file", "database_version", "manifest_of", "sqlite_version"]

SAFE = "3.51.3"
"""The first SQLite in which two connections that write cannot damage a WAL; we have one, so older ones are safe too."""


SAFE_WAL = 256 * 1024 * 1024
"""Bytes of a log that are more than even a long transaction needs: somebody holds a snapshot."""


def sqlite_version() -> str:
    """The version of the library in use."""
    return sqlite3.sqlite_version


def database_version(path: Path) -> int:
    """Check a database without changing it and give its version.

    Args:
        path: the database file; must exist.

    Raises:
        HomeUnusable: it is damaged, not ours, or of a newer version.
        StoreDown: it cannot be read now.
    """
    connection = connect_reader(path)
    try:
        with faults(path):
            found = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
            if found != ["ok"]:
                raise HomeUnusable(f"{path} is damaged: {'; '.join(map(str, found))}")
            version = stored_version(connection, path)
    finally:
        connection.close()
    if version is None:
        raise HomeUnusable(f"{path} is empty")
    return version


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says about itself.

    Args:
        at: when it was made.
        instance: of the database it was made of.
        schema: version of its tables.
        events: number of the last event that it knows.
        dags, runs, tasks: how many it holds.
    """

    at: Instant
    instance: str
    schema: int
    events: int
    dags: int
    runs: int
    tasks: int


def back_up(path: Path, copy: Path, now: Instant) -> Manifest:
    """Copy a database with what its WAL holds, also while its owner writes; the copy appears whole or not at all.

    It is one file, on the disk when this returns, and says about itself that it is a copy: an owner that opens it as
    its own database begins with everything paused.

    Args:
        path: the database file; must exist.
        copy: where to; its folder must exist.
        now: the present.

    Raises:
        HomeUnusable: the database is damaged.
        StoreDown: it cannot be read now, or the copy not be written.
    """
    fresh = copy.with_name(copy.name + ".part")
    try:
        copy_file(path, fresh)
        with faults(fresh), closing(sqlite3.connect(fresh)) as target:
            target.execute("PRAGMA journal_mode=DELETE")
            manifest = _manifest(target, now)
            target.execute(STATEMENTS.set_meta, (BACKUP, msgspec.msgpack.encode(manifest)))
            target.commit()
        fresh.replace(copy)
        sync_folder(copy.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return manifest


def copy_file(path: Path, copy: Path) -> None:
    """Copy any SQLite file with what its WAL holds, also while another process writes it; on the disk when it returns.

    Args:
        path: the file; must exist.
        copy: where to, mode 0600; replaced.
    """
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with faults(path), closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def manifest_of(path: Path) -> Manifest | None:
    """What a backup says about itself, None where the file is none.

    Raises:
        HomeUnusable: it is damaged, or not ours.
    """
    connection = connect_reader(path)
    try:
        with faults(path):
            if stored_version(connection, path) is None:
                return None
            said = connection.exec_driver_sql("SELECT value FROM meta WHERE name = ?", (BACKUP,)).scalar()
            return None if said is None else msgspec.msgpack.decode(said, type=Manifest)
    finally:
        connection.close()


def _manifest(target: sqlite3.Connection, now: Instant) -> Manifest:
    notes = {name: msgspec.msgpack.decode(value) for name, value in target.execute("SELECT name, value FROM meta")}
    counts = """SELECT (SELECT max(seq) FROM events), (SELECT count(*) FROM dags), (SELECT count(*) FROM runs),
        (SELECT count(*) FROM tasks)"""
    events, dags, runs, tasks = target.execute(counts).fetchone()
    return Manifest(now, notes["instance"], notes["schema"], events or 0, dags, runs, tasks)

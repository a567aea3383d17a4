from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from segue.model.errors import HomeUnusable
from segue.store.sqlite.connection import connect_reader, faults
from segue.store.sqlite.version import stored_version

__all__ = ["SAFE", "back_up", "database_version", "sqlite_version"]

SAFE = "3.51.3"
"""The first SQLite in which two connections that write cannot damage a WAL; we have one, so older ones are safe too."""


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


def back_up(path: Path, copy: Path) -> None:
    """Copy a database with what its WAL holds, also while its owner writes; the copy appears whole or not at all.

    Args:
        path: the database file; must exist.
        copy: where to; its folder must exist.

    Raises:
        HomeUnusable: the database is damaged.
        StoreDown: it cannot be read now, or the copy not be written.
    """
    fresh = copy.with_name(copy.name + ".part")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with faults(path), closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
        fresh.replace(copy)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise

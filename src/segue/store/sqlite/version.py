"""Whose a file is, and which version its tables have."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy.engine import Connection

from segue.model.errors import HomeUnusable, StoreEmpty
from segue.store.schema import SCHEMA

__all__ = ["check_version", "stored_version"]


def stored_version(connection: Connection, path: Path) -> int | None:
    """The version of a file's tables, None where it has none yet.

    Raises:
        HomeUnusable: it is not ours, or of a newer version.
    """
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    if not names:
        return None
    if "meta" not in names:
        raise HomeUnusable(f"{path} is a database of something else: name another home with SEGUE_HOME=…")
    value = connection.exec_driver_sql("SELECT value FROM meta WHERE name = 'schema'").scalar_one()
    version = msgspec.msgpack.decode(value, type=int)
    if version > SCHEMA:
        raise HomeUnusable(
            f"{path} is of version {version}, this Segue reads up to {SCHEMA}: install the newer Segue again, or go "
            "back by putting the copy made before the upgrade in its place"
        )
    return version


def check_version(connection: Connection, path: Path) -> None:
    """Refuse what cannot be read as it lies.

    Raises:
        HomeUnusable: it is not ours, or of another version.
        StoreEmpty: its owner is only making it.
    """
    version = stored_version(connection, path)
    if version is None:
        raise StoreEmpty(f"{path} is empty: its owner is only making it, ask again")
    if version < SCHEMA:
        raise HomeUnusable(
            f"{path} is of version {version}, this Segue reads version {SCHEMA}: `segue db upgrade` brings it there, "
            "after a copy"
        )

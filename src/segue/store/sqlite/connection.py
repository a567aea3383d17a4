"""Connections and what their errors mean.

One read-write connection a file, readers `mode=ro` (a `query_only` one still checkpoints): so the bug of SQLite before
3.51.3 with several writers cannot be met. `synchronous=FULL`: what was committed survives power loss. Mapped memory is
off: a failing disk then is an error, not a signal.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from segue.model.errors import Conflict, HomeUnusable, ReadCut, SegueError, StoreDown, StoreEmpty

__all__ = [
    "WAL_BYTES",
    "code_of",
    "connect_reader",
    "connect_writer",
    "damaged",
    "fault_of",
    "faults",
    "grow_wal",
    "open_driver",
    "reading",
]

WAL_BYTES: Final = 8 * 1024 * 1024
"""Kept from one checkpoint to the next: a commit then never changes the file's length, which saves a journal write."""

_WAL_PAGES: Final = 1_900
"""After so many a commit writes them into the database: as late as the kept log allows, for that takes some syncs."""
_BUSY_MS: Final = 5_000
_STEPS: Final = 20_000
_ENGINES: Final = 8

_DOWN: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space, work goes on by itself",
    sqlite3.SQLITE_IOERR: "the disk gave an error",
    sqlite3.SQLITE_READONLY: "the file cannot be written",
    sqlite3.SQLITE_BUSY: "another process has locked the file",
    sqlite3.SQLITE_LOCKED: "another connection has locked a table",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_NOMEM: "no memory is left",
}


def open_driver(uri: str) -> sqlite3.Connection:
    """Open a connection of the driver that begins no transaction by itself."""
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000, check_same_thread=False, cached_statements=256
    )


def _open(engine: Engine, path: Path) -> Connection:
    with faults(path):
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _engine(path: Path, mode: str, driver: Callable[[str], Any] = open_driver) -> Engine:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return create_engine("sqlite://", creator=lambda: driver(uri), poolclass=NullPool)


@lru_cache(_ENGINES)
def _engine_of_readers(path: Path) -> Engine:
    """One for all readers of a file: then a statement is compiled once, not once for each of a dozen of them."""
    return _engine(path, "ro")


def connect_writer(path: Path, driver: Callable[[str], Any] = open_driver, *, durable: bool = True) -> Connection:
    """Open the one connection that writes.

    Args:
        path: the database file; made, empty, where it is missing.
        driver: opens a DB-API connection in autocommit mode from a `file:` URI.
        durable: what is committed survives a loss of power.

    Raises:
        StoreDown: it cannot be opened now.
        HomeUnusable: it is no database.
    """
    # SQLite would open it for reading only, and stay so when the disk can be written again.
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreDown(f"{path}: {_DOWN[sqlite3.SQLITE_READONLY]}")
    connection = _open(_engine(path, "rwc", driver), path)
    try:
        with faults(path):
            for setting in (
                "PRAGMA mmap_size=0",
                "PRAGMA journal_mode=WAL",
                f"PRAGMA synchronous={'FULL' if durable else 'OFF'}",
                f"PRAGMA journal_size_limit={WAL_BYTES}",
                f"PRAGMA wal_autocheckpoint={_WAL_PAGES}",
                "PRAGMA temp_store=MEMORY",
                "PRAGMA cache_size=-16000",
            ):
                connection.exec_driver_sql(setting)
    except DBAPIError as error:
        connection.close()
        raise damaged(path, str(error.orig)) from error
    except SegueError:
        connection.close()
        raise
    return connection


def connect_reader(path: Path, monotonic: Callable[[], float] | None = None, limit: float = 3.0) -> Connection:
    """Open a connection that can only read; one thread at a time may use it, whichever.

    Args:
        path: the database file; must exist.
        monotonic: seconds of a clock that never jumps; where given, a read that takes longer than `limit` is cut.
        limit: in seconds.

    Raises:
        StoreDown: it cannot be opened now, or does not exist.
    """
    connection = _open(_engine_of_readers(path.absolute()), path)
    with faults(path):
        connection.exec_driver_sql("PRAGMA mmap_size=0")
    if monotonic is not None:
        connection.info["monotonic"], connection.info["limit"] = monotonic, limit
    return connection


@contextmanager
def reading(connection: Connection, path: Path) -> Iterator[Connection]:
    """One consistent read. It ends with the block: an open snapshot would make the WAL grow without bound."""
    monotonic: Callable[[], float] | None = connection.info.get("monotonic")
    driver = connection.connection.driver_connection
    with faults(path):
        connection.exec_driver_sql("BEGIN")
        try:
            if monotonic is not None and driver is not None:
                until = monotonic() + connection.info["limit"]
                driver.set_progress_handler(lambda: monotonic() > until, _STEPS)
            yield connection
        except msgspec.DecodeError as why:
            raise damaged(path, str(why)) from why
        finally:
            if monotonic is not None and driver is not None:
                driver.set_progress_handler(None, 0)
            with suppress(SQLAlchemyError):  # after Ctrl-C amid a statement there is no connection any more
                connection.exec_driver_sql("ROLLBACK")


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        fault = fault_of(error, path)
        if fault is error:
            raise
        raise fault from error


def code_of(error: Exception) -> int:
    """SQLite's primary result code."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF


def fault_of(error: Exception, path: Path) -> Exception:
    """What an error of the driver means: not now (`StoreDown`), not so (`Conflict`), never (`HomeUnusable`), a bug."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = code_of(error)
    if getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:  # journal of the step before the WAL
        return StoreEmpty(f"{path} is empty: its owner was killed while it made it, the next one goes on")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(f"{path}: {cause}")
    if code == sqlite3.SQLITE_INTERRUPT:
        return ReadCut(f"{path}: a read took too long and was cut: ask for less")
    if code in _DOWN:
        return StoreDown(f"{path}: {_DOWN[code]} ({cause})")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(cause))
    return error


def damaged(path: Path, how: str) -> HomeUnusable:
    """The error for a database that cannot be trusted, with the way out."""
    return HomeUnusable(
        f"{path} is damaged ({how}). Nothing was written. Move it and its -wal file away and put the newest copy in "
        "its place (`segue db backup` makes copies)"
    )


def grow_wal(path: Path) -> None:
    """Write the WAL out to its full length, so that the first commits need not.

    Zeros are no valid frames: recovery stops before them. Closing this descriptor drops no lock, SQLite's lie on the
    database file and on `-shm`.
    """
    wal = path.with_name(path.name + "-wal")
    with suppress(OSError), wal.open("r+b") as file:
        missing = WAL_BYTES - file.seek(0, 2)
        if missing > 0:
            file.write(bytes(missing))

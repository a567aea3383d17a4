"""The access database as a file beside the main one.

It has a rollback journal, not a WAL: the web child and `segue user` both write it, and the bug of SQLite before 3.51.3
with several writers is one of the WAL. Its few writes are not worth more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.pool import NullPool

from segue.model.errors import HomeUnusable, SegueError
from segue.store.access.line import prepare_tables
from segue.store.access.sql import SqlBook
from segue.store.access.tables import PREFIX
from segue.store.sqlite.connection import damaged, faults, open_driver

__all__ = ["FILE", "open_book"]

FILE: Final = "access.db"
"""Name of the file in the home."""


def open_book(home: Path) -> SqlBook:
    """Open the access database of a home; made where there is none.

    Args:
        home: a folder that exists.

    Raises:
        HomeUnusable: it is damaged, of a newer version, or not ours.
        StoreDown: it cannot be opened now.
    """
    path = home / FILE
    with suppress(OSError):  # where it cannot be made SQLite says why
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # its journal gets the same mode
    line = _FileLine(path)
    try:
        with line.write() as connection:
            names = inspect(connection).get_table_names()
            if names and f"{PREFIX}meta" not in names:
                raise HomeUnusable(f"{path} is a database of something else: name another home with SEGUE_HOME=…")
            prepare_tables(connection, bool(names), str(path))
    except (DBAPIError, NoResultFound) as error:
        line.close()
        raise damaged(path, str(error)) from error
    except SegueError:
        line.close()
        raise
    return SqlBook(line)


class _FileLine:
    def __init__(self, path: Path) -> None:
        self._path, self._turn = path, Lock()
        uri = f"{path.absolute().as_uri()}?mode=rwc"
        engine = create_engine("sqlite://", creator=lambda: open_driver(uri), poolclass=NullPool)
        with faults(path):
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            for setting in ("PRAGMA mmap_size=0", "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=FULL"):
                self._connection.exec_driver_sql(setting)

    def ask(self, statement: str) -> Any:
        with self._turn, faults(self._path):
            return self._connection.exec_driver_sql(statement).scalar_one()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self._turn, faults(self._path):
            self._connection.exec_driver_sql(begin)
            try:
                yield self._connection
                self._connection.exec_driver_sql("COMMIT")
            except BaseException:
                with suppress(DBAPIError):  # a full disk has rolled back by itself
                    self._connection.exec_driver_sql("ROLLBACK")
                raise

    def close(self) -> None:
        self._connection.close()

"""The access tables on the server that holds the main ones. Importing it imports the driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from sqlalchemy import inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NoResultFound

from segue.model.errors import SegueError
from segue.store.access.line import prepare_tables
from segue.store.access.sql import SqlBook
from segue.store.access.tables import PREFIX
from segue.store.postgres.connection import connect, damaged, drop, faults, is_open, raw_of, roll_back, shown

__all__ = ["open_book"]

_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('segue access ' || current_schema(), 0))"
_LIMIT: Final = 5_000


def open_book(url: str) -> SqlBook:
    """Open the access tables of a database; made where there are none.

    Args:
        url: `postgresql://…`, as libpq reads it.

    Raises:
        HomeUnusable: they are damaged or of a newer version.
        StoreDown: the server is not there now.
    """
    line = _ServerLine(url)
    try:
        with line.write() as connection:
            prepare_tables(connection, inspect(connection).has_table(f"{PREFIX}meta"), shown(url))
    except NoResultFound as error:
        line.close()
        raise damaged(url, str(error)) from error
    except SegueError:
        line.close()
        raise
    return SqlBook(line)


class _ServerLine:
    def __init__(self, url: str) -> None:
        self._url, self._turn = url, Lock()
        self._connection = connect(url, "access", _LIMIT)

    def ask(self, statement: str) -> Any:
        with self._turn, faults(self._url):
            return self._open().exec_driver_sql(statement).scalar_one()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._transaction("BEGIN") as connection:
            # Writers of all machines take turns, as those of a file do.
            connection.exec_driver_sql(_TURN)
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self._turn, faults(self._url):
            connection = self._open()
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                roll_back(raw_of(connection))
                raise

    def _open(self) -> Connection:
        if not is_open(self._connection):
            drop(self._connection)
            self._connection = connect(self._url, "access", _LIMIT)
        return self._connection

    def close(self) -> None:
        drop(self._connection)

"""Readers of a SQLite file: connections that cannot write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from segue.store.sql.reading import SqlReader, SqlResults
from segue.store.sqlite.connection import connect_reader, reading
from segue.store.sqlite.grammar import STATEMENTS

__all__ = ["SqliteReader", "SqliteResults"]


class SqliteReader(SqlReader):
    """Reads one database; also all its rows, for the audit.

    Args:
        path: the database file.
        monotonic: seconds of a clock that never jumps; where given, a read of more than one second ends in `StoreDown`.

    Raises:
        StoreDown: the file cannot be opened, or does not exist.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] | None = None) -> None:
        self._path = path
        self._connection = connect_reader(path, monotonic)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> AbstractContextManager[Connection]:
        return reading(self._connection, self._path)

    def _matches(self, column: Any, pattern: str) -> Any:
        return column.op("GLOB")(pattern)


class SqliteResults(SqlResults):
    """Reads results for attempts, from one thread of its owner's choice.

    Args:
        path: the database file.
    """

    _sql = STATEMENTS

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect_reader(path)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> AbstractContextManager[Connection]:
        return reading(self._connection, self._path)

"""Statements of a transaction on SQLite: executed at once, for nothing lies between us and the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from segue.model.errors import Conflict
from segue.store.sql.desk import Row
from segue.store.sqlite.grammar import STATEMENTS

__all__ = ["Cursor", "SqliteDesk"]


class Cursor(Protocol):
    """As much of a DB-API cursor as writing needs."""

    @property
    def rowcount(self) -> int: ...

    @property
    def lastrowid(self) -> int | None: ...

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> object: ...

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]], /) -> object: ...

    def fetchone(self) -> Any: ...


class SqliteDesk:
    """Writes on an open transaction; see `Desk`.

    Args:
        cursor: of a connection with a transaction begun.
    """

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def write(self, statement: str, rows: Sequence[Row], what: object, exact: bool = True) -> None:
        """Execute a statement for each row."""
        if not rows:
            return
        if len(rows) == 1:
            self._cursor.execute(statement, rows[0])
        else:
            self._cursor.executemany(statement, rows)
        if exact and self._cursor.rowcount != len(rows):
            missed = len(rows) - self._cursor.rowcount
            raise Conflict(f"{missed} of {len(rows)} rows are not as this owner left them: {what}")

    def hit(self, statement: str, row: Row) -> bool:
        """Execute a statement; whether it hit a row."""
        self._cursor.execute(statement, row)
        return self._cursor.rowcount > 0

    def ask(self, statement: str, values: Row) -> Any:
        """The first row of an answer."""
        self._cursor.execute(statement, values)
        row = self._cursor.fetchone()
        # An answer that is not read to its end would keep the read open.
        self._cursor.fetchone()
        return row

    def add_run(self, row: Row) -> int:
        """Write a run's row and give its number."""
        self._cursor.execute(STATEMENTS.add_run, row)
        return self._cursor.lastrowid or 0

"""Readers of a SQLite file: connections that cannot write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import FromClause, Select, column, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound

from segue.model.errors import SegueError
from segue.store.sql.listing import Dialect, side_by_side
from segue.store.sql.reading import SqlReader, SqlResults
from segue.store.sqlite.connection import connect_reader, damaged, reading
from segue.store.sqlite.grammar import STATEMENTS
from segue.store.sqlite.version import check_version

__all__ = ["SqliteReader", "SqliteResults"]


def _words(words: Iterable[str], name: str) -> FromClause:
    return func.json_each(json.dumps(list(words))).table_valued("value", name=name)


def _of_each(question: Select[Any], cells: Sequence[FromClause]) -> FromClause:
    # Joining it as a subquery SQLite would be free to ask it for each row of the table: what it gives is unfolded.
    found = select(func.json_group_array(column("id"))).select_from(question.subquery()).correlate(*cells)
    each = func.json_each(found.scalar_subquery()).table_valued("value", name="each_one")
    return select(each.c.value).select_from(side_by_side(*cells, each)).subquery()


_DIALECT: Final = Dialect(
    matches=lambda column, pattern: column.op("GLOB")(pattern),
    words=_words,
    of_each=_of_each,
    contains=lambda column, part: func.instr(column, part) > 0,
    joined=func.group_concat,
)


class SqliteReader(SqlReader):
    """Reads one database; also all its rows, for the audit.

    Args:
        path: the database file.
        monotonic: seconds of a clock that never jumps; where given, a read that takes longer than `limit` ends in
            `ReadCut`.
        limit: in seconds.

    Raises:
        StoreDown: the file cannot be opened, or does not exist.
        HomeUnusable: it is damaged, not ours, or of another version.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] | None = None, limit: float = 3.0) -> None:
        self._path = path
        self._connection = connect_reader(path, monotonic, limit)
        try:
            with self._read() as connection:
                check_version(connection, path)
        except (DBAPIError, NoResultFound) as error:
            self.close()
            raise damaged(path, str(error)) from error
        except SegueError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _read(self) -> AbstractContextManager[Connection]:
        return reading(self._connection, self._path)

    _dialect = _DIALECT


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

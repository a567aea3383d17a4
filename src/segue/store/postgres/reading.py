"""Readers of a PostgreSQL database: sessions that cannot write; one that was lost is opened again at the next read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import FromClause, Select, Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from segue.model.errors import SegueError
from segue.store.postgres.connection import connect, drop, is_open, reading
from segue.store.postgres.grammar import STATEMENTS
from segue.store.postgres.stamp import check_stamp
from segue.store.sql.listing import Dialect, side_by_side
from segue.store.sql.reading import SqlReader, SqlResults

__all__ = ["LONGEST_READ", "PostgresReader", "PostgresResults"]

LONGEST_READ: Final = 3_000
"""Milliseconds after which a read is cut, where it is to be short."""


class _Session:
    def __init__(self, url: str, role: str, limit: int | None = None) -> None:
        self._url, self._role, self._limit = url, role, limit
        self._connection = connect(url, role, limit)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if not is_open(self._connection):
            self.close()
            self._connection = connect(self._url, self._role, self._limit)
        with reading(self._connection, self._url) as connection:
            yield connection

    def close(self) -> None:
        drop(self._connection)


def _regular(pattern: str) -> str:
    """A pattern of `*`, `?` and `[…]` as a regular expression."""
    wild = {"*": ".*", "?": ".", "[": "[", "]": "]", "^": "^", "-": "-"}
    return f"^(?:{''.join(wild.get(sign, sign if sign.isalnum() else chr(92) + sign) for sign in pattern)})$"


def _words(words: Iterable[str], name: str) -> FromClause:
    given = literal(list(words), ARRAY(Text(collation="C")))
    return func.unnest(given).table_valued("value", name=name).render_derived()


def _of_each(question: Select[Any], cells: Sequence[FromClause]) -> FromClause:
    each = question.lateral("each_one")
    return select(each.c.id.label("value")).select_from(side_by_side(*cells, each)).subquery()


_DIALECT: Final = Dialect(
    matches=lambda column, pattern: column.op("~")(_regular(pattern)),
    words=_words,
    of_each=_of_each,
    contains=lambda column, part: func.position(literal(part).op("IN")(column)) > 0,
    joined=lambda text, between: func.string_agg(text, literal(between)),
)


class PostgresReader(SqlReader):
    """Reads one database; also all its rows, for the audit.

    Args:
        url: of the database.
        short: whether a read of more than three seconds ends in `ReadCut`.

    Raises:
        HomeUnusable: the tables are of another version, or not ours.
        StoreDown: the server is not there now.
    """

    def __init__(self, url: str, short: bool = False) -> None:
        self._session = _Session(url, "reader", LONGEST_READ if short else None)
        try:
            with self._session.read() as connection:
                check_stamp(connection, url)
        except SegueError:
            self._session.close()
            raise
        self._read, self.close = self._session.read, self._session.close  # type: ignore[method-assign]

    _dialect = _DIALECT


class PostgresResults(SqlResults):
    """Reads results for attempts, from one thread of its owner's choice.

    Args:
        url: of the database.
    """

    _sql = STATEMENTS

    def __init__(self, url: str) -> None:
        self._session = _Session(url, "results")
        self._read, self.close = self._session.read, self._session.close  # type: ignore[method-assign]

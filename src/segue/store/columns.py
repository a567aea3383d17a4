"""What tables are made of, alike in both dialects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

__all__ = ["PARTIAL", "blob", "instant", "integer", "metadata", "one_of", "partial_index", "row_id", "table", "word"]

metadata = MetaData()

PARTIAL: Final[list[tuple[Index, str]]] = []
"""Every partial index with its condition: naming PostgreSQL's option here would import its dialect at every start."""

_WHOLE: Final = Integer().with_variant(BigInteger(), "postgresql")
# Compared byte by byte in both, whatever language the server speaks.
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")


def table(name: str, *parts: Any, rowid: bool = True, autoincrement: bool = False) -> Table:
    """A table; STRICT in SQLite."""
    return Table(
        name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=rowid, sqlite_autoincrement=autoincrement
    )


def integer(name: str, **options: Any) -> Column[int]:
    """A whole number of 64 bits."""
    return Column(name, _WHOLE, **{"nullable": False} | options)


def instant(name: str) -> Column[int]:
    """Microseconds UTC, or nothing."""
    return Column(name, _WHOLE, nullable=True)


def word(name: str, **options: Any) -> Column[str]:
    """Text."""
    return Column(name, _TEXT, **{"nullable": False} | options)


def blob(name: str) -> Column[bytes]:
    """Bytes, or nothing."""
    return Column(name, LargeBinary, nullable=True)


def row_id(name: str = "id") -> Column[int]:
    """The number of a row."""
    return Column(name, _WHOLE, primary_key=True)


def partial_index(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """An index of the rows of which `where` is true."""
    index = Index(name, *columns, unique=unique, sqlite_where=text(where))
    PARTIAL.append((index, where))
    return index


def one_of(column: str, names: Iterable[str]) -> CheckConstraint:
    """A column holds one of these words."""
    # Not `IN (…)`: SQLite builds a table of its list for every row, which costs a quarter of the hot path.
    return CheckConstraint(" OR ".join(f"{column} = '{name}'" for name in names))

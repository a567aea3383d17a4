"""In what two dialects of SQL differ, as far as our statements are concerned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, func, literal_column
from sqlalchemy.engine import Dialect

__all__ = ["NO_TEXT", "NULL", "ONE", "ZERO", "Grammar", "param", "params", "text_of", "this_task"]

NULL: Final[Any] = literal_column("NULL")
NO_TEXT: Final[Any] = literal_column("''")
ZERO: Final[Any] = literal_column("0")
ONE: Final[Any] = literal_column("1")


@dataclass(frozen=True, slots=True)
class Grammar:
    """One dialect.

    Args:
        dialect: compiles, with a style of parameters that takes tuples.
        insert: its own INSERT, which knows ON CONFLICT.
        greatest: name of the function that gives the greater of two numbers.
        no_bytes: the literal of an empty blob.
    """

    dialect: Dialect
    insert: Callable[[Table], Any]
    greatest: str
    no_bytes: str

    def add(self, table: Table) -> Any:
        """An INSERT that gives nothing back."""
        return self.insert(table).inline()

    def put(self, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> str:
        """An INSERT of these columns that takes the place of a row with this key."""
        insertion = self.add(table)
        fresh = {name: insertion.excluded[name] for name in names}
        return self.text_of_row(insertion.on_conflict_do_update(index_elements=list(key), set_=fresh), (*key, *names))

    def text(self, clause: Any, *names: str) -> str:
        """Compile a statement whose parameters stand in this order.

        Raises:
            AssertionError: they do not.
        """
        return self._checked(clause.compile(dialect=self.dialect), names)

    def text_of_row(self, insertion: Any, names: str | Sequence[str]) -> str:
        """Compile an INSERT of these columns, in this order."""
        keys = names.split() if isinstance(names, str) else list(names)
        return self._checked(insertion.compile(dialect=self.dialect, column_keys=keys), keys)

    def greater(self, one: Any, other: Any) -> Any:
        """The greater of two numbers."""
        return getattr(func, self.greatest)(one, other)

    def empty(self) -> Any:
        """A blob without bytes."""
        return literal_column(self.no_bytes)

    @staticmethod
    def _checked(made: Any, names: Sequence[str]) -> str:
        if tuple(made.positiontup or ()) != tuple(names):
            raise AssertionError(f"order of {names} in {made}: {made.positiontup}")
        return str(made)


def param(name: str) -> Any:
    """A parameter; the prefix keeps it apart from the columns."""
    return bindparam("p_" + name)


def params(names: str) -> tuple[str, ...]:
    """The names of parameters as `Grammar.text` wants them."""
    return tuple("p_" + name for name in names.split())


def this_task(table: Table) -> Any:
    """The rows of one task or item."""
    return and_(
        table.c.run == param("run"), table.c.task_id == param("task_id"), table.c.map_index == param("map_index")
    )


def text_of(literal: int | str) -> Any:
    """A literal written out, not a parameter."""
    return literal_column(str(literal))

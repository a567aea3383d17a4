from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from segue.model.errors import Conflict

__all__ = ["Journal", "expected"]

K = TypeVar("K")
V = TypeVar("V")


class Journal:
    """Every write of a transaction, and how it is undone."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def undo(self) -> None:
        """Put back what was there before."""
        for step in reversed(self._undo):
            step()

    def add(self, table: dict[K, V], key: K, row: V) -> None:
        """Write a row that must be new.

        Raises:
            Conflict: it is not.
        """
        if key in table:
            raise Conflict(f"exists already: {row}")
        self.put(table, key, row)

    def put(self, table: dict[K, V], key: K, row: V) -> None:
        """Write a row, new or not."""
        if key in table:
            old = table[key]
            self._undo.append(lambda: table.__setitem__(key, old))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = row

    def append(self, rows: list[V], row: V) -> None:
        """Write a row behind all others."""
        rows.append(row)
        self._undo.append(rows.pop)

    def take(self, table: dict[K, V], key: K) -> None:
        """Remove a row of a table whose order does not matter."""
        old = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, old))

    def set(self, store: object, name: str, value: Any) -> None:
        """Replace a whole table or number of the store."""
        old = getattr(store, name)
        self._undo.append(lambda: setattr(store, name, old))
        setattr(store, name, value)


def expected(row: V | None, change: object) -> V:
    """A row that must be there.

    Raises:
        Conflict: it is not.
    """
    if row is None:
        raise Conflict(f"not as this owner left it: {change}")
    return row

"""Where a transaction's statements go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

__all__ = ["Desk", "Row"]

Row: TypeAlias = Sequence[Any]


class Desk(Protocol):
    """One open transaction of a database, as much as writing changes needs of it."""

    def write(self, statement: str, rows: Sequence[Row], what: object, exact: bool = True) -> None:
        """Execute a statement for each row, now or at the latest before the commit.

        Args:
            statement: of the dialect.
            rows: not touched by the caller any more.
            what: is written, for messages.
            exact: whether each execution must hit exactly one row.

        Raises:
            Conflict: one did not.
        """
        ...

    def hit(self, statement: str, row: Row) -> bool:
        """Execute a statement now; whether it hit a row."""
        ...

    def ask(self, statement: str, values: Row) -> Any:
        """The first row of an answer, None where there is none; all that was written is seen by it."""
        ...

    def add_run(self, row: Row) -> int:
        """Write a run's row, which stands in the order of `Statements.add_run`, and give its number."""
        ...

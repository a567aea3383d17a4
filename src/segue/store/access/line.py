"""What lies between the book and a database of either dialect."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from segue.model.errors import HomeUnusable
from segue.store.access.tables import VERSION, claims, meta, metadata

__all__ = ["Line", "prepare_tables"]

_VALUES: Final = {"version": VERSION, "changes": 0}


class Line(Protocol):
    """A connection that several threads take turns with."""

    def ask(self, statement: str) -> Any:
        """One value, by a statement of its own.

        Raises:
            StoreDown: it cannot be read now.
        """
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent read.

        Raises:
            StoreDown: it cannot be read now.
        """
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction; nobody else writes meanwhile, so what it has read still holds when it writes.

        Raises:
            StoreDown: it cannot be written now.
        """
        ...

    def close(self) -> None:
        """Let go."""
        ...


def prepare_tables(connection: Connection, made: bool, where: str) -> None:
    """Make the tables in the transaction that is open, or check that they are of a version that is known.

    Args:
        connection: nobody else writes meanwhile.
        made: whether there are tables.
        where: they are, for people.

    Raises:
        HomeUnusable: they are of another version.
    """
    if not made:
        metadata.create_all(connection, checkfirst=False)
        connection.execute(insert(meta), [{"name": name, "value": value} for name, value in _VALUES.items()])
        return
    version = connection.execute(select(meta.c.value).where(meta.c.name == "version")).scalar_one()
    if version != VERSION:
        raise HomeUnusable(
            f"{where} holds users and sessions of version {version}, this Segue reads version {VERSION}: install the "
            "newer Segue again"
        )
    claims.create(connection, checkfirst=True)  # younger than the others; who does not know it does without

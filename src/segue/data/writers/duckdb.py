"""Delete-then-insert into a DuckDB table, in one transaction.

DuckDB lets one process at a time open a file for writing and makes no other wait. So the writer waits itself, with
growing pauses, up to its patience; tasks that write to one file best have `max_active=1`. The rows are converted to
Arrow before the file is opened, so that the lock is held for the transaction only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from segue.data.codecs.registry import arrow_of
from segue.data.writers.staging import Step, pass_by
from segue.model.errors import TargetBusy

__all__ = ["DuckDBRows", "StagedRows", "delete_then_insert"]

_NEW = "segue_rows_to_insert"


def delete_then_insert(
    database: str | os.PathLike[str],
    table: str,
    rows: object,
    where: Mapping[str, object],
    *,
    create: bool = True,
    patience: float = 60.0,
) -> int:
    """Replace the rows of a DuckDB table that belong to `where`, and answer the number of rows written.

    `delete_then_insert("flights.duckdb", "daily", summary, where={"date": interval.date})`. `where` names columns and
    their value; every new row must have it, or a repetition would add rows; `{}` is the whole table. `create` makes the
    table from the first rows where there is none. `patience` is how long, in seconds, another process may hold the
    file. Killed at any moment, the table is the old or the new one.

    Raises `TargetBusy` when patience is spent, `ValueError` where columns or rows do not fit, `TypeError` for what is
    no table.
    """
    return DuckDBRows(database, table, where, create=create, patience=patience).stage(rows).publish()


class DuckDBRows:
    """Writer of the rows that belong to `where`; see `delete_then_insert`. `step` and `pause` are for tests."""

    def __init__(
        self,
        database: str | os.PathLike[str],
        table: str,
        where: Mapping[str, object],
        *,
        create: bool = True,
        patience: float = 60.0,
        step: Step = pass_by,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.database = Path(database)
        self.table = table
        self.where = dict(where)
        self.create = create
        self.patience = patience
        self.step = step
        self.pause = pause

    def stage(self, table: object) -> StagedRows:
        """Convert the rows. They are kept in memory: nothing is visible, and nothing outlives the process."""
        return StagedRows(self, arrow_of(table))

    def connect(self) -> duckdb.DuckDBPyConnection:
        for seconds in _pauses(self.patience):
            try:
                return duckdb.connect(self.database)
            except duckdb.IOException as error:
                if "Could not set lock" not in str(error):
                    raise
                refusal = error
            self.pause(seconds)
        raise TargetBusy(
            f"{self.database} is held by another process, and was for {self.patience:g} s; DuckDB takes one writing "
            f"process. Give the tasks that write it max_active=1, or close the other: {refusal}"
        ) from refusal


@dataclass(frozen=True, slots=True)
class StagedRows:
    """Rows that are converted and not yet in the table."""

    writer: DuckDBRows
    arrow: Any

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.arrow.num_rows)

    def publish(self) -> int:
        """Replace the rows of the table in one transaction."""
        writer = self.writer
        writer.step("connecting")
        with closing(writer.connect()) as connection:
            connection.register(_NEW, self.arrow)
            connection.begin()  # closing without commit rolls back
            writer.step("begun")
            self._make_table(connection)
            self._check(connection)
            writer.step("checked")
            _run(connection, "DELETE FROM {table} WHERE {where}", where=writer.where, table=writer.table)
            writer.step("deleted")
            _run(connection, "INSERT INTO {table} BY NAME SELECT * FROM {new}", table=writer.table, new=_NEW)
            writer.step("inserted")
            connection.commit()
            writer.step("committed")
        writer.step("closed")
        return self.rows

    def discard(self) -> None:
        """Nothing is kept anywhere."""

    def _make_table(self, connection: duckdb.DuckDBPyConnection) -> None:
        if not self.writer.create:
            return
        statement = "CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM {new} LIMIT 0"
        _run(connection, statement, table=self.writer.table, new=_NEW)
        untyped = [name for name, kind in _columns(connection, self.writer.table).items() if kind == '"NULL"']
        if untyped:
            raise ValueError(
                f"{self.writer.table} cannot be made from these rows: all values of {', '.join(untyped)} are missing, "
                "so that they have no type. Give them one, for example by .astype"
            )

    def _check(self, connection: duckdb.DuckDBPyConnection) -> None:
        writer = self.writer
        there = _columns(connection, writer.table)
        new = _columns(connection, _NEW)
        if {name.lower() for name in there} != {name.lower() for name in new}:
            raise ValueError(
                f"the columns of the rows and of {writer.table} in {writer.database} differ: "
                f"missing {sorted(set(there) - set(new))}, unknown {sorted(set(new) - set(there))}"
            )
        missing = [name for name in writer.where if name not in new]
        if missing:
            raise ValueError(f"the rows have no column {missing[0]!r}, which where= names; they have {', '.join(new)}")
        question = "SELECT count(*) FROM {new} WHERE NOT ({where})"
        outside = _run(connection, question, where=writer.where, new=_NEW).fetchone()
        if outside and outside[0]:
            raise ValueError(
                f"{outside[0]} of {self.rows} rows do not belong to where={writer.where}: "
                "they would be written again with every repetition"
            )


def _pauses(patience: float) -> Iterator[float]:
    """Pauses that grow from 10 ms to 1 s and add up to `patience` seconds; the last one is none."""
    spent, pause = 0.0, 0.01
    while spent < patience:
        pause = min(pause, patience - spent)
        yield pause
        spent, pause = spent + pause, min(pause * 1.5, 1.0)
    yield 0.0


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Types of the columns by name."""
    return {name: kind for name, kind, *_ in _run(connection, "DESCRIBE {table}", table=table).fetchall()}


def _run(
    connection: duckdb.DuckDBPyConnection, template: str, where: Mapping[str, object] | None = None, **names: str
) -> duckdb.DuckDBPyConnection:
    """Run a statement of ours. Names cannot be bound, so they are quoted; values are always bound."""
    quoted = {key: ".".join(map(_quoted, name.split("."))) for key, name in names.items()}
    condition = " AND ".join(_quoted(name) + " IS NOT DISTINCT FROM ?" for name in where or ()) or "true"
    return connection.execute(template.format(where=condition, **quoted), list((where or {}).values()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

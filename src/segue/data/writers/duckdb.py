"""Delete-then-insert into a DuckDB table, and merge by key, each in one transaction.

DuckDB lets one process at a time open a file for writing and makes no other wait. So the writer waits itself, with
growing pauses, up to its patience; tasks that write to one file best have `max_active=1`. The rows are converted to
Arrow before the file is opened, so that the lock is held for the transaction only. What an attempt stages lies as an
Arrow file beside the database, which keeps every type as it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from segue.data.codecs.registry import arrow_of, load_arrow, store_arrow
from segue.data.staging import write
from segue.data.storage import digest_of
from segue.data.writers.staging import RowsNote, Step, pass_by, stage_file, staging_folder
from segue.model.errors import EnvironmentFault, TargetBusy
from segue.model.value import decode, encode

__all__ = ["DuckDBMerge", "DuckDBRows", "StagedRows", "delete_then_insert", "merge", "restaged"]

_NEW = "segue_rows_to_insert"
_DONE = ".done"


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
    file. Killed at any moment, the table is the old or the new one. In a task it is the new one when the attempt
    succeeds.

    Raises `TargetBusy` when patience is spent, `ValueError` where columns or rows do not fit, `TypeError` for what is
    no table.
    """
    return write(DuckDBRows(database, table, where, create=create, patience=patience), rows)


def merge(
    database: str | os.PathLike[str],
    table: str,
    rows: object,
    keys: str | Sequence[str],
    *,
    create: bool = True,
    patience: float = 60.0,
) -> int:
    """Insert rows into a DuckDB table in place of those with the same keys, and answer the number of rows written.

    `merge("shop.duckdb", "customers", changed, keys="customer_id")`. `keys` names the columns that tell rows apart:
    each key may stand in one row only, and may be NULL. Rows whose keys are not among the new ones stay as they are.
    All else is as with `delete_then_insert`.
    """
    return write(DuckDBMerge(database, table, keys, create=create, patience=patience), rows)


class DuckDBRows:
    """Writer of the rows that belong to `where`; see `delete_then_insert`. `step` and `pause` are for tests."""

    keys: tuple[str, ...] = ()

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
        self.database = Path(database).absolute()  # publishing may happen in a process with another working directory
        self.table = table
        self.where = dict(where)
        self.create = create
        self.patience = patience
        self.step = step
        self.pause = pause

    @property
    def folder(self) -> Path:
        """Where an attempt stages."""
        return staging_folder(self.database)

    def stage(self, table: object, mark: str = "") -> StagedRows:
        """Convert the rows and check them. They are kept in memory; with the `mark` of an attempt in a file."""
        arrow = arrow_of(table)
        with closing(duckdb.connect()) as connection:
            connection.register(_NEW, arrow)
            self.check_rows(connection, arrow.num_rows)
        if not mark:
            return StagedRows(self, arrow.num_rows, arrow, None)
        if not self.database.parent.is_dir():
            raise FileNotFoundError(f"{self.database} cannot be made: there is no folder {self.database.parent}")
        name = digest_of(self.table.encode()).hex()[:12]  # any text may name a table, but not a file
        file, _ = stage_file(self.folder, name, f"{mark}.arrow", lambda file: store_arrow(arrow, file), self.step)
        return StagedRows(self, arrow.num_rows, None, file)

    def check_rows(self, connection: duckdb.DuckDBPyConnection, count: int) -> None:
        """Raises `ValueError` where a repetition would add rows."""
        _need(connection, self.where, "where")
        question = "SELECT count(*) FROM {new} WHERE NOT ({where})"
        outside = _run(connection, question, where=self.where, new=_NEW).fetchone()
        if outside and outside[0]:
            raise ValueError(
                f"{outside[0]} of {count} rows do not belong to where={self.where}: "
                "they would be written again with every repetition"
            )

    def delete(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove the rows that the new ones replace."""
        _run(connection, "DELETE FROM {table} WHERE {where}", where=self.where, table=self.table)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the database, waiting for a process that holds it."""
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


class DuckDBMerge(DuckDBRows):
    """Writer of rows in place of those with the same keys; see `merge`."""

    def __init__(self, database: str | os.PathLike[str], table: str, keys: str | Sequence[str], **options: Any) -> None:
        super().__init__(database, table, {}, **options)
        self.keys = (keys,) if isinstance(keys, str) else tuple(keys)
        if not self.keys:
            raise ValueError("merge needs at least one key column; to replace the whole table use delete_then_insert")

    def check_rows(self, connection: duckdb.DuckDBPyConnection, count: int) -> None:
        """Raises `ValueError` where a key stands in several rows."""
        _need(connection, self.keys, "keys")
        question = "SELECT {keys} FROM {new} GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
        twice = _run(connection, question, keys=self.keys, new=_NEW).fetchone()
        if twice:
            shown = ", ".join(f"{name}={value!r}" for name, value in zip(self.keys, twice, strict=True))
            raise ValueError(f"several rows have the key {shown}: one row of each key can be merged")

    def delete(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove the rows with the keys of the new ones."""
        same = "DELETE FROM {table} AS old USING {new} AS new WHERE {same}"
        _run(connection, same, table=self.table, new=_NEW, keys=self.keys)


@dataclass(frozen=True, slots=True)
class StagedRows:
    """Rows that are converted and not yet in the table: in memory, or in a file that another process may publish."""

    writer: DuckDBRows
    rows: int
    arrow: Any
    file: Path | None

    def note(self) -> RowsNote:
        """Say what it is. Raises `ValueError` where the rows are in memory only."""
        if self.file is None:
            raise ValueError("these rows are in memory only: stage them with the mark of an attempt")
        writer = self.writer
        where = encode(writer.where)
        return RowsNote(
            str(self.file), str(writer.database), writer.table, where, writer.keys, writer.create, writer.patience,
            self.rows,
        )  # fmt: skip

    def publish(self) -> int:
        """Replace the rows of the table in one transaction; where the file says that this was done, do nothing.

        Killed between the transaction and the file's new name, it is done again, with the same rows.
        """
        if self.file is not None and _done(self.file).exists():
            return self.rows
        new = self.arrow if self.file is None else self._load(self.file)
        writer = self.writer
        writer.step("connecting")
        with closing(writer.connect()) as connection:
            connection.register(_NEW, new)
            connection.begin()  # closing without commit rolls back
            writer.step("begun")
            self._make_table(connection)
            self._check_columns(connection)
            writer.step("checked")
            writer.delete(connection)
            writer.step("deleted")
            _run(connection, "INSERT INTO {table} BY NAME SELECT * FROM {new}", table=writer.table, new=_NEW)
            writer.step("inserted")
            connection.commit()
            writer.step("committed")
        writer.step("closed")
        if self.file is not None:
            self.file.rename(_done(self.file))
        return self.rows

    def discard(self) -> None:
        """Remove the file."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
            _done(self.file).unlink(missing_ok=True)

    def _load(self, file: Path) -> Any:
        try:
            return load_arrow(file)
        except FileNotFoundError as error:
            raise EnvironmentFault(
                f"what was staged for {self.writer.table} in {self.writer.database} is gone: run the task again"
            ) from error

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

    def _check_columns(self, connection: duckdb.DuckDBPyConnection) -> None:
        writer = self.writer
        there = _columns(connection, writer.table)
        new = _columns(connection, _NEW)
        if {name.lower() for name in there} != {name.lower() for name in new}:
            raise ValueError(
                f"the columns of the rows and of {writer.table} in {writer.database} differ: "
                f"missing {sorted(set(there) - set(new))}, unknown {sorted(set(new) - set(there))}"
            )


def restaged(note: RowsNote) -> StagedRows:
    """Take up what another process staged."""
    writer = (
        DuckDBMerge(note.database, note.table, note.keys, create=note.create, patience=note.patience)
        if note.keys
        else DuckDBRows(note.database, note.table, decode(note.where), create=note.create, patience=note.patience)
    )
    return StagedRows(writer, note.rows, None, Path(note.staged))


def _done(file: Path) -> Path:
    return file.with_name(file.name + _DONE)


def _need(connection: duckdb.DuckDBPyConnection, names: Iterable[str], option: str) -> None:
    there = _columns(connection, _NEW)
    missing = [name for name in names if name not in there]
    if missing:
        raise ValueError(f"the rows have no column {missing[0]!r}, which {option}= names; they have {', '.join(there)}")


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
    connection: duckdb.DuckDBPyConnection,
    template: str,
    where: Mapping[str, object] | None = None,
    keys: Sequence[str] = (),
    **names: str,
) -> duckdb.DuckDBPyConnection:
    """Run a statement of ours. Names cannot be bound, so they are quoted; values are always bound."""
    quoted = {key: ".".join(map(_quoted, name.split("."))) for key, name in names.items()}
    condition = " AND ".join(_quoted(name) + " IS NOT DISTINCT FROM ?" for name in where or ()) or "true"
    listed = [_quoted(name) for name in keys]
    same = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in listed)
    statement = template.format(where=condition, keys=", ".join(listed), same=same, **quoted)
    return connection.execute(statement, list((where or {}).values()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

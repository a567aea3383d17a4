"""Arrow tables and record batches as Parquet."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from segue.model.errors import UnreadableValue, UnstorableValue

__all__ = [
    "head",
    "kind_of",
    "load",
    "read_ipc",
    "read_parquet",
    "schema_of",
    "store",
    "to_arrow",
    "write_ipc",
    "write_parquet",
]

_KINDS = {pa.Table: "Table", pa.RecordBatch: "RecordBatch"}
_HINTS = {
    pa.RecordBatchReader: "it is not a table yet: return .read_all()",
    pa.ChunkedArray: "return a table that holds it",
}


def kind_of(value: object) -> str | None:
    if type(value) in _HINTS:
        raise UnstorableValue(f"a {type(value).__module__}.{type(value).__name__}: {_HINTS[type(value)]}")
    return _KINDS.get(type(value))


def store(value: Any, file: BinaryIO) -> None:
    write_parquet(to_arrow(value), file)


def load(kind: str, file: BinaryIO) -> object:
    table = read_parquet(file)
    if kind == "Table":
        return table
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def head(value: Any, columns: int, rows: int) -> tuple[list[tuple[str, str]], list[Sequence[object]]]:
    names, types = value.schema.names[:columns], value.schema.types[:columns]
    parts = [value.column(place).slice(0, rows).to_pylist() for place in range(len(names))]
    return list(zip(names, map(str, types), strict=True)), list(zip(*parts, strict=True))


def schema_of(path: Path) -> pa.Schema:
    """Columns and types of a Parquet file, without its rows."""
    return pq.read_schema(path)


def to_arrow(value: Any) -> pa.Table:
    return value if isinstance(value, pa.Table) else pa.Table.from_batches([value])


def write_parquet(table: pa.Table, file: BinaryIO) -> None:
    """Write a table. Raises `UnstorableValue` where Parquet has no such type."""
    try:
        pq.write_table(table, file, compression="zstd")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise UnstorableValue(f"this table cannot be stored as Parquet: {error}") from error


def write_ipc(table: pa.Table, file: BinaryIO) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(file, table.schema, options=options) as out:  # a file cannot hold dictionaries that change
        out.write_table(table)


def read_ipc(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as source:
        return source.read_all()


def read_parquet(file: BinaryIO) -> pa.Table:
    """Read a table with the types it had: Parquet alone would make milliseconds of seconds, for example."""
    try:
        with pq.ParquetFile(file) as source:
            table, kept = source.read(), source.metadata.metadata or {}
    except pa.ArrowInvalid as error:
        raise UnreadableValue(f"a stored table is damaged: {error}") from error
    if b"ARROW:schema" not in kept:
        return table
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(kept[b"ARROW:schema"])))
    if table.schema.equals(schema):
        return table
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)

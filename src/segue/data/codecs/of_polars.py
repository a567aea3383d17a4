"""polars frames and series as Parquet, by its own reader and writer, which know its own types best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import polars as pl

from segue.model.errors import UnreadableValue, UnstorableValue

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["head", "kind_of", "load", "store", "to_arrow"]


def kind_of(value: object) -> str | None:
    if isinstance(value, pl.LazyFrame):
        raise UnstorableValue("a polars LazyFrame is a plan, not a table: return .collect() of it")
    return {pl.DataFrame: "DataFrame", pl.Series: "Series"}.get(type(value))


def store(value: Any, file: BinaryIO) -> None:
    try:
        _frame(value).write_parquet(file, compression="zstd")
    except pl.exceptions.PolarsError as error:
        raise UnstorableValue(f"this polars table cannot be stored as Parquet: {error}") from error


def load(kind: str, file: BinaryIO) -> object:
    try:
        frame = pl.read_parquet(file)
    except pl.exceptions.PolarsError as error:
        raise UnreadableValue(f"a stored table is damaged: {error}") from error
    return frame.to_series(0) if kind == "Series" else frame


def head(value: Any, columns: int, rows: int) -> tuple[list[tuple[str, str]], list[Sequence[object]]]:
    frame = _frame(value)
    frame = frame.select(frame.columns[:columns]).head(rows)
    return [(name, str(kind)) for name, kind in frame.schema.items()], list(frame.rows())


def to_arrow(value: Any) -> pa.Table:
    return _frame(value).to_arrow()


def _frame(value: pl.DataFrame | pl.Series) -> pl.DataFrame:
    return value.to_frame() if isinstance(value, pl.Series) else value

"""pandas frames and series as Parquet, index and dtypes kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa

from segue.data.codecs.of_pyarrow import read_parquet, write_parquet
from segue.model.errors import UnstorableValue

__all__ = ["head", "kind_of", "load", "store", "to_arrow"]

_UNNAMED = "Series.unnamed"


def kind_of(value: Any) -> str | None:
    if type(value) is pd.DataFrame:
        return "DataFrame"
    if type(value) is pd.Series:
        return _UNNAMED if value.name is None else "Series"
    return None


def store(value: Any, file: BinaryIO) -> None:
    frame = value.to_frame() if isinstance(value, pd.Series) else value
    write_parquet(_converted(frame, None), file)


def load(kind: str, file: BinaryIO) -> object:
    table = read_parquet(file)
    frame = table.to_pandas()
    notes = json.loads(table.schema.metadata[b"pandas"])["columns"]
    for place, note in enumerate(notes[: frame.shape[1]]):  # index columns come last
        if note["numpy_type"] == "object":  # Arrow knows its type better; the column is to hold objects again
            objects = pd.Series(table.column(place).to_pylist(), index=frame.index, dtype=object)
            frame.isetitem(place, objects)
    if kind == "DataFrame":
        return frame
    series = frame.iloc[:, 0]
    return series.rename(None) if kind == _UNNAMED else series


def head(value: Any, columns: int, rows: int) -> tuple[list[tuple[str, str]], list[Sequence[object]]]:
    frame = (value.head(rows).to_frame() if isinstance(value, pd.Series) else value.head(rows)).iloc[:, :columns]
    kinds = [(str(name), str(kind)) for name, kind in frame.dtypes.items()]
    return kinds, list(frame.itertuples(index=False, name=None))


def to_arrow(value: Any) -> pa.Table:
    frame = value.to_frame() if isinstance(value, pd.Series) else value
    named = [name for name in frame.index.names if name is not None]
    if named:
        unnamed = [level for level, name in enumerate(frame.index.names) if name is None]
        frame = (frame.reset_index(level=unnamed, drop=True) if unnamed else frame).reset_index()
    return _converted(frame, False).replace_schema_metadata(None)


def _converted(frame: Any, preserve_index: bool | None) -> pa.Table:
    if len({type(name) for name in frame.columns}) > 1:
        raise UnstorableValue("the columns of this DataFrame have names of several types: make all of them text")
    try:
        return pa.Table.from_pandas(frame, preserve_index=preserve_index)
    except (ValueError, TypeError, NotImplementedError) as error:  # what Arrow raises is among them
        raise UnstorableValue(f"this DataFrame cannot be stored as Parquet: {error}") from error

import enum
from collections import namedtuple
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segue.data.preview import LIMIT, preview_of
from segue.data.results import store_result
from segue.data.storage import LocalStorage
from segue.model.value import Ref

ROWS = {"carrier": ["UA", "AA", None], "flights": [3, 5, 7], "day": [date(2013, 1, 1)] * 3}


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def shown(data: bytes) -> Any:
    assert len(data) <= LIMIT
    return msgspec.msgpack.decode(data)


@pytest.mark.parametrize(
    ("make", "types"),
    [
        (pd.DataFrame, ["str", "int64", "object"]),
        (pl.DataFrame, ["String", "Int64", "Date"]),
        (pa.table, ["string", "int64", "date32[day]"]),
        (pa.RecordBatch.from_pydict, ["string", "int64", "date32[day]"]),
    ],
)
def test_a_table_shows_its_size_its_columns_and_its_first_rows(storage: LocalStorage, make: Any, types: Any) -> None:
    table = make(ROWS)
    stored = store_result(table, storage, "values/d/r/t/-/1")
    preview = shown(stored.preview)
    assert preview["kind"] == f"{type(table).__module__.partition('.')[0]}.{type(table).__name__}"
    assert (preview["rows"], preview["bytes"], preview["more"]) == (3, stored.ref and stored.ref.size, 0)
    assert preview["columns"] == [[name, kind] for name, kind in zip(ROWS, types, strict=True)]
    assert preview["head"][0] == ["UA", "3", "2013-01-01"]
    assert len(preview["head"]) == 3
    assert stored.outcome().preview == stored.preview


def test_a_series_is_a_table_of_one_column(storage: LocalStorage) -> None:
    for series in (pd.Series([1, 2]), pd.Series([1, 2], name="n"), pl.Series("n", [1, 2])):
        preview = shown(store_result(series, storage, "values/d/r/t/-/1").preview)
        assert preview["kind"].endswith(".Series")
        assert ([len(row) for row in preview["head"]], preview["more"]) == ([1, 1], 0)


def test_a_wide_table_of_long_text_still_fits(storage: LocalStorage) -> None:
    long = "😀" * 100
    table = pd.DataFrame({f"{long}{k}": [long] * 20 for k in range(500)})
    preview = shown(store_result(table, storage, "values/d/r/t/-/1").preview)
    assert preview["more"] + len(preview["columns"]) == 500
    assert all(len(text) <= 40 for row in [*preview["columns"], *preview["head"]] for text in row)
    usual = shown(store_result(pd.DataFrame({f"c{k}": [1] * 9 for k in range(20)}), storage, "v/1").preview)
    assert (len(usual["columns"]), len(usual["head"])) == (20, 5)


def test_cells_are_short_text_whatever_they_hold(storage: LocalStorage) -> None:
    table = pa.table({"l": [list(range(1_000))], "b": [b"\x00" * 1000], "d": [Decimal("1.50")], "s": ["x" * 99]})
    (row,) = shown(store_result(table, storage, "values/d/r/t/-/1").preview)["head"]
    assert row[:3] == ["[0, 1, 2, 3, 4, …]", "<1,000 bytes>", "1.50"]
    assert row[3] == "x" * 39 + "…"


class Colour(enum.Enum):
    RED = 1

    def __str__(self) -> str:
        raise RuntimeError("no text")


@dataclass
class Row:
    n: int
    text: str

    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (list(range(9)), "[0, 1, 2, 3, 4, …]"),
        ({"a": (1, None), "b": {"c": [[[1]]]}}, "{'a': (1, None), 'b': {'c': [[…]]}}"),
        (["x" * 100], "['" + "x" * 39 + "…']"),
        ([b"12", {7}, frozenset()], "[<2 bytes>, {7}, {}]"),
        ([Row(1, "a"), Colour.RED, np.int8(3), date(2013, 1, 1)], "[Row(n=1, text='a'), Colour.RED, 3, 2013-01-01]"),
        ([pd.DataFrame({"a": [1]}), pl.Series([1])], "[<DataFrame of 1 rows>, <Series of 1 rows>]"),
        ("\ud800", "'?'"),
    ],
)
def test_other_values_show_their_size_and_their_beginning(value: object, text: str) -> None:
    preview = shown(preview_of(value, Ref("p", "value", 9, b"", 70_000)))
    assert preview == {"kind": type(value).__qualname__, "bytes": 70_000, "items": 9, "text": text}


def test_deep_and_long_values_stay_short() -> None:
    value: Any = "😀" * 500
    for _ in range(90):
        value = [value] * 50
    level = {f"{'é' * 300}{k}": {str(j): "😀" * 900 for j in range(50)} for k in range(50)}
    for one in (value, level, namedtuple("x" * 900, "a")(1)):
        shown(preview_of(one, Ref("p", "value", None, b"", 1)))


def test_a_secret_is_masked_before_anything_is_cut(storage: LocalStorage) -> None:
    secret = "s3cret-" * 5

    def hide(text: str) -> str:
        return text.replace(secret, "***")

    big = ["x" * 30 + secret, {secret: Row(1, secret)}] * 10_000
    table = pd.DataFrame({secret: ["y" * 20 + secret], "l": [[secret]]})
    for value in (big, table):
        preview = store_result(value, storage, "values/d/r/t/-/1", hide=hide).preview
        assert b"***" in preview and b"s3cret" not in preview


def test_what_stays_inline_needs_no_preview(storage: LocalStorage) -> None:
    assert store_result([1, 2], storage, "values/d/r/t/-/1").preview == b""

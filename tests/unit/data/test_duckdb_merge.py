from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segue.data import merge
from segue.data.staging import Staging
from segue.data.writers.duckdb import DuckDBMerge


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "shop.duckdb"


def content(database: Path) -> list[Any]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.table("customers").order("ALL").fetchall()


def table(**names: str | None) -> pa.Table:
    return pa.table({"id": list(names), "name": pa.array(names.values(), pa.string())})


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict])
def test_rows_with_known_keys_are_replaced_and_others_are_added(database: Path, make: Any) -> None:
    merge(database, "customers", table(a="Ada", b="Bob"), "id")
    assert merge(database, "customers", make({"name": ["Bo", "Cy"], "id": ["b", "c"]}), "id") == 2
    assert content(database) == [("a", "Ada"), ("b", "Bo"), ("c", "Cy")]


def test_merging_twice_is_merging_once(database: Path) -> None:
    for _ in range(2):
        merge(database, "customers", table(a="Ada", b=None), ["id"])
    assert content(database) == [("a", "Ada"), ("b", None)]


def test_several_columns_make_a_key_and_null_is_a_value_like_any_other(database: Path) -> None:
    for name in ("old", "new"):
        rows = pa.table(
            {"id": pa.array(["a", None, None]), "day": [1, 1, 2], "name": [name] * 3, "extra": pa.nulls(3, pa.string())}
        )
        merge(database, "customers", rows, ["id", "day"])
    assert sorted(row[1:3] for row in content(database)) == [(1, "new"), (1, "new"), (2, "new")]


def test_no_rows_change_nothing(database: Path) -> None:
    merge(database, "customers", table(a="Ada"), "id")
    assert merge(database, "customers", table(a="Ada").slice(0, 0), "id") == 0
    assert content(database) == [("a", "Ada")]


def test_a_table_with_a_primary_key_can_be_merged_into(database: Path) -> None:
    with duckdb.connect(database) as connection:
        connection.execute("CREATE TABLE customers (id VARCHAR PRIMARY KEY, name VARCHAR)")
    for name in ("Ada", "Ava"):
        merge(database, "customers", table(a=name), "id", create=False)
    assert content(database) == [("a", "Ava")]


@pytest.mark.parametrize(
    ("rows", "keys", "message"),
    [
        ({"id": ["a", "b", "a"], "name": ["x"] * 3}, "id", "several rows have the key id='a': one row of each key"),
        ({"id": [None, None], "name": ["x"] * 2}, ["id", "name"], "several rows have the key id=None, name='x'"),
        ({"id": ["a"], "name": ["x"]}, "key", "the rows have no column 'key', which keys= names; they have id, name"),
        ({"id": ["a"]}, "id", r"missing \['name'\], unknown \[\]"),
        ({"id": ["a"], "name": ["x"]}, [], "merge needs at least one key column"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_nothing_changes(
    database: Path, rows: dict[str, Any], keys: Any, message: str
) -> None:
    merge(database, "customers", table(a="Ada"), "id")
    with pytest.raises(ValueError, match=message):
        merge(database, "customers", pa.table(rows), keys)
    assert content(database) == [("a", "Ada")]


@pytest.mark.parametrize("name", ['d"; DROP TABLE customers; --', "select", "{keys}", "old", "new", "/é" * 100])
def test_names_are_names_and_never_statements(database: Path, name: str) -> None:
    merge(database, "customers", table(a="Ada"), "id")
    for attempt in (nullcontext(), Staging("one")):
        with attempt as writes:
            merge(database, name, pa.table({name: ["1"], 'c"; {same}': ["x"]}), name)
            if writes:
                writes.publish()
    assert content(database) == [("a", "Ada")]


def test_staged_rows_are_seen_by_nobody_until_they_are_published(database: Path) -> None:
    merge(database, "customers", table(a="Ada"), "id")
    staged = DuckDBMerge(database, "customers", "id").stage(table(a="Ava"))
    assert (staged.rows, content(database)) == (1, [("a", "Ada")])
    assert staged.publish() == staged.publish() == 1
    assert content(database) == [("a", "Ava")]

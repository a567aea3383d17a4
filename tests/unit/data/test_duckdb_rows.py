import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segue.data.writers.duckdb import DuckDBRows, delete_then_insert
from segue.model.errors import TargetBusy

FIRST, SECOND = date(2013, 1, 1), date(2013, 1, 2)


def rows(day: date = FIRST, *, n: int = 2, carrier: str = "UA") -> dict[str, Any]:
    return {"date": [day] * n, "carrier": [carrier] * n, "flights": list(range(n))}


def content(database: Path, table: str = "daily") -> list[Any]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.table(table).order("ALL").fetchall()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "flights.duckdb"


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict])
def test_the_rows_of_every_library_are_written(database: Path, make: Any) -> None:
    assert delete_then_insert(database, "daily", make(rows()), {"date": FIRST}) == 2
    assert content(database) == [(FIRST, "UA", 0), (FIRST, "UA", 1)]


def test_only_the_rows_that_belong_to_where_are_replaced(database: Path) -> None:
    delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST})
    delete_then_insert(database, "daily", pa.table(rows(SECOND)), {"date": SECOND})
    assert delete_then_insert(database, "daily", pa.table(rows(n=1, carrier="B6")), {"date": FIRST}) == 1
    assert content(database) == [(FIRST, "B6", 0), (SECOND, "UA", 0), (SECOND, "UA", 1)]


def test_writing_twice_is_writing_once(database: Path) -> None:
    for _ in range(2):
        delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST, "carrier": "UA"})
    assert content(database) == [(FIRST, "UA", 0), (FIRST, "UA", 1)]


def test_no_rows_remove_the_old_ones(database: Path) -> None:
    delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST})
    assert delete_then_insert(database, "daily", pa.table(rows()).slice(0, 0), {"date": FIRST}) == 0
    assert content(database) == []


def test_an_empty_where_replaces_the_whole_table(database: Path) -> None:
    for day in (FIRST, SECOND):
        delete_then_insert(database, "daily", pa.table(rows(day)), {})
    assert content(database) == [(SECOND, "UA", 0), (SECOND, "UA", 1)]


def test_null_is_a_value_like_any_other(database: Path) -> None:
    table = pa.table({"carrier": pa.array([None], pa.string())})
    for _ in range(2):
        delete_then_insert(database, "daily", table, {"carrier": None})
    assert content(database) == [(None,)]


def test_columns_are_matched_by_name(database: Path) -> None:
    delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST})
    turned = pa.table(rows(SECOND, n=1)).select(["flights", "date", "carrier"])
    delete_then_insert(database, "daily", turned, {"date": SECOND})
    assert content(database)[-1] == (SECOND, "UA", 0)


@pytest.mark.parametrize(
    ("table", "where", "message"),
    [
        (rows(SECOND), {"date": FIRST}, "2 of 2 rows do not belong to where="),
        (rows(), {"day": FIRST}, "the rows have no column 'day', which where= names; they have date, carrier, flights"),
        ({"date": [FIRST], "extra": [1]}, {"date": FIRST}, r"missing \['carrier', 'flights'\], unknown \['extra'\]"),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_nothing_changes(
    database: Path, table: dict[str, Any], where: dict[str, Any], message: str
) -> None:
    delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST})
    before = content(database)
    with pytest.raises(ValueError, match=message):
        delete_then_insert(database, "daily", pa.table(table), where)
    assert content(database) == before


def test_a_table_is_not_made_where_that_was_not_wanted(database: Path) -> None:
    with pytest.raises(duckdb.CatalogException, match="daily"):
        delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST}, create=False)


@pytest.mark.parametrize("name", ['d"; DROP TABLE kept; --', "select", "main.daily", "{where}", "{0}", "dag é"])
def test_names_are_names_and_never_statements(database: Path, name: str) -> None:
    delete_then_insert(database, "kept", pa.table(rows()), {})
    table = pa.table({'c"?; {new}': ["' OR true --", "x"][:1]})
    for _ in range(2):
        assert delete_then_insert(database, name, table, {'c"?; {new}': "' OR true --"}) == 1
    assert len(content(database, "kept")) == 2


def test_staged_rows_are_seen_by_nobody_until_they_are_published(database: Path) -> None:
    delete_then_insert(database, "daily", pa.table(rows()), {"date": FIRST})
    staged = DuckDBRows(database, "daily", {"date": FIRST}).stage(pd.DataFrame(rows(n=1)))
    assert (staged.rows, len(content(database))) == (1, 2)
    assert staged.publish() == staged.publish() == 1
    assert len(content(database)) == 1
    staged.discard()


@pytest.fixture
def holder(database: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the file open for writing until it is told to close it."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_file_that_another_process_holds_is_waited_for(database: Path, holder: "subprocess.Popen[str]") -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            holder.communicate("close\n")

    writer = DuckDBRows(database, "daily", {"date": FIRST}, pause=pause)
    assert writer.stage(pa.table(rows())).publish() == 2
    assert len(pauses) == 3 and pauses == sorted(pauses)


def test_patience_ends_with_the_holder_named(database: Path, holder: "subprocess.Popen[str]") -> None:
    pauses: list[float] = []
    writer = DuckDBRows(database, "daily", {"date": FIRST}, patience=5, pause=pauses.append)
    with pytest.raises(TargetBusy, match=rf"held by another process, and was for 5 s; .* max_active=1.*{holder.pid}"):
        writer.stage(pa.table(rows())).publish()
    assert sum(pauses) == pytest.approx(5)


def test_a_file_that_cannot_be_opened_at_all_is_not_waited_for(tmp_path: Path) -> None:
    pauses: list[float] = []
    with pytest.raises(duckdb.IOException):
        DuckDBRows(tmp_path / "missing" / "lock", "daily", {}, pause=pauses.append).stage(pa.table(rows())).publish()
    assert pauses == []


def test_a_table_is_not_made_of_columns_without_a_type(database: Path) -> None:
    untyped = pa.table({"date": [FIRST], "reason": pa.nulls(1)})
    with pytest.raises(
        ValueError, match=r"all values of reason are missing, .* Give them one, for example by \.astype"
    ):
        delete_then_insert(database, "daily", untyped, {"date": FIRST})
    delete_then_insert(database, "daily", pa.table({"date": [SECOND], "reason": ["late"]}), {"date": SECOND})
    delete_then_insert(database, "daily", untyped, {"date": FIRST})
    assert content(database) == [(FIRST, None), (SECOND, "late")]

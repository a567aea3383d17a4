import dataclasses
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from segue.data.writers.parquet import ParquetPartition, overwrite_partition
from segue.model.errors import EnvironmentFault, UnstorableValue
from segue.model.interval import Interval

DAY = date(2013, 1, 1)
ROWS = {"carrier": ["UA", "AA"], "flights": [3, 5]}
TABLES = [pd.DataFrame(ROWS), pl.DataFrame(ROWS), pa.table(ROWS), pa.RecordBatch.from_pydict(ROWS)]


def carriers(root: Path) -> list[str]:
    """What plain readers see, in every way they are used to look."""
    glob = str(root / "date=*" / "*.parquet")
    with duckdb.connect() as connection:
        seen = [sorted(row[0] for row in connection.execute("SELECT carrier FROM read_parquet(?)", [glob]).fetchall())]
    seen.append(sorted(pl.read_parquet(glob)["carrier"].to_list()))
    seen.append(sorted(pl.read_parquet(root)["carrier"].to_list()))
    seen.append(sorted(pq.read_table(root)["carrier"].to_pylist()))
    seen.append(sorted(ds.dataset(root, partitioning="hive").to_table()["carrier"].to_pylist()))
    seen.append(sorted(pd.read_parquet(root)["carrier"].to_list()))
    assert all(other == seen[0] for other in seen)
    return seen[0]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{type(table).__module__}.{type(table).__name__}")
@pytest.mark.parametrize("partition", [DAY, "2013-01-01", Interval("2013-01-01")], ids=str)
def test_a_partition_is_one_file_that_plain_readers_find(tmp_path: Path, table: object, partition: Any) -> None:
    assert overwrite_partition(table, tmp_path / "lake", partition) == 2
    assert (tmp_path / "lake" / "date=2013-01-01" / "part-0.parquet").is_file()
    assert carriers(tmp_path / "lake") == ["AA", "UA"]


def test_overwriting_replaces_one_partition_and_leaves_the_others(tmp_path: Path) -> None:
    for day in ("2013-01-01", "2013-01-02"):
        overwrite_partition(pa.table(ROWS), tmp_path, day)
    overwrite_partition(pa.table({"carrier": ["B6"], "flights": [1]}), tmp_path, "2013-01-01")
    assert carriers(tmp_path) == ["AA", "B6", "UA"]


def test_the_same_table_twice_gives_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    overwrite_partition(pd.DataFrame(ROWS), root, DAY)
    first = ParquetPartition(root, DAY).path.read_bytes()
    overwrite_partition(pd.DataFrame(ROWS), root, DAY)
    assert ParquetPartition(root, DAY).path.read_bytes() == first
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["part-0.parquet"]


def test_a_table_without_rows_is_a_good_table(tmp_path: Path) -> None:
    assert overwrite_partition(pa.table(ROWS).slice(0, 0), tmp_path, DAY) == 0
    assert carriers(tmp_path) == []


def test_several_keys_make_several_levels(tmp_path: Path) -> None:
    overwrite_partition(pa.table({"n": [1]}), tmp_path, [DAY, "UA"], keys=["date", "carrier"])
    assert (tmp_path / "date=2013-01-01" / "carrier=UA" / "part-0.parquet").is_file()
    assert pq.read_table(tmp_path).to_pylist() == [{"n": 1, "date": "2013-01-01", "carrier": "UA"}]


@pytest.mark.parametrize("value", ["a/b", "..", "é=1", "50%", "a:b"])
def test_a_value_with_special_characters_stays_inside_and_is_read_back(tmp_path: Path, value: str) -> None:
    root = tmp_path / "lake"
    overwrite_partition(pa.table({"n": [1]}), root, value, keys="name")
    assert [path.name for path in root.iterdir()] == [ParquetPartition(root, value, keys="name").path.parent.name]
    assert pq.read_table(root).to_pylist() == [{"n": 1, "name": value}]


@pytest.mark.parametrize(
    ("partition", "keys"), [([DAY], ["date", "carrier"]), ([], []), ("", "date"), ("x" * 200, "date"), (DAY, "")]
)
def test_a_partition_that_does_not_fit_its_keys_is_refused(tmp_path: Path, partition: Any, keys: Any) -> None:
    with pytest.raises(ValueError, match="do not match|cannot name a partition"):
        overwrite_partition(pa.table(ROWS), tmp_path, partition, keys=keys)


def test_a_column_named_like_the_key_is_left_to_the_path(tmp_path: Path) -> None:
    overwrite_partition(pa.table({**ROWS, "date": [DAY, DAY]}), tmp_path, DAY)
    assert pq.ParquetFile(tmp_path / "date=2013-01-01" / "part-0.parquet").schema_arrow.names == ["carrier", "flights"]


def test_rows_of_another_partition_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows of date=2013-01-02 cannot be written to the partition date=2013-01-01"):
        overwrite_partition(pa.table({**ROWS, "date": [DAY, date(2013, 1, 2)]}), tmp_path, DAY)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"a pandas, polars or Arrow table is needed, not a builtins\.list"):
        overwrite_partition([{"a": 1}], tmp_path, DAY)
    with pytest.raises(UnstorableValue, match=r"\.collect\(\)"):
        overwrite_partition(pl.LazyFrame(ROWS), tmp_path, DAY)


def test_files_of_another_writer_are_named_and_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "date=2013-01-01" / "part-00000-abc.snappy.parquet"
    foreign.parent.mkdir()
    pq.write_table(pa.table(ROWS), foreign)
    with pytest.raises(ValueError, match="another writer .part-00000-abc.snappy.parquet.: .* Remove them first"):
        overwrite_partition(pa.table(ROWS), tmp_path, DAY)
    assert list(foreign.parent.iterdir()) == [foreign]


def test_what_is_staged_is_seen_by_nobody_until_it_is_published(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    overwrite_partition(pa.table(ROWS), root, DAY)
    staged = ParquetPartition(root, DAY).stage(pa.table({"carrier": ["B6"], "flights": [1]}))
    assert (staged.rows, carriers(root)) == (1, ["AA", "UA"])
    assert staged.publish() == 1
    assert carriers(root) == ["B6"]
    assert staged.publish() == 1  # by a second attempt of kind publish
    assert carriers(root) == ["B6"]


def test_what_is_discarded_leaves_the_old(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    overwrite_partition(pa.table(ROWS), root, DAY)
    staged = ParquetPartition(root, DAY).stage(pa.table({"carrier": ["B6"], "flights": [1]}))
    staged.discard()
    staged.discard()
    assert carriers(root) == ["AA", "UA"]
    with pytest.raises(EnvironmentFault, match="what was staged .* is gone"):
        staged.publish()
    assert carriers(root) == ["AA", "UA"]


def test_a_file_whose_writer_died_is_removed_and_one_whose_writer_lives_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    staging = tmp_path / ".lake.staged"
    staging.mkdir()
    orphan = staging / "date%3D2013-01-01.4000000-0.writing"
    orphan.write_bytes(b"half")
    seen: list[set[str]] = []

    def step(name: str) -> None:
        if name == "writing" and not seen:
            seen.append({path.name for path in staging.iterdir()})
            overwrite_partition(pa.table(ROWS), root, DAY)  # a second writer of the same partition
            seen.append({path.name for path in staging.iterdir()})

    ParquetPartition(root, DAY, step=step).stage(pa.table({"carrier": ["B6"], "flights": [1]})).publish()
    mine = {f"date%3D2013-01-01.{os.getpid()}-0.writing"}
    assert seen == [mine, mine]
    assert carriers(root) == ["B6"]
    assert list(staging.iterdir()) == []


def test_a_root_that_is_a_mount_point_is_named(tmp_path: Path) -> None:
    staged = ParquetPartition(tmp_path / "lake", DAY).stage(pa.table(ROWS))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        assert Path(elsewhere).stat().st_dev != tmp_path.stat().st_dev
        moved = dataclasses.replace(staged, target=f"{elsewhere}/date=2013-01-01/part-0.parquet")
        with pytest.raises(EnvironmentFault, match="different file systems"):
            moved.publish()
        assert list(Path(elsewhere).rglob("*.parquet")) == []
    assert staged.publish() == 2


def test_a_column_that_holds_nothing_takes_its_type_from_another_partition(tmp_path: Path) -> None:
    typed = pa.table({"carrier": ["UA"], "reason": ["late"], "at": [DAY]})
    empty = pd.DataFrame({"carrier": ["B6"], "reason": pd.Series([None], dtype=object), "at": [None]})
    overwrite_partition(typed, tmp_path, "2013-01-02")
    overwrite_partition(empty, tmp_path, "2013-01-01")
    written = pq.ParquetFile(tmp_path / "date=2013-01-01" / "part-0.parquet").schema_arrow
    assert written.types[1:] == [pa.string(), pa.date32()]
    assert carriers(tmp_path) == ["B6", "UA"]


def test_a_column_that_holds_nothing_and_has_no_type_anywhere_is_refused(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="all values of reason are missing, .* no other partition .*astype"):
            overwrite_partition(pa.table({"carrier": ["UA"], "reason": pa.nulls(1)}), tmp_path / "lake", DAY)
        overwrite_partition(pa.table({"carrier": ["UA"]}), tmp_path / "lake", DAY)

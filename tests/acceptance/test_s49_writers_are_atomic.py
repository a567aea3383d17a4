"""S49: overwrite of `date=…/`, delete-then-insert and merge are atomic: a kill midway leaves old or new, never half."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

ROWS = 50_000
OLD, NEW = ROWS * [1], ROWS * [2]

# Writes a table whose rows all hold `value`, and kills itself, without any chance to clean up, at one of the steps.
CHILD = """
import os, signal, sys
import pyarrow as pa
from segue.data.writers.duckdb import DuckDBMerge, DuckDBRows
from segue.data.writers.parquet import ParquetPartition

kind, place, rows, value, fatal = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]

def step(name):
    print(name, flush=True)
    if name == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

table = pa.table({"day": ["2013-01-01"] * rows, "key": list(range(rows)), "value": [value] * rows})
if kind == "parquet":
    writer = ParquetPartition(place, "2013-01-01", keys="day", step=step)
elif kind == "merge":
    writer = DuckDBMerge(place, "daily", "key", step=step)
else:
    writer = DuckDBRows(place, "daily", {"day": "2013-01-01"}, step=step)
writer.stage(table).publish()
"""

PARQUET = ["writing", "written", "staged", "publishing", "published"]
DUCKDB = ["connecting", "begun", "checked", "deleted", "inserted", "committed", "closed"]


def write(kind: str, place: Path, value: int, fatal: str = "") -> list[str]:
    command = [sys.executable, "-c", CHILD, kind, str(place), str(ROWS), str(value), fatal]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    assert child.returncode == (-signal.SIGKILL if fatal else 0), child.stderr
    return child.stdout.split()


def partition(root: Path) -> list[int]:
    glob = str(root / "day=*" / "*.parquet")
    values = pq.read_table(root)["value"].to_pylist()
    assert pl.read_parquet(glob)["value"].to_list() == values
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT count(*), min(value), max(value) FROM read_parquet(?)", [glob]).fetchone()
    assert counted == (len(values), min(values), max(values))
    return [int(value) for value in values]


def rows(database: Path) -> list[int]:
    with duckdb.connect(database) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM daily").fetchall()]


@pytest.mark.parametrize("fatal", PARQUET)
def test_s49_a_partition_whose_writer_is_killed_at_any_step_is_old_or_new(tmp_path: Path, fatal: str) -> None:
    root = tmp_path / "lake"
    assert write("parquet", root, 1) == PARQUET
    assert write("parquet", root, 2, fatal)[-1] == fatal
    assert partition(root) == (NEW if fatal == "published" else OLD)
    write("parquet", root, 2)
    assert partition(root) == NEW
    assert list((tmp_path / ".lake.staged").iterdir()) == []


@pytest.mark.parametrize("kind", ["duckdb", "merge"])
@pytest.mark.parametrize("fatal", DUCKDB)
def test_s49_a_table_whose_writer_is_killed_at_any_step_is_old_or_new(tmp_path: Path, fatal: str, kind: str) -> None:
    database = tmp_path / "flights.duckdb"
    assert write(kind, database, 1) == DUCKDB
    assert write(kind, database, 2, fatal)[-1] == fatal
    assert rows(database) == (NEW if fatal in ("committed", "closed") else OLD)
    write(kind, database, 2)
    assert rows(database) == NEW


@pytest.mark.parametrize(
    ("kind", "name"), [("parquet", "lake"), ("duckdb", "flights.duckdb"), ("merge", "flights.duckdb")]
)
def test_s49_what_never_was_is_not_half_there_after_a_kill(tmp_path: Path, kind: str, name: str) -> None:
    fatal = {"parquet": "publishing"}.get(kind, "inserted")
    write(kind, tmp_path / name, 2, fatal)
    assert list(tmp_path.rglob("part-*")) == []
    write(kind, tmp_path / name, 2)
    assert (partition if kind == "parquet" else rows)(tmp_path / name) == NEW


def test_s49_a_reader_never_sees_half_a_partition(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    write("parquet", root, 1)
    code = CHILD.replace("writer.stage(table).publish()", "") + (
        "for n in range(60):\n"
        "    writer.stage(table.set_column(2, 'value', pa.array([n % 2 + 1] * table.num_rows))).publish()\n"
    )
    seen = set()
    command = [sys.executable, "-c", code, "parquet", str(root), str(ROWS), "1", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            values = pl.read_parquet(root / "day=*" / "*.parquet")["value"]
            assert len(values) == ROWS and values.n_unique() == 1
            seen.add(values[0])
            assert len(pq.read_table(root)["value"].unique()) == 1
    assert child.returncode == 0
    assert seen <= {1, 2}

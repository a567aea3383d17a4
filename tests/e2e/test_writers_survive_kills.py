"""Writers that are killed, not at a step but at a moment nobody chose."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

KILLS = 12
ROWS = 100_000

# Writes version after version of the same day, each all of one number, until it is killed.
CHILD = """
import sys
import pyarrow as pa
from segue.data.writers.duckdb import delete_then_insert
from segue.data.writers.parquet import overwrite_partition

kind, place, rows, version = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
while True:
    version += 1
    table = pa.table({"day": ["2013-01-01"] * rows, "version": [version] * rows})
    if kind == "parquet":
        overwrite_partition(table, place, "2013-01-01", keys="day")
    else:
        delete_then_insert(place, "daily", table, {"day": "2013-01-01"})
    print(version, flush=True)
"""


def partition(place: Path) -> list[int]:
    return [int(version) for version in pq.read_table(place)["version"].to_pylist()]


def table(place: Path) -> list[int]:
    with duckdb.connect(place) as connection:
        return [int(row[0]) for row in connection.execute("SELECT version FROM daily").fetchall()]


@pytest.mark.parametrize(("kind", "read"), [("parquet", partition), ("duckdb", table)])
def test_a_writer_killed_at_a_random_moment_leaves_one_version_and_the_last_that_it_reported_or_the_next(
    tmp_path: Path, kind: str, read: Callable[[Path], list[int]]
) -> None:
    place, chance, version = tmp_path / "data", random.Random(49), 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, kind, str(place), str(ROWS), str(version)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            reported = [int(child.stdout.readline())]
            time.sleep(chance.uniform(0, 0.1))
            child.kill()
            reported += map(int, child.stdout.read().split())
        found = read(place)
        assert len(found) == ROWS
        version = found[0]
        assert set(found) == {version}
        assert version in (reported[-1], reported[-1] + 1)
    if kind == "parquet":
        staged = list((tmp_path / ".data.staged").iterdir())
        assert len(staged) <= KILLS  # each kill may leave one file that was staged; none that was half written
        assert sum(path.suffix == ".writing" for path in staged) <= 1

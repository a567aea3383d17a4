"""Writers that are killed, not at a step but at a moment nobody chose."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.data import delete_then_insert, merge, overwrite_partition
from segue.data.staging import Staging

KILLS = int(os.environ.get("CHAOS_WRITERS") or 5)
"""Of each kind of writer; 100 in `make chaos`."""
ROWS = 100_000

# Writes version after version of the same day, each all of one number, until it is killed.
CHILD = """
import sys
import pyarrow as pa
from segue.data.writers.duckdb import delete_then_insert, merge
from segue.data.writers.parquet import overwrite_partition

kind, place, rows, version = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
while True:
    version += 1
    table = pa.table({"day": ["2013-01-01"] * rows, "key": range(rows), "version": [version] * rows})
    if kind == "parquet":
        overwrite_partition(table, place, "2013-01-01", keys="day")
    elif kind == "merge":
        merge(place, "daily", table, "key")
    else:
        delete_then_insert(place, "daily", table, {"day": "2013-01-01"})
    print(version, flush=True)
"""


def partition(place: Path) -> list[int]:
    return [int(version) for version in pq.read_table(place)["version"].to_pylist()]


def table(place: Path) -> list[int]:
    with duckdb.connect(place) as connection:
        return [int(row[0]) for row in connection.execute("SELECT version FROM daily").fetchall()]


@pytest.mark.parametrize(("kind", "read"), [("parquet", partition), ("duckdb", table), ("merge", table)])
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


# Attempt after attempt writes one version to three places and publishes them, until it is killed.
ATTEMPTS = """
import sys
import pyarrow as pa
from segue.data import delete_then_insert, merge, overwrite_partition
from segue.data.staging import Staging

place, rows, version = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
while True:
    version += 1
    table = pa.table({"day": ["2013-01-01"] * rows, "key": range(rows), "version": [version] * rows})
    with Staging(str(version)) as writes:
        overwrite_partition(table, place + "/lake", "2013-01-01", keys="day")
        delete_then_insert(place + "/one.duckdb", "daily", table, {"day": "2013-01-01"})
        merge(place + "/two.duckdb", "daily", table, "key")
        print(version, flush=True)
        writes.publish()
"""


def versions(place: Path) -> list[int]:
    """The version of each of the three places, every one of which is whole."""
    found = [partition(place / "lake"), table(place / "one.duckdb"), table(place / "two.duckdb")]
    assert all(len(rows) == ROWS and len(set(rows)) == 1 for rows in found)
    return [rows[0] for rows in found]


def test_an_attempt_killed_at_a_random_moment_leaves_every_place_whole_and_published_in_order(tmp_path: Path) -> None:
    chance, version = random.Random(50), 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", ATTEMPTS, str(tmp_path), str(ROWS), str(version)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            staged = [int(child.stdout.readline()), int(child.stdout.readline())]  # so the first was published
            time.sleep(chance.uniform(0, 0.4))
            child.kill()
            staged += map(int, child.stdout.read().split())
        found = versions(tmp_path)
        assert found == sorted(found, reverse=True)
        assert set(found) <= {staged[-1], staged[-2]}
        version = staged[-1]


PUBLISH = "import sys; from segue.data.staging import publish_staged; publish_staged(sys.stdin.buffer.read())"


def test_a_publication_killed_again_and_again_leaves_old_or_new_and_ends_with_the_new(tmp_path: Path) -> None:
    chance = random.Random(51)
    for version in (1, 2, 3, 4):
        rows = pa.table({"day": ["2013-01-01"] * ROWS, "key": range(ROWS), "version": [version] * ROWS})
        with Staging(str(version)) as writes:
            overwrite_partition(rows, tmp_path / "lake", "2013-01-01", keys="day")
            delete_then_insert(tmp_path / "one.duckdb", "daily", rows, {"day": "2013-01-01"})
            merge(tmp_path / "two.duckdb", "daily", rows, "key")
            if version == 1:
                writes.publish()
                continue
            held = writes.describe()
        for kill in (True, True, True, False, False):
            with subprocess.Popen([sys.executable, "-c", PUBLISH], stdin=subprocess.PIPE) as child:
                assert child.stdin
                child.stdin.write(held)
                child.stdin.close()
                if kill:
                    time.sleep(chance.uniform(0.1, 0.8))
                    child.kill()
            assert child.returncode == 0 or kill
            found = versions(tmp_path)
            assert found == sorted(found, reverse=True)
            assert set(found) <= {version, version - 1}
        assert found == [version] * 3

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.data import delete_then_insert, merge, overwrite_partition
from segue.data.staging import Staging, discard_staged, publish_staged, staged_files
from segue.data.storage import LocalStorage
from segue.model.errors import EnvironmentFault, UnreadableValue

DAY = "2013-01-01"


class Place:
    """A folder of Parquet and a DuckDB table, written by the product's writers and read as dashboards do."""

    def __init__(self, folder: Path) -> None:
        self.lake, self.database = folder / "lake", folder / "shop.duckdb"
        self.folder = folder

    def overwrite(self, *values: int, day: str = DAY) -> int:
        return overwrite_partition(pa.table({"n": pa.array(values, pa.int64())}), self.lake, day)

    def insert(self, *values: int, day: str = DAY) -> int:
        rows = pa.table({"date": pa.array([day] * len(values), pa.string()), "n": pa.array(values, pa.int64())})
        return delete_then_insert(self.database, "daily", rows, {"date": day})

    def merge(self, **values: int) -> int:
        rows = pa.table({"key": list(values), "n": list(values.values())})
        return merge(self.database, "merged", rows, "key")

    def partition(self) -> list[int]:
        with duckdb.connect() as reader:
            glob = str(self.lake / "date=*" / "*.parquet")
            seen = [n for (n,) in reader.execute("SELECT n FROM read_parquet(?) ORDER BY n", [glob]).fetchall()]
        assert sorted(pq.read_table(self.lake)["n"].to_pylist()) == seen
        return seen

    def rows(self, table: str = "daily") -> list[Any]:
        with duckdb.connect(self.database, read_only=True) as reader:
            return [row[-1] for row in reader.table(table).order("ALL").fetchall()]

    def staged(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.glob(".*.staged/*"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.overwrite(1)
    place.insert(1)
    place.merge(a=1, b=1)
    return place


def test_in_an_attempt_nothing_is_visible_until_it_has_succeeded(place: Place) -> None:
    with Staging("one") as writes:
        assert place.overwrite(2, 3) == place.insert(2, 3) == 2
        assert (place.partition(), place.rows()) == ([1], [1])
        assert writes.rows == 4
        assert writes.publish() == 4
        assert (place.partition(), place.rows()) == ([2, 3], [2, 3])
    assert (place.staged(), writes.rows) == ([], 4)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_attempt_that_fails_or_is_stopped_leaves_the_old_and_no_files(
    place: Place, error: type[BaseException]
) -> None:
    with pytest.raises(error), Staging("one"):
        place.overwrite(2)
        place.insert(2)
        assert len(place.staged()) == 2
        raise error
    assert (place.partition(), place.rows(), place.staged()) == ([1], [1], [])


def test_an_attempt_without_writers_has_measured_nothing_and_one_that_wrote_no_rows_has_measured_zero(
    place: Place,
) -> None:
    with Staging("one") as writes:
        assert writes.rows is None
        place.overwrite()
        assert writes.rows == 0
        assert writes.describe()
    with Staging("two") as writes:
        assert writes.describe() == b""
    assert publish_staged(b"") == 0


def test_outside_of_an_attempt_and_after_it_a_writer_publishes_at_once(place: Place) -> None:
    with Staging("one"):
        with Staging("a task run by a task"):
            pass
        place.overwrite(2)
        assert place.partition() == [1]
    place.overwrite(3)
    assert place.partition() == [3]


PUBLISH = "import sys; from segue.data.staging import publish_staged; print(publish_staged(sys.stdin.buffer.read()))"


def publish_elsewhere(staged: bytes, folder: Path) -> int:
    """Publish in another process with another working directory."""
    done = subprocess.run([sys.executable, "-c", PUBLISH], input=staged, cwd=folder, capture_output=True, check=True)
    return int(done.stdout)


def test_what_is_held_is_published_by_another_process_and_a_second_time_changes_nothing(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place.lake, place.database = Path("lake"), Path("shop.duckdb")
    with Staging("one") as writes:
        place.overwrite(2)
        place.insert(2, 4)
        place.merge(b=2, c=2)
        held = writes.describe()
    assert (place.partition(), place.rows(), place.rows("merged")) == ([1], [1], [1, 1])
    assert len(staged_files(held)) == 3
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert publish_elsewhere(held, elsewhere) == 5
    assert (place.partition(), place.rows(), place.rows("merged")) == ([2], [2, 4], [1, 2, 2])
    place.insert(7)
    assert publish_staged(held) == 5
    assert (place.partition(), place.rows()) == ([2], [7])


def test_what_a_kill_left_unpublished_is_published_by_the_next(place: Place) -> None:
    with Staging("one") as writes:
        place.overwrite(2)
        place.insert(2)
        held = writes.describe()
    place.database.rename(place.database.with_name("away"))
    place.database.mkdir()
    with pytest.raises(duckdb.IOException):
        publish_staged(held)
    place.database.rmdir()
    place.database.with_name("away").rename(place.database)
    assert (place.partition(), place.rows()) == ([2], [1])
    assert publish_staged(held) == 2
    assert (place.partition(), place.rows()) == ([2], [2])


def test_what_is_rejected_is_removed_and_cannot_be_published(place: Place) -> None:
    with Staging("one") as writes:
        place.insert(2)
        held = writes.describe()
    discard_staged(held)
    discard_staged(held)
    assert place.staged() == []
    with pytest.raises(EnvironmentFault, match="what was staged for daily .* is gone: run the task again"):
        publish_staged(held)
    assert place.rows() == [1]


def test_a_description_removes_nothing_but_staged_files(place: Place, tmp_path: Path) -> None:
    with Staging("one") as writes:
        place.overwrite(2)
        held = writes.describe()
    precious = tmp_path / ("x" * (len(staged_files(held)[0]) - len(str(tmp_path)) - 1))
    precious.touch()
    discard_staged(held.replace(staged_files(held)[0].encode(), str(precious).encode()))
    assert precious.exists()


@pytest.mark.parametrize("damaged", [b"\xff", b"\x91\x01", b"\x91\x81\xa4type\xa4code", b"\x93\xa1a"])
def test_a_damaged_description_is_refused(damaged: bytes) -> None:
    for use in (publish_staged, discard_staged, staged_files):
        with pytest.raises(UnreadableValue, match="description of what was staged is damaged"):
            use(damaged)


def test_of_two_writes_of_the_same_partition_the_last_counts(place: Place) -> None:
    with Staging("one") as writes:
        place.overwrite(2, 2)
        place.insert(2, 2)
        place.overwrite(3)
        place.insert(3)
        place.insert(3, day="2013-01-02")
        assert writes.rows == 3
        assert len(place.staged()) == 3
        held = writes.describe()
    for _ in range(2):
        assert publish_staged(held) == 3
        assert (place.partition(), place.rows()) == ([3], [3, 3])


def test_merges_add_up_in_the_order_of_the_calls_even_with_equal_rows(place: Place) -> None:
    with Staging("one") as writes:
        place.merge(a=2)
        place.merge(a=3, c=3)
        place.merge(a=2)
        held = writes.describe()
    for _ in range(2):
        publish_staged(held)
        assert place.rows("merged") == [2, 1, 3]


def test_a_second_attempt_does_not_touch_what_the_first_holds(place: Place) -> None:
    with Staging("one") as writes:
        place.overwrite(2)
        place.insert(2)
        held = writes.describe()
    with Staging("two"):
        place.overwrite(2)
        place.insert(2)
    assert publish_staged(held) == 2
    assert (place.partition(), place.rows()) == ([2], [2])


def test_a_thread_of_the_task_belongs_to_its_attempt(place: Place) -> None:
    with Staging("one") as writes, ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(place.overwrite, k, day=f"2013-01-{k:02}") for k in range(1, 9)]:
            done.result()
        assert (writes.rows, place.partition()) == (8, [1])
        writes.publish()
        assert len(place.partition()) == 8


def test_a_process_that_the_task_forks_publishes_at_once(tmp_path: Path) -> None:
    code = """
import os, sys
import pyarrow as pa
from segue.data import overwrite_partition
from segue.data.staging import Staging

with Staging("one") as writes:
    overwrite_partition(pa.table({"n": [1]}), sys.argv[1], "2013-01-01")
    child = os.fork()
    if child == 0:
        overwrite_partition(pa.table({"n": [2]}), sys.argv[1], "2013-01-02")
        sys.exit()
    os.waitpid(child, 0)
    assert writes.rows == 1
    writes.publish()
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "lake")], check=True)
    assert sorted(pq.read_table(tmp_path / "lake")["n"].to_pylist()) == [1, 2]


def test_where_an_attempt_stages_is_remembered_in_the_storage(place: Place, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "storage")
    for owner in ("one", "two"):
        with Staging(owner, storage):
            for day in (DAY, "2013-01-02"):
                place.overwrite(2, day=day)
            place.insert(2)
    noted = [path.read_text() for path in (tmp_path / "storage" / "staged").iterdir()]
    assert sorted(noted) == sorted(str(tmp_path / f".{name}.staged") for name in ("lake", "shop.duckdb"))


def test_staged_rows_keep_types_that_parquet_does_not_know(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "s": pa.array([1], pa.timestamp("s")),
            "u": pa.array([2**63], pa.uint64()),
            "t": pa.array([1], pa.time64("us")),
            "d": pa.chunked_array([pa.array(["a"]).dictionary_encode()]),
            "l": pa.array([[{"x": 1}]]),
        }
    )
    delete_then_insert(tmp_path / "direct", "t", rows, {})
    with Staging("one") as writes:
        delete_then_insert(tmp_path / "staged", "t", rows, {})
        writes.publish()
    seen = []
    for name in ("direct", "staged"):
        with duckdb.connect(tmp_path / name) as reader:
            seen.append((reader.execute("DESCRIBE t").fetchall(), reader.table("t").fetchall()))
    assert seen[0] == seen[1]


def test_categories_that_differ_from_chunk_to_chunk_can_be_staged(tmp_path: Path) -> None:
    parts = [pa.table({"c": pa.array([text]).dictionary_encode()}) for text in "ab"]
    with Staging("one") as writes:
        delete_then_insert(tmp_path / "db", "t", pa.concat_tables(parts), {})
        delete_then_insert(tmp_path / "db", "p", pd.DataFrame({"c": pd.Categorical(["a", "b"])}), {})
        writes.publish()
    with duckdb.connect(tmp_path / "db") as reader:
        assert reader.execute("SELECT c::VARCHAR FROM t").fetchall() == [("a",), ("b",)]


def test_a_column_that_holds_nothing_takes_its_type_from_what_the_attempt_has_staged(tmp_path: Path) -> None:
    typed, empty = pa.table({"n": [1], "why": ["late"]}), pa.table({"n": [1], "why": pa.nulls(1)})
    with Staging("one") as writes:
        overwrite_partition(typed, tmp_path / "lake", "2013-01-02")
        overwrite_partition(empty, tmp_path / "lake", "2013-01-01")
        with Staging("two"), pytest.raises(ValueError, match="all values of why are missing"):
            overwrite_partition(empty, tmp_path / "lake", "2013-01-01")
        writes.publish()
    written = pq.ParquetFile(tmp_path / "lake" / "date=2013-01-01" / "part-0.parquet").schema_arrow
    assert written.field("why").type == pa.string()


def test_rows_that_do_not_fit_are_refused_where_they_are_written_and_not_when_they_are_published(place: Place) -> None:
    with Staging("one"):
        with pytest.raises(ValueError, match="1 of 1 rows do not belong to where="):
            delete_then_insert(place.database, "daily", pa.table({"date": ["x"], "n": [1]}), {"date": DAY})
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            delete_then_insert(place.folder / "no" / "db", "daily", pa.table({"n": [1]}), {})
    assert not (place.folder / "no").exists()
    assert place.staged() == []


@pytest.mark.parametrize("kind", ["partition", "rows", "merge"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_full_disk_leaves_the_old_and_no_litter(tiny: Path, kind: str, inside: bool) -> None:
    place = Place(tiny)
    place.overwrite(1)
    place.insert(1)
    place.merge(a=1)
    chance = random.Random(1)
    large = pa.table({"key": range(4000), "n": [chance.randbytes(500) for _ in range(4000)]})

    def write() -> None:
        match kind:
            case "partition":
                overwrite_partition(large.select(["n"]), place.lake, DAY)
            case "rows":
                delete_then_insert(place.database, "large", large, {})
            case _:
                merge(place.database, "large", large, "key")

    with pytest.raises((OSError, duckdb.Error), match=r"No space left|[Oo]ut of|full|space"):
        if inside:
            with Staging("one"):
                write()
        else:
            write()
    assert place.staged() == []
    assert (place.partition(), place.rows(), place.rows("merged")) == ([1], [1], [1])

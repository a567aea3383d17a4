import os
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pytest

from segue.data import delete_then_insert, overwrite_partition
from segue.data.results import load_result, store_result
from segue.data.retention import Ages, Doomed, Swept, plan_sweep, sweep, sweep_staged
from segue.data.staging import Staging, publish_staged, staged_files
from segue.data.storage import LocalStorage, StoredObject, run_prefix, values_prefix
from segue.model.ids import Instant

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
NOW = Instant(1_750_000_000_000_000)
BIG = "x" * 100_000


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


def age(folder: Path, micros: int) -> None:
    """Make files look as if they were written so long before NOW."""
    at = (NOW - micros) * 1000
    for path in [folder, *folder.rglob("*")]:
        if path.is_file():
            os.utime(path, ns=(at, at))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)).rpartition("-")[0] for path in folder.rglob("*") if path.is_file()}


def test_only_what_no_kept_run_refers_to_and_is_a_day_old_goes(storage: LocalStorage, tmp_path: Path) -> None:
    live, ended = run_prefix("d", "live@1"), run_prefix("d", "ended@1")
    results = {}
    for run in ("live@1", "ended@1", "unknown@1"):
        for number in (1, 2):
            prefix = values_prefix("d", run, "t", None, number)
            results[prefix] = store_result({"table": pd.DataFrame({"n": [number]}), "big": BIG}, storage, prefix)
    kept: dict[str, Collection[str]] = {live: {f"{live}/t/-/2"}, ended: ()}
    root = tmp_path / "storage"
    age(root, DAY - HOUR)
    assert sweep(storage, kept.get, NOW) == Swept()
    age(root, DAY + HOUR)
    assert sweep(storage, kept.get, NOW).count == 6  # value and table of one attempt, and of two
    unknown = run_prefix("d", "unknown@1")
    assert files(root) == {f"{live}/t/-/2", f"{unknown}/t/-/1", f"{unknown}/t/-/2"}
    assert not (root / ended).exists()
    assert load_result(results[f"{live}/t/-/2"], storage)["big"] == BIG
    age(root, 14 * DAY + HOUR)
    assert sweep(storage, kept.get, NOW).count == 4
    assert files(root) == {f"{live}/t/-/2"}
    assert sweep(storage, kept.get, NOW) == Swept()


def test_what_a_dead_attempt_left_half_written_goes_too(storage: LocalStorage, tmp_path: Path) -> None:
    run = run_prefix("d", "r")
    store_result(BIG, storage, f"{run}/t/-/1")
    half = tmp_path / "storage" / run / "t" / "-" / ".abc.part"
    half.write_bytes(b"half")
    age(tmp_path / "storage", 2 * DAY)
    assert sweep(storage, {run: [f"{run}/t/-/1"]}.get, NOW) == Swept(1, 4)
    assert not half.exists()


def test_an_object_without_a_time_stays_and_so_does_its_run() -> None:
    objects = [StoredObject("values/d/r/t/-/1-ab", 5, None), StoredObject("values/d/r/t/-/2-cd", 7, Instant(0))]
    assert list(plan_sweep(objects, lambda run: (), NOW, Ages())) == [Doomed("values/d/r/t/-/2-cd", 1, 7)]


def test_the_folder_of_a_run_that_still_needs_values_stays() -> None:
    objects = [StoredObject("values/d/r/t/-/1-ab", 5, Instant(0))]
    assert list(plan_sweep(objects, lambda run: ["values/d/r/t/-/2"], NOW, Ages())) == [
        Doomed("values/d/r/t/-/1-ab", 1, 5)
    ]


def test_staged_leftovers_go_after_their_age_and_what_is_held_stays(storage: LocalStorage, tmp_path: Path) -> None:
    lake, database = tmp_path / "lake", tmp_path / "db"
    table = pd.DataFrame({"n": [1]})

    def attempt(owner: str) -> bytes:
        with Staging(owner, storage) as writes:
            overwrite_partition(table, lake, "2013-01-01")
            delete_then_insert(database, "t", table, {})
            return writes.describe()

    held = attempt("held")
    attempt("killed")  # nobody knows its description
    done = attempt("done")
    publish_staged(done)
    folders = [tmp_path / ".lake.staged", tmp_path / ".db.staged"]
    precious = lake / "date=2013-01-01" / "part-0.parquet"
    for path in (*folders, precious):
        age(path, 15 * DAY)
    assert sweep_staged(storage, staged_files(held), Instant(NOW - 16 * DAY)) == Swept()
    assert sweep_staged(storage, staged_files(held), Instant(NOW - 14 * DAY)).count == 3  # one is what marks `done`
    assert {str(path) for folder in folders for path in folder.iterdir()} == set(staged_files(held))
    assert publish_staged(held) == 2
    for folder in folders:
        age(folder, 15 * DAY)
    age(tmp_path / "storage", 15 * DAY)
    assert sweep_staged(storage, (), Instant(NOW - 14 * DAY)).count == 1
    assert not any(folder.exists() for folder in folders)
    assert list(storage.list("staged")) == []
    assert precious.exists()


def test_only_folders_in_which_writers_stage_are_swept(storage: LocalStorage, tmp_path: Path) -> None:
    precious = tmp_path / "precious" / "data"
    precious.parent.mkdir()
    precious.touch()
    storage.write("staged/place", lambda file: file.writelines([str(precious.parent).encode()]))
    storage.write("staged/place", lambda file: file.writelines([str(tmp_path / ".gone.staged").encode()]))
    assert sweep_staged(storage, (), Instant(2**62)) == Swept()
    assert precious.exists()

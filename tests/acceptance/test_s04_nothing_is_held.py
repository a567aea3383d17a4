"""S04 (first half): zero rows where there should be some are held, without any configuration; nothing runs on them.

Held are a task without upstream and a map over nothing. An intermediate empty result and a side output are not.
"""

from pathlib import Path

import pytest

from segue import dag, task
from segue.data import overwrite_partition
from segue.testing import run
from tests.e2e.commands import Project

FILE = """
from segue import dag, task

@task
def ingest() -> list[dict]:
    return []

@task
def load(rows: list[dict]) -> int:
    open("loaded.txt", "w").close()
    return len(rows)

@dag
def nightly():
    load(ingest())
"""


def test_s04_an_ingest_of_zero_rows_is_held_and_what_follows_does_not_run(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("nightly.py", FILE)
    done = project.segue("run", "nightly.py")
    assert done.returncode == 4, done.stdout
    assert "ingest  is held" in done.stdout and "it returned 0 rows" in done.stdout
    tasks = {entry.label: str(entry.state) for entry in project.detail("nightly@latest").entries()}
    assert tasks == {"ingest": "held", "load": "pending"}
    assert not (tmp_path / "loaded.txt").exists()


def test_s04_a_person_who_knows_better_lets_it_go_on(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("nightly.py", FILE)
    project.segue("run", "nightly.py")
    done = project.segue("release", "nightly@latest", "ingest", "--reason", "a holiday")
    assert done.returncode == 0, done.stdout
    assert str(project.detail("nightly@latest").run.state) == "success"
    assert (tmp_path / "loaded.txt").exists()


@task
def ingest() -> list[int]:
    return [1, 2, 3]


@task
def none_above(rows: list[int], limit: int) -> list[int]:
    return [row for row in rows if row > limit]


@task
def each(row: int) -> int:
    return row


@task
def count(rows: list[int]) -> int:
    return len(rows)


def test_s04_a_map_over_nothing_is_held() -> None:
    @dag
    def mapped() -> None:
        count(each.map(none_above(ingest(), 9)))

    result = run(mapped)
    assert result.state == "held"
    assert result.tasks == {"ingest": "success", "none_above": "success", "each": "held", "count": "pending"}


def test_s04_an_intermediate_result_may_be_empty() -> None:
    @dag
    def filtering() -> None:
        count(none_above(ingest(), 9))

    assert run(filtering).value("count") == 0


def test_s04_a_side_output_may_be_empty(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")

    @task
    def publish(folder: str) -> None:
        good = pandas.DataFrame({"n": [1, 2]})
        overwrite_partition(good, f"{folder}/good", "2026-04-01")
        overwrite_partition(good[good["n"] > 9], f"{folder}/rejects", "2026-04-01")

    @dag
    def publishing(folder: str = str(tmp_path)) -> None:
        publish(folder)

    assert run(publishing).state == "success"
    assert (tmp_path / "rejects" / "date=2026-04-01" / "part-0.parquet").exists()

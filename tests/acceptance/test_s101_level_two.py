"""S101, level II: duplicates shown, the load fixed, a throttled backfill that makes each of five days right, once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.e2e.commands import Project

METRICS = """
import sqlite3
from contextlib import closing

from segue import Interval, daily, dag, injected, task


@task
def extract(interval: Interval = injected) -> list[int]:
    return [interval.date.day * n for n in (1, 2, 3)]


@task
def load(amounts: list[int], interval: Interval = injected) -> int:
    with closing(sqlite3.connect("metrics.db", isolation_level=None, timeout=60)) as metrics:
        metrics.execute("BEGIN IMMEDIATE")
        # the fix
        metrics.executemany("INSERT INTO daily_metrics VALUES (?, ?)", [(interval.ds, one) for one in amounts])
        metrics.execute("COMMIT")
    return len(amounts)


@dag(schedule=daily(), start="2026-04-01", end="2026-04-30")
def metrics():
    load(extract())
"""
FIXED = METRICS.replace("# the fix", 'metrics.execute("DELETE FROM daily_metrics WHERE date = ?", [interval.ds])')
DAYS = [f"2026-04-0{day}" for day in range(1, 6)]


def rows(project: Project) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(project.folder / "metrics.db")) as metrics:
        return metrics.execute("SELECT date, amount FROM daily_metrics ORDER BY date, amount").fetchall()


def most_at_once(project: Project) -> int:
    """How many runs were under way at the same time, by the log."""
    alive: set[str] = set()
    most = 0
    with project.reader() as reader:
        for event in reader.event_rows():
            if event.kind == "run" and event.new == "running":
                alive.add(str(event.run))
            elif event.kind == "run" and event.new == "success":
                alive.remove(str(event.run))
            most = max(most, len(alive))
    return most


def expected(days: list[str]) -> Iterator[tuple[str, int]]:
    return ((day, int(day[-1]) * n) for day in days for n in (1, 2, 3))


def test_s101_duplicates_are_shown_the_load_is_fixed_and_five_days_are_backfilled_each_once(tmp_path: Path):
    """Before the fix the same backfill would have doubled each day that was there."""
    project = Project(tmp_path, workers=4)
    project.write("metrics.py", METRICS)
    with closing(sqlite3.connect(tmp_path / "metrics.db")) as metrics:
        metrics.execute("CREATE TABLE daily_metrics (date TEXT, amount INTEGER)")
    for words in (("run", "metrics.py", "--date", DAYS[0]), ("rerun", f"metrics@{DAYS[0]}")):
        done = project.segue(*words)
        assert done.returncode == 0, done.stdout
    assert rows(project) == sorted([*expected(DAYS[:1]), *expected(DAYS[:1])])

    project.write("metrics.py", FIXED)
    for _ in range(2):  # a second one changes nothing
        done = project.segue("backfill", "metrics.py", f"{DAYS[0]}..{DAYS[-1]}", "--only", "all", "--cap", "2")
        assert done.returncode == 0, done.stdout
        assert "5 intervals, 2026-04-01 to 2026-04-05, oldest first, 2 at once" in done.stdout
        assert rows(project) == list(expected(DAYS))
    assert most_at_once(project) == 2

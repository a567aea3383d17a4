"""S07: one bad Tuesday is repaired by a one-command rerun of one interval."""

from pathlib import Path

import duckdb

from tests.e2e.commands import Project

EVENTS = """
from pathlib import Path

import duckdb
import pandas as pd

from segue import Interval, daily, dag, injected, task
from segue.data import delete_then_insert, overwrite_partition


@task
def extract(interval: Interval = injected) -> pd.DataFrame:
    amount = int(Path("api", interval.ds).read_text())
    return pd.DataFrame({"date": interval.ds, "number": range(3), "amount": amount})


@task(max_active=1)
def load(events: pd.DataFrame, interval: Interval = injected) -> int:
    overwrite_partition(events, "lake", interval)
    return delete_then_insert("shop.duckdb", "events", events, where={"date": interval.ds})


@task(max_active=1)
def dashboard(rows: int, interval: Interval = injected) -> int:
    with duckdb.connect("shop.duckdb") as shop:
        question = "SELECT date, sum(amount)::BIGINT AS revenue FROM events WHERE date = ? GROUP BY ALL"
        revenue = shop.execute(question, [interval.ds]).df()
    return delete_then_insert("shop.duckdb", "dashboard", revenue, where={"date": interval.ds})


@dag(schedule=daily(at="02:00"), start="2026-04-06", end="2026-04-12")
def events():
    dashboard(load(extract()))
"""
WEEK = [f"2026-04-{day:02}" for day in range(6, 13)]
MONDAY, TUESDAY = WEEK[:2]


def revenues(project: Project) -> dict[str, int]:
    """What the dashboard shows, each day once."""
    with duckdb.connect(project.folder / "shop.duckdb") as shop:
        rows = shop.execute("SELECT date, revenue FROM dashboard").fetchall()
        (kept,) = shop.execute("SELECT count(*) FROM events").fetchone()
    assert (len(rows), kept) == (7, 21)
    return dict(rows)


def lake(project: Project) -> dict[str, tuple[int, int]]:
    """Each file of the lake, by its day, and what tells whether it was touched."""
    files = (project.folder / "lake").rglob("*.parquet")
    return {path.parent.name.removeprefix("date="): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_s07_one_command_repairs_one_bad_day_in_all_tables_and_touches_no_other(tmp_path: Path):
    project = Project(tmp_path / "shop", workers=2)
    project.write("events.py", EVENTS)
    (project.folder / "api").mkdir()
    good = {day: 100 + number for number, day in enumerate(WEEK)}
    for day, amount in good.items():
        (project.folder / "api" / day).write_text(str(amount))
    (project.folder / "api" / TUESDAY).write_text(str(good[MONDAY]))  # the API gave Monday's numbers
    done = project.segue("backfill", "events.py", f"{WEEK[0]}..{WEEK[-1]}", "--cap", "1")
    assert done.returncode == 0, done.stdout
    assert revenues(project)[TUESDAY] == revenues(project)[MONDAY]
    before = lake(project)

    (project.folder / "api" / TUESDAY).write_text(str(good[TUESDAY]))
    done = project.segue("rerun", f"events@{TUESDAY}")
    assert done.returncode == 0, done.stdout
    assert revenues(project) == {day: 3 * amount for day, amount in good.items()}
    after = lake(project)
    assert {day for day in WEEK if before[day] != after[day]} == {TUESDAY}
    with project.reader() as reader:
        assert sorted(view.run.n for view in reader.runs() if view.run.key == TUESDAY) == [1, 2]
        assert len(reader.runs()) == 8

"""S55: each day is independently runnable, and shown fresh, stale, failed or missing."""

import json
from pathlib import Path

from tests.e2e.commands import Project

DAYS = """
from pathlib import Path
from segue import Interval, dag, daily, injected, task

@task(depends_on_past=True)
def balance(interval: Interval = injected) -> str:
    if Path(interval.ds).exists():
        raise ValueError("the books do not balance")
    return interval.ds

@dag(schedule=daily(), start="2026-04-01", end="2026-04-05")
def books() -> None:
    balance()
"""


def shown(project: Project) -> dict[str, str]:
    told = json.loads(project.segue("slots", "books", "--json").stdout)
    return {slot["key"][-2:]: slot["state"] for slot in told["slots"]}


def test_s55_each_day_is_runnable_by_itself_and_shows_what_it_is(tmp_path: Path):
    project = Project(tmp_path, workers=2)
    project.write("books.py", DAYS)
    project.segue("run", "books.py", "--date", "2026-04-03")
    assert shown(project) == {"01": "missing", "02": "missing", "03": "fresh", "04": "missing", "05": "missing"}
    (tmp_path / "2026-04-04").touch()
    project.segue("run", "books.py", "--date", "2026-04-04")
    project.segue("run", "books.py", "--date", "2026-04-02")
    assert shown(project) == {"01": "missing", "02": "fresh", "03": "stale", "04": "failed", "05": "missing"}
    project.segue("rerun", "books@2026-04-03")
    assert shown(project)["03"] == "fresh"
    calendar = project.segue("slots", "books").stdout
    assert "            1○  2✓  3✓  4✗  5○" in calendar
    assert "segue backfill books 2026-04-01..2026-04-05 --only missing,failed" in calendar

"""S63: the reason for a backfill is recorded with it, and with each of its runs."""

import json
from pathlib import Path

from tests.e2e.commands import Project

DAYS = """
from segue import Interval, daily, dag, injected, task

@task
def load(interval: Interval = injected) -> str:
    return interval.ds

@dag(schedule=daily(), start="2026-04-01", end="2026-04-30")
def days():
    load()
"""
REASONS = ["bug in the currency table", "restatement of March"]


def test_s63_why_history_was_rewritten_stands_with_the_backfill_and_its_runs(tmp_path: Path):
    project = Project(tmp_path, workers=2)
    project.write("days.py", DAYS)
    for number, reason in enumerate(REASONS, start=1):
        done = project.segue("backfill", "days.py", f"2026-04-{number:02}", "--reason", reason)
        assert done.returncode == 0, done.stdout
    listed = json.loads(project.segue("backfills", "--json").stdout)["backfills"]
    assert [one["reason"] for one in listed] == REASONS[::-1]
    with project.reader() as reader:
        assert {view.run.key: view.row.reason for view in reader.runs()} == {
            f"2026-04-{number:02}": reason for number, reason in enumerate(REASONS, start=1)
        }
    assert REASONS[0] in project.segue("show", "days@2026-04-01").stdout

"""S56-S60, S63: one command backfills a range, in an order, under a cap, only what is affected, with its reason."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands import Project

HOURS = """
from pathlib import Path
from segue import Interval, dag, hourly, task

@task
def load(interval: Interval) -> str:
    Path("log").open("a").write(interval.key + "\\n")
    if interval.key == "2026-04-02T05:00" and not Path("whole").exists():
        raise ConnectionError("one bad hour")
    return interval.key

@dag(schedule=hourly(), start="2026-04-01")
def hours() -> None:
    load()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("hours.py", HOURS)
    return project


def log(shop: Project) -> list[str]:
    """The hours in the order in which they were loaded."""
    return (shop.folder / "log").read_text().split()


def intervals(shop: Project, *words: str) -> list[str]:
    found: list[str] = shop.run_json("backfill", "hours.py", *words, "--dry-run")["plan"]["intervals"]
    return found


def test_s56_the_spellings_of_a_range_mean_the_same(shop):
    (shop.folder / "whole").touch()
    day = [f"2026-04-02T{hour:02}:00" for hour in range(24)]
    assert intervals(shop, "2026-04-02T00...2026-04-02T23") == day
    assert intervals(shop, "-s", "2026-04-02", "-e", "2026-04-02") == day
    assert intervals(shop, "--start-date", "2026-04-02", "--end-date", "2026-04-02") == day
    translated = shop.segue("dags", "backfill", "-s", "2026-04-02", "-e", "2026-04-02", "hours")
    assert "`airflow dags backfill` is `segue backfill`" in translated.stdout


def test_s57_the_order_is_seen_in_the_log(shop):
    (shop.folder / "whole").touch()
    for order, expected in (("oldest", ["00", "01", "02"]), ("newest", ["02", "01", "00"])):
        (shop.folder / "log").unlink(missing_ok=True)
        words = ("--only", "all", "--cap", "1", "--order", order)
        done = shop.segue("backfill", "hours.py", "2026-04-02T00..2026-04-02T02", *words)
        assert done.returncode == 0, done.stdout
        assert [key[11:13] for key in log(shop)] == expected
    done = shop.segue("backfill", "hours.py", "2026-04-03T00..2026-04-03T03", "--order", "parallel")
    assert done.returncode == 0, done.stdout
    assert {key[11:13] for key in log(shop)[-4:]} == {"00", "01", "02", "03"}


def test_s60_one_failed_hour_of_24_is_run_again_alone_and_s59_nothing_else_is_rewritten(shop):
    assert shop.segue("backfill", "hours.py", "2026-04-02", "--yes", "--reason", "restatement").returncode == 1
    assert len(log(shop)) == 24
    (shop.folder / "whole").touch()
    done = shop.segue("backfill", "hours.py", "2026-04-02", "--only", "missing,failed")
    assert done.returncode == 0, done.stdout
    assert "1 interval, 2026-04-02T05:00" in done.stdout and "left alone    23 fresh" in done.stdout
    assert log(shop)[24:] == ["2026-04-02T05:00"]
    reasons = [one["reason"] for one in json.loads(shop.segue("backfills", "--json").stdout)["backfills"]]
    assert reasons == ["", "restatement"]  # S63

"""Acting on many runs: the plan, the question, and what is done."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands import Project

DAYS = """
from pathlib import Path
from segue import dag, daily, task

@task
def loads() -> None:
    if not Path("whole").exists():
        raise ConnectionError("shop is down")

@dag(schedule=daily(), start="2026-04-01", max_active_runs=4, tags=["retail"])
def days() -> None:
    loads()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=4)
    project.write("days.py", DAYS)
    return project


def states(shop: Project) -> list[str]:
    return [run["state"] for run in json.loads(shop.segue("runs", "--json").stdout)]


def test_a_selection_shows_its_plan_and_is_retried_to_the_end(shop):
    assert shop.segue("run", "days.py", "--date", "2026-04-01..2026-04-03").returncode == 1
    (shop.folder / "whole").touch()
    done = shop.segue("retry", "--state", "failed", "--error", "Connection*", "--tag", "retail")
    assert done.returncode == 0, done.stdout
    assert "retry 3 runs, 3 tasks, since 20" in done.stdout
    assert "3 × ConnectionError: shop is down" in done.stdout
    assert states(shop) == ["success"] * 3
    again = shop.segue("retry", "--state", "failed")
    assert (again.returncode, again.stdout) == (0, "nothing to retry: no run fits\n")


def test_more_than_ten_need_a_yes_and_without_one_nothing_is_done(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01..2026-04-11")
    (shop.folder / "whole").touch()
    refused = shop.segue("rerun", "--dag", "day*")
    assert refused.returncode == 2 and "add --yes. Nothing was done" in refused.stdout
    assert shop.run_json("rerun", "--dag", "day*")["error"]["code"] == "usage_error"
    assert states(shop) == ["failed"] * 11
    assert shop.segue("rerun", "--dag", "day*", "--yes").returncode == 0
    assert states(shop) == ["success"] * 11 + ["failed"] * 11


def test_an_older_run_of_an_interval_is_left_alone(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01")
    (shop.folder / "whole").touch()
    assert shop.segue("rerun", "days@2026-04-01").returncode == 0
    assert "no run fits" in shop.segue("retry", "--state", "failed").stdout
    refused = shop.segue("retry", "days@2026-04-01")
    assert refused.returncode == 1 and "days@2026-04-01.2 is newer" in refused.stdout
    assert shop.segue("retry", "days@2026-04-01", "--force").returncode == 0


def test_rerun_takes_the_newest_code_and_retry_that_of_the_run(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01")
    shop.write("days.py", DAYS.replace('raise ConnectionError("shop is down")', "pass"))
    assert shop.segue("retry", "days@2026-04-01").returncode == 1
    rerun = shop.run_json("rerun", "days@2026-04-01")
    assert (rerun["exit_code"], rerun["run_id"], rerun["version"]) == (0, "days@2026-04-01.2", 2)


def test_rerun_of_a_file_that_is_broken_now_says_where_and_makes_no_run(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01")
    shop.write("days.py", "def broken(:\n")
    error = shop.run_json("rerun", "days@2026-04-01")
    assert (error["exit_code"], error["error"]["where"]) == (1, "days.py:1")
    assert states(shop) == ["failed"]


def test_rerun_of_a_file_that_is_gone_takes_the_version_the_home_knows(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01")
    (shop.folder / "days.py").unlink()
    (shop.folder / "whole").touch()
    assert shop.run_json("rerun", "days@2026-04-01")["state"] == "success"


def test_run_and_selection_together_are_refused(shop):
    done = shop.segue("cancel", "days@latest", "--state", "running")
    assert done.returncode == 2 and "either" in done.stdout


def test_backup_is_a_database_that_opens_and_never_replaces_a_file(shop):
    shop.segue("run", "days.py", "--date", "2026-04-01")
    assert shop.segue("db", "backup", "copy.db").returncode == 0
    assert shop.segue("db", "backup", "copy.db").returncode == 2
    copy = shop.folder / "copied"
    copy.mkdir()
    (shop.folder / "copy.db").rename(copy / "segue.db")
    assert json.loads(shop.segue("runs", "--json", "--home", str(copy)).stdout)[0]["run_id"] == "days@2026-04-01"
    assert "nothing to do" in shop.segue("db", "upgrade").stdout


def test_doctor_ends_with_1_and_names_the_fix_where_something_is_wrong(shop):
    assert shop.segue("doctor").returncode == 0
    shop.segue("run", "days.py", "--date", "2026-04-01")
    assert shop.segue("doctor").returncode == 0
    (shop.home / "segue.db").write_bytes(b"no database " * 1000)
    wrong = shop.run_json("doctor")
    assert wrong["exit_code"] == 1 and not wrong["ok"]
    assert [one["topic"] for one in wrong["findings"] if one["good"] is False and one["fix"]] == ["database"]

"""Slots, next, forecast, simulate, and what takes longer than usual, as a person asks for them."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands import Project

DAYS = """
import time
from pathlib import Path
from segue import Interval, dag, daily, injected, task

@task
def extract(interval: Interval = injected) -> int:
    if interval.ds == "2026-04-02" and not Path("mended").exists():
        raise ValueError("a bad day")
    time.sleep(1.5 if Path("slow").exists() else 0)
    return 1

@task
def load(rows: int) -> int:
    return rows

@dag(schedule=daily(at="02:00"), start="2026-04-01", end="2026-04-05", timezone="America/Los_Angeles", deadline="1h")
def days() -> None:
    load(extract())

@dag(schedule=daily(at="03:00"), start="2026-04-01")
def always() -> None:
    load(2)

@dag
def by_hand() -> None:
    load(1)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=4)
    project.write("days.py", DAYS)
    return project


def test_a_calendar_shows_every_day_and_the_command_that_fills_the_holes(shop):
    shop.segue("run", "days.py:days", "--date", "2026-04-01..2026-04-03")
    done = shop.segue("slots", "days")
    assert done.returncode == 0, done.stdout
    assert "days  covers each calendar day; runs at 02:00 on the day after  America/Los_Angeles" in done.stdout
    assert "            1✓  2✗  3✓  4○  5○" in done.stdout
    assert "✓ 2 fresh   ✗ 1 failed   ○ 2 missing" in done.stdout
    assert "to fill them: segue backfill days 2026-04-02..2026-04-05 --only missing,failed" in done.stdout
    told = json.loads(shop.segue("slots", "days", "2026-04-02...2026-04-04", "--json").stdout)
    assert [(slot["key"], slot["state"]) for slot in told["slots"]] == [
        ("2026-04-02", "failed"), ("2026-04-03", "fresh"), ("2026-04-04", "missing"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("slots", "day"), "did you mean days?"),
        (("slots", "days", "2026-04-03..2026-04-01"), "runs backwards"),
        (("slots", "days", "2026-04-03.."), "is not a range"),
        (("slots", "days", "2025-01"), "before the DAG's start"),
        (("next", "day"), "did you mean days?"),
        (("forecast", "day"), "did you mean days?"),
        (("simulate", "nights"), "there is no DAG nights"),
        (("simulate", "days", "--fault", "kill"), "write slow=extract:3x"),
        (("simulate", "days", "--fail-on", "slow"), "there are late, failed, missing, skipped, waited"),
        (("simulate", "days", "--until", "2026-04-05"), "--until and --backfill are for what is past: add --write"),
        (("simulate", "--write"), "has a history already: name a new folder with --home"),
        (("simulate", "--write", "--fail-on", "late"), "--fail-on is for what is to come"),
        (("simulate", "--write", "--until", "2999-01-01"), "--until 2999-01-01 is to come"),
        (("simulate", "--write", "--until", "soon"), "--until: 'soon'"),
        (("simulate", "--write", "--backfill", "days"), "write orders:2026-02..2026-03"),
        (("simulate", "--write", "--home", "new", "--fault", "kill=nights/a:1"), "no task of what is played"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(shop, words, said):
    shop.segue("run", "days.py:days", "--date", "2026-04-01")
    refused = shop.segue(*words)
    assert refused.returncode == 2
    assert said in refused.stdout and "Traceback" not in refused.stdout


def test_looking_makes_no_home(shop):
    assert "knows no DAG yet" in shop.segue("next").stdout
    assert "knows no DAG yet" in shop.segue("forecast").stdout
    assert "knows none yet" in shop.segue("slots", "days").stdout
    assert "nothing to play" in shop.segue("simulate").stdout
    assert not shop.home.exists()


def test_next_and_forecast_know_what_has_been_run(shop):
    shop.segue("run", "days.py:always", "--date", "2026-04-01..2026-04-03")
    shop.segue("run", "days.py:by_hand")
    coming = json.loads(shop.segue("next", "--days", "2", "--json").stdout)
    assert [(one["dag_id"], one["state"], len(one["next"])) for one in coming] == [
        ("always", "not seen", 2), ("by_hand", "by hand", 0), ("days", "over", 0),
    ]  # fmt: skip
    shown = shop.segue("next")
    assert "always" in shown.stdout and "· by hand" in shown.stdout
    assert "covers each calendar day" in shop.segue("next", "always").stdout
    (told,) = json.loads(shop.segue("forecast", "always", "--json").stdout)
    assert (told["runs"], told["critical_path"], told["unknown"]) == (3, ["load"], [])
    assert "critical path  load" in shop.segue("forecast", "always").stdout
    assert "always" in shop.segue("forecast").stdout


def test_a_month_is_played_from_the_home_or_from_a_file_and_fails_on_what_is_late(shop):
    shop.segue("run", "days.py:always", "--date", "2026-04-01..2026-04-03")
    told = shop.run_json("simulate", "alw*", "--days", "10")
    (dag,) = told["dags"]
    assert (told["exit_code"], dag["dag_id"], dag["runs"]) == (0, "always", dag["success"])
    assert dag["runs"] in (9, 10)  # 9 between midnight and 03:00: the day that is over then was over before it began
    shop.write("late.py", DAYS.replace('end="2026-04-05", ', ""))
    late = shop.segue("simulate", "late.py:days", "--days", "3", "--fault", "slow=extract:90x", "--fail-on", "late")
    assert late.returncode == 1, late.stdout
    assert "✗ late  days@" in late.stdout and "error: 3 late" in late.stdout
    assert "never succeeded, taken to last a minute: days/extract, days/load" in late.stdout
    fine = shop.segue("simulate", "late.py:days", "--days", "3", "--fail-on", "late", "--workers", "1", "--steady")
    assert fine.returncode == 0, fine.stdout


def test_what_took_over_three_times_its_usual_is_flagged(shop):
    shop.segue("run", "days.py:days", "--date", "2026-04-03..2026-04-05")
    (shop.folder / "slow").touch()
    shop.segue("run", "days.py:days", "--date", "2026-04-01")
    first, second, *_ = shop.segue("runs", "days").stdout.splitlines()[1:]
    assert "× its usual" in first and "× its usual" not in second
    shown = [line for line in shop.segue("show", "days@latest").stdout.splitlines() if "× its usual" in line]
    assert [line.split()[0] for line in shown] == ["extract"]
    assert list(shop.run_json("show", "days@latest")["longer_than_usual"]) == ["extract"]

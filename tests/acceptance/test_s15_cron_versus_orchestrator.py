"""S15: the six rows of the table "cron or orchestrator", shown working with one pipeline."""

import json
import re

import pytest

from segue.define.loading import load_file
from segue.model.moment import datetime_at, parse_moment
from tests.e2e.commands import Project
from tests.unit.engine.driver import World

NIGHT = """
from pathlib import Path

from segue import Interval, Retry, current, daily, dag, injected, task


@task(retry=Retry(2, delay="10ms"))
def extract(interval: Interval = injected) -> str:
    if interval.ds == "2026-11-01" and current().attempt < 3:
        raise ConnectionError("the source is busy")
    return interval.ds


@task
def clean(day: str) -> str:
    return day


@task
def publish(day: str) -> str:
    if Path("broken").exists():
        raise ValueError("no dashboard")
    Path("dashboard", day).touch()
    return day


@dag(schedule=daily(at="01:00"), start="2026-10-01")
def nightly():
    publish(clean(extract()))
"""
LAST_NIGHT = "nightly@2026-11-01"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The night of 1 November: the source is busy twice, then the dashboard is away."""
    project = Project(tmp_path_factory.mktemp("demo"), workers=2)
    project.write("nightly.py", NIGHT)
    (project.folder / "dashboard").mkdir()
    (project.folder / "broken").touch()
    done = project.segue("run", "nightly.py", "--date", "2026-11-01")
    assert done.returncode == 1, done.stdout
    (project.folder / "said").write_text(done.stdout)
    return project


def attempts(project: Project) -> dict[str, int]:
    return {task["task_id"]: task["attempts"] for task in project.run_json("show", LAST_NIGHT)["tasks"]}


def test_s15_run_a_command_at_a_fixed_time(project: Project):
    (spec,) = load_file(project.folder / "nightly.py", project.folder).specs
    world = World(spec, planning=True, now=parse_moment("2026-11-01T12:00", "UTC"))
    world.wait(86_400)
    (run,) = world.store.runs.values()
    assert (run.run.key, f"{datetime_at(run.row.created, 'UTC'):%d %H:%M:%S}") == ("2026-11-01", "02 01:00:00")


def test_s15_wait_for_an_upstream_job_to_finish_before_starting(project: Project):
    entries = {entry.label: entry for entry in project.detail(LAST_NIGHT).entries()}
    for upstream, task in (("extract", "clean"), ("clean", "publish")):
        assert entries[upstream].ended <= entries[task].started


def test_s15_retry_a_failing_command_with_backoff(project: Project):
    said = (project.folder / "said").read_text()
    waits = re.findall(r"attempt (\d) of 3 starts in (\d+) ms", said)
    assert [int(number) for number, _ in waits] == [2, 3]
    assert [int(wait) for _, wait in waits] == [10, 20]


def test_s15_show_whether_last_nights_run_succeeded(project: Project):
    (last,) = json.loads(project.segue("runs", "--json").stdout)
    assert (last["run_id"], last["state"]) == (LAST_NIGHT, "failed")
    assert "ValueError: no dashboard (nightly.py:" in project.segue("why", LAST_NIGHT).stdout


def test_s15_run_a_failed_task_again_without_the_rest_of_the_pipeline(project: Project):
    assert attempts(project) == {"extract": 3, "clean": 1, "publish": 1}
    (project.folder / "broken").unlink()
    done = project.segue("retry", LAST_NIGHT)
    assert done.returncode == 0, done.stdout
    assert attempts(project) == {"extract": 3, "clean": 1, "publish": 2}


def test_s15_backfill_the_last_week_of_october(project: Project):
    (project.folder / "broken").unlink(missing_ok=True)
    done = project.segue("backfill", "nightly.py", "2026-10-25..2026-10-31")
    assert done.returncode == 0, done.stdout
    assert "7 good" in done.stdout
    week = {f"2026-10-{day}" for day in range(25, 32)}
    assert week <= {path.name for path in (project.folder / "dashboard").iterdir()} <= week | {"2026-11-01"}

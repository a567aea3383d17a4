"""S100, level I: three attempts, transform raises on its first call, and the logs prove that extract was not rerun."""

import pytest

from tests.e2e.commands import Project

ETL = """
from pathlib import Path
from segue import Retry, dag, task

@task
def extract() -> list[int]:
    print("extracting")
    return [1, 2, 3]

@task(retry=Retry(2, delay="10ms"))
def transform(rows: list[int]) -> int:
    print("transforming")
    if not Path("called").exists():
        Path("called").touch()
        raise ValueError("the first call fails")
    return sum(rows)

@task
def load(total: int) -> None:
    print("loading", total)

@dag
def etl():
    load(transform(extract()))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("level_one"))
    project.write("etl.py", ETL)
    done = project.segue("run", "etl.py")
    assert done.returncode == 0, done.stdout
    return project


def said(project: Project, *words: str) -> list[str]:
    done = project.segue("logs", "etl@latest", *words)
    assert done.returncode == 0, done.stdout
    return [word for word in ("extracting", "transforming", "loading 6", "the first call fails") if word in done.stdout]


def test_s100_the_run_is_good_after_a_retry_and_says_which_attempt_failed(project: Project):
    told = project.run_json("show", "etl@latest")
    assert told["state"] == "success"
    assert {task["task_id"]: task["attempts"] for task in told["tasks"]} == {"extract": 1, "transform": 2, "load": 1}
    (failed,) = [attempt for attempt in told["attempt_list"] if attempt["state"] == "failed"]
    assert (failed["task_id"], failed["attempt"]) == ("transform", 1)
    assert "the first call fails" in failed["reason"]


def test_s100_the_logs_prove_that_extract_was_not_rerun(project: Project):
    assert said(project, "extract") == ["extracting"]
    assert project.segue("logs", "etl@latest", "extract").stdout.count("extracting") == 1
    assert "has no attempt 2" in project.segue("logs", "etl@latest", "extract", "--attempt", "2").stdout


def test_s100_each_attempt_of_transform_has_a_log_of_its_own(project: Project):
    assert said(project, "transform", "--attempt", "1") == ["transforming", "the first call fails"]
    assert said(project, "transform", "--attempt", "2") == ["transforming"]
    assert said(project, "load") == ["loading 6"]

"""What Segue's own processes write, and what they tell of themselves while a task runs."""

import json

import pytest

from segue.app.control_client import ControlClient
from segue.app.health import health_of
from segue.model.ids import Instant
from tests.e2e.commands import Project
from tests.e2e.standing import eventually, up

FLOW = """
import time
from pathlib import Path

from segue import Retry, dag, task

@task(retry=Retry(1, delay="0s"))
def breaks() -> None:
    raise ValueError("canary-of-the-error")

@task
def waits() -> None:
    while not Path({place!r}).exists():
        time.sleep(0.02)

@dag
def mixed() -> None:
    breaks()
    waits()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_each_process_writes_lines_of_json_with_run_task_and_attempt(tmp_path, form):
    project = Project(tmp_path / "p", log_format=form)
    project.write("flow.py", FLOW.format(place=str(tmp_path / "go")))
    with up(project, files_read=False) as one:
        eventually((project.home / "owner.sock").exists, "the socket")
        eventually(lambda: "mixed" in project.segue("next").stdout, "the DAG")
        assert project.segue("trigger", "mixed").returncode == 0

        def health():
            with ControlClient(project.home / "owner.sock") as owner:
                return health_of(owner.health(), Instant(1))

        eventually(lambda: any("waits#1" in hand.attempt for hand in health().crew), "the worker")
        found = health()
        assert found.workers >= 4 and found.alive >= 1 and sum(found.turns.counts) > 0 and found.turned_at > 1
        (tmp_path / "go").touch()
        eventually(lambda: "is failed" in (project.home / "logs" / "segue-loop.log").read_text(), "the end of the run")
        assert one.end() == 0
    lines = [json.loads(line) for line in (project.home / "logs" / "segue-loop.log").read_text().splitlines()]
    broken = [line for line in lines if line.get("task") == "breaks" and "attempt" in line]
    assert [line["attempt"] for line in broken] == [1, 2]
    assert all(line["run"].startswith("mixed@manual-") and line["dag"] == "mixed" for line in broken)
    assert all({"time", "level", "process", "pid", "message"} <= line.keys() for line in lines)
    said = one.said.splitlines()
    assert len(said) > 1
    if form == "json":
        assert all(json.loads(line)["message"] for line in said)
    else:
        assert said[0].startswith("segue up: home")
    assert (project.home / "logs" / "segue-loop.log").stat().st_mode & 0o077 == 0

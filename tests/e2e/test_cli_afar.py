"""The command line against a real server: SEGUE_URL and a token instead of a home."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.nursery import run_segue
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually

SHOP = """
from segue import Interval, daily, dag, injected, task

@task
def extract(interval: Interval = injected) -> int:
    print("day", interval.start.day)
    if interval.start.day == 2:
        raise RuntimeError("the source is away")
    return interval.start.day

@task
def load(day: int, factor: int) -> int:
    return day * factor

@dag(schedule=daily(), start="2026-01-01", tags=["retail"], params={"factor": 2})
def shop(factor: int) -> None:
    load(extract(), factor)
"""


class Afar:
    """Somebody with a shell on another machine."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder

    def segue(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "SEGUE_URL": self.server.url, "SEGUE_TOKEN": self.server.token}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return run_segue(words, PATIENCE, given, cwd=self.folder, env=env, **pipes)

    def said(self, *words: str, given: str = "") -> str:
        done = self.segue(*words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> object:
        return json.loads(self.said(*words, "--json").splitlines()[-1])


@pytest.fixture(scope="module")
def afar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afar]:
    folder = tmp_path_factory.mktemp("afar")
    project = Project(folder / "project")
    (project.folder / "shop.py").write_text(SHOP)
    with served(project) as (one, server):
        one.await_word("DAG file")
        eventually(lambda: server.get("/api/v1/dags/shop").status == 200, "the DAG")
        (folder / "elsewhere").mkdir()
        yield Afar(server, folder / "elsewhere")


def _ended(afar: Afar, run: str) -> str:
    def over() -> bool:
        return bool(afar.server.get(f"/api/v1/runs/{run}").json().get("ended_at"))

    eventually(over, run)
    return str(afar.server.get(f"/api/v1/runs/{run}").json()["state"])


def test_a_run_is_started_looked_at_and_read_from_elsewhere(afar: Afar):
    assert "shop@2026-01-01" in afar.said("trigger", "shop", "--date", "2026-01-01", "--param", "factor=3")
    assert _ended(afar, "shop@2026-01-01") == "success"
    assert "shop@2026-01-01" in afar.said("runs", "shop")
    assert "extract" in afar.said("show", "shop@2026-01-01")
    assert "day 1" in afar.said("logs", "shop@2026-01-01", "extract")
    assert "every task is done" in afar.said("why", "shop@2026-01-01")
    assert "fresh" in afar.said("slots", "shop", "2026-01-01..2026-01-03")
    assert "shop" in afar.said("next")
    [run] = afar.json("runs", "--limit", "1")
    assert run["actor"].startswith("u")


def test_what_failed_is_mended_from_elsewhere(afar: Afar):
    afar.said("trigger", "shop", "--date", "2026-01-02")
    assert _ended(afar, "shop@2026-01-02") == "failed"
    assert "retry 1 run," in afar.said("retry", "--state", "failed", "--dag", "shop")
    assert _ended(afar, "shop@2026-01-02") == "failed"
    marked = afar.segue("mark", "shop@2026-01-02", "extract", "success", "--reason", "known")
    assert marked.returncode == 0
    refused = afar.segue("release", "shop@2026-01-01", "--reason", "x")
    assert refused.returncode == 1
    assert "no held task" in refused.stderr


def test_a_backfill_is_previewed_and_made_from_elsewhere(afar: Afar):
    said = afar.said("backfill", "shop", "2026-01-05..2026-01-06", "--dry-run")
    assert "2 intervals" in said
    afar.said("backfill", "shop", "2026-01-05..2026-01-06")
    [made] = afar.json("backfills", "--dag", "shop")["backfills"]
    eventually(lambda: afar.json("backfills", made["id"])["state"] == "done", "the end of the backfill")
    assert afar.segue("backfills", "cancel", made["id"]).returncode == 1


def test_clocks_pools_and_secrets_are_set_from_elsewhere(afar: Afar):
    assert "shop is paused" in afar.said("pause", "--tag", "retail")
    assert "shop goes on" in afar.said("unpause", "shop")
    assert "pool wide has 3 slots" in afar.said("pool", "set", "wide", "3")
    assert "wide" in afar.said("pool")
    assert "hunter2-hunter2" not in afar.said("secret", "set", "shop_key", given="hunter2-hunter2")
    assert afar.segue("secret", "remove", "shop_key").returncode == 0


def test_a_project_is_deployed_from_elsewhere(afar: Afar):
    (afar.folder / "segue.toml").touch()
    (afar.folder / "other.py").write_text("from segue import dag, task\n@task\ndef a(): ...\n@dag\ndef other(): a()\n")
    planned = afar.segue("deploy", "--dry-run")
    assert "other" in planned.stdout, planned.stderr
    assert afar.segue("deploy", "--yes", "--label", "v2").returncode == 0
    eventually(lambda: afar.server.get("/api/v1/dags/other").status == 200, "the deployed DAG")


def test_what_is_wrong_is_said_with_the_exit_code_of_a_home(afar: Afar):
    unknown = afar.segue("show", "shop@1999-01-01")
    assert unknown.returncode == 2
    assert "there is no run shop@1999-01-01" in unknown.stderr
    assert "works on the machine of the home" in afar.segue("forecast").stderr
    assert "--home and SEGUE_URL name two places" in afar.segue("runs", "--home", "x").stderr
    env = {**os.environ, "SEGUE_URL": "http://127.0.0.1:9", "SEGUE_TOKEN": "segue_x_y"}
    nobody = subprocess.run(
        [sys.executable, "-m", "segue", "runs"], env=env, capture_output=True, text=True, check=False
    )
    assert nobody.returncode == 3
    assert "http://127.0.0.1:9 does not answer" in nobody.stderr


def test_a_viewer_is_refused_and_told_why(afar: Afar):
    viewer = Afar(afar.server.as_role("viewer"), afar.folder)
    assert viewer.segue("runs").returncode == 0
    refused = viewer.segue("trigger", "shop", "--date", "2026-01-03")
    assert refused.returncode == 2
    assert "operator" in refused.stderr

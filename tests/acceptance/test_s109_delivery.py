"""S109: pipelines deploy through check, cycle check and tests, as named versions; a redeploy in mid-run is safe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from segue.cli.main import main
from tests.e2e.commands import Project
from tests.e2e.standing import eventually, up

LOOP = "from segue import dag, task\n@task\ndef a(): ...\n@dag\ndef loop():\n    one = a()\n    one >> one\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """What `segue init` makes; the folder is the current one."""
    project = Project(tmp_path / "shop", workers=2)
    (project.folder / "segue.toml").unlink()
    monkeypatch.chdir(project.folder)
    assert main(["init", "."]) == 0
    return project


def passes(project: Project) -> bool:
    """The step of CI that runs the project's own tests."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SEGUE_"))}
    done = subprocess.run(words, cwd=project.folder, env=environ, timeout=60, capture_output=True, check=False)
    return done.returncode == 0


def released(project: Project) -> dict[str, int]:
    with project.reader() as reader:
        return {view.dag: view.version for view in reader.dags()}


def test_s109_a_pipeline_goes_through_check_and_tests_and_is_released_under_a_name(
    project: Project, capsys: pytest.CaptureFixture[str]
):
    file = project.folder / "dags/daily_orders.py"
    assert main(["check"]) == 0
    assert passes(project)
    first = project.segue("deploy", "--label", "v41")
    assert first.returncode == 0 and "deployed daily_orders as v41" in first.stdout, first.stdout
    assert released(project) == {"daily_orders": 1}

    project.write("dags/loop.py", LOOP)
    capsys.readouterr()
    assert main(["check"]) == 1
    assert "cycle: a → a" in capsys.readouterr().out
    assert main(["deploy"]) == 1
    (project.folder / "dags/loop.py").unlink()
    good = file.read_text()
    file.write_text(good.replace('if order["amount"] > 0', 'if order["amount"] > 1e9'))
    assert main(["check"]) == 0
    assert not passes(project)
    assert released(project) == {"daily_orders": 1}

    file.write_text(good.replace('delay="10s"', 'delay="20s"'))
    assert main(["check"]) == 0
    second = project.segue("deploy", "--label", "v42")
    assert second.returncode == 0 and "as v42" in second.stdout, second.stdout
    assert released(project) == {"daily_orders": 2}


SLOW = """
import time
from pathlib import Path
from segue import dag, task

@task
def first() -> str:
    Path("began").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return "old"

@task
def second(text: str) -> str:
    Path("written").write_text(f"{text} old")
    return text

@dag
def slow():
    second(first())
"""


def test_s109_a_redeploy_in_mid_run_is_safe(tmp_path: Path):
    """A run ends with the code it began with, all of it; the next run has the new one."""
    project = Project(tmp_path / "shop", workers=2)
    project.write("slow.py", SLOW)
    with up(project) as owner:
        eventually(lambda: "slow" in released(project), "the DAG")
        assert project.segue("trigger", "slow").returncode == 0
        eventually((project.folder / "began").exists, "the run")
        project.write("slow.py", SLOW.replace("old", "new").replace("second", "third"))
        done = project.segue("deploy", "--label", "v42")
        assert done.returncode == 0, done.stdout
        (project.folder / "go").touch()
        owner.await_runs("slow", 1)
        assert (project.folder / "written").read_text() == "old old"
        assert [(task.task, task.state) for task in project.detail("slow@latest").tasks] == [
            ("first", "success"), ("second", "success"),
        ]  # fmt: skip
        assert project.segue("trigger", "slow", "--wait").returncode == 0
        assert (project.folder / "written").read_text() == "new new"
        assert owner.end() == 0

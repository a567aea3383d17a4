"""`segue test`: a DAG is tried, what it would publish is told, and nothing is left of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segue.app.home import scratch_settings
from tests.e2e.commands import Project

DAILY = """
import pandas
from segue import Context, dag, injected, task
from segue.data import delete_then_insert, overwrite_partition

@task
def extract() -> list[int]:
    return [1, 2, 3]

@task
def table(rows: list[int]) -> pandas.DataFrame:
    return pandas.DataFrame({"n": rows})

@task
def publish(rows: list[int], context: Context = injected) -> int:
    overwrite_partition(pandas.DataFrame({"n": rows}), "out", "2026-04-01")
    return delete_then_insert("out.duckdb", "daily", pandas.DataFrame({"n": rows}), {})

@dag
def daily(fail=False):
    rows = extract()
    publish(rows)
    table(rows)

@task
def empty() -> list[int]:
    return []

@task
def broken(rows: list[int]) -> None:
    print("about to divide")
    1 / len(rows)

@dag
def hollow():
    empty()

@dag
def failing():
    broken(empty.with_options(empty="ok")())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write("daily.py", DAILY)
    return project


def left(project: Project) -> set[str]:
    files = (path for path in project.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(project.folder)) for path in files}


def test_it_tells_what_each_task_made_and_publishes_nothing(project: Project) -> None:
    done = project.segue("test", "daily.py:daily")
    assert done.returncode == 0, done.stdout
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if "✓ done" in line and ":" not in line[:9]}
    assert "[1, 2, 3]" in rows["extract"] and "3 rows: n" in rows["table"]
    publish = rows["publish"].split()
    assert publish[-2:] == ["6", "3"]  # rows that its writers staged, and what it returned
    assert f"would publish (publish) 3 rows to {project.folder}/out/date=2026-04-01/part-0.parquet" in done.stdout
    assert f"would publish (publish) 3 rows to daily in {project.folder}/out.duckdb" in done.stdout
    assert left(project) == {"segue.toml", "daily.py"}


def test_as_json_it_is_one_object(project: Project) -> None:
    done = project.run_json("test", "daily.py:daily")
    assert (done["exit_code"], done["state"]) == (0, "success")
    tasks = {one["task_id"]: one for one in done["tasks"]}
    assert (tasks["publish"]["rows"], len(tasks["publish"]["publishes"]), tasks["extract"]["publishes"]) == (6, 2, [])
    assert tasks["extract"]["result"] == "[1, 2, 3]" and tasks["extract"]["attempts"] == 1


def test_what_would_be_held_is_held_and_leaves_nothing(project: Project) -> None:
    done = project.segue("test", "daily.py:hollow")
    assert done.returncode == 4
    assert "it returned 0 rows" in done.stdout
    assert left(project) == {"segue.toml", "daily.py"}


def test_of_a_task_that_fails_the_last_lines_are_shown(project: Project) -> None:
    done = project.segue("test", "daily.py:failing")
    assert done.returncode == 1
    _, _, said = done.stdout.partition("the last lines of broken:")
    assert "about to divide" in said and "ZeroDivisionError" in said


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--twice"], "--twice comes later"),
        (["--date", "2026-04-01..2026-04-03"], "takes no range"),
        (["--param", "n=1"], "no param"),
        (["--env", "prd"], "prd"),
    ],
)
def test_what_it_cannot_do_is_said(project: Project, words: list[str], text: str) -> None:
    (project.folder / "segue.toml").write_text("[env.prod]\n")
    project.write("slots.py", "from segue import dag, daily, task\n@task\ndef a(): ...\n"
                  "@dag(schedule=daily(), start='2026-01-01')\ndef slots(): a()\n")  # fmt: skip
    done = project.segue("test", "slots.py", *words)
    assert done.returncode == 2 and text in done.stdout


def test_a_scratch_home_keeps_to_itself_and_knows_what_the_real_one_knows(project: Project) -> None:
    """Its storage, logs and database are its own, whatever the settings name; stored connections are the project's."""
    (project.folder / "segue.toml").write_text('storage = "kept"\nlogs = "said"\n')
    assert project.segue("connection", "add", "shop", "sqlite:///shop.db").returncode == 0
    project.write("asks.py", "from segue import Context, dag, injected, task\n"
                  "@task(connections=['shop'])\ndef one(context: Context = injected):\n"
                  "    context.connection('shop')\n    return bytes(100_000)\n@dag\ndef asks(): one()\n")  # fmt: skip
    before = left(project)
    assert project.segue("test", "asks.py").returncode == 0
    assert project.segue("run", "asks.py", "--scratch").returncode == 0
    assert {name for name in left(project) - before if not name.startswith(".segue/")} == set()
    assert project.segue("runs").stdout.strip().count("asks") == 0


def test_a_scratch_home_never_writes_to_the_server(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"SEGUE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "segue", "test", "daily.py:daily", "--json"], cwd=project.folder, env=environ,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["state"] == "success", done.stderr
    monkeypatch.chdir(project.folder)
    with scratch_settings(None) as settings:
        folder = settings.home
        assert settings.real_home == project.home and folder.is_dir()
    assert not folder.exists()

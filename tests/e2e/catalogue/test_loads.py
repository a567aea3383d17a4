"""Rows 15, 41, 47, 49 of the failure catalogue: floods, half-written files, values that cannot be read."""

import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from itertools import cycle
from pathlib import Path

import pytest

from segue.define.loading import load_file
from segue.model.state import RunState
from segue.store.home import DATABASE
from tests.e2e.catalogue.machine import status, wait
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.proof import record
from tests.e2e.served import children, served

FLOOD = int(os.environ.get("CATALOGUE_FLOOD") or 100_000_000)
LOG_LIMIT = 1_000_000
KEPT = 80_000_000

FLOODING = f"""
import sys
from pathlib import Path
from segue import dag, task

@task
def floods() -> int:
    Path("began").touch()
    line = "x" * 9_999 + "\\n"
    for _ in range({FLOOD} // len(line)):
        sys.stdout.write(line)
    return {FLOOD}

@dag
def flood() -> None:
    floods()
"""


def test_a_flood_of_output_costs_its_owner_no_memory_and_no_disk(tmp_path: Path) -> None:
    """Of `CATALOGUE_FLOOD` bytes; 10 GB in `make chaos`."""
    project = Project(tmp_path / "p", log_limit=LOG_LIMIT)
    project.write("flood.py", FLOODING)
    with project.start("run", "flood.py") as process:
        wait((project.folder / "began").exists)
        before, began = status(process.pid, "VmRSS"), time.monotonic()
        highest = before
        while process.poll() is None:
            with suppress(ProcessLookupError, FileNotFoundError):
                highest = status(process.pid, "VmHWM")
            time.sleep(0.05)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert highest - before < 50 * 2**20
    logs = sum(file.stat().st_size for file in (project.home / "logs").rglob("*") if file.is_file())
    assert LOG_LIMIT / 2 < logs < 1.1 * LOG_LIMIT
    figures = f"{FLOOD:,} bytes; the owner grew by {(highest - before) / 2**20:.1f} MiB, {logs:,} bytes kept"
    record("a log flooded", None, figures, None, time.monotonic() - began)


def test_row_41_a_flood_of_output_that_is_looked_at_costs_the_web_server_no_memory(tmp_path: Path) -> None:
    """All that is kept is read over and over while it grows: page by page, searched through, and as one text."""
    project = Project(tmp_path / "p", workers=1, log_limit=KEPT)
    project.write("flood.py", FLOODING)
    with served(project) as (one, server):
        assert server.post("/api/v1/dags/trigger", {"dags": ["flood"]}, idempotency_key="once").status in (200, 202)
        wait((project.folder / "began").exists)
        [web] = children(one, "segue.app.web")
        assert server.get("/api/v1/attempts/1/log").status == 200
        before = status(web, "VmRSS")
        ways = ("log?limit=5000", "log?limit=5000&tail=true", "log?text=nowhere", "log?level=error", "log.txt")
        for way in cycle(ways):
            if one.runs("flood"):
                break
            assert server.get(f"/api/v1/attempts/1/{way}").status == 200, way
            time.sleep(0.5)
        for way in ways:
            answer = server.get(f"/api/v1/attempts/1/{way}")
            assert answer.status == 200, answer.body[:500]
        assert len(answer.body) > KEPT / 2
        assert status(web, "VmHWM") - before < 50 * 2**20
        assert one.end() == 0


# ------------------------------------------------------------------------------------------- row 47: half-written files
WHOLE = """
from segue import dag, task

@task
def first() -> int:
    return 1

@task
def second(number: int) -> int:
    return number + 1

@dag
def pair() -> None:
    second(first())
"""


def test_a_file_that_breaks_off_is_refused_with_its_line_and_is_never_half_a_dag(tmp_path: Path) -> None:
    """Cut after every character, as by an editor that is still writing."""
    refused = 0
    for size in range(len(WHOLE)):
        file = tmp_path / f"cut{size}.py"
        file.write_text(WHOLE[:size])
        loaded = load_file(file, tmp_path)
        if not _is_python(WHOLE[:size]):
            assert loaded.specs == [] and [error.line > 0 and error.file for error in loaded.errors] == [file.name]
            refused += 1
        assert not loaded.errors or not loaded.specs
    assert refused > 100


def _is_python(text: str) -> bool:
    with suppress(SyntaxError):
        compile(text, "pipeline", "exec")
        return True
    return False


# ------------------------------------------------------------------------------------------ row 49: what cannot be read
WAITING = """
import time
from pathlib import Path
from segue import dag, task

@task
def before() -> int:
    return 1

@task
def waits(number: int) -> int:
    Path("began").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return number

@dag
def bad() -> None:
    waits(before())
"""
GOOD = """
from segue import dag, task

@task
def one() -> int:
    return 1

@dag
def good() -> None:
    one()
"""
OF_USERS = {
    "runs.params": "dag = 'bad'",
    "tasks.inline": "task_id = 'before'",
    "tasks.followed": "task_id = 'before'",
}
OURS = {"versions.spec": "dag = 'bad'", "runs.why": "dag = 'bad'", "dags.quarantined": "dag_id = 'bad'"}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Its owner was killed while one of two tasks ran."""
    project = Project(tmp_path_factory.mktemp("interrupted") / "p")
    project.write("bad.py", WAITING)
    project.write("good.py", GOOD)
    with project.start("run", "bad.py") as process:
        wait((project.folder / "began").exists)
        process.kill()
    project.check_nothing_is_left()
    (project.folder / "go").touch()
    return project


def spoiled(interrupted: Project, folder: Path, where: str, which: str) -> Project:
    """A copy with something in one column that nobody can read."""
    shutil.copytree(interrupted.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
    project = Project(folder)
    table, column = where.split(".")
    with closing(sqlite3.connect(project.home / DATABASE)) as database:
        assert database.execute(f"UPDATE {table} SET {column} = X'C1FF00' WHERE {which}").rowcount > 0
        database.commit()
    return project


def rows(project: Project) -> list[str]:
    """All but what an owner notes about itself."""
    with closing(sqlite3.connect(project.home / DATABASE)) as database:
        return [line for line in database.iterdump() if 'INTO "meta"' not in line]


@pytest.mark.parametrize("where", OF_USERS)
def test_a_run_whose_values_cannot_be_read_stands_alone_and_others_go_on(
    interrupted: Project, tmp_path: Path, where: str
) -> None:
    project = spoiled(interrupted, tmp_path / "p", where, OF_USERS[where])
    retried, other = project.segue("retry", "bad@latest"), project.segue("run", "good.py")
    assert "Traceback" not in retried.stdout + other.stdout
    assert other.returncode == 0, other.stdout
    assert project.detail("good@latest").run.state is RunState.SUCCESS
    assert retried.returncode in (1, 3), retried.stdout


@pytest.mark.parametrize("where", OURS)
def test_a_row_of_ours_that_cannot_be_read_is_damage_and_nothing_is_written(
    interrupted: Project, tmp_path: Path, where: str
) -> None:
    project = spoiled(interrupted, tmp_path / "p", where, OURS[where])
    before = rows(project)
    refused = project.segue("run", "good.py")
    assert refused.returncode == 3 and "Traceback" not in refused.stdout
    assert "is damaged" in refused.stdout and "segue db backup" in refused.stdout
    assert rows(project) == before

"""A database that was put back runs nothing by itself, and says what would go on (row 60)."""

import json
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from segue.store.home import DATABASE
from segue.store.sqlite.lives import MARK
from tests.e2e.commands import Project
from tests.e2e.standing import eventually, up

FLOW = """
import time
from pathlib import Path

from segue import dag, every, task

PLACE = Path({place!r})

def told(name: str) -> None:
    with (PLACE / "done").open("a") as done:
        done.write(name + "\\n")

@task
def first() -> None:
    told("first")

@task
def long() -> None:
    told("long")
    while not (PLACE / "go").exists():
        time.sleep(0.02)

@task
def last() -> None:
    told("last")

@dag
def slow() -> None:
    first() >> long() >> last()

@task
def tick() -> None:
    told("tick")

@dag(schedule=every("1s"), start="2026-01-01")
def ticking() -> None:
    tick()
"""
NEW = """
from segue import dag, every, task
from pathlib import Path

@task
def late() -> None:
    with Path({place!r}, "done").open("a") as done:
        done.write("late\\n")

@dag(schedule=every("1s"), start="2026-01-01")
def newcomer() -> None:
    late()
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "p")
    project.write("flow.py", FLOW.format(place=str(tmp_path)))
    return project


def told(project: Project) -> list[str]:
    """What tasks have told."""
    file = project.folder.parent / "done"
    return file.read_text().split() if file.exists() else []


def done(project: Project) -> list[str]:
    """But for the clock's, whose order among the others nobody knows."""
    return [line for line in told(project) if line not in ("tick", "late")]


def ticks(project: Project) -> int:
    return told(project).count("tick")


def back_up_in_the_middle(project: Project, copy: Path) -> None:
    """A day: a backup while `slow` runs, which then comes to its end."""
    with up(project) as one:
        assert project.segue("trigger", "slow").returncode == 0
        eventually(lambda: done(project) == ["first", "long"], "the long task")
        one.await_runs("ticking", 1)
        made = project.segue("db", "backup", str(copy))
        assert made.returncode == 0, made.stdout
        (project.folder.parent / "go").touch()
        one.await_runs("slow", 1)
        one.await_runs("ticking", len(one.runs("ticking")) + 2)  # at least one of a slot that the backup does not know
        assert one.end() == 0
    assert done(project) == ["first", "long", "last"]


def by_the_verb(project: Project, copy: Path) -> None:
    said = project.run_json("db", "restore", str(copy))
    assert said["exit_code"] == 0
    runs = [state for run, state in said["would_run"]["runs"] if run.startswith("slow@")]
    assert runs == ["running"], said  # one of the clock's may have been under way as well
    [(dag, count, *_)] = said["would_run"]["slots"]
    assert dag == "ticking" and count >= 1
    assert said["manifest"]["runs"] >= 2
    aside = Path(said["aside"])
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    with closing(sqlite3.connect(aside)) as before:
        assert before.execute("SELECT count(*) FROM runs WHERE state = 'success' AND dag = 'slow'").fetchone() == (1,)


def by_hand(project: Project, copy: Path) -> None:
    for left in project.home.glob(f"{DATABASE}*"):
        left.unlink()
    shutil.copy(copy, project.home / DATABASE)


def into_a_new_home(project: Project, copy: Path) -> None:
    by_hand(project, copy)
    (project.home / MARK).unlink()


@pytest.mark.parametrize("put_back", [by_the_verb, by_hand, into_a_new_home])
def test_what_was_running_in_the_backup_is_not_run_again_before_a_person_says_so(
    project: Project, tmp_path: Path, put_back: Callable[[Project, Path], None]
) -> None:
    copy = tmp_path / "yesterday.db"
    back_up_in_the_middle(project, copy)
    put_back(project, copy)
    ticked = ticks(project)
    with up(project) as one:
        if put_back is not by_the_verb:
            one.await_word("every DAG is paused hard")
        project.write("new.py", NEW.format(place=str(tmp_path)))  # the backup does not know it
        eventually(lambda: "newcomer" in project.segue("next").stdout, "the new DAG")
        time.sleep(3)  # three slots fall due
        assert (done(project), ticks(project)) == (["first", "long", "last"], ticked)
        assert "late" not in told(project)
        assert project.segue("unpause", "--all").returncode == 0
        eventually(lambda: done(project) == ["first", "long", "last", "long", "last"], "the rest of the run")
        eventually(lambda: "late" in told(project), "the new DAG's run")
        assert one.end() == 0
    project.check_nothing_is_left()


def test_a_file_that_was_copied_before_a_later_life_is_recognised(project: Project, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    assert project.segue("run", "flow.py:slow").returncode == 0
    old = tmp_path / "old.db"
    shutil.copy(project.home / DATABASE, old)
    assert project.segue("run", "flow.py:slow").returncode == 0
    by_hand(project, old)
    refused = project.segue("run", "flow.py:slow")
    assert refused.returncode == 1 and "paused hard" in refused.stdout
    assert project.segue("unpause", "--all").returncode == 0
    assert project.segue("run", "flow.py:slow").returncode == 0


def test_a_home_that_is_moved_whole_goes_on(project: Project, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    assert project.segue("run", "flow.py:slow").returncode == 0
    moved = Project(tmp_path / "q")
    moved.write("flow.py", (project.folder / "flow.py").read_text())
    shutil.move(project.home, moved.home)
    assert moved.segue("run", "flow.py:slow").returncode == 0


def test_a_restore_is_refused_while_an_owner_runs_and_changes_nothing(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with up(project) as one:
        one.await_runs("ticking", 1)
        assert project.segue("db", "backup", str(copy)).returncode == 0
        refused = project.segue("db", "restore", str(copy))
        assert refused.returncode == 3 and str(one.process.pid) in refused.stdout
        one.await_runs("ticking", 2)
        assert one.end() == 0


@pytest.mark.parametrize("damage", ["missing", "rubbish", "other"])
def test_a_file_that_is_no_backup_is_refused_and_the_home_is_as_it_was(
    project: Project, tmp_path: Path, damage: str
) -> None:
    (tmp_path / "go").touch()
    assert project.segue("run", "flow.py:slow").returncode == 0
    before = project.segue("runs").stdout
    bad = tmp_path / "bad.db"
    if damage == "rubbish":
        bad.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    elif damage == "other":
        with closing(sqlite3.connect(bad)) as other:
            other.execute("CREATE TABLE things (a)")
    refused = project.segue("db", "restore", str(bad), "--json")
    assert refused.returncode in (2, 3) and "Traceback" not in refused.stdout
    assert json.loads(refused.stdout.splitlines()[-1])["error"]
    assert project.segue("runs").stdout == before
    assert sorted(path.name for path in project.home.iterdir() if "restoring" in path.name) == []
    assert project.segue("run", "flow.py:slow").returncode == 0

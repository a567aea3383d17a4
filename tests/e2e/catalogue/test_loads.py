"""Rows 41, 47, 49 of the failure catalogue: floods, half-written files, a run that cannot be read."""

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from segue.define.loading import load_file
from segue.model.errors import SegueError
from segue.model.state import RunState
from segue.store.home import DATABASE
from tests.e2e.catalogue.machine import status, wait
from tests.e2e.commands import PATIENCE, Project

FLOOD = int(os.environ.get("CATALOGUE_FLOOD") or 300_000_000)
LOG_LIMIT = 1_000_000

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
        before = highest = status(process.pid, "VmRSS")
        while process.poll() is None:
            with suppress(ProcessLookupError, FileNotFoundError):
                highest = status(process.pid, "VmHWM")
            time.sleep(0.05)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert highest - before < 50 * 2**20
    logs = sum(file.stat().st_size for file in (project.home / "logs").rglob("*") if file.is_file())
    assert LOG_LIMIT / 2 < logs < 1.1 * LOG_LIMIT


# ---------------------------------------------------------------------------------------------- row 47: half-written files
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


def test_a_file_of_which_any_part_is_missing_is_named_with_its_line_or_has_no_dag(tmp_path: Path) -> None:
    """Cut after every character: a file that is being written. None is half a DAG, none ends in a traceback of ours."""
    ends: set[str] = set()
    for size in range(len(WHOLE)):
        file = tmp_path / f"cut{size}.py"
        file.write_text(WHOLE[:size])
        try:
            loaded = load_file(file, tmp_path)
        except SegueError as error:
            assert file.name in str(error)
            ends.add("refused")
            continue
        for problem in loaded.errors:
            assert problem.line
            ends.add("problem")
        for spec in loaded.specs:
            assert [task.id for task in spec.tasks] == ["first", "second"], WHOLE[:size]
    assert ends

# --------------------------------------------------------------------------------------------- row 49: what cannot be read
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
GARBAGE = [
    ("versions", "spec"), ("runs", "params"), ("runs", "why_args"), ("tasks", "why_args"), ("tasks", "result"),
    ("attempts", "fence"),
]  # fmt: skip

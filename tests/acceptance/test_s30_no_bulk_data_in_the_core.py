"""S30: the core moves no bulk data. What tasks hand over goes by reference; loop and database stay small."""

import os
from pathlib import Path

from tests.e2e.commands import Project

BULK = """
from segue import dag, task

SIZE = 60_000_000

@task
def make() -> bytes:
    return b"x" * SIZE

@task
def measure(data: bytes) -> int:
    assert len(data) == SIZE
    return len(data)

@dag
def bulk():
    measure(make())
"""


def test_s30_bulk_data_passes_by_the_database(tmp_path: Path):
    project = Project(tmp_path)
    project.write("bulk.py", BULK)
    done = project.run_json("run", "bulk.py")
    assert done["state"] == "success", done
    stored = sum(path.stat().st_size for path in project.home.glob("storage/**/*") if path.is_file())
    assert stored >= 60_000_000
    database = sum(path.stat().st_size for path in project.home.glob("segue.db*"))
    assert database < 20_000_000
    rows = project.detail("bulk@latest").tasks
    made = next(row for row in rows if row.task == "make")
    assert made.inline is None and made.ref is not None and len(made.ref) < 1_000


def peak_of_the_owner(project: Project, target: str) -> int:
    """Its peak of resident memory in bytes, without that of its workers."""
    process = project.start("run", target)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


def test_s30_bulk_data_passes_by_the_owner(tmp_path: Path):
    project = Project(tmp_path)
    project.write("bulk.py", BULK)
    project.write("small.py", BULK.replace("60_000_000", "60_000"))
    assert peak_of_the_owner(project, "bulk.py") - peak_of_the_owner(project, "small.py") < 30_000_000

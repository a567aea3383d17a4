"""S30: the core moves no bulk data. What tasks hand over goes by reference; loop and database stay small."""

import resource
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


def test_bulk_data_passes_by_the_database(tmp_path: Path):
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


def test_bulk_data_passes_by_the_owner(tmp_path: Path):
    project = Project(tmp_path)
    project.write("bulk.py", BULK)
    with project.start("run", "bulk.py") as process:
        process.communicate(timeout=60)
    assert process.returncode == 0
    # The peak of any process that this one has waited for, in KiB; the owner is waited for, its workers are not.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 220_000

"""Rows 13, 15, 42 of the failure catalogue on real file systems: full while runs go on, too small, restored."""

import os
import shutil
import time
from pathlib import Path

import pytest

from segue.model.state import AttemptState, TaskState
from segue.store.home import DATABASE
from tests.e2e.catalogue.machine import full, small_disk, wait
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.ledger import Ledger, check
from tests.e2e.proof import record

PAUSE = float(os.environ.get("CATALOGUE_PAUSE") or 1)
"""Half the seconds that a disk stays full; 60 in `make chaos`."""


@pytest.mark.parametrize("kind", ["tmpfs", "ext4"])
def test_a_full_disk_pauses_a_run_that_goes_on_by_itself_when_there_is_room(tmp_path: Path, kind: str) -> None:
    """Home, logs and results lie on it. Nothing is lost, nothing runs twice, and the owner is the same all along."""
    ledger, said, began = Ledger(tmp_path / "ledger"), tmp_path / "said", time.monotonic()
    with small_disk(tmp_path / "disk", 64, kind) as disk:
        project = Project(disk / "p", "chaos.py", "tracing.py", workers=2)
        project.write("plain.py", PLAIN)
        with (
            said.open("w") as out,
            project.start(
                "run", "plain.py", "--param", f"ledger={ledger.folder}", "--param", "pace=0.005", stdout=out
            ) as process,
        ):
            wait(lambda: ledger.size() > 2000 or process.poll() is not None)
            with full(disk):
                wait(lambda: "the disk is full" in said.read_text() or process.poll() is not None)
                time.sleep(PAUSE)
                written = ledger.size()
                time.sleep(PAUSE)
                assert process.poll() is None, said.read_text()
                assert ledger.size() == written, "tasks are started whose start cannot be written down"
            process.wait(PATIENCE)
        assert process.returncode == 0, said.read_text()
        assert "Traceback" not in said.read_text()
        assert said.read_text().count("the disk is full") == 1, "said again and again"
        project.check_nothing_is_left()
        detail = project.detail("plain@latest")
        check(detail, ledger, owners=1)
        assert {view.state for view in detail.attempts} == {AttemptState.SUCCESS}
        assert all(view.key.number == 1 for view in detail.attempts)
    record(
        "a disk full", None, f"{kind} for {2 * PAUSE:.0f} s, nothing lost, no restart", None, time.monotonic() - began
    )


PLAIN = """
from tracing import Chaos, traced
from segue import Retry, dag, injected, task

@task(retry=Retry(0, lost=0))
def step(number: int, params: Chaos = injected) -> list[str]:
    with traced(params) as token:
        print("working on", token)
        return [token, "x" * 60_000]

@dag(params=Chaos)
def plain() -> None:
    step.map(range(300))
"""

LARGE = """
from segue import dag, task

@task(retry=0)
def large() -> bytes:
    return b"x" * 50_000_000

@task
def small() -> int:
    return 1

@dag
def sizes() -> None:
    large()
    small()
"""


def test_a_result_that_its_storage_has_no_room_for_fails_its_attempt_and_nothing_else(tmp_path: Path) -> None:
    with small_disk(tmp_path / "storage", 16) as storage:
        project = Project(tmp_path / "p", storage=str(storage))
        project.write("sizes.py", LARGE)
        done = project.segue("run", "sizes.py")
        assert done.returncode == 1, done.stdout
        detail = project.detail("sizes@latest")
        assert {entry.task: entry.state for entry in detail.entries()} == {
            "large": TaskState.FAILED,
            "small": TaskState.SUCCESS,
        }
        [(label, reason)] = detail.run.culprits
        assert label == "large" and "No space left" in reason and "Traceback" not in done.stdout
        assert sum(file.stat().st_size for file in storage.rglob("*") if file.is_file()) < 1_000_000, "litter"
    assert (project.home / DATABASE).stat().st_size < 1_000_000
    project.check_nothing_is_left()


def test_a_database_that_is_broken_is_restored_from_a_backup_as_documented(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.write("sizes.py", LARGE.replace("50_000_000", "5"))
    assert project.segue("run", "sizes.py").returncode == 0
    copy = tmp_path / "copy.db"
    assert project.segue("db", "backup", str(copy)).returncode == 0
    before = project.segue("runs").stdout
    database = project.home / DATABASE
    with database.open("r+b") as file:
        file.write(b"no database any more")
    refused = project.segue("run", "sizes.py")
    assert refused.returncode == 3 and "Traceback" not in refused.stdout
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (project.home / name).unlink(missing_ok=True)
    shutil.copy(copy, database)
    assert project.segue("runs").stdout == before
    paused = project.segue("run", "sizes.py")
    assert paused.returncode == 1 and "segue unpause sizes" in paused.stdout, "a copy by hand starts paused as well"
    assert project.segue("unpause", "--all").returncode == 0
    assert project.segue("run", "sizes.py").returncode == 0
    project.check_nothing_is_left()

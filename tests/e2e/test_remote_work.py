"""Work that lives elsewhere: one remote job for one task, whatever happens to the worker; none after a cancel."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.commands import Cancel
from segue.model.events import Cancelled, Lost
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.jobs import CLIENT, Jobs, serving
from tests.unit.run.driver import result_of
from tests.unit.run.files import FileShop, file_shop


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    with serving() as jobs:
        yield jobs


@pytest.fixture
def shop(tmp_path: Path, jobs: Jobs) -> Iterator[FileShop]:
    with file_shop(tmp_path, f"URL = {jobs.url!r}\n{CLIENT}") as driver:
        yield driver


def _kill_worker(shop: FileShop) -> None:
    for worker in list(shop.executor._crew.workers.values()):
        os.kill(worker.page.cells[4], signal.SIGKILL)


def test_a_worker_killed_midway_leaves_one_remote_job_that_the_next_attempt_takes_up(shop: FileShop, jobs: Jobs):
    key = shop.begin("compute")
    shop.turn_until(lambda: bool(jobs.asked))
    _kill_worker(shop)
    assert isinstance(shop.end(key), Lost)
    assert jobs.states == {"j-1": "running"}
    again = shop.begin("compute", number=2)
    before = jobs.asked["j-1"]
    shop.turn_until(lambda: jobs.asked["j-1"] > before)
    jobs.finish()
    assert result_of(shop.end(again)) == ("j-1", "finished")
    assert list(jobs.states) == ["j-1"]


def test_a_cancel_ends_the_remote_job(shop: FileShop, jobs: Jobs):
    key = shop.begin("compute")
    shop.turn_until(lambda: bool(jobs.asked))
    shop.executor.do([Cancel(key)])
    assert shop.end(key).outcome == Cancelled()
    assert jobs.states == {"j-1": "cancelled"}


def test_a_cancel_of_an_attempt_that_waits_ends_the_remote_job_of_the_one_before(shop: FileShop, jobs: Jobs):
    first = shop.begin("compute")
    shop.turn_until(lambda: bool(jobs.asked))
    _kill_worker(shop)
    shop.end(first)
    second = shop.begin("compute", number=2)
    shop.executor.do([Cancel(second)])
    assert shop.end(second).outcome.begun is False
    assert jobs.states == {"j-1": "cancelled"}


# ---------------------------------------------------------------------------------------------------- the whole of it
@pytest.fixture
def project(tmp_path: Path, jobs: Jobs) -> Project:
    made = Project(tmp_path / "project")
    made.write("remote.py", f"URL = {jobs.url!r}\n{CLIENT}")
    return made


def _wait(until) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _kill_workers(project: Project) -> None:
    """Those are the children of the fork server, which is a process of the home as well."""
    alive = project.processes()
    for pid in alive:
        if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) in alive:
            os.kill(pid, signal.SIGKILL)


def test_a_run_survives_its_killed_worker_with_one_remote_job(project: Project, jobs: Jobs):
    with project.start("run", "remote.py", "--json") as process:
        _wait(lambda: bool(jobs.asked))
        _kill_workers(project)
        before = jobs.asked["j-1"]
        _wait(lambda: jobs.asked["j-1"] > before + 3)
        jobs.finish()
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert list(jobs.states) == ["j-1"]
    project.check_nothing_is_left()


def test_ctrl_c_ends_the_remote_job(project: Project, jobs: Jobs):
    with project.start("run", "remote.py") as process:
        _wait(lambda: bool(jobs.asked))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert jobs.states == {"j-1": "cancelled"}
    project.check_nothing_is_left()


def test_a_cancel_between_two_attempts_ends_the_remote_job(project: Project, jobs: Jobs):
    with project.start("run", "remote.py") as process:
        _wait(lambda: bool(jobs.asked))
        _kill_workers(project)
        _wait(lambda: project.detail("remote@latest").tasks[0].state == "up_for_retry")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert jobs.states == {"j-1": "cancelled"}
    project.check_nothing_is_left()


def test_the_death_of_the_owner_leaves_one_remote_job(project: Project, jobs: Jobs):
    with project.start("run", "remote.py") as process:
        _wait(lambda: bool(jobs.asked))
        process.kill()
        process.wait()
    with project.start("retry", "remote@latest") as process:
        before = jobs.asked["j-1"]
        _wait(lambda: jobs.asked["j-1"] > before + 3)
        jobs.finish()
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert list(jobs.states) == ["j-1"]

"""`segue scheduler` on one database: of two one leads, and the other one takes over (RELIABILITY 35)."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from segue.run.processes import descendants
from tests.e2e.standing import TICKING, Up, eventually, up
from tests.postgres.served import ServedProject

SLOW = """
import os
import time
from pathlib import Path
from segue import dag, task

@task
def waits() -> None:
    with Path("{folder}/begun").open("a") as stream:
        stream.write(f"{{os.getpid()}} ")
    while not Path("{folder}/go").exists():
        time.sleep(0.01)

@dag
def slow() -> None:
    waits()
"""


class Pair:
    """Two homes with the same DAG folder and the same database; the first scheduler leads."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        dags = folder / "dags"
        dags.mkdir()
        (dags / "pyproject.toml").touch()
        (dags / "ticking.py").write_text(TICKING)
        (dags / "slow.py").write_text(SLOW.format(folder=str(folder)))
        self.folder = folder
        self.projects = [ServedProject(url, folder / name, workers=1, dags=str(dags)) for name in ("one", "two")]
        self.one = stack.enter_context(up(self.projects[0], verb="scheduler"))
        self.one.await_runs("ticking", 1)
        self.two = stack.enter_context(up(self.projects[1], verb="scheduler"))
        self.two.await_word("stands by")

    def check(self) -> None:
        """Every second from the first to the last has exactly one run, and the database is whole."""
        keys = self.two.runs("ticking")
        assert len(keys) == len(set(keys))
        for one in (self.one, self.two):
            one.process.kill()
            one.process.wait()
        for project in self.projects:
            project.check_nothing_is_left()


@pytest.fixture
def pair(url: str, tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(url, tmp_path, stack)


def whole(one: Up) -> list[int]:
    return [one.process.pid, *descendants(one.process.pid)]


def test_of_two_schedulers_one_leads_and_the_other_takes_over_when_it_is_killed(pair):
    before = len(pair.two.runs("ticking"))
    pair.one.process.kill()
    pair.two.await_word("leads now")
    pair.two.await_runs("ticking", before + 3)
    pair.check()


def test_a_leader_that_was_stopped_and_goes_on_commits_nothing(pair):
    stopped = whole(pair.one)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    pair.two.await_word("leads now")
    before = len(pair.two.runs("ticking"))
    for pid in reversed(stopped):
        os.kill(pid, signal.SIGCONT)
    pair.one.await_word("stands by")
    pair.two.await_runs("ticking", before + 3)
    pair.check()


def test_what_runs_under_a_leader_that_stands_still_is_not_run_again_while_it_may_be_alive(pair):
    """RELIABILITY 35: a task has one process, although nobody can see the other machine's."""
    assert pair.projects[0].segue("trigger", "slow").returncode == 0
    begun = pair.folder / "begun"
    eventually(lambda: begun.exists() and begun.read_text().endswith(" "))
    [first] = map(int, begun.read_text().split())
    loop = pair.one.loop()
    os.kill(loop, signal.SIGSTOP)  # its workers live on
    pair.two.await_word("leads now")
    pair.two.await_runs("ticking", len(pair.two.runs("ticking")) + 3)
    assert begun.read_text().split() == [str(first)]
    os.kill(loop, signal.SIGCONT)
    pair.one.await_word("what runs here ends")
    eventually(lambda: not Path(f"/proc/{first}").exists(), "the end of the old worker")
    assert begun.read_text().split() == [str(first)]
    eventually(lambda: len(begun.read_text().split()) == 2, "the next attempt")
    (pair.folder / "go").touch()
    pair.two.await_runs("slow", 1)
    pair.check()


def test_a_stand_by_ends_when_it_is_told(pair):
    assert pair.two.end() == 0
    pair.one.await_runs("ticking", len(pair.one.runs("ticking")) + 1)
    assert pair.one.end() == 0


def test_what_is_asked_in_the_home_of_the_stand_by_or_in_none_reaches_the_leader(pair, url, tmp_path):
    said = pair.projects[1].segue("pause", "ticking")
    assert (said.returncode, "ticking is paused" in said.stdout) == (0, True), said.stdout
    third = ServedProject(url, tmp_path / "three")
    triggered = third.segue("trigger", "ticking", "--wait")
    assert triggered.returncode == 0, triggered.stdout
    assert third.segue("unpause", "--all").returncode == 0
    count = len(pair.one.runs("ticking"))
    pair.one.await_runs("ticking", count + 1)
    assert "stands by" not in pair.one.said


def test_a_scheduler_needs_a_served_database(tmp_path):
    from tests.e2e.commands import Project

    refused = Project(tmp_path / "shop").segue("scheduler")
    assert (refused.returncode, "SEGUE_DATABASE_URL" in refused.stdout) == (2, True)


def test_the_leader_goes_on_when_its_server_was_away(pair, server):
    pair.two.end()
    server.stop(signal.SIGINT)
    pair.one.await_word("the server is not there")
    server.start()
    pair.one.await_runs("ticking", len(pair.one.runs("ticking")) + 2)

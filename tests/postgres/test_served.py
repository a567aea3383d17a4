"""`segue run` with its database on a server that goes away, that somebody else leads, that workers never see."""

import os
import signal
import time
from pathlib import Path

import pytest

from segue.model.state import RunState
from tests.e2e.commands import PATIENCE
from tests.e2e.ledger import Ledger, check
from tests.postgres.served import ServedProject

DOWN = float(os.environ.get("PG_DOWN") or 3)
"""Seconds that the server is away; a minute in `make chaos`."""


class Run:
    """One run of 100 tasks, under way."""

    def __init__(self, url, folder, pace=0.3):
        self.project = ServedProject(url, folder / "project", "three.py", "tracing.py", workers=10)
        self.ledger = Ledger(folder / "ledger")
        params = {"ledger": self.ledger.folder, "width": 100, "pace": pace}
        words = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
        self.process = self.project.start("run", "three.py", *words)

    def wait_for(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def wait_for_work(self):
        self.wait_for(lambda: len(self.ledger.running()) >= 5)

    def end(self):
        said, _ = self.process.communicate(timeout=PATIENCE + 2 * DOWN)
        return self.process.returncode, said


@pytest.fixture
def run(url, tmp_path):
    run = Run(url, tmp_path)
    yield run
    run.process.kill()
    run.process.wait()
    run.process.stdout.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["in order", "by a crash"])
def test_a_server_that_goes_away_for_a_while_costs_no_result(server, run, how):
    run.wait_for_work()
    begun = len(run.ledger.lines())
    server.stop(how)
    try:
        time.sleep(DOWN)
        assert len(run.ledger.lines()) > begun  # what has begun goes on
    finally:
        server.start()
    code, said = run.end()
    assert code == 0, said
    assert "the server" in said
    detail = run.project.detail("three@latest")
    check(detail, run.ledger, owners=1)
    assert {view.key.number for view in detail.attempts} == {1}
    run.project.check_nothing_is_left()


def test_workers_hold_no_connection_and_do_not_even_know_the_driver(server, database, run):
    run.wait_for_work()
    seen = server.execute(f"SELECT application_name FROM pg_stat_activity WHERE datname = '{database}'")
    workers = {line.pid for line in run.ledger.running()}
    maps = [text for pid in workers if (text := told(pid, "maps"))]
    environ = [text for pid in workers if (text := told(pid, "environ"))]
    code, said = run.end()
    assert code == 0, said
    assert sorted(seen) == [("segue results",), ("segue writer",)]
    assert len(maps) >= 3
    assert all("python" in text and "psycopg" not in text and "libpq" not in text for text in maps)
    assert not any("SEGUE_DATABASE_URL" in text for text in environ)


def told(pid, what):
    """What the kernel knows of a process; empty where it has just ended."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text()
    except OSError:
        return ""


@pytest.fixture
def long_run(url, tmp_path):
    run = Run(url, tmp_path, pace=5.0)
    yield run
    run.process.kill()
    run.process.wait()
    run.process.stdout.close()


def test_who_comes_second_is_told_who_leads(long_run, url, tmp_path):
    run = long_run
    run.wait_for_work()
    other = ServedProject(url, tmp_path / "other", "three.py", "tracing.py")
    said = other.segue("run", "three.py", "--param", f"ledger={run.ledger.folder}")
    assert said.returncode == 3, said.stdout
    assert f"led by process {run.process.pid} on" in said.stdout


def test_a_home_goes_on_at_once_where_its_owner_was_killed(run):
    run.wait_for_work()
    run.process.kill()
    run.process.wait()
    again = run.project.segue("retry", "three@latest")
    assert again.returncode == 0, again.stdout
    detail = run.project.detail("three@latest")
    assert detail.run.state is RunState.SUCCESS
    check(detail, run.ledger, owners=2)


def test_an_address_that_leads_nowhere_is_said_so(tmp_path, server):
    folder = tmp_path / "project"
    for url, code, text in (
        ("mysql://x", 2, "no address of a database"),
        (server.url("nowhere"), 3, '"nowhere" does not exist'),
        (server.url("nowhere", tmp_path), 3, "the server is not there"),
    ):
        said = ServedProject(url, folder, "three.py", "tracing.py").segue("runs")
        assert (said.returncode, text in said.stdout) == (code, True), said.stdout

"""S69: a worker killed mid-task is detected, its attempt comes back as lost and never as a success."""

import os
import signal
from pathlib import Path

import pytest

from segue.model.commands import Answer
from segue.model.events import OWN_CAUSES, Ended, Lost
from tests.unit.run.driver import process_driver, result_of


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_s69_a_worker_killed_mid_task_loses_its_attempt_and_nothing_else(tmp_path: Path, number: signal.Signals):
    with process_driver(tmp_path / "home") as shop:
        killed = shop.launch("announce_and_hang", str(tmp_path / "pid"))
        other = shop.launch("wait_for", str(tmp_path / "go"))
        shop.started(killed)
        shop.started(other)
        os.kill(int((tmp_path / "pid").read_text()), number)
        event = shop.end(killed)
        assert isinstance(event, Lost) and event.cause in OWN_CAUSES and event.signal == number
        assert event.started is not None
        (tmp_path / "go").touch()
        assert result_of(shop.end(other)) == "seen"
        again = shop.run("touch", str(tmp_path / "again"), number=2)
        assert isinstance(again, Ended) and (tmp_path / "again").exists()


def test_s69_a_worker_that_exits_mid_task_is_no_success(tmp_path: Path):
    with process_driver(tmp_path / "home") as shop:
        event = shop.run("exit_silently")
        assert isinstance(event, Lost) and event.exit_code == 0


def test_s69_a_task_that_must_not_run_twice_says_whether_it_had_begun(tmp_path: Path):
    with process_driver(tmp_path / "home") as shop:
        key = shop.launch("announce_and_hang", str(tmp_path / "pid"), idempotent=False)
        shop.executor.do([Answer(key, shop.asked(key).seq, yes=True)])
        shop.started(key)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        event = shop.end(key)
        assert isinstance(event, Lost) and event.started is not None

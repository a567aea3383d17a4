"""What tasks leave behind: processes, threads, changed state. Nothing of it reaches the next attempt."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.commands import Cancel
from segue.model.events import Cancelled, Ended, Lost, LostCause
from tests.unit.run.driver import RUN, Driver, alive, brief, process_driver, result_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with process_driver(tmp_path_factory.mktemp("leftovers") / "home", workers=1) as driver:
        yield driver


@pytest.mark.parametrize("errand", ["leave_child", "leave_daemon"])
def test_a_process_left_behind_is_dead_when_the_attempt_ends(shop: Driver, tmp_path: Path, errand: str):
    event = shop.run(errand, str(tmp_path / "pid"))
    assert result_of(event) == "done"
    assert not alive(int((tmp_path / "pid").read_text()))
    assert event.usage.notes == ("left 1 process behind: killed",)


def test_a_process_left_behind_retires_the_worker(shop: Driver, tmp_path: Path):
    before = shop.result("pid")
    shop.run("leave_child", str(tmp_path / "pid"))
    assert shop.result("pid") != before


def test_a_thread_left_behind_retires_the_worker_with_a_note(shop: Driver):
    before = shop.result("pid")
    event = shop.run("leave_thread")
    assert result_of(event) == "done"
    assert event.usage.notes == ("left 1 thread behind: the worker was replaced",)
    assert shop.result("pid") != before


def test_a_timeout_kills_all_descendants(shop: Driver, tmp_path: Path):
    event = shop.run("leave_daemon_and_hang", str(tmp_path / "pid"), timeout=1_000_000)
    assert event.outcome.kind == "timeout"
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_cancel_kills_all_descendants(shop: Driver, tmp_path: Path):
    key = shop.launch("leave_daemon_and_hang", str(tmp_path / "pid"))
    shop.turn_until((tmp_path / "pid.hangs").exists)
    shop.executor.do([Cancel(key)])
    assert shop.end(key).outcome == Cancelled()
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_a_killed_worker_leaves_behind_is_dead_before_it_is_reported_lost(shop: Driver, tmp_path: Path):
    event = shop.run("leave_daemon_and_die", str(tmp_path / "pid"))
    assert isinstance(event, Lost) and event.cause is LostCause.SIGNAL
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_fork_that_comes_back_from_the_task_is_no_second_worker(shop: Driver, tmp_path: Path):
    event = shop.run("come_back_twice", str(tmp_path / "who"))
    assert result_of(event) == "from the original"
    assert (tmp_path / "who").read_text().split() == ["copy", "original"]
    assert shop.result("add", 1) == 1


def test_growth_retires_the_worker_with_a_note(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1, growth=50_000_000) as shop:
        before = shop.result("pid")
        event = shop.run("grow", 100)
        assert isinstance(event, Ended) and "grew by" in event.usage.notes[0]
        assert shop.result("pid") != before


def test_a_worker_retires_after_its_last_attempt(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1, attempts=3) as shop:
        pids = [shop.result("pid") for _ in range(7)]
        assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_a_worker_whose_code_took_long_to_load_retires_later_but_it_does(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1, attempts=2) as shop:
        pids = [shop.result("pid", brief=brief(file="slow.py")) for _ in range(22)]
        assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [20, 2]


def test_work_queued_behind_the_last_attempt_of_a_worker_is_done_by_the_next(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1, attempts=2, take_back_after=3600.0) as shop:
        head = shop.launch("wait_for", str(tmp_path / "go"))
        keys = [shop.launch("pid", ahead=True) for _ in range(4)]
        shop.started(head)
        (tmp_path / "go").touch()
        pids = [result_of(shop.end(key)) for key in keys]
        assert len(set(pids)) > 1


def test_state_is_put_back(shop: Driver, tmp_path: Path):
    before = json.loads(shop.result("describe"))
    pid = shop.result("pid")
    shop.run("disturb", str(tmp_path))
    after = json.loads(shop.result("describe"))
    assert shop.result("pid") == pid
    assert after == before
    assert before["environment"]["KEEP_ME"] == "kept"


def test_a_task_knows_which_one_it_is(tmp_path: Path):
    with process_driver(tmp_path / "home", env={"SEGUE_SECRET_TOKEN": "hidden"}) as shop:
        names = json.loads(shop.result("environment"))
    del names["SEGUE_HOME_MARK"], names["SEGUE_FORKS_MARK"]
    assert names == {"SEGUE_RUN_ID": str(RUN), "SEGUE_TASK_ID": "environment.0", "SEGUE_ATTEMPT": "1"}


def test_no_core_is_dumped(shop: Driver):
    assert shop.result("core_limit") == 0

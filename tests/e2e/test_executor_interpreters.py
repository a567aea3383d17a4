"""What workers are made from: one fork server for each interpreter, and what is said where one does not work."""

import os
import signal
import sys
from pathlib import Path

import pytest

from segue.app.clock import SystemClock
from segue.model.events import Ended, Failure, Lost, LostCause
from segue.run.executors.process import ProcessExecutor
from tests.unit.run.driver import ROOT, Driver, FakeResults, alive, brief, process_driver, process_settings

THERE = brief(location="there")


def another(folder: Path, code: str) -> str:
    """An interpreter of a kind."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return str(path)


def working(folder: Path) -> str:
    return another(folder, f'PYTHONPATH={ROOT} exec {sys.executable} "$@"')


def failure_of(event: Ended | Lost) -> str:
    assert isinstance(event, Ended) and isinstance(event.outcome, Failure), event
    assert event.started is None
    return event.outcome.text


@pytest.fixture
def pythons(tmp_path: Path) -> dict[str, str]:
    return {"here": sys.executable, "there": working(tmp_path)}


def test_each_interpreter_has_a_fork_server_of_its_own(tmp_path: Path, pythons: dict[str, str]):
    with process_driver(tmp_path / "home", pythons=pythons) as shop:
        here, there = shop.result("pid"), shop.result("pid", brief=THERE)
        assert parent_of(here) != parent_of(there)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_fork_server_that_started_early_is_no_leftover_of_an_earlier_owner(tmp_path: Path, pythons: dict[str, str]):
    settings = process_settings(tmp_path / "home", pythons=pythons)
    executor = ProcessExecutor(settings, FakeResults(), SystemClock())
    try:
        executor.warm("there")
        early = executor._crew.servers()
        executor.barrier()
        assert parent_of(Driver(executor).result("pid", brief=THERE)) in early
    finally:
        executor.close()


def test_a_fork_server_that_dies_takes_only_its_own_workers_along(tmp_path: Path, pythons: dict[str, str]):
    with process_driver(tmp_path / "home", pythons=pythons) as shop:
        ours = shop.launch("wait_for", str(tmp_path / "go"))
        theirs = shop.launch("announce_and_hang", str(tmp_path / "pid"), brief=THERE)
        shop.turn_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
        worker = int((tmp_path / "pid").read_text())
        os.kill(parent_of(worker), signal.SIGKILL)
        lost = shop.end(theirs)
        assert isinstance(lost, Lost) and lost.cause is LostCause.WORKER
        shop.turn_until(lambda: not alive(worker))  # it is killed already, and may be on its way out
        (tmp_path / "go").touch()
        assert shop.end(ours).outcome == shop.run("wait_for", str(tmp_path / "go")).outcome
        assert shop.result("add", 1, brief=THERE) == 1


def test_an_interpreter_that_never_answers_delays_nobody_else_and_fails_its_attempts(tmp_path: Path):
    pythons = {"here": sys.executable, "there": another(tmp_path, "exec sleep 3600")}
    with process_driver(tmp_path / "home", workers=1, pythons=pythons, start_limit=10) as shop:
        theirs = [shop.launch("pid", brief=THERE) for _ in range(3)]
        assert shop.result("add", 1) == 1
        for key in theirs:
            text = f"location there: {pythons['there']} was not ready after 10 s, and was killed"
            assert failure_of(shop.end(key)) == text
        assert shop.result("add", 2) == 2


def test_the_last_words_of_an_interpreter_are_the_reason(tmp_path: Path):
    pythons = {"here": sys.executable, "there": another(tmp_path, "echo disk on fire >&2; exit 4")}
    with process_driver(tmp_path / "home", pythons=pythons) as shop:
        text = failure_of(shop.run("pid", brief=THERE))
        assert text == f"location there: {pythons['there']} ended with exit status 4: disk on fire"
        Path(pythons["there"]).write_text(Path(working(tmp_path)).read_text())
        shop.turn_until(lambda: isinstance(end := shop.run("add", 1, brief=THERE), Ended) and bool(end.started))


def test_a_location_that_nobody_declares_is_no_other_ones(tmp_path: Path):
    with process_driver(tmp_path / "home", pythons={"here": sys.executable}) as shop:
        assert "the settings name no such location" in failure_of(shop.run("pid", brief=THERE))


@pytest.mark.parametrize("queued", [1, 4])
def test_where_the_workshop_cannot_be_opened_each_attempt_fails_with_the_reason(tmp_path: Path, queued: int):
    with process_driver(tmp_path / "home", workshop="tests.unit.run.shut_workshop") as shop:
        for key in [shop.launch("pid") for _ in range(queued)]:
            assert failure_of(shop.end(key)).startswith("ModuleNotFoundError: No module named 's3fs'")


def test_workers_that_die_before_they_begin_are_not_made_for_ever(tmp_path: Path):
    with process_driver(tmp_path / "home", workshop="tests.unit.run.deadly_workshop") as shop:
        for key in [shop.launch("pid") for _ in range(4)]:
            assert "its workers die before they begin (exit status 3)" in failure_of(shop.end(key))
        assert hired(shop) < 30


def hired(shop: Driver) -> int:
    return shop.executor._crew._hired  # type: ignore[attr-defined]

"""`segue up`: runs by the clock, survives what is killed, ends when told to."""

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from segue.run.processes import descendants
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.standing import TICKING, eventually, up, words_of
from tests.unit.run.driver import alive

SLOW = """
import time
from pathlib import Path
from segue import dag, task

@task(grace="100s")
def waits() -> int:
    Path("began").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return 1

@task
def last(one: int) -> int:
    return one

@dag
def slow() -> None:
    last(waits())
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("ticking.py", TICKING)
    return project


def check_contiguous(keys: list[str]) -> None:
    """Every second from the first to the last has one run."""
    starts = [datetime.fromisoformat(key) for key in keys]
    assert starts == [starts[0] + timedelta(seconds=at) for at in range(len(starts))], keys


def test_a_dag_runs_by_its_clock_until_term(shop):
    with up(shop) as one:
        check_contiguous(one.await_runs("ticking", 3))
        assert f"home {shop.home}" in one.said and f"process {one.process.pid}" in one.said
        assert one.end() == 0
        assert "segue has stopped" in one.said
    shop.check_nothing_is_left()


def test_a_killed_loop_is_back_and_no_interval_is_lost_or_run_twice(shop):
    with up(shop) as one:
        for _ in range(2):
            before = len(one.await_runs("ticking", 1))
            os.kill(loop := one.loop(), signal.SIGKILL)
            eventually(lambda: one.loop() != loop)  # noqa: B023
            one.await_runs("ticking", before + 2)
        keys = one.runs("ticking")
        assert len(keys) == len(set(keys))
        check_contiguous(sorted(keys))
        assert "the scheduler has ended (signal 9): it is started again in 0.1 s" in one.said
        assert one.end() == 0
    shop.check_nothing_is_left()


def test_a_killed_sender_of_alerts_is_started_again(shop):
    def tell() -> set[int]:
        return {pid for pid in descendants(one.process.pid) if b"segue.app.telling" in words_of(pid)}

    with up(shop) as one:
        eventually(tell, "the sender of alerts")
        [pid] = tell()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: tell() - {pid}, "another one")
        one.await_word("the sender of alerts has ended (signal 9)")
        assert one.end() == 0


def test_nothing_survives_a_killed_supervisor(shop):
    shop.write("slow.py", SLOW)
    with up(shop) as one:
        one.await_runs("ticking", 1)
        assert shop.segue("trigger", "slow").returncode == 0
        eventually((shop.folder / "began").exists)
        children = descendants(one.process.pid)
        one.process.kill()
        one.process.wait()
        eventually(
            lambda: not any(map(alive, children)), lambda: f"the end of {[*map(words_of, filter(alive, children))]}"
        )
    shop.check_nothing_is_left()
    (shop.folder / "go").touch()
    with up(shop) as one:
        one.await_runs("slow", 1)
        assert one.end() == 0


def test_term_waits_for_what_runs_and_starts_nothing_more(tmp_path):
    shop = Project(tmp_path / "shop", workers=2, grace="60s")
    shop.write("slow.py", SLOW)
    with up(shop) as one:
        assert shop.segue("trigger", "slow").returncode == 0
        eventually((shop.folder / "began").exists)
        one.process.terminate()
        one.await_draining()
        assert one.process.poll() is None
        (shop.folder / "go").touch()
        assert one.process.wait(PATIENCE) == 0
    states = [task.state for task in shop.detail("slow@latest").entries()]
    assert states == ["success", "pending"], states
    shop.check_nothing_is_left()


def test_what_outlasts_the_grace_is_killed_and_goes_on_at_the_next_start(tmp_path):
    shop = Project(tmp_path / "shop", workers=2, grace="500ms")
    shop.write("slow.py", SLOW)
    with up(shop) as one:
        assert shop.segue("trigger", "slow").returncode == 0
        eventually((shop.folder / "began").exists)
        assert one.end() == 0
        assert shop.segue("show", "slow@latest", "--json").stdout.count("interrupted") == 1
    shop.check_nothing_is_left()
    (shop.folder / "go").touch()
    with up(shop) as one:
        one.await_runs("slow", 1)
        assert one.end() == 0
    waits = next(task for task in shop.detail("slow@latest").tasks if task.task == "waits")
    assert (waits.losses, waits.tries) == (0, 0), "the end of the owner counts nowhere"


def test_a_second_term_ends_at_once(tmp_path):
    shop = Project(tmp_path / "shop", workers=2, grace="1h")
    shop.write("slow.py", SLOW)
    with up(shop) as one:
        assert shop.segue("trigger", "slow").returncode == 0
        eventually((shop.folder / "began").exists)
        one.process.send_signal(signal.SIGINT)
        one.await_draining()
        assert one.process.poll() is None
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait(PATIENCE) == 0
    shop.check_nothing_is_left()


def test_a_second_term_is_not_taken_for_the_first_by_a_loop_that_hears_both_late(tmp_path):
    """Signals of one number that wait for a process are one signal."""
    shop = Project(tmp_path / "shop", workers=2, grace="1h")
    shop.write("slow.py", SLOW)
    with up(shop) as one:
        assert shop.segue("trigger", "slow").returncode == 0
        eventually((shop.folder / "began").exists)
        os.kill(loop := one.loop(), signal.SIGSTOP)
        for count in (1, 2):
            one.process.send_signal(signal.SIGINT)
            eventually(lambda: waiting(loop) == count, "the signal")  # noqa: B023
        os.kill(loop, signal.SIGCONT)
        assert one.process.wait(PATIENCE) == 0
    shop.check_nothing_is_left()


def waiting(pid: int) -> int:
    """How many signals wait for a process, but for those that tell of children."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("ShdPnd:")[2].split()[0], 16) & ~(1 << signal.SIGCHLD - 1)
    return mask.bit_count()


def test_a_scheduler_whose_next_run_is_years_away_waits_for_it(tmp_path):
    """The system waits for 24 days at most."""
    shop = Project(tmp_path / "shop", workers=2)
    shop.write("rare.py", TICKING.replace('every("1s"), start="2026-01-01"', '"0 0 29 2 *"'))
    with up(shop) as one:
        assert shop.segue("trigger", "ticking", "--wait").returncode == 0
        assert "has ended" not in one.said
        assert one.end() == 0
    shop.check_nothing_is_left()


def test_two_owners_of_one_home_are_refused_with_the_pid_of_the_first(shop):
    with up(shop) as one:
        for verb in ("up", "dev"):
            refused = shop.segue(verb)
            assert refused.returncode == 3, refused.stdout
            assert f"process {one.process.pid}" in refused.stdout
        one.await_runs("ticking", 1)
        assert one.end() == 0
    with up(shop) as again:
        again.await_runs("ticking", 2)


def test_it_does_not_start_without_its_folder(shop):
    refused = shop.segue("up", "elsewhere")
    assert (refused.returncode, "there is no file or folder" in refused.stdout) == (2, True)
    assert not (shop.home / "owner.json").exists()


def test_a_home_that_cannot_be_used_ends_it_instead_of_trying_for_ever(shop):
    shop.home.mkdir()
    (shop.home / "segue.db").write_text("this is no database, and long enough to be read as one" * 100)
    with up(shop, files_read=False) as one:
        assert one.process.wait(PATIENCE) == 3
        assert "error: " in one.said and "Traceback" not in one.said

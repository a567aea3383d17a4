"""One `segue run` works; a person at a second terminal looks and acts."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE, Project

SLOW = """
import time
from pathlib import Path
from segue import chain, dag, task

@task
def first() -> int:
    return 1

@task(grace="100s")
def waits() -> None:
    print("waiting for go", flush=True)
    Path("began").touch()
    while not Path("go").exists():
        time.sleep(0.01)

@task
def last() -> None:
    print("last words")

@dag()
def slow() -> None:
    chain(first(), waits(), last())
"""

STUBBORN = SLOW.replace("import time\n", "import signal\nimport time\n", 1).replace(
    '    print("waiting', '    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    print("waiting'
)

BROKEN = """
from pathlib import Path
from segue import dag, task

@task
def breaks() -> None:
    if not Path("whole").exists():
        raise OSError("the world is broken")

@dag()
def broken() -> None:
    breaks()
"""


def eventually(said: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not said():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("slow.py", SLOW)
    return project


@pytest.fixture
def running(shop: Project) -> Iterator[subprocess.Popen[str]]:
    process = shop.start("run", "slow.py")
    try:
        eventually((shop.folder / "began").exists)
        eventually(lambda: shop.detail("slow@latest").tasks[1].state == "running")  # which is told a moment later
        yield process
        (shop.folder / "go").touch()
        process.communicate(timeout=PATIENCE)
        shop.check_nothing_is_left()
    finally:
        process.kill()
        process.wait()


def end(shop: Project, running: subprocess.Popen[str]) -> tuple[int, str]:
    (shop.folder / "go").touch()
    said, _ = running.communicate(timeout=PATIENCE)
    return running.returncode, said


def test_a_second_run_is_refused_with_the_pid_of_the_first(shop, running):
    refused = shop.segue("run", "slow.py")
    assert refused.returncode == 3
    assert f"process {running.pid}" in refused.stdout
    error = shop.run_json("run", "slow.py")
    assert error["exit_code"] == 3
    assert error["error"]["code"] == "home_busy" and str(running.pid) in error["error"]["message"]
    assert end(shop, running)[0] == 0


def test_it_is_shown_as_running_and_every_task_says_why_it_waits(shop, running):
    assert "● running" in shop.segue("runs").stdout
    lines = {line["task"]: line for line in shop.run_json("why", "slow@latest")["tasks"]}
    assert lines["waits"]["state"] == "running"
    assert lines["last"]["state"] == "pending" and "waits" in lines["last"]["why"]


def test_cancel_stops_it_and_waits_until_it_has_ended(shop, running):
    cancelled = shop.segue("cancel", "slow@latest", "--now")
    assert cancelled.returncode == 0, cancelled.stdout
    said, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1 and "cancelled" in said
    assert {task.state for task in shop.detail("slow@latest").entries()} == {"success", "cancelled"}


def test_mark_lets_it_go_on_without_the_task(shop, running):
    marked = shop.segue("mark", "slow@latest", "waits", "success", "--reason", "went by hand")
    assert (marked.returncode, marked.stdout) == (0, "waits is marked success\n")
    said, _ = running.communicate(timeout=PATIENCE)
    detail = shop.detail("slow@latest")
    assert running.returncode == 0, said
    assert {task.state for task in detail.entries()} == {"success"}
    assert "went by hand" in next(str(task.why) for task in detail.entries() if task.task == "waits")


def test_logs_are_followed_until_the_task_has_ended(shop, running):
    with shop.start("logs", "slow@latest", "waits", "--follow") as reader:
        assert reader.stdout is not None
        head, first = reader.stdout.readline(), reader.stdout.readline()
        assert "waits #1" in head and "waiting for go" in first
        assert end(shop, running)[0] == 0
        reader.communicate(timeout=PATIENCE)
    assert reader.returncode == 0


def test_what_cannot_be_retried_is_refused_by_the_owner(shop, running):
    refused = shop.run_json("retry", "slow@latest")
    assert refused["exit_code"] == 1
    assert "nothing to retry" in refused["error"]["message"]


def test_another_run_is_retried_by_the_owner_and_waited_for(shop):
    shop.write("broken.py", BROKEN)
    assert shop.segue("run", "broken.py").returncode == 1
    (shop.folder / "whole").touch()
    with shop.start("run", "slow.py") as process:
        eventually((shop.folder / "began").exists)
        retried = shop.run_json("retry", "broken@latest")
        assert (retried["exit_code"], retried["state"]) == (0, "success")
        assert process.poll() is None
        assert end(shop, process)[0] == 0
    shop.check_nothing_is_left()


def test_ctrl_c_cancels_and_leaves_nothing(shop, running):
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, said
    assert shop.detail("slow@latest").run.state == "cancelled"
    shop.check_nothing_is_left()


def test_a_second_ctrl_c_kills_what_does_not_listen(tmp_path):
    project = Project(tmp_path / "shop")
    project.write("slow.py", STUBBORN)
    with project.start("run", "slow.py") as process:
        eventually((project.folder / "began").exists)
        process.send_signal(signal.SIGINT)
        eventually(lambda: project.detail("slow@latest").run.cancel_at is not None)
        assert process.poll() is None, "the task has 100 s of grace"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert project.detail("slow@latest").run.state == "cancelled"
    project.check_nothing_is_left()


def test_a_run_whose_owner_was_killed_is_continued_by_retry(shop):
    with shop.start("run", "slow.py") as process:
        eventually((shop.folder / "began").exists)
        process.kill()
    assert shop.run_json("show", "slow@latest")["state"] == "interrupted"
    assert json.loads(shop.segue("runs", "--json").stdout)[0]["state"] == "interrupted"
    (shop.folder / "go").touch()
    continued = shop.run_json("retry", "slow@latest")
    assert continued["exit_code"] == 0, continued
    assert continued["state"] == "success"
    assert {task["task_id"]: task["attempts"] for task in continued["tasks"]}["first"] == 1
    shop.check_nothing_is_left()


def test_a_run_whose_owner_was_killed_can_be_cancelled(shop):
    with shop.start("run", "slow.py") as process:
        eventually((shop.folder / "began").exists)
        process.kill()
    assert shop.segue("cancel", "slow@latest").returncode == 0
    assert shop.detail("slow@latest").run.state == "cancelled"
    shop.check_nothing_is_left()


def test_a_task_of_a_run_whose_owner_was_killed_is_marked_and_the_rest_goes_on(shop):
    with shop.start("run", "slow.py") as process:
        eventually((shop.folder / "began").exists)
        process.kill()
    marked = shop.segue("mark", "slow@latest", "waits", "skipped", "--reason", "not today")
    assert marked.returncode == 0, marked.stdout
    detail = shop.detail("slow@latest")
    assert [task.state for task in detail.entries()] == ["success", "skipped", "skipped"]
    assert detail.run.state == "success"
    shop.check_nothing_is_left()

"""Flows with real processes: what has ended is never done again, whoever is killed."""

import json
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from segue.model import value as values
from segue.model.state import TaskState
from tests.e2e.commands import PATIENCE, Project

FLOWS = "crawl.py"


class Flows:
    """A project with flows, and the folder that they read and write a ledger in."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.project = Project(folder / "project", FLOWS, workers=2, **settings)
        self.folder = folder / "data"
        (self.folder / "pages").mkdir(parents=True)
        for name, n in (("a", 1), ("b", 2), ("c", 3)):
            (self.folder / "pages" / f"{name}.json").write_text(json.dumps({"n": n}))
        (self.folder / "pages" / "d.json").write_text("no json")

    def words(self, flow: str, *more: str) -> tuple[str, ...]:
        return ("run", f"{FLOWS}:{flow}", "--param", f"folder={self.folder}", *more)

    def ledger(self) -> list[str]:
        file = self.folder / "ledger"
        return file.read_text().splitlines() if file.exists() else []

    def value(self, run: str, task: str) -> object:
        (row,) = (row for row in self.project.detail(run).tasks if row.task == task)
        assert row.inline is not None
        return values.decode(row.inline)


@pytest.fixture
def flows(tmp_path: Path) -> Flows:
    return Flows(tmp_path)


def test_a_loop_and_an_if_over_real_files(flows: Flows) -> None:
    done = flows.project.run_json(*flows.words("crawl"))
    assert done["exit_code"] == 0, done
    assert flows.value("crawl@latest", "crawl") == {"total": 5, "again": 6, "bad": 1}
    states = {row.task: row.state for row in flows.project.detail("crawl@latest").tasks}
    assert states.pop("read#5") is TaskState.FAILED
    assert set(states.values()) == {TaskState.SUCCESS}
    assert list(states) == sorted(states)
    assert Counter(flows.ledger()) == Counter(
        ["pages#1", *(f"read#{number}" for number in range(2, 9)), "total#9", "total#10"]
    )


def test_the_owner_is_killed_and_retry_repeats_no_step_that_has_ended(flows: Flows) -> None:
    with flows.project.start(*flows.words("climb")) as process:
        end = time.monotonic() + PATIENCE
        while len(flows.ledger()) < 20 and time.monotonic() < end:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    begun = len(flows.ledger())
    assert 20 <= begun < 100
    done = flows.project.segue("retry", "climb@latest", "--yes")
    assert done.returncode == 0, done.stdout
    assert flows.value("climb@latest", "climb") == sum(range(100))
    times = Counter(flows.ledger())
    assert len(times) == 100
    assert sum(times.values()) <= 101, "only the step that was running may have run twice"


def test_a_worker_that_dies_in_a_step_costs_that_attempt_alone(tmp_path: Path) -> None:
    flows = Flows(tmp_path)
    done = flows.project.segue(*flows.words("climb", "--param", "kill=step#3"))
    assert done.returncode == 0, done.stdout
    assert {task: times for task, times in Counter(flows.ledger()).items() if times > 1} == {"step#3": 2}


def test_a_failed_flow_goes_on_where_it_stopped(flows: Flows) -> None:
    flows.project.write("more.py", MORE)
    failed = flows.project.run_json("run", "more.py:brittle", "--param", f"folder={flows.folder}")
    assert failed["exit_code"] == 1
    (culprit,) = failed["culprits"]
    assert culprit["task_id"] == "brittle"
    assert "check#2 failed: FileNotFoundError" in culprit["reason"]
    (flows.folder / "there").touch()
    refused = flows.project.segue("retry", "brittle@latest", "check#2", "--yes")
    assert refused.returncode == 1
    assert "check#2 is a step of flow brittle" in refused.stdout.replace("\n", " ")
    done = flows.project.segue("retry", "brittle@latest", "--yes")
    assert done.returncode == 0, done.stdout
    assert Counter(flows.ledger()) == {"begin": 1, "check": 2}


def test_a_flow_that_calls_other_tasks_when_it_is_played_again_fails_and_says_so(flows: Flows) -> None:
    flows.project.write("more.py", MORE)
    done = flows.project.run_json("run", "more.py:fickle")
    assert done["exit_code"] == 1
    assert "call 1 of the flow was " in done["culprits"][0]["reason"]


def test_a_task_that_no_step_can_find_and_an_argument_that_cannot_be_kept_are_named(flows: Flows) -> None:
    flows.project.write("more.py", MORE)
    hidden = flows.project.run_json("run", "more.py:hides")
    assert "task inner is defined inside hides" in hidden["culprits"][0]["reason"]
    unstorable = flows.project.run_json("run", "more.py:unstorable")
    assert "arguments of touch#1" in unstorable["culprits"][0]["reason"]
    assert "lambda" in unstorable["culprits"][0]["reason"] or "function" in unstorable["culprits"][0]["reason"]


def test_a_flow_that_never_awaits_is_a_function(flows: Flows) -> None:
    flows.project.write("more.py", MORE)
    done = flows.project.run_json("run", "more.py:lonely")
    assert done["exit_code"] == 0
    assert [task["task_id"] for task in done["tasks"]] == ["lonely"]
    assert flows.value("lonely@latest", "lonely") == 7


MORE = """
import os
from pathlib import Path

from segue import Params, flow, task


class Where(Params):
    folder: str


@task
def begin(p: Where) -> str:
    with (Path(p.folder) / "ledger").open("a") as file:
        file.write("begin\\n")
    return p.folder


@task
def check(folder: str) -> int:
    with (Path(folder) / "ledger").open("a") as file:
        file.write("check\\n")
    return len((Path(folder) / "there").read_text())


@flow(params=Where)
def brittle(p: Where) -> int:
    return check(begin())


@task
def touch(what: object = None) -> int:
    return 1


@task
def other(what: object = None) -> int:
    return 2


@flow
def fickle() -> int:
    first = touch if int(os.environ["SEGUE_ATTEMPT"]) % 2 else other
    return first() + touch()


@flow
def hides() -> int:
    @task
    def inner() -> int:
        return 1

    return inner()


@flow
def unstorable() -> int:
    return touch(lambda: 1)


@flow
def lonely() -> int:
    return 7
"""

"""Rows 4, 7, 8, 10, 12 of the failure catalogue: what tasks and the kernel do to processes."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from segue.model import value as values
from segue.model.state import AttemptState, RunState, TaskState
from tests.e2e.catalogue.machine import control_group, nobody, wait
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.proof import record
from tests.unit.run.driver import alive

HOLD = int(os.environ.get("CATALOGUE_HOLD") or 3)
RACES = int(os.environ.get("CATALOGUE_RACES") or 2)


def states(project: Project, run: str) -> dict[str, TaskState]:
    return {entry.task: entry.state for entry in project.detail(run).entries()}


# ----------------------------------------------------------------------------------------------------- row 4: no memory
GREEDY = """
from segue import Retry, dag, task

@task(retry=Retry(0, lost=0))
def greedy() -> int:
    return len([b"x" * 2**22 for _ in range(500)])

@task
def modest() -> int:
    return 1

@dag
def memory() -> None:
    greedy()
    modest()
"""


def test_a_task_that_the_kernel_kills_for_memory_is_lost_and_the_reason_says_so(tmp_path: Path) -> None:
    """The whole of it runs in a group as a container does; nothing in the DAG speaks of memory."""
    project = Project(tmp_path / "p", workers=2)
    project.write("memory.py", GREEDY)
    with control_group("memory", limit_in_bytes=400 * 2**20, max=400 * 2**20) as project.inside:
        done = project.segue("run", "memory.py")
        project.check_nothing_is_left()
    assert done.returncode == 1, done.stdout
    detail = project.detail("memory@latest")
    [lost] = [view for view in detail.attempts if view.key.task == "greedy"]
    assert (lost.state, lost.cause, lost.signal) == (AttemptState.LOST, "memory", signal.SIGKILL)
    assert lost.peak_rss is not None and lost.peak_rss > 100 * 2**20
    [(label, reason)] = detail.run.culprits
    assert label == "greedy" and "memory" in reason and "MB" in reason
    assert states(project, "memory@latest")["modest"] is TaskState.SUCCESS


# ----------------------------------------------------------------------------------------------------- row 7: fork bomb
BOMB = """
import os, time
from contextlib import suppress
from pathlib import Path
from segue import Retry, chain, dag, task

@task(timeout="2s", grace="200ms", retry=Retry(0, lost=0))
def bomb() -> None:
    Path("lit").touch()
    while True:
        try:
            os.fork()
            os.setsid()
        except OSError:
            time.sleep(0.05)

@task
def beside(number: int) -> int:
    while not Path("lit").exists():
        time.sleep(0.01)
    return number

@task(trigger_rule="all_done")
def unburied() -> int:  # how many of the dead that this worker's parent has inherited
    for _ in range(500):
        stats = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                stats.append(path.read_text().rpartition(")")[2].split()[:2])
        if ["Z", str(os.getppid())] not in stats:
            return 0
        time.sleep(0.02)
    return stats.count(["Z", str(os.getppid())])

@dag
def bombed() -> None:
    chain(bomb(), unburied())
    beside.map(range(50))
"""


@pytest.mark.parametrize("limit", ["a control group", "an unprivileged user"])
def test_a_fork_bomb_is_ended_by_its_timeout_with_all_its_processes_and_hinders_nobody(
    tmp_path: Path, limit: str
) -> None:
    project = Project(tmp_path / "p", workers=2)
    project.write("bombed.py", BOMB)
    if limit == "a control group":
        with control_group("pids", max=120) as project.inside:
            done = project.segue("run", "bombed.py")
            project.check_nothing_is_left()
    else:
        project.inside = nobody(project.folder, 120)
        done = project.segue("run", "bombed.py")
        project.check_nothing_is_left()
    assert done.returncode == 1, done.stdout
    detail = project.detail("bombed@latest")
    counts = Counter((entry.task, entry.state) for entry in detail.entries())
    assert counts == {
        ("bomb", TaskState.FAILED): 1,
        ("beside", TaskState.SUCCESS): 50,
        ("unburied", TaskState.SUCCESS): 1,
    }
    [unburied] = [view for view in detail.tasks if view.task == "unburied"]
    assert values.decode(unburied.inline) == 0
    [attempt] = [view for view in detail.attempts if view.key.task == "bomb"]
    assert attempt.state is AttemptState.TIMED_OUT
    assert all(view.state is AttemptState.SUCCESS for view in detail.attempts if view.key.task == "beside")


# ----------------------------------------------------------------------------------------------------------- row 8: GIL
HOLDING = """
import ctypes
from segue import Retry, chain, dag, task

@task(retry=Retry(0, lost=0))
def holds() -> int:
    return ctypes.PyDLL(None).sleep(SECONDS)  # PyDLL keeps the lock of the interpreter while C code runs

@task
def link(n: int) -> int:
    return n

@dag
def holding() -> None:
    holds()
    chain(*[link.with_options(id=f"link{n}")(n) for n in range(20)])
"""


def test_a_task_in_c_code_that_never_lets_go_of_the_interpreter_is_not_taken_for_dead(tmp_path: Path) -> None:
    """For `CATALOGUE_HOLD` seconds; 600 in `make chaos`."""
    project = Project(tmp_path / "p", workers=2)
    project.write("holding.py", HOLDING.replace("SECONDS", str(HOLD)))
    with project.start("run", "holding.py") as process:
        said, _ = process.communicate(timeout=PATIENCE + HOLD)
    assert process.returncode == 0, said
    assert all(view.state is AttemptState.SUCCESS for view in project.detail("holding@latest").attempts)
    record("the interpreter's lock held", None, f"{HOLD} s, 0 false deaths", None, HOLD)


# ----------------------------------------------------------------------------------------- rows 10, 12: owners that die
HANGING = """
import os, subprocess, sys, time
from pathlib import Path
from segue import Retry, dag, task

@task(retry=Retry(0, lost=5))
def hangs() -> int:
    if Path("go").exists():
        return os.getpid()
    sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
    children = [subprocess.Popen(sleep, start_new_session=own) for own in (False, True)]
    if os.fork() == 0:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        with open("pids", "a") as file:
            file.write(f"{os.getpid()} ")
        time.sleep(1000)
    with open("pids", "a") as file:
        file.write("".join(f"{pid} " for pid in (os.getpid(), *(child.pid for child in children))))
    time.sleep(1000)

@dag
def orphan() -> None:
    hangs()
"""


def has_begun(project: Project) -> bool:
    return any(view.state is AttemptState.RUNNING for view in project.detail("orphan@latest").attempts)


def interrupted(project: Project) -> list[int]:
    """Kill an owner whose task runs; gives what that task had started."""
    pids = project.folder / "pids"
    with project.start("run", "orphan.py") as process:
        wait(lambda: pids.exists() and len(pids.read_text().split()) == 4)
        wait(lambda: has_begun(project))  # what is QUEUED when its owner dies is not lost, it is launched again
        process.kill()
    started = [int(pid) for pid in pids.read_text().split()]
    pids.unlink()
    return started


def test_nothing_that_a_task_has_started_outlives_a_killed_owner(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.write("orphan.py", HANGING)
    started = interrupted(project)
    wait(lambda: not any(map(alive, started)))
    project.check_nothing_is_left()


def test_owners_that_race_for_a_dead_attempt_declare_it_lost_once(tmp_path: Path) -> None:
    """Four go on with one interrupted run at the same moment; whoever comes late joins or is refused."""
    project, began = Project(tmp_path / "p"), time.monotonic()
    project.write("orphan.py", HANGING)
    for number in range(RACES):
        (project.folder / "go").unlink(missing_ok=True)
        interrupted(project)
        (project.folder / "go").touch()
        racers = [project.start("retry", "orphan@latest") for _ in range(4)]
        ends = [(racer.communicate(timeout=PATIENCE)[0], racer.returncode) for racer in racers]
        assert any(code == 0 for _, code in ends), ends
        assert not any("Traceback" in said for said, _ in ends), ends
        project.check_nothing_is_left()
        detail = project.detail("orphan@latest")
        assert detail.run.state is RunState.SUCCESS and detail.run.number == number + 1
        assert [view.state for view in detail.attempts][:2] == [AttemptState.LOST, AttemptState.SUCCESS]
        with project.reader() as reader:
            events = [event for event in reader.events() if event.run == detail.run.run and event.kind == "task"]
        moves = Counter((event.attempt, event.new) for event in events)
        assert moves[1, "up_for_retry"] + moves[1, "pending"] == 1, moves
        assert max(count for (_, new), count in moves.items() if new != "pending") == 1, moves
    record(
        "owners racing for a dead attempt", RACES, "4 owners each, 1 transition each", None, time.monotonic() - began
    )

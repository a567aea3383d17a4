"""Rows 27, 32 of the failure catalogue: a machine that sleeps, a country that abolishes the change of its clocks."""

import json
import os
import signal
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segue.model.state import RunState
from segue.run.processes import descendants
from tests.e2e.commands import Project
from tests.e2e.standing import TICKING, eventually, up

HOLD = int(os.environ.get("CATALOGUE_HOLD") or 3)

# ------------------------------------------------------------------------------------------- row 27: the machine sleeps
WAITS = """
import time
from pathlib import Path
from segue import Retry, dag, task

@task(retry=Retry(0, lost=0))
def waits() -> int:
    Path("began").open("a").write("x")
    while not Path("go").exists():
        time.sleep(0.01)
    return 1

@dag
def waiting():
    waits()
"""


def test_row_27_what_ran_when_the_machine_fell_asleep_goes_on_when_it_wakes(tmp_path: Path):
    """All of it is stopped at once, and goes on at once: nobody takes anybody for dead, and what is due is run once."""
    project = Project(tmp_path / "p", workers=2)
    project.write("waiting.py", WAITS)
    project.write("ticking.py", TICKING)
    with up(project) as one:
        eventually(lambda: "waiting" in project.segue("next").stdout, "the DAG")
        assert project.segue("trigger", "waiting").returncode == 0
        eventually((project.folder / "began").exists, "the task")
        loop = one.loop()
        alive = list(dict.fromkeys([one.process.pid, *descendants(one.process.pid), *project.processes()]))
        for pid in alive:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(HOLD)
        for pid in reversed(alive):
            os.kill(pid, signal.SIGCONT)
        (project.folder / "go").touch()
        one.await_runs("waiting", 1)
        one.await_runs("ticking", len(one.runs("ticking")) + 1)
        keys = one.runs("ticking")
        assert len(keys) == len(set(keys))
        assert one.loop() == loop
        assert one.end() == 0
    assert (project.folder / "began").read_text() == "x"
    detail = project.detail("waiting@latest")
    assert (detail.run.state, len(detail.attempts)) == (RunState.SUCCESS, 1)


# ---------------------------------------------------------------------------- row 32: another edition of the time zones
DAYS = """
from segue import Interval, daily, dag, injected, task

@task
def load(interval: Interval = injected) -> str:
    return interval.ds

@dag(schedule=daily(at="02:00"), start="2026-05-20", timezone="Test/Land")
def days():
    load()
"""
HOUR = 3_600
CHANGED = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())


def write_zone(folder: Path, *changes: tuple[int, int]) -> None:
    """A compiled zone: an hour ahead of UTC until the first change, then what each says, in seconds."""
    offsets = sorted({HOUR, *(offset for _, offset in changes)})
    kinds = b"".join(struct.pack(">lbB", offset, 0, 0) for offset in offsets)
    times = b"".join(struct.pack(">q", when) for when, _ in changes)
    of = bytes(offsets.index(offset) for _, offset in changes)
    first = offsets.index(HOUR)
    times, of = struct.pack(">q", -(2**40)) + times, bytes([first]) + of
    head = b"TZif2" + bytes(15)
    old = head + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + struct.pack(">lbB", HOUR, 0, 0) + b"LMT\0"
    new = head + struct.pack(">6l", 0, 0, 0, len(of), len(offsets), 4) + times + of + kinds + b"LMT\0"
    (folder / "Test").mkdir(parents=True, exist_ok=True)
    (folder / "Test/Land").write_bytes(old + new + b"\n\n")


def test_row_32_new_rules_of_a_zone_move_what_is_to_come_and_nothing_that_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old edition keeps its summer time; the new one sets the clocks forward by three hours in two days."""
    zones = tmp_path / "zones"
    monkeypatch.setenv("PYTHONTZPATH", str(zones))
    write_zone(zones, (CHANGED, 2 * HOUR))
    project = Project(tmp_path / "p", workers=2)
    project.write("days.py", DAYS)
    done = project.segue("backfill", "days.py", "2026-05-30..2026-06-03")
    assert done.returncode == 0, done.stdout
    was, coming = slots(project), due(project)

    soon = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    write_zone(zones, (CHANGED, 2 * HOUR), (int(soon.timestamp()), 5 * HOUR))
    assert slots(project) == was
    assert [start for _, start, state in was if state == "fresh"][1:3] == [
        "2026-05-30T23:00:00Z",
        "2026-05-31T23:00:00Z",
    ]
    moved = due(project)
    later = [(old, new) for old, new in zip(coming, moved, strict=True) if old > soon + timedelta(days=1)]
    assert len(later) >= 2
    assert all(old - new == timedelta(hours=3) for old, new in later)
    again = project.segue("backfill", "days.py", "2026-05-30..2026-06-03")
    assert "nothing to run" in again.stdout


def slots(project: Project) -> list[tuple[str, str, str]]:
    told = json.loads(project.segue("slots", "days", "2026-05-28..2026-06-05", "--json").stdout)
    return [(slot["key"], slot["start"], slot["state"]) for slot in told["slots"]]


def due(project: Project) -> list[datetime]:
    (told,) = json.loads(project.segue("next", "days", "--json").stdout)
    return [datetime.fromisoformat(one["due"]) for one in told["next"]]

"""Owners and workers killed at random moments, against a ledger that the tasks keep outside of the product.

The seed is printed and can be set, as can the numbers: CHAOS_SEED, CHAOS_OWNERS, CHAOS_WORKERS.
"""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from segue.model.state import AttemptState, RunState
from segue.model.views import RunQuery, RunView
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.ledger import Ledger, check

SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**9))
OWNERS = int(os.environ.get("CHAOS_OWNERS") or 20)
WORKERS = int(os.environ.get("CHAOS_WORKERS") or 20)


class Chaos:
    """A project whose DAG writes a ledger, and chance."""

    def __init__(self, folder: Path, workers: int) -> None:
        print(f"CHAOS_SEED={SEED}")
        self.chance = random.Random(SEED)
        self.project = Project(folder / "project", "chaos.py", workers=workers, grace="1s")
        self.ledger = Ledger(folder / "ledger")

    def run(self, **params: object) -> subprocess.Popen[str]:
        words = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
        return self.project.start("run", "chaos.py", "--param", f"ledger={self.ledger.folder}", *words)

    def newest(self) -> RunView | None:
        """The newest run."""
        if not (self.project.home / "segue.db").exists():
            return None
        with self.project.reader() as reader:
            return next(iter(reader.runs(RunQuery(limit=1))), None)

    def wait(self, process: subprocess.Popen[str], *, grown: int, seconds: float) -> None:
        """Wait until the ledger has grown by so many bytes, then so long, or until the process has ended."""
        goal, deadline = self.ledger.size() + grown, time.monotonic() + PATIENCE
        while self.ledger.size() < goal and process.poll() is None:
            assert time.monotonic() < deadline, "no task writes to the ledger any more"
            time.sleep(0.005)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    def end(self, process: subprocess.Popen[str]) -> str:
        """Wait for the end of an owner; nothing of it is left, and what it stored is whole."""
        said, _ = process.communicate(timeout=2 * PATIENCE)
        self.project.check_nothing_is_left()
        return said

    def victim(self, owner: int) -> int | None:
        """A process that runs a task, or any worker, or the fork server."""
        servers = {pid for pid in self.project.processes() if parent(pid) == owner}
        workers = {pid for pid in self.project.processes() if parent(pid) in servers}
        busy = {line.pid for line in self.ledger.running()} & workers
        group = self.chance.choices([busy, workers, servers], [8, 2, 1])[0]
        return self.chance.choice(sorted(group)) if group else None


def parent(pid: int) -> int | None:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def test_owners_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos, kills, runs = Chaos(tmp_path, workers=4), 0, 0
    while kills < OWNERS:
        process, owners = chaos.run(), 1
        while True:
            if kills < OWNERS:
                late = chaos.chance.random() < 0.8
                grown, seconds = (chaos.chance.randrange(1, 3000), 0.05) if late else (0, 1.5)
                chaos.wait(process, grown=grown, seconds=chaos.chance.uniform(0, seconds))
                process.kill()
                kills += process.wait() == -signal.SIGKILL
            said = chaos.end(process)
            newest = chaos.newest()
            mine = newest if newest is not None and newest.number > runs else None
            if mine is not None and mine.state is RunState.SUCCESS:
                break
            assert process.returncode == -signal.SIGKILL, said
            owners += 1
            process = chaos.run() if mine is None else chaos.project.start("retry", str(mine.run))
        runs = mine.number
        check(chaos.project.detail(str(mine.run)), chaos.ledger, owners=owners)


def test_workers_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos, kills = Chaos(tmp_path, workers=8), 0
    while kills < WORKERS:
        process = chaos.run(width=32, pace=0.15)
        while kills < WORKERS and process.poll() is None:
            chaos.wait(process, grown=1, seconds=chaos.chance.uniform(0, 0.1))
            victim = chaos.victim(process.pid)
            if victim is not None:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    kills += 1
        said = chaos.end(process)
        assert process.returncode == 0, said
        newest = chaos.newest()
        assert newest is not None
        check(chaos.project.detail(str(newest.run)), chaos.ledger, owners=1)
    with chaos.project.reader() as reader:
        assert any(attempt.state is AttemptState.LOST for _, attempt in reader.attempt_rows())

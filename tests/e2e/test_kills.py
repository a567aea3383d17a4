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
from segue.store.home import DATABASE
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.ledger import ONCE, Ledger, check, check_known

SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**9))
OWNERS = int(os.environ.get("CHAOS_OWNERS") or 20)
WORKERS = int(os.environ.get("CHAOS_WORKERS") or 20)


class Chaos:
    """A project whose DAG writes a ledger, and chance."""

    def __init__(self, folder: Path, workers: int) -> None:
        print(f"CHAOS_SEED={SEED}")
        self.chance = random.Random(SEED)
        self.project = Project(folder / "project", "chaos.py", "tracing.py", workers=workers, grace="1s")
        self.ledger = Ledger(folder / "ledger")

    def run(self, **params: object) -> subprocess.Popen[str]:
        words = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
        return self.project.start("run", "chaos.py", "--param", f"ledger={self.ledger.folder}", *words)

    def newest(self) -> RunView | None:
        """The newest run."""
        if not (self.project.home / DATABASE).exists():
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
        if (self.project.home / DATABASE).exists():
            with self.project.reader() as reader:
                check_known(reader, self.ledger)
        return said

    def expect(self, process: subprocess.Popen[str], run: RunView | None, said: str) -> None:
        """An owner that has not made its run succeed was killed, or waits for a person's word on what must not repeat."""
        if process.returncode != -signal.SIGKILL:
            assert run is not None and process.returncode == 1, said
            assert {label.partition("[")[0] for label, _ in run.culprits} == {ONCE}, said

    def kill_one(self, owner: int) -> bool:
        """Kill a process that runs a task, or any worker, or the fork server; says whether there was one."""
        servers = {pid for pid in self.project.processes() if parent(pid) == owner}
        workers = {pid for pid in self.project.processes() if parent(pid) in servers}
        busy = {line.pid for line in self.ledger.running() if line.attempt == 1} & workers  # losses wait ever longer
        group = self.chance.choices([busy, workers, servers], [8, 2, 1])[0]
        if not group:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(sorted(group)), signal.SIGKILL)
        return True


def parent(pid: int) -> int | None:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def test_owners_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos, kills, last = Chaos(tmp_path, workers=4), 0, 0
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
            mine = newest if newest is not None and newest.number > last else None
            if mine is not None and mine.state is RunState.SUCCESS:
                break
            chaos.expect(process, mine, said)
            owners += 1
            process = chaos.run() if mine is None else chaos.project.start("retry", str(mine.run))
        last = mine.number
        check(chaos.project.detail(str(mine.run)), chaos.ledger, owners=owners)


def test_workers_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos, kills = Chaos(tmp_path, workers=8), 0
    while kills < WORKERS:
        process, owners = chaos.run(width=40, pace=0.1), 1
        while True:
            while kills < WORKERS and process.poll() is None:
                chaos.wait(process, grown=1, seconds=chaos.chance.uniform(0, 0.1))
                kills += chaos.kill_one(process.pid)
            said = chaos.end(process)
            mine = chaos.newest()
            assert mine is not None, said
            if mine.state is RunState.SUCCESS:
                break
            chaos.expect(process, mine, said)
            owners += 1
            process = chaos.project.start("retry", str(mine.run))
        check(chaos.project.detail(str(mine.run)), chaos.ledger, owners=owners)
    with chaos.project.reader() as reader:
        assert any(attempt.state is AttemptState.LOST for _, attempt in reader.attempt_rows())

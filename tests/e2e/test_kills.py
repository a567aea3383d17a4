"""Owners and workers killed at random moments, against a ledger that the tasks keep outside of the product.

The seed is printed and can be set, as can the numbers: CHAOS_SEED, CHAOS_OWNERS, CHAOS_WORKERS.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import pyarrow.parquet as pq

from segue.model import value as values
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import RunQuery, RunView
from tests.e2e.commands import PATIENCE, Project, is_made
from tests.e2e.ledger import ONCE, Ledger, check, check_hooks, check_known
from tests.e2e.proof import record

SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**9))
OWNERS = int(os.environ.get("CHAOS_OWNERS") or 12)
WORKERS = int(os.environ.get("CHAOS_WORKERS") or 15)

HELD, HELD_EXIT = "nothing_new", 4

Process: TypeAlias = subprocess.Popen[str]


class Chaos:
    """A project whose DAG writes a ledger, chance, and how many were killed."""

    def __init__(self, folder: Path, workers: int) -> None:
        print(f"CHAOS_SEED={SEED}")
        self.chance, self.kills = random.Random(SEED), 0
        self.project = Project(folder / "project", "chaos.py", "tracing.py", workers=workers, grace="1s")
        self.ledger = Ledger(folder / "ledger")
        self.runs: list[str] = []
        self.owners = self.attempts = 0
        self._said, self._began = folder / "said", time.monotonic()

    def succeed(self, disturb: Callable[[Process], None], **params: object) -> None:
        """Make a run and go on with it, disturbed, until it succeeds; nothing is lost or done twice by then.

        Args:
            disturb: called with each owner; may kill it, and returns at last when it has ended or is to be left alone.
            params: of the run, besides the ledger.
        """
        before, owners = self._newest(), 1
        given = {"ledger": self.ledger.folder, **params}
        first = ("run", "chaos.py", *(word for name in given for word in ("--param", f"{name}={given[name]}")))
        words: tuple[str, ...] = first
        while True:
            with self._owner(*words) as process:
                disturb(process)
                process.wait(2 * PATIENCE)
            self._check_whole()
            run = self._newest()
            if run is not None and before is not None and run.number == before.number:
                run = None
            if run is not None and run.state is RunState.SUCCESS:
                break
            self._check_cause(process, run)
            words = first if run is None else self._way_on(run)
            owners += 1
        detail = self.project.detail(str(run.run))
        check(detail, self.ledger, owners=owners)
        [held] = [view for view in detail.tasks if view.task == HELD]
        assert self._published() == values.decode(held.inline), "readers do not see what was released"
        self.owners, self.attempts = self.owners + owners, self.attempts + len(detail.attempts)
        self.runs.append(str(run.run))

    def prove(self, what: str) -> None:
        """One run in peace, then put the figures on record."""
        self.succeed(lambda process: None)
        waiting = check_hooks(map(self.project.detail, self.runs), self.ledger, {"flaky!success", "!success"})
        assert waiting == 0, "a hook that an owner was killed over was never called"
        figures = f"{len(self.runs)} runs, {self.owners} owners, {self.attempts} attempts"
        record(what, self.kills, figures, SEED, time.monotonic() - self._began)

    def wait(self, process: Process, *, grown: int, seconds: float) -> None:
        """Wait until the ledger has grown by so many bytes, then so long, or until the process has ended."""
        goal, deadline = self.ledger.size() + grown, time.monotonic() + PATIENCE
        while self.ledger.size() < goal and process.poll() is None:
            assert time.monotonic() < deadline, "no task writes to the ledger any more"
            time.sleep(0.005)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    def kill_owner(self, process: Process) -> None:
        """Kill an owner, mostly while tasks run, else at any moment from its start on."""
        if self.kills < OWNERS:
            busy = self.chance.random() < 0.8
            grown, seconds = (self.chance.randrange(1, 3000), 0.05) if busy else (0, 1.5)
            self.wait(process, grown=grown, seconds=self.chance.uniform(0, seconds))
            process.kill()
            self.kills += process.wait() == -signal.SIGKILL

    def kill_workers(self, process: Process) -> None:
        """Kill one process of an owner after the other: mostly one that runs a task."""
        while self.kills < WORKERS and process.poll() is None:
            self.wait(process, grown=1, seconds=self.chance.uniform(0, 0.1))
            servers = {pid for pid in self.project.processes() if parent(pid) == process.pid}
            workers = {pid for pid in self.project.processes() if parent(pid) in servers}
            # A task that was lost before is left alone: it would wait ever longer.
            busy = {line.pid for line in self.ledger.running() if line.attempt == 1} & workers
            group = self.chance.choices([busy, workers, servers], [8, 2, 1])[0]
            with suppress(ProcessLookupError, IndexError):
                os.kill(self.chance.choice(sorted(group)), signal.SIGKILL)
                self.kills += 1

    @contextmanager
    def _owner(self, *words: str) -> Iterator[Process]:
        with self._said.open("w") as said, self.project.start(*words, stdout=said) as process:
            try:
                yield process
            finally:
                process.kill()

    def _way_on(self, run: RunView) -> tuple[str, ...]:
        """Release what is held, once; go on with what was interrupted."""
        detail = self.project.detail(str(run.run))
        if run.state is not RunState.HELD or not detail.held:
            return ("retry", str(run.run))
        assert [held.task for held in detail.held] == [HELD]
        tokens = {line.token for line in self.ledger.lines(str(run.run)) if line.task == HELD}
        assert self._published() not in tokens, "what is held can be read"
        return ("release", str(run.run), "--reason", "nothing happened today")

    def _published(self) -> str | None:
        """What readers of the partition see, that the held task writes."""
        files = list(self.ledger.folder.glob("lake/part=daily/*.parquet"))
        return pq.read_table(files[0])["version"][0].as_py() if files else None

    def _newest(self) -> RunView | None:
        if not is_made(self.project.home):
            return None
        with self.project.reader() as reader:
            return next(iter(reader.runs(RunQuery(limit=1))), None)

    def _check_whole(self) -> None:
        self.project.check_nothing_is_left()
        if is_made(self.project.home):
            with self.project.reader() as reader:
                check_known(reader, self.ledger)

    def _check_cause(self, process: Process, run: RunView | None) -> None:
        """An owner whose run has not succeeded was killed, or waits for a person's word: is it good, may it repeat?"""
        if process.returncode == -signal.SIGKILL:
            return
        assert run is not None, self._said.read_text()
        failed = {view.task for view in self.project.detail(str(run.run)).tasks if view.state is TaskState.FAILED}
        if process.returncode == HELD_EXIT:
            assert (run.state, failed) == (RunState.HELD, set()), self._said.read_text()
        else:
            assert (process.returncode, failed) == (1, {ONCE}), self._said.read_text()


def parent(pid: int) -> int | None:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def test_owners_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, workers=4)
    while chaos.kills < OWNERS:
        chaos.succeed(chaos.kill_owner)
    chaos.prove("owners killed")


def test_workers_killed_at_random_moments_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, workers=8)
    while chaos.kills < WORKERS:
        chaos.succeed(chaos.kill_workers, width=40, pace=0.1)
    with chaos.project.reader() as reader:
        lost = {attempt.kind for _, attempt in reader.attempt_rows() if attempt.state is AttemptState.LOST}
    assert "user" in lost
    chaos.prove("workers and fork servers killed")

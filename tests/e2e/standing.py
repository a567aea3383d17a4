"""An owner that stays, as a person starts it: `segue up` in a project's folder."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from segue.app.control_client import ControlClient
from segue.app.database import FullReader
from segue.model.errors import StoreDown
from segue.run.processes import descendants
from segue.store.home import LOCK, owner_of
from tests.e2e.commands import PATIENCE, Project

__all__ = ["TICKING", "Up", "eventually", "up", "words_of"]

TICKING = """
from segue import dag, every, task

@task
def note() -> int:
    return 1

@dag(schedule=every("1s"), start="2026-01-01")
def ticking() -> None:
    note()
"""


def eventually(said: Callable[[], object], what: str | Callable[[], str] = "it") -> None:
    """Wait until something is so; `what` says in the end what was waited for."""
    end = time.monotonic() + PATIENCE
    while not said():
        assert time.monotonic() < end, f"{what if isinstance(what, str) else what()} never came"
        time.sleep(0.02)


class Up:
    """A supervisor and what it says."""

    def __init__(self, project: Project, process: subprocess.Popen[str], log: Path) -> None:
        self.project, self.process, self._log = project, process, log

    @property
    def said(self) -> str:
        return self._log.read_text()

    def await_word(self, text: str, times: int = 1) -> None:
        eventually(lambda: self.said.count(text) >= times, f"{text!r} in {self.said!r}")

    def loop(self) -> int:
        """Process id of the loop, once there is one."""
        found: list[int] = []

        def there() -> bool:
            found[:] = [pid for pid in descendants(self.process.pid) if b"segue.app.scheduler" in words_of(pid)]
            return bool(found)

        eventually(there, "the loop")
        return found[0]

    def runs(self, dag: str) -> list[str]:
        """Keys of the good runs of a DAG, the oldest first."""
        with self.project.reader() as reader:
            return good_runs(reader, dag)

    def await_runs(self, dag: str, count: int) -> list[str]:
        end = time.monotonic() + PATIENCE
        with self.project.reader() as reader:  # to open it is ten times the work of a look
            while len(found := good_runs(reader, dag)) < count:
                assert time.monotonic() < end, f"run {count} of {dag} never came\n{self.said}\n{self._picture()}"
                time.sleep(0.02)
        return found

    def _picture(self) -> str:
        """What the store has and which processes there are."""
        with self.project.reader() as reader:
            rows = [f"{view.dag} {view.version} {view.timing}" for view in reader.dags()]
            rows += [f"{view.run} {view.state} {view.why}" for view in reader.runs()[:5]]
        alive = descendants(self.process.pid)
        return "\n".join([*rows, *(f"{pid} {words_of(pid)!r}" for pid in alive)])

    def await_draining(self) -> None:
        """Wait until the loop has heard that it is to end."""
        with ControlClient(self.project.home / "owner.sock", PATIENCE) as client:
            eventually(lambda: client.health()["draining"], "draining")

    def end(self) -> int:
        """TERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def good_runs(reader: FullReader, dag: str) -> list[str]:
    return [view.run.key for view in reversed(reader.runs()) if view.run.dag == dag and view.state == "success"]


def words_of(pid: int) -> bytes:
    """The command line of a process, empty where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def await_dags(project: Project, words: Sequence[str]) -> None:
    """Wait until the store knows as many DAGs as files declare; not for long, as some may be broken or not be meant."""
    folders = [folder for word in words if (folder := project.folder / word).is_dir()] or [project.folder]
    files = [path for folder in folders for path in folder.rglob("*.py") if project.home not in path.parents]
    count, end = sum(path.read_text().count("\n@dag") for path in files), time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(StoreDown), project.reader() as reader:
            if len(reader.dags()) >= count:
                return
        time.sleep(0.02)


def await_free(project: Project) -> None:
    """Wait until nobody owns the home: children end with their supervisor, a moment later. Not for long."""
    end = time.monotonic() + 10
    with suppress(FileNotFoundError), (project.home / LOCK).open() as lock:
        while time.monotonic() < end:
            with suppress(BlockingIOError):
                flock(lock, LOCK_EX | LOCK_NB)
                return
            time.sleep(0.02)


@contextmanager
def up(project: Project, *words: str, verb: str = "up", files_read: bool = True) -> Iterator[Up]:
    """Start it and wait until it has a socket and has looked at its files; in the end it is killed."""
    log = project.folder.parent / f"said-{time.monotonic_ns()}"
    with log.open("w") as stream:
        process = project.start(verb, *words, stdout=stream)
    try:
        one = Up(project, process, log)
        if files_read:
            one.await_word(" in ")
            eventually(lambda: owner_of(project.home) and (project.home / "owner.sock").exists(), "the socket")
            one.await_word("DAG file")
            await_dags(project, words)
        yield one
    finally:
        process.kill()
        process.wait()
        await_free(project)

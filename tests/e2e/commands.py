"""`segue` as a person starts it: a process of its own, in a project's folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from segue.model.errors import StoreDown
from segue.model.views import RunDetail
from segue.run.executors.forks import HOME_MARK
from segue.run.executors.home import mark_of
from segue.run.processes import marked
from segue.store.audit import compare, validate_state
from segue.store.home import DATABASE
from segue.store.sqlite import SqliteReader
from tests.e2e.nursery import start_segue

__all__ = ["PATIENCE", "Project", "check_home", "is_made", "reading"]

PROJECTS = Path(__file__).parent / "projects"
PATIENCE = 60.0


class Project:
    """A folder with settings and DAG files, and the home in it.

    `inside` is a command that runs every other one; with `web` an owner that stays has a web server, on a free port.
    """

    def __init__(self, folder: Path, *files: str, **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.home = folder, folder / ".segue"
        self.inside: tuple[str, ...] = ()
        self.web = False
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
        (folder / "segue.toml").write_text("".join(lines))
        for name in files:
            shutil.copy(PROJECTS / name, folder)

    def write(self, name: str, text: str) -> None:
        """Add a DAG file."""
        (self.folder / name).write_text(text)

    def start(self, *words: str, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start `segue`; what it says is kept for `communicate`, unless it goes to a file."""
        options: dict[str, Any] = {"cwd": self.folder, "env": self.environ(), "stdin": subprocess.DEVNULL}
        options |= {"stdout": stdout, "stderr": subprocess.STDOUT, "text": True}
        if not self.inside:
            return start_segue(words, **options)
        return subprocess.Popen([*self.inside, sys.executable, "-m", "segue", *words], **options)

    def environ(self) -> dict[str, str]:
        """The environment of its commands."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        return ours | ({"SEGUE_WEB_PORT": "0"} if self.web else {"SEGUE_WEB": "false"})

    def segue(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `segue` to its end."""
        with self.start(*words) as process:
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
        return subprocess.CompletedProcess(words, process.returncode, said)

    def run_json(self, *words: str) -> dict[str, Any]:
        """Run `segue ... --json` and read the object on its last line."""
        done = self.segue(*words, "--json")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result | {"exit_code": done.returncode}

    def reader(self) -> AbstractContextManager[SqliteReader]:
        """The database, for reading."""
        return reading(self.home)

    def detail(self, run: str) -> RunDetail:
        """A run as it is stored."""
        with self.reader() as reader:
            view = reader.find(run)
            detail = None if view is None else reader.run(view.run)
        assert detail is not None, f"there is no run {run}"
        return detail

    def processes(self) -> set[int]:
        """Those that belong to this home and are alive."""
        return processes_of(self.home)

    def check_nothing_is_left(self) -> None:
        """See `check_home`."""
        check_home(self.home)


@contextmanager
def reading(home: Path) -> Iterator[SqliteReader]:
    """The database of a home, for reading."""
    reader = SqliteReader(home / DATABASE)
    try:
        yield reader
    finally:
        reader.close()


def is_made(home: Path) -> bool:
    """Whether there is a database; an owner that is killed while it makes one leaves an empty file."""
    if not (home / DATABASE).exists():
        return False
    try:
        with reading(home):
            return True
    except StoreDown:
        return False


def processes_of(home: Path) -> set[int]:
    """The living processes that belong to a home."""
    return marked(f"{HOME_MARK}={mark_of(home)}".encode())


def check_home(home: Path) -> None:
    """No process of the home lives once its owner is gone, and its database is whole."""
    deadline = time.monotonic() + PATIENCE
    while alive := processes_of(home):
        assert time.monotonic() < deadline, f"still alive: {alive}"
        time.sleep(0.01)
    if is_made(home):
        with reading(home) as reader:
            assert validate_state(reader) == []
            assert compare(reader) == []

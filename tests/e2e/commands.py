"""`segue` as a person starts it: a process of its own, in a project's folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segue.model.views import RunDetail
from segue.run.executors.home import mark_of
from segue.run.processes import marked
from segue.store.audit import compare, validate_state
from segue.store.sqlite import SqliteReader

__all__ = ["Project"]

PROJECTS = Path(__file__).parent / "projects"
PATIENCE = 60.0


class Project:
    """A folder with settings and DAG files, and the home in it."""

    def __init__(self, folder: Path, *files: str, **settings: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.home = folder, folder / ".segue"
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
        (folder / "segue.toml").write_text("".join(lines))
        for name in files:
            shutil.copy(PROJECTS / name, folder)

    def write(self, name: str, text: str) -> None:
        """Add a DAG file."""
        (self.folder / name).write_text(text)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `segue`; what it says is kept for `communicate`."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        return subprocess.Popen(
            [sys.executable, "-m", "segue", *words], cwd=self.folder, env=environ, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

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

    @contextmanager
    def reader(self) -> Iterator[SqliteReader]:
        """The database, for reading."""
        reader = SqliteReader(self.home / "segue.db")
        try:
            yield reader
        finally:
            reader.close()

    def detail(self, run: str) -> RunDetail:
        """A run as it is stored."""
        with self.reader() as reader:
            view = reader.find(run)
            assert view is not None, f"there is no run {run}"
            detail = reader.run(view.run)
        assert detail is not None
        return detail

    def processes(self) -> set[int]:
        """Those that belong to this home and are alive."""
        return marked(f"SEGUE_HOME_MARK={mark_of(self.home)}".encode())

    def check_nothing_is_left(self) -> None:
        """No process of the home lives once its owner is gone, and its database is whole."""
        deadline = time.monotonic() + PATIENCE
        while alive := self.processes():
            assert time.monotonic() < deadline, f"still alive: {alive}"
            time.sleep(0.01)
        if (self.home / "segue.db").exists():
            with self.reader() as reader:
                assert validate_state(reader) == []
                assert compare(reader) == []

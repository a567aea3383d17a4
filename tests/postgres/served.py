"""`segue` as a person starts it, with its database on a server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from segue.store.audit import compare, validate_state
from segue.store.postgres import PostgresReader, check_database
from tests.e2e.commands import Project

__all__ = ["ServedProject"]


class ServedProject(Project):
    """A project whose runs are kept at an address."""

    def __init__(self, url: str, folder: Path, *files: str, **settings: object) -> None:
        super().__init__(folder, *files, **settings)
        self.url = url

    def start(self, *words: str, stdout: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start `segue`."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
        return subprocess.Popen(
            [sys.executable, "-m", "segue", *words], cwd=self.folder, env=environ | {"SEGUE_DATABASE_URL": self.url},
            text=True, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def exists(self) -> bool:
        """Whether there is anything to read."""
        return check_database(self.url) > 0

    @contextmanager
    def reader(self) -> Iterator[PostgresReader]:
        """The database, for reading."""
        reader = PostgresReader(self.url)
        try:
            yield reader
        finally:
            reader.close()

    def check_nothing_is_left(self) -> None:
        """No process of the home lives once its owner is gone, and the database is whole."""
        super().check_nothing_is_left()
        if self.exists():
            with self.reader() as reader:
                assert validate_state(reader) == []
                assert compare(reader) == []

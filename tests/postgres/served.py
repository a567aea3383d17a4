"""`segue` as a person starts it, with its database on a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue.store.audit import compare, validate_state
from segue.store.postgres import PostgresReader, check_database
from tests.e2e.commands import Project

__all__ = ["ServedProject"]


class ServedProject(Project):
    """A project whose runs are kept at an address."""

    def __init__(self, url: str, folder: Path, *files: str, **settings: object) -> None:
        super().__init__(folder, *files, **settings)
        self.url = url

    def environ(self) -> dict[str, str]:
        """The environment of its commands."""
        return super().environ() | {"SEGUE_DATABASE_URL": self.url}

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

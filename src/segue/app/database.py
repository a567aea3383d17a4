"""The one place that knows where a home's runs are kept: in a file of the home, or on a PostgreSQL server.

The server's driver is reached by name and only where an address is given: who uses a file pays nothing for it.
"""

from __future__ import annotations

import fcntl
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, TypeAlias

from segue.app.home import Home
from segue.model.contracts import Inbox, Results, Writer
from segue.model.errors import HomeBusy, StoreEmpty, UsageError
from segue.model.events import Request
from segue.model.ids import Instant
from segue.store.home import LOCK, Owner
from segue.store.readers import Reader, RowReader
from segue.store.sqlite import SqliteReader, SqliteResults, open_writer

if TYPE_CHECKING:
    from segue.store.postgres import Leader

    Waiting: TypeAlias = Callable[[Leader], None]

__all__ = ["VARIABLE", "Database", "FullReader", "OwnedInbox", "OwnedWriter", "database_of", "open_reader"]

VARIABLE: Final = "SEGUE_DATABASE_URL"
_DRIVER: Final = "segue.store.postgres"
_UPGRADING: Final = "segue.store.postgres.upgrading"


class OwnedWriter(Writer, Protocol):
    """A writer that is let go of; `restored`: why its database is taken for one that was put back, else empty."""

    instance: str
    restored: str

    def close(self) -> None:
        """Close its connection; what is committed stays."""
        ...


class OwnedInbox(Inbox, Protocol):
    """An inbox that is let go of."""

    def close(self) -> None:
        """Close its connection; what was asked stays."""
        ...


class FullReader(Reader, RowReader, Protocol):
    """Everything that can be read."""


class Database(Protocol):
    """Where the runs of a home are kept."""

    @property
    def url(self) -> str:
        """Its address with its password, empty for a file."""
        ...

    def exists(self) -> bool:
        """Whether anything was ever kept there."""
        ...

    def writer(
        self, now: Instant, owner: Owner, say: Callable[[str], None] = ..., waiting: Waiting | None = None
    ) -> OwnedWriter:
        """The writing side; what does not exist is made. One in a process.

        Args:
            now: the time of its creation.
            owner: holds the home.
            say: told in a sentence when an old database was brought up to date.
            waiting: told who leads a server's database while we wait for it; None: a living leader is an error.
        """
        ...

    def inbox(self) -> OwnedInbox | None:
        """Requests that wait in a server's database for whoever leads."""
        ...

    def leader(self) -> str:
        """Who leads a server's database now, empty where nobody does."""
        ...

    def put(self, request: Request, now: Instant) -> None:
        """Leave a request for whoever leads a server's database."""
        ...

    def reader(self, *, short: bool = False) -> FullReader:
        """A reader, to be closed; one for `short` reads gives up after three seconds."""
        ...

    def news(self, timeout: float) -> Iterator[int | None]:
        """Give a turn after every commit to a server's database, and whenever so many seconds have passed."""
        ...

    def results(self) -> Results:
        """A reader of results for attempts."""
        ...

    def upgrade(self) -> str:
        """Bring a server's tables to the newest version; a sentence of what was done."""
        ...

    def brake(self, now: Instant) -> None:
        """Pause everything, as where a database was put back; nobody may be leading."""
        ...

    def examine(self) -> str:
        """A server, as a sentence for people, without the password.

        Raises:
            EnvironmentFault: it cannot be used, with the reason.
        """
        ...


def database_of(home: Home) -> Database:
    """Where the runs of a home are kept: on the server that SEGUE_DATABASE_URL names, else in a file of the home.

    Those of a scratch home never go to a server.

    Raises:
        UsageError: the address is none, or its driver is not installed.
    """
    url = "" if home.scratch else os.environ.get(VARIABLE, "")
    if not url:
        return _File(home.database)
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageError(f"{VARIABLE} is no address of a database: write postgresql://user@host/database")
    try:
        return _Served(url, importlib.import_module(_DRIVER), home.path)
    except ModuleNotFoundError as why:
        if why.name != "psycopg":
            raise
        raise UsageError(f'{VARIABLE} needs the driver of PostgreSQL: pip install "segue[postgres]"') from None


@contextmanager
def open_reader(home: Home) -> Iterator[FullReader | None]:
    """The home's database for reading, None where nothing was ever kept there."""
    database = database_of(home)
    reader = None
    with suppress(StoreEmpty):
        reader = database.reader() if database.exists() else None
    try:
        yield reader
    finally:
        if reader is not None:
            reader.close()


class _File:
    url = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        return self._path.exists()

    def writer(
        self, now: Instant, owner: Owner, say: Callable[[str], None] = lambda _: None, waiting: Waiting | None = None
    ) -> OwnedWriter:
        return open_writer(self._path, now, say)

    def inbox(self) -> OwnedInbox | None:
        return None

    def leader(self) -> str:
        return ""

    def put(self, request: Request, now: Instant) -> None:
        raise NotImplementedError("nobody leaves requests in a file")

    def reader(self, *, short: bool = False) -> FullReader:
        return SqliteReader(self._path, monotonic if short else None)

    def news(self, timeout: float) -> Iterator[int | None]:
        raise NotImplementedError("the owner of a file tells its news itself")

    def results(self) -> Results:
        return SqliteResults(self._path)

    def upgrade(self) -> str:
        return ""

    def brake(self, now: Instant) -> None:
        with closing(open_writer(self._path, now)) as writer:
            if not writer.restored:
                writer.brake(now)

    def examine(self) -> str:
        return ""


class _Served:
    def __init__(self, url: str, store: Any, home: Path) -> None:
        self.url, self._store, self._home = url, store, home

    def exists(self) -> bool:
        return bool(self._store.check_database(self.url))

    def writer(
        self, now: Instant, owner: Owner, say: Callable[[str], None] = lambda _: None, waiting: Waiting | None = None
    ) -> OwnedWriter:
        writer: OwnedWriter = self._store.open_writer(
            self.url, now, place=_place(owner), waiting=_give_way if waiting is None else waiting
        )
        return writer

    def inbox(self) -> OwnedInbox | None:
        inbox: OwnedInbox = self._store.PostgresInbox(self.url)
        return inbox

    def leader(self) -> str:
        return str(self._store.leader_of(self.url, _empty_place(self._home))) if self.exists() else ""

    def put(self, request: Request, now: Instant) -> None:
        self._store.put_request(self.url, request, now)

    def reader(self, *, short: bool = False) -> FullReader:
        reader: FullReader = self._store.PostgresReader(self.url, **({"short": True} if short else {}))
        return reader

    def news(self, timeout: float) -> Iterator[int | None]:
        listening: Any = importlib.import_module("segue.store.postgres.listening")
        news: Iterator[int | None] = listening.heard(self.url, timeout)
        return news

    def results(self) -> Results:
        results: Results = self._store.PostgresResults(self.url)
        return results

    def upgrade(self) -> str:
        upgrading: Any = importlib.import_module(_UPGRADING)
        old, new = upgrading.upgrade_database(self.url)
        where = self._store.shown(self.url)
        if old == new:
            return f"{where} is of version {new}, the newest: nothing to do"
        return f"{where} was brought from version {old} to {new}"

    def brake(self, now: Instant) -> None:
        upgrading: Any = importlib.import_module(_UPGRADING)
        upgrading.brake_database(self.url, now)

    def examine(self) -> str:
        version = self._store.check_database(self.url)
        return f"{self._store.shown(self.url)}, {f'version {version}' if version else 'no tables yet'}"


def _empty_place(home: Path) -> str:
    """The place of a home that nobody owns now, empty where somebody does."""
    with suppress(OSError), (home / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return _place(lock)
    return ""


def _place(owner: Owner | BinaryIO) -> str:
    """The home as nothing else on any machine is called: while its lock is ours, who led from there is gone."""
    lock, boot = os.fstat(owner.fileno()), Path("/proc/sys/kernel/random/boot_id")
    return f"{boot.read_text().strip()} {lock.st_dev} {lock.st_ino}" if boot.exists() else ""


def _give_way(leader: Leader) -> None:
    if leader.alive:
        why = f"the database is led by {leader.name}: wait for its end, or ask there"
        raise HomeBusy(why)

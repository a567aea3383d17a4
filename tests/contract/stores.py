"""The stores that keep the contract, and the changes that the cases are made of."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from segue.model.changes import AttemptMoved, RunCreated, RunMoved, TaskMoved, VersionAdded
from segue.model.events import Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow, Version
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.why import Why
from segue.store.memory import MemoryReader, MemoryResults, MemoryStore, MemoryWriter
from segue.store.postgres import Pace, PostgresReader, PostgresResults
from segue.store.postgres import open_writer as open_postgres
from segue.store.sqlite import SqliteReader, SqliteResults, open_writer
from tests.postgres_server import binaries, running_server

A, R, T = AttemptState, RunState, TaskState
NOW = Instant(1_775_000_000_000_000)
WHY = Why("ready")
RUN = RunKey("daily", "2026-04-01", 1)
SLOT = (Instant(NOW - 86_400_000_000), NOW)
SPEC = DagSpec(
    "daily",
    (
        TaskSpec("extract"),
        TaskSpec("load", data=("extract",), mapped=MapSpec("zip", (Over("path", "extract"),))),
        TaskSpec("report", data=("load",)),
    ),
    file="daily.py",
)
VERSION = Version(1, SPEC, "spec-1", "code-1", "bundle-1")


class Sqlite:
    """A file; `reopen` is what a new owner does after the old one is gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "segue.db"
        self.writer = open_writer(self.path, NOW)
        self.epoch = self.writer.lease().epoch
        self.reader = SqliteReader(self.path)
        self.results = SqliteResults(self.path)

    def reopen(self) -> None:
        self.writer.close()
        self.writer = self.another()
        self.epoch = self.writer.lease().epoch

    def another(self):
        return open_writer(self.path, NOW)

    def close(self) -> None:
        for part in (self.reader, self.results, self.writer):
            part.close()


class Memory:
    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.writer = self.another()
        self.epoch = self.writer.lease().epoch
        self.reader = MemoryReader(self.store)
        self.results = MemoryResults(self.store)

    def reopen(self) -> None:
        self.writer = self.another()
        self.epoch = self.writer.lease().epoch

    def another(self):
        return MemoryWriter(self.store)

    def close(self) -> None:
        pass


class Postgres:
    """A database of its own on a server that all tests of this process share; whoever asks, leads."""

    def __init__(self, folder: Path) -> None:
        server, like = _server()
        self._name = server.new_database(like)
        self.url = server.url(self._name)
        self.writer = self.another()
        self.epoch = self.writer.lease().epoch
        self.reader = PostgresReader(self.url)
        self.results = PostgresResults(self.url)

    def reopen(self) -> None:
        self.writer.close()
        self.writer = self.another()
        self.epoch = self.writer.lease().epoch

    def another(self):
        return open_postgres(self.url, NOW, Pace(expiry=0.0, look=0.01))

    def close(self) -> None:
        for part in (self.reader, self.results, self.writer):
            part.close()
        _server()[0].drop_database(self._name)


@cache
def _server():
    """One for all tests of this process, and a database with our tables to copy."""
    running = ExitStack()
    atexit.register(running.close)
    server = running.enter_context(running_server(fsync=False))
    like = server.new_database()
    open_postgres(server.url(like), NOW).close()
    return server, like


_NO_SERVER = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed here")
STORES = [
    pytest.param(Sqlite, id="sqlite"),
    pytest.param(Memory, id="memory"),
    pytest.param(Postgres, id="postgres", marks=_NO_SERVER),
]


def stores():
    """Parametrize a fixture over all stores."""
    return pytest.fixture(params=STORES)(_store)


def _store(request, tmp_path) -> Iterator[Sqlite | Memory]:
    with opened(request.param, tmp_path) as store:
        yield store


@contextmanager
def opened(kind, folder):
    store = kind(folder)
    try:
        yield store
    finally:
        store.close()


def write(store, *changes) -> None:
    with store.writer.transaction(store.epoch) as transaction:
        transaction.apply(changes)


def row_of(run=RUN, **facts) -> RunRow:
    return RunRow(run, **{"request": f"ask-{run}", "version": 1, "bundle": "bundle-1", "created": NOW} | facts)


def created(run=RUN, **facts) -> RunCreated:
    return RunCreated(row_of(run, **facts), NOW)


def moved(run, old, new, **facts) -> RunMoved:
    return RunMoved(run, old, new, NOW, WHY, **facts)


def defined(version=VERSION, dag="daily") -> VersionAdded:
    return VersionAdded(dag, version, "here", NOW)


def task(old, new, name="extract", index=None, **facts) -> TaskMoved:
    return TaskMoved(facts.pop("run", RUN), name, index, old, new, facts.pop("at", NOW), facts.pop("why", WHY), **facts)


def attempt(old, new, number=1, name="extract", index=None, **facts) -> AttemptMoved:
    key = AttemptKey(facts.pop("run", RUN), name, index, number)
    return AttemptMoved(key, old, new, facts.pop("at", NOW), **facts)


def queued(name="extract", index=None, number=1, old=T.PENDING, **facts):
    return (
        attempt(None, A.QUEUED, number, name, index, fence=b"f" * 16),
        task(old, T.QUEUED, name, index, attempt=number, **facts),
    )


def succeeded(name="extract", index=None, number=1, value=b"\x01", **facts):
    began = Instant(NOW + 1)
    return (
        attempt(A.QUEUED, A.SUCCESS, number, name, index, began=began, at=Instant(NOW + 2), worker="w1"),
        task(
            T.QUEUED, T.SUCCESS, name, index, began=began, at=Instant(NOW + 2), attempt=number,
            result=Value(value, digest=b"d"), why=Why("done"), **facts,
        ),
    )  # fmt: skip


def begun_run(store, *more) -> None:
    write(store, defined(), created(), moved(RUN, R.QUEUED, R.RUNNING, placed=True, started=NOW), *more)


def dump(store):
    """Everything a reader can see, for comparison of before and after."""
    rows = store.reader
    # A number that a failed transaction has taken is not given again by every store.
    attempts = [(run, replace(row, id=0)) for run, row in rows.attempt_rows()]
    return (
        list(rows.run_rows()), sorted(rows.task_rows(), key=repr), attempts, list(rows.event_rows()),
        list(rows.dags()), list(rows.slots("daily")), sorted(rows.state_rows(), key=repr), list(rows.pools()),
        list(rows.eased()), list(rows.sealed_rows("secret")),
    )  # fmt: skip

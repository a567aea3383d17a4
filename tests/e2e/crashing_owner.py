"""An owner that kills itself at a numbered point between the phases of a turn, and another that goes on.

`python -m tests.e2e.crashing_owner FOLDER [URL]` makes one home after the other in a folder and crashes each at the
next point, until an owner comes through without meeting its point. It prints a line for each: number and place. With
the address of a PostgreSQL server each home gets a database there, `crash<number>`.
"""

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from segue.app.clock import SystemClock
from segue.app.picture import Picture
from segue.app.session import Session
from segue.define.bundle import Snapshots
from segue.define.digest import code_digest
from segue.define.loading import load_file
from segue.engine.core import Engine
from segue.model.acts import RetryRun, TriggerRun
from segue.model.changes import Change
from segue.model.commands import Command
from segue.model.contracts import Executor, Inbox, Lease, Results, Transaction, Writer
from segue.model.definition import Defined, Definition
from segue.model.events import Event, Request
from segue.model.ids import Instant, RunKey, manual_key
from segue.model.images import Snapshot
from segue.model.spec import spec_digest
from segue.model.state import RUN_FINAL
from segue.model.value import encode
from segue.run.children.lifeline import die_with_parent
from segue.run.control import ControlServer
from segue.run.executors.process import ProcessExecutor
from segue.run.executors.settings import ExecutorSettings
from segue.run.loop import run_forever
from segue.store.home import DATABASE
from segue.store.postgres import PostgresReader, PostgresResults
from segue.store.postgres import open_writer as open_postgres
from segue.store.sqlite import SqliteReader, SqliteResults, open_writer
from tests.e2e.commands import check_home
from tests.e2e.ledger import Ledger, check_known

__all__ = ["DAG", "PLACES", "REQUEST", "RUN", "Kept", "main"]

DAG, REQUEST = "three", "r0"
RUN = RunKey(DAG, manual_key(REQUEST), 1)
PLACES = ("begin", "applied", "committed", "executor acknowledged", "done", "inbox acknowledged")


class Fuse:
    """Counts the places that turns with changes pass, and kills this process at one of them."""

    def __init__(self, fatal: int | None) -> None:
        self._left, self.writing = fatal, False

    def at(self, place: str) -> None:
        """Pass a place."""
        if self._left is None or not self.writing:
            return
        if self._left == 0:
            print(place, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


class CrashingWriter:
    """A store whose owner may die before it begins, with everything applied, and once that is durable."""

    def __init__(self, inner: Writer, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse
        self.snapshot, self.facts, self.known = inner.snapshot, inner.facts, inner.known

    def lease(self) -> Lease:
        return self._inner.lease()

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[Transaction]:
        self._fuse.writing = True
        self._fuse.at("begin")
        with self._inner.transaction(epoch) as transaction:
            yield transaction
            self._fuse.at("applied")
        self._fuse.at("committed")


class CrashingExecutor:
    """An executor whose owner may die once it has acknowledged, and once commands are carried out."""

    def __init__(self, inner: Executor, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse
        self.poll, self.barrier = inner.poll, inner.barrier

    def ack(self, events: Sequence[Event]) -> None:
        self._inner.ack(events)
        self._fuse.at("executor acknowledged")

    def do(self, commands: Iterable[Command]) -> None:
        self._inner.do(commands)
        self._fuse.at("done")

    def wait(self, seconds: float | None, inbox: Inbox) -> None:
        self._inner.wait(seconds, inbox)


class CrashingInbox:
    """An inbox whose owner may die once it has acknowledged."""

    def __init__(self, inner: ControlServer, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse
        self.poll, self.fileno = inner.poll, inner.fileno

    def ack(self, events: Sequence[Event], changes: Sequence[Change]) -> None:
        self._inner.ack(events, changes)
        self._fuse.at("inbox acknowledged")
        self._fuse.writing = False


def defined(file: Path, bundles: Path) -> Defined:
    """Read the DAG file, as the definition child does."""
    bundle = Snapshots(bundles).take(file)
    loaded = load_file(bundle.folder / bundle.file, bundle.folder)
    code = code_digest(bundle.folder / bundle.file, bundle.folder)
    definitions = tuple(Definition(spec, spec_digest(spec), code, bundle.digest) for spec in loaded.specs)
    return Defined(str(bundle.root), bundle.file, definitions)


class Kept:
    """Where the runs of a home are kept."""

    def __init__(self, home: Path, url: str = "") -> None:
        self._file, self.url = home / DATABASE, url and urlsplit(url)._replace(path=f"/crash{home.name}").geturl()
        self.home = home

    def make(self, url: str) -> None:
        """Make room for it on the server."""
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"crash{self.home.name}")))

    def writer(self, now: Instant) -> Any:
        """The writing side; who led from this home before is known to be gone."""
        return open_postgres(self.url, now, place=self.home.name) if self.url else open_writer(self._file, now)

    def results(self) -> Results:
        """For attempts."""
        return PostgresResults(self.url) if self.url else SqliteResults(self._file)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """For reading."""
        reader = PostgresReader(self.url) if self.url else SqliteReader(self._file)
        try:
            yield reader
        finally:
            reader.close()


def drive(kept: Kept, bundles: Path, news: Defined, fatal: int | None) -> None:
    """Own a home until its one run has ended; the run is asked for, or gone on with, as `segue` does."""
    home = kept.home
    ledger = home / "ledger"
    ledger.mkdir(exist_ok=True)
    fuse, clock = Fuse(fatal), SystemClock()
    with ExitStack() as stack:
        store = kept.writer(clock.now())
        stack.callback(store.close)
        inbox = ControlServer(home / "s", lambda look: None)
        stack.callback(inbox.close)
        settings = ExecutorSettings(
            home, home / "logs", str(home / "storage"), bundles, dict(os.environ), workers=2, grace=0.5
        )
        executor = ProcessExecutor(settings, kept.results(), clock)
        stack.callback(executor.close)
        picture = Picture({definition.spec.id: definition.spec for definition in news.definitions})
        session = Session(inbox, picture, lambda: "again", "somebody")
        session.post(news)
        request = _request(kept, ledger)
        if request is not None:
            session.post(request)
        run_forever(
            CrashingWriter(store, fuse), CrashingInbox(inbox, fuse), CrashingExecutor(executor, fuse), clock,
            _engine, session.over, session,
        )  # fmt: skip
        assert not session.refusals, session.refusals


def _engine(snapshot: Snapshot) -> Engine:
    return Engine(snapshot)


def _request(kept: Kept, ledger: Path) -> Request | None:
    with kept.reading() as reader:
        detail = reader.run(RUN)
    if detail is None:
        params = encode({"ledger": str(ledger), "pace": 0.001, "width": 1})
        return Request(REQUEST, "somebody", TriggerRun(DAG, RUN.key, None, params))
    if detail.run.state in RUN_FINAL:
        return None
    return Request("r1", "somebody", RetryRun(RUN))


def main(folder: Path, url: str = "") -> None:
    bundles = folder / "bundles"
    news = defined(folder / "project" / f"{DAG}.py", bundles)
    for point in count():
        home = folder / str(point)
        home.mkdir()
        kept = Kept(home, url)
        if url:
            kept.make(url)
        print(point, end=" ", flush=True)
        killed = _in_fork(kept, bundles, news, point)
        if killed:
            check_home(home)
            with kept.reading() as reader:
                check_known(reader, Ledger(home / "ledger"))
            assert not _in_fork(kept, bundles, news, None)
        else:
            print("no such point", flush=True)
            return


def _in_fork(kept: Kept, bundles: Path, news: Defined, fatal: int | None) -> bool:
    """Drive in a process of its own; says whether it was killed."""
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        die_with_parent(parent)
        drive(kept, bundles, news, fatal)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code != 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

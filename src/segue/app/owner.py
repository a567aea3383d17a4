"""The foreground owner: everything put together for as long as a command takes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from segue.app.actor import actor_here, new_id
from segue.app.database import open_reader
from segue.app.early import EarlyExecutor, Read
from segue.app.helm import Helm
from segue.app.home import Home
from segue.app.picture import Picture
from segue.app.session import Session
from segue.app.settings import Settings, machine_memory
from segue.engine.core import Engine
from segue.model.acts import Act, RerunRun, RetryRun, StartBackfill, TriggerRun
from segue.model.contracts import Clock
from segue.model.definition import Defined
from segue.model.errors import Refused
from segue.model.events import Event, Request
from segue.model.ids import RunKey
from segue.model.images import Snapshot
from segue.model.spec import DagSpec
from segue.model.views import RunDetail
from segue.run.control import Look
from segue.store.home import Owner

__all__ = ["Foreground", "defined_by", "foreground"]


def defined_by(read: Read) -> Defined:
    """What the definition child read, as an event."""
    return Defined(read.root, read.file, read.definitions, read.errors)


class Foreground:
    """An owner that drives what it was asked, and ends.

    Args:
        settings: in force.
        owner: holds the home.
        early: the executor; whoever made it closes it, after this.
        specs: DAGs whose runs may be created.
        drive: whether runs are driven to their end; else it ends when everything is answered.
    """

    def __init__(
        self, settings: Settings, owner: Owner, early: EarlyExecutor, specs: Sequence[DagSpec], *, drive: bool = True
    ) -> None:
        self.settings = settings
        self.clock: Clock = early.clock
        self.picture = Picture({spec.id: spec for spec in specs})
        self._engine: Engine | None = None
        self._paused: frozenset[str] | None = None  # hard; asked once: nobody else writes while we own the home
        self._helm = Helm(settings, owner, early, self._look)
        self.session = Session(self._helm.inbox, self.picture, new_id, actor_here(), drive)

    def detail(self, run: str) -> RunDetail:
        """A run as the store has it.

        Raises:
            Refused: there is none.
        """
        with open_reader(Home(self.settings.home)) as reader:
            view = None if reader is None else reader.find(run)
            detail = None if reader is None or view is None else reader.run(view.run)
        if detail is None:
            raise Refused(f"there is no run {run}")
        return detail

    def post(self, event: Event) -> None:
        """Put an event before the loop."""
        self.session.post(event)

    def ask(self, act: Act, request: str | None = None) -> str:
        """Ask for something in the name of this user; gives the request's id.

        Raises:
            Refused: it would begin something of a DAG that is paused hard, and wait for ever.
        """
        self._refuse_paused(act)
        name = request or new_id()
        self.session.post(Request(name, self.session.actor, act))
        return name

    def _refuse_paused(self, act: Act) -> None:
        match act:
            case TriggerRun(dag) | StartBackfill(dag) | RetryRun(RunKey(dag)) | RerunRun(RunKey(dag)):
                pass
            case _:
                return
        if self._paused is None:
            with open_reader(Home(self.settings.home)) as reader:
                views = () if reader is None else reader.dags()
            self._paused = frozenset(view.dag for view in views if view.timing.hard)
        if dag in self._paused:
            raise Refused(f"DAG {dag} is paused hard: nothing of it begins before `segue unpause {dag}`")

    def run(self) -> None:
        """Drive until everything asked for is done. Ctrl-C or TERM cancels cleanly, a second one kills."""
        with _interrupting(self.session.interrupt):
            self._helm.drive(self._new_engine, self.session.over, self.session)

    def close(self) -> None:
        """Release everything but the home."""
        self._helm.close()

    def _new_engine(self, snapshot: Snapshot) -> Engine:
        if self._engine is not None:
            with open_reader(Home(self.settings.home)) as reader:
                self.session.restored(lambda run: None if reader is None else reader.run(run))
        self.session.owe(snapshot)
        engine = self._engine = Engine(
            snapshot, self.settings.limits(machine_memory()), backfills=self.session.backfills
        )
        self.session.filling = lambda: engine.filling
        return engine

    def _look(self, look: Look) -> object:
        if look.what == "health" or look.run is None or self._engine is None:
            return {"pid": os.getpid(), "kind": "run", "runs": [str(run) for run in self.session.runs()]}
        picture = self.picture.runs.get(look.run)
        if picture is None:
            return []
        rows: list[tuple[str, str, str]] = []
        for name in (None, *picture.tasks):
            state = picture.state if name is None else picture.tasks[name].state
            rows.append((name or "", str(state), str(self._engine.why(look.run, name) or "")))
        return rows


@contextmanager
def _interrupting(interrupt: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: interrupt()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def foreground(
    settings: Settings, owner: Owner, early: EarlyExecutor, specs: Sequence[DagSpec], *, drive: bool = True
) -> Iterator[Foreground]:
    """A foreground owner that is closed in any case."""
    driver = Foreground(settings, owner, early, specs, drive=drive)
    try:
        yield driver
    finally:
        driver.close()

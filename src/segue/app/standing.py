"""The owner that stays: it drives all runs, plans by the clocks of DAGs, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

from segue.app.actor import actor_here, new_id
from segue.app.clock import SystemClock
from segue.app.database import open_reader
from segue.app.early import EarlyExecutor
from segue.app.foretelling import Foretelling
from segue.app.handover import FENCED
from segue.app.helm import Helm
from segue.app.home import Home
from segue.app.noting import note
from segue.app.picture import Picture
from segue.app.settings import Settings, machine_memory
from segue.engine.core import Engine
from segue.model.acts import Drain
from segue.model.changes import (
    AlertRaised,
    AttemptMoved,
    BackfillMoved,
    Change,
    DagRenamed,
    DefinitionFailed,
    Quarantined,
    TimingSet,
    VersionAdded,
)
from segue.model.events import Event, Request
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import Snapshot
from segue.model.state import AttemptState
from segue.model.why import Why
from segue.run.control import Look
from segue.store.home import Owner

if TYPE_CHECKING:
    from segue.store.postgres import Leader

__all__ = ["Standing"]

_REPLACED: Final = 75  # exit code: the supervisor starts it again
_ALIVE: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})


class _ToldToStop(Exception):  # noqa: N818 - it is no error
    """While another one leads there is no turn in which to end."""


class Standing:
    """An owner for good. It is the loop's `Watch`.

    Args:
        settings: in force.
        owner: holds the home.
        early: the executor; whoever made it closes it, after this.
        say: told in a sentence what a person may want to know.

    Attributes:
        foretelling: when files are to be read again that have not changed; `foretold` is called when that moves.
    """

    def __init__(self, settings: Settings, owner: Owner, early: EarlyExecutor, say: Callable[[str], None]) -> None:
        self._settings, self._owner, self._say = settings, owner, say
        self._hands = early.executor.hands
        self._engine: Engine | None = None
        self._alive: set[AttemptKey] = set()
        self._numbers: dict[str, int] = {}  # of the newest versions, where reloads are told
        self._broken: set[tuple[str, str]] = set()  # files that could not be read last
        self._stops = 0
        self._stop_by: Instant | None = None
        self._trouble = self._leader = ""
        self._down = 0.0  # since when the store is away
        self.foretelling = Foretelling(SystemClock().now)
        self.foretold: Callable[[], None] = lambda: None
        self._helm = Helm(settings, owner, early, self._look, self._stand_by)
        if self._helm.restored:
            say(
                f"the database was put here ({self._helm.restored}): every DAG is paused hard, nothing begins; "
                "`segue runs --state running` shows what would go on, `segue unpause --all` lets it"
            )

    def post(self, *events: Event) -> None:
        """Put events before the loop; from any thread."""
        for event in events:
            self._helm.inbox.post(event)

    def declared(self) -> dict[tuple[str, str], dict[str, str]]:
        """DAGs that are not retired by folder and file, with their bundle (none where the file has failed); from any
        thread.
        """
        found: dict[tuple[str, str], dict[str, str]] = {}
        with open_reader(Home(self._settings.home)) as reader:
            for view in () if reader is None else reader.dags():
                if not view.timing.retired:
                    bundle = view.bundle if view.error is None else ""
                    found.setdefault((view.location, view.file), {})[view.dag] = bundle
        return found

    def run(self) -> None:
        """Lead until TERM or Ctrl-C: nothing more begins then, what runs has its grace; a second ends it at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, lambda *_: self._helm.inbox.poke())
        with suppress(_ToldToStop):
            self._helm.drive(self._new_engine, self._stopping, self)

    def close(self) -> None:
        """Release everything but the home."""
        self._helm.close()

    # ---------------------------------------------------------------------------------------------------- ending
    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stops += 1
        if self._stops == 1:
            grace = self._settings.grace
            self._stop_by = Instant(self._helm.clock.now() + grace)
            signal.setitimer(signal.ITIMER_REAL, grace / 1e6 + 0.01)
            self._begin_to_drain()
        self._helm.inbox.poke()

    def _begin_to_drain(self) -> None:
        self._helm.inbox.post(Request(new_id(), actor_here(), Drain()))

    def _stopping(self) -> bool:
        if self._stops == 0:
            return False
        late = self._stop_by is not None and self._helm.clock.now() >= self._stop_by
        return self._stops > 1 or late or not self._alive

    # ----------------------------------------------------------------------------------------------- the loop's Watch
    def runs(self) -> None:
        """It drives all."""

    def deciding(self, changes: Sequence[Change]) -> None:
        """Nothing depends on it: after a doubtful commit everything is read again."""

    def committed(self, changes: Sequence[Change]) -> None:
        """Note what is alive, tell what a person should know, poke followers."""
        self._trouble = ""
        note(changes)
        for change in changes:
            if isinstance(change, AttemptMoved):
                (self._alive.add if change.new in _ALIVE else self._alive.discard)(change.key)
            elif isinstance(change, VersionAdded):
                self._tell_version(change)
            elif sentence := _sentence(change):
                self._say(sentence)
        self._tell_mended(changes)
        if self.foretelling.heard(changes):
            self.foretold()
        self._helm.inbox.committed()

    def _tell_mended(self, changes: Sequence[Change]) -> None:
        """Whoever was told that a file cannot be read wants to hear that it can be."""
        broken = {(one.location, one.file) for one in changes if isinstance(one, DefinitionFailed)}
        fresh = {(one.location, one.version.spec.file) for one in changes if isinstance(one, VersionAdded)}
        for place in sorted((self._broken & fresh) - broken):
            self._say(f"{place[1]} can be read again")
        self._broken = (self._broken - fresh) | broken

    def _tell_version(self, change: VersionAdded) -> None:
        """Whoever edits wants to see that it was taken; a new bundle alone is not told."""
        spec, number = change.version.spec, change.version.number
        if self._owner.facts.kind == "dev" and self._numbers.get(change.dag) != number:
            tasks = f"{len(spec.tasks)} task{'' if len(spec.tasks) == 1 else 's'}"
            self._say(f"{spec.file}: DAG {change.dag} is of version {number} now, with {tasks}")
        self._numbers[change.dag] = number

    def down(self, why: str) -> None:
        """Say that the store is away, once; a scheduler that another one may replace meanwhile ends in time."""
        if why != self._trouble:
            self._say(why)
        self._trouble, self._down = why, self._down or time.monotonic()
        if (
            self._engine is not None
            and self._owner.facts.kind == "scheduler"
            and time.monotonic() - self._down > FENCED
        ):
            self._leave("another scheduler may lead by now: what runs here ends, and this process begins again")

    def _leave(self, why: str) -> None:
        """End with all workers and no farewell: `on_cancel` would stop jobs that the next leader goes on with."""
        self._say(why)
        os._exit(_REPLACED)

    def _new_engine(self, snapshot: Snapshot) -> Engine:
        if self._leader:
            self._say("leads now")
        self._leader, self._down = "", 0.0
        self._alive = {
            AttemptKey(image.row.run, task.task, task.index, task.attempt.number)
            for image in snapshot.runs
            for task in image.tasks
            if task.attempt is not None and task.attempt.state in _ALIVE
        } | {
            AttemptKey(image.row.run, hook.task, hook.index, hook.number)
            for image in snapshot.runs
            for hook in image.hooks
            if hook.state in _ALIVE
        }
        self._numbers = {dag.dag: dag.version.number for dag in snapshot.dags}
        self.foretelling.begin(snapshot.dags)
        self.foretold()
        if self._stops:
            self._begin_to_drain()
        self._engine = Engine(snapshot, self._settings.limits(machine_memory()), planning=True)
        return self._engine

    def _stand_by(self, leader: Leader) -> None:
        if self._stops:
            raise _ToldToStop
        if self._engine is not None and leader.alive:
            self._leave(f"{leader.name} leads now: what runs here ends, and this process begins again")
        if leader.alive:
            self._helm.handover.heard()
        if leader.alive and leader.name != self._leader:
            self._say(f"stands by: the database is led by {leader.name}")
            self._leader = leader.name
        self._helm.inbox.poll()  # answers who looks

    # ------------------------------------------------------------------------------------------------------ looking
    def _look(self, look: Look) -> object:
        if look.what == "health" or look.run is None:
            return self._health()
        return [] if self._engine is None else self._why(self._engine, look.run)

    def _health(self) -> dict[str, object]:
        facts, engine = self._owner.facts, self._engine
        return {
            "pid": facts.pid, "kind": facts.kind, "runs": None, "alive": len(self._alive),
            "draining": engine is not None and engine.draining, "leading": engine is not None,
            "leader": self._leader, "turn": self._helm.clock.now(), "workers": self._settings.workers,
            "ready": 0 if engine is None else engine.ready, "turns": self._helm.handover.turns.said(),
            "crew": self._hands(),
        }  # fmt: skip

    def _why(self, engine: Engine, run: RunKey) -> list[tuple[str, str, str]]:
        with open_reader(Home(self._settings.home)) as reader:
            detail = None if reader is None else reader.run(run)
        if detail is None:
            return []
        picture = Picture({})
        picture.open(detail)
        shown = picture.runs[run]
        rows = [("", str(shown.state), str(engine.why(run) or ""))]
        return rows + [(name, str(task.state), str(engine.why(run, name) or "")) for name, task in shown.tasks.items()]


def _sentence(change: Change) -> str:
    """What a person should know of a change who looks at the terminal of an owner that stays."""
    match change:
        case DefinitionFailed(_, file, text):
            return f"{file} cannot be read: {text}"
        case Quarantined(dag, why):
            return f"DAG {dag} is quarantined, no run of it goes on until it is edited: {why}"
        case DagRenamed(old, new):
            return f"DAG {old} is called {new} from now on, and so are all its runs"
        case AlertRaised(alert) if alert.kind == "missed":
            return alert.text
        case TimingSet(dag, why=Why("retired")):
            return f"no file declares DAG {dag} any more: nothing of it runs by time, runs in flight go on"
        case BackfillMoved(number, dag, _, "stopped"):
            return f"backfill {number} of DAG {dag} has stopped: its DAG is gone"
        case _:
            return ""

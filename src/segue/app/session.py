from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from segue.app.picture import Picture
from segue.model.acts import CancelRun, MoveBackfill, RejectTask, ReleaseTask, RerunRun, RetryRun, TriggerRun
from segue.model.backfills import BackfillState
from segue.model.changes import (
    Answered,
    AttemptMoved,
    BackfillMade,
    BackfillMoved,
    Change,
    DagRenamed,
    RunCreated,
    RunMoved,
    TaskMoved,
)
from segue.model.events import Event, Request
from segue.model.ids import AttemptKey, RunKey
from segue.model.images import Snapshot
from segue.model.state import RUN_FINAL, AttemptState, RunState, TaskState
from segue.model.views import RunDetail
from segue.run.control import ControlServer, Reply

__all__ = ["Session"]

_ALIVE: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})
_STANDING: Final = RUN_FINAL | {RunState.HELD}
_RELEASED: Final = (TaskState.HELD, TaskState.UP_FOR_RETRY)
_DRIVING: Final = frozenset(act.__name__ for act in (TriggerRun, RetryRun, RerunRun, ReleaseTask, RejectTask))


class Session:
    """What a foreground owner was asked to do, and how far it is. It is the loop's `Watch`.

    It drives the runs that its own requests, or those that come over the control socket, made or moved, and no others.

    Args:
        inbox: where its requests go.
        picture: kept up with what is committed.
        new_id: gives the id of a request.
        actor: in whose name.
        drive: whether the runs are driven to their end; else it is over when every request is answered.
    """

    def __init__(
        self, inbox: ControlServer, picture: Picture, new_id: Callable[[], str], actor: str, drive: bool = True
    ) -> None:
        self.picture, self.actor, self.drive = picture, actor, drive
        self.replies: dict[str, Reply] = {}
        self.mine: dict[RunKey, None] = {}
        self.listeners: list[Callable[[Sequence[Change]], None]] = []
        self.complaint: Callable[[str], None] = lambda why: None
        self.filling: Callable[[], bool] = lambda: False
        self.backfills: dict[int, BackfillState] = {}
        self.interrupts = 0
        self._inbox, self._new_id = inbox, new_id
        self._trouble = ""
        self._open: set[str] = set()
        self._driven: dict[RunKey, RunState] = {}
        self._hooks: set[AttemptKey] = set()  # that are alive: what they say of an end is part of it

    def post(self, event: Event) -> None:
        """Put an event before the loop; a request counts as this session's own."""
        if not isinstance(event, Request):
            self._inbox.post(event)
            return
        self._open.add(event.id)
        self._inbox.post(event, lambda reply: self._answered(event.id, reply))

    def interrupt(self) -> None:
        """Cancel all runs of this session; the second time kill them. Safe in a signal handler."""
        self.interrupts += 1
        for number, stands in tuple(self.backfills.items()) if self.drive else ():
            if stands == "running":
                self._inbox.post(Request(self._new_id(), self.actor, MoveBackfill(number, "cancel")))
        for run, state in tuple(self._driven.items()):
            if state not in _STANDING:
                self._inbox.post(Request(self._new_id(), self.actor, CancelRun(run, now=self.interrupts > 1)))

    def over(self) -> bool:
        """Whether every request is answered and every run has come to an end or to a stand."""
        if self._open or (self.drive and self.filling()):
            return False
        return not self.drive or (not self._hooks and all(state in _STANDING for state in self._driven.values()))

    @property
    def refusals(self) -> list[str]:
        """Why requests were refused."""
        return [reply.text for reply in self.replies.values() if not reply.ok]

    def _answered(self, request: str, reply: Reply) -> None:
        self._open.discard(request)
        self.replies[request] = reply
        if reply.run is not None:
            self.mine[reply.run] = None

    # ------------------------------------------------------------------------------------------------ the loop's Watch
    def runs(self) -> frozenset[RunKey]:
        """The runs it drives."""
        return frozenset(self._driven)

    def deciding(self, changes: Sequence[Change]) -> None:
        """Take note of runs before they are committed: where the outcome is unknown they must be looked for."""
        for change in changes:
            match change:
                case RunCreated(row):
                    self._driven.setdefault(row.run, RunState.QUEUED)
                case BackfillMade(row, state):
                    self.backfills[row.id] = state
                case BackfillMoved():
                    self.backfills[change.backfill] = change.new
                case RunMoved(run):
                    self._driven.setdefault(run, RunState.RUNNING)
                case Answered(ok=True, run=RunKey() as run) if run in self.picture.runs:
                    self._driven.setdefault(run, self.picture.runs[run].state)
                case Answered(ok=True, act=act, run=RunKey() as run) if act in _DRIVING:
                    self._driven.setdefault(run, RunState.RUNNING)
                case _:
                    pass

    def committed(self, changes: Sequence[Change]) -> None:
        """Show it and tell followers."""
        for change in changes:
            if isinstance(change, RunMoved):
                self._driven[change.run] = change.new
            elif isinstance(change, TaskMoved) and (change.old, change.new) == _RELEASED:
                self._driven[change.run] = RunState.RUNNING  # as it will be once there is a place to publish in
            elif isinstance(change, AttemptMoved) and change.kind == "hook":
                (self._hooks.add if change.new in _ALIVE else self._hooks.discard)(change.key)
            elif isinstance(change, DagRenamed):
                self.complaint(f"DAG {change.old} is called {change.new} from now on, and so are all its runs")
        self._trouble = ""
        self.picture.apply(changes)
        for listener in self.listeners:
            listener(changes)
        self._inbox.committed()

    def owe(self, snapshot: Snapshot) -> None:
        """The hooks that are alive in the store are called before this is over, whoever was killed over them."""
        alive = ((run.row.run, hook) for run in snapshot.runs for hook in run.hooks if hook.state in _ALIVE)
        self._hooks |= {AttemptKey(run, hook.task, hook.index, hook.number) for run, hook in alive}

    def restored(self, look: Callable[[RunKey], RunDetail | None]) -> None:
        """The loop has read the store again, maybe because it could not know whether its last commit is there.

        Args:
            look: gives a run as the store has it.
        """
        for run in {run for run, state in self._driven.items() if state not in _STANDING} | {
            key.run for key in self._hooks
        }:
            if (detail := look(run)) is not None:
                self.picture.open(detail)
                released = any(view.state is TaskState.UP_FOR_RETRY for view in detail.tasks)
                self._driven[run] = RunState.RUNNING if released else detail.run.state
                hooks = {view.key for view in detail.attempts if view.kind == "hook" and view.state in _ALIVE}
                self._hooks = {key for key in self._hooks if key.run != run} | hooks

    def down(self, why: str) -> None:
        """Say that the store is away; once, however often that is found until something is written again."""
        if why != self._trouble:
            self.complaint(why)
        self._trouble = why

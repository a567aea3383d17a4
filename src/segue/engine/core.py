"""The engine: a pure function of (state, time, events).

One turn: the events are taken in, then what follows by itself follows until nothing more does, then cells are
dispatched. A turn that would write more than its share stops and asks to be called again at once; what is left of a
cascade lies in the machines and is derived again after a crash. An error inside the step of one run quarantines its
DAG and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import assert_never

from segue.engine import attempts
from segue.engine.acts import act, refuse
from segue.engine.alerts import watch
from segue.engine.backfills import feed, goes_on
from segue.engine.board import Dag
from segue.engine.deadlines import judge
from segue.engine.defining import define, retire_gone
from segue.engine.explain import explain
from segue.engine.hooks import call_due, is_hook
from segue.engine.machine import Machine
from segue.engine.pausing import forget
from segue.engine.places import grant_places
from segue.engine.planning import plan
from segue.engine.progress import conclude, dispatch, settle, wake
from segue.engine.restoring import board_of, enter, machine_of, outstanding_of
from segue.engine.stopping import end_overdue
from segue.model.acts import (
    CancelRun,
    MarkTask,
    MoveBackfill,
    RejectTask,
    ReleaseTask,
    RerunRun,
    RetryRun,
    StartBackfill,
    TriggerRun,
)
from segue.model.changes import Decision, Quarantined
from segue.model.commands import Command, Launch
from segue.model.definition import Defined
from segue.model.errors import Conflict
from segue.model.events import Asked, Capacity, Ended, Event, Expired, Known, Lost, Request, Started, Tick
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunImage, Snapshot, Version
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL
from segue.model.why import Why

__all__ = ["Engine"]


class Engine:
    """Decides for any number of runs.

    Args:
        snapshot: one consistent read of the store; the engine goes on from there.
        limits: what the settings allow.
        planning: whether the clocks of DAGs run; without, only what is asked for runs.
        backfills: those that go on without planning: they were asked for.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        limits: Limits = NO_SETTINGS,
        *,
        planning: bool = False,
        backfills: Iterable[int] = (),
    ) -> None:
        self._board = board_of(snapshot, limits, planning)
        self._board.agenda.mine.update(backfills)
        self._asked: set[str] = set()
        self._withheld: list[tuple[Machine, frozenset[AttemptKey]]] = []
        for image in snapshot.runs:
            self._guarded(image.row.run.dag, partial(self._restore, image))
        self._take_up()
        self._outstanding, self._board.commands = tuple(self._board.commands), []

    def outstanding(self) -> Sequence[Command]:
        """What the owner must do before its first turn: `Launch` for QUEUED attempts, `Adopt` for RUNNING ones."""
        return self._outstanding

    @property
    def draining(self) -> bool:
        """Whether nothing is dispatched, so that what runs comes to its end."""
        return self._board.agenda.draining

    @property
    def filling(self) -> bool:
        """Whether something goes on by itself next turn: a backfill that was asked for, or what waits for an answer."""
        return goes_on(self._board)

    def why(self, run: RunKey, task: str | None = None, index: int | None = None) -> Why | None:
        """Why a run or task does not move, from the state that decides; None where the run is not in memory."""
        return explain(self._board, run, task, index)

    @property
    def ready(self) -> int:
        """How many tasks could begin, but for a worker, a pool or a limit."""
        return sum(machine.ready for machine in self._board.runs.values())

    def step(self, now: Instant, events: Sequence[Event]) -> Decision:
        """Take events in, give changes and commands out.

        Args:
            now: the present; where it lies before an earlier turn's, that one's counts.
            events: in the order of arrival; what is not news is ignored.
        """
        board = self._board
        if board.outdated:
            raise Conflict(board.outdated)
        board.now = max(board.now, now)
        # What nobody needs any more goes last: somebody may have asked for it in this turn.
        for event in sorted(events, key=lambda one: isinstance(one, Expired)):
            self._take(event)
        retire_gone(board)
        end_overdue(board)  # before anything is launched again of a run whose time is over
        if board.agenda.planning:
            plan(board, self._guarded)
        self._take_up()
        wake(board)
        self._follow()
        self._feed()
        self._dispatch()
        self._follow()
        watch(board, self._guarded)
        decision = Decision(tuple(board.changes), tuple(board.commands), self._wake_at(), tuple(board.agenda.fresh))
        for key in board.over:
            machine = board.runs.get(key)
            if machine is not None and machine.state in RUN_FINAL and not machine.calling:
                del board.runs[key]
        board.over, board.changes, board.commands, board.agenda.fresh = [], [], [], []
        self._asked.clear()
        return decision

    def _restore(self, image: RunImage) -> None:
        board = self._board
        dag = board.dags.get(image.row.run.dag)
        if dag is None or dag.quarantined is None:
            enter(board, machine_of(board, image))

    def _take_up(self) -> None:
        """Go on with the attempts of recalled runs, once it is known what else was asked of these in this turn."""
        board = self._board
        withheld, self._withheld = self._withheld, []
        for machine, keys in withheld:
            if board.runs.get(machine.key) is not machine:
                continue
            if board.dags[machine.key.dag].timing.hard:
                self._withheld.append((machine, keys))
            else:
                self._guarded(machine.key.dag, partial(self._resume, machine, keys))
        while board.recalled:
            machine = board.recalled.pop()
            if machine.key in board.runs:
                self._guarded(machine.key.dag, partial(self._resume, machine))

    def _resume(self, machine: Machine, only: frozenset[AttemptKey] | None = None) -> None:
        """Go on with all attempts of a run, or with some; under a hard pause none begins before its end."""
        board = self._board
        wanted = [one for one in outstanding_of(board, machine) if only is None or one.key in only]
        if board.dags[machine.key.dag].timing.hard:
            keys = frozenset(one.key for one in wanted if isinstance(one, Launch) or is_hook(one.key))
            wanted = [one for one in wanted if one.key not in keys]
            if keys:
                self._withheld.append((machine, keys))
        board.commands[:0] = wanted

    # ------------------------------------------------------------------------------------------------------- events
    def _take(self, event: Event) -> None:
        board = self._board
        match event:
            case Ended() | Started() | Lost() | Asked():
                self._guarded(event.key.run.dag, partial(attempts.hear, board, event))
            case Capacity():
                board.queue.workers, board.queue.depth = event.workers, event.depth
            case Request():
                self._ask(event)
            case Defined():
                define(self._board, event)
            case Known():
                board.agenda.learn(event.slots)
                judge(board, event.slots)
            case Expired():
                forget(board, event)
            case Tick():
                pass
            case _:
                assert_never(event)

    def _ask(self, request: Request) -> None:
        if request.id in self._asked:
            return
        self._asked.add(request.id)
        dag = self._subject(request)
        if not dag:
            act(self._board, request)
            return
        fault = self._guarded(dag, partial(act, self._board, request))
        if fault is not None:
            refuse(self._board, request, f"DAG {dag} is quarantined: {fault}")

    def _subject(self, request: Request) -> str:
        """The DAG that an act is about, empty where it is about none or several."""
        match request.act:
            case TriggerRun(dag) | StartBackfill(dag):
                return dag
            case MoveBackfill(number):
                image = self._board.agenda.backfills.get(number)
                return "" if image is None else image.row.dag
            case RetryRun(run) | RerunRun(run) | CancelRun(run) | MarkTask(run) | ReleaseTask(run) | RejectTask(run):
                return run.dag
            case _:
                return ""

    # ------------------------------------------------------------------------------------------------ what follows
    def _follow(self) -> None:
        board = self._board
        while True:
            stirred, board.agenda.stirred = board.agenda.stirred, {}
            board.active.update((run, board.runs[run]) for run in stirred if run in board.runs)
            touched, board.active = board.active, {}
            for machine in touched.values():
                if machine.key in board.runs:
                    self._guarded(machine.key.dag, partial(self._advance, machine))
            given = grant_places(board)
            if not given and not board.agenda.stirred and not (board.active and board.room):
                return

    def _feed(self) -> None:
        """Let backfills go on, now that it is known which of their runs have ended."""
        board = self._board
        board.agenda.hungry = False
        for filling in tuple(board.agenda.backfills.values()):
            self._guarded(filling.row.dag, partial(feed, board, filling))
        self._follow()

    def _advance(self, machine: Machine) -> None:
        settle(self._board, machine)
        if self._board.room:
            conclude(self._board, machine)
        else:
            self._board.active[machine.key] = machine

    def _dispatch(self) -> None:
        board = self._board
        while not board.agenda.draining and board.room and (found := board.queue.take()) is not None:
            machine, cell = found
            self._guarded(machine.key.dag, partial(dispatch, board, machine, cell))

    def _wake_at(self) -> Instant | None:
        board = self._board
        if board.outdated or board.active or board.agenda.hungry or not board.room:
            return board.now
        timer, deadline = board.timers[0][0] if board.timers else None, board.next_deadline()
        ends = (timer, deadline, board.agenda.next_look(board.now), board.alarm.next_at)
        return min((at for at in ends if at is not None), default=None)

    # -------------------------------------------------------------------------------------------------- quarantine
    def _guarded(self, dag: str, step: Callable[[], object]) -> Why | None:
        """Run one step; where it fails, what it had decided is dropped and its DAG stands still."""
        board = self._board
        changes, commands = len(board.changes), len(board.commands)
        try:
            step()
            if board.calls:
                call_due(board)
        except Exception as error:  # noqa: BLE001  # a fault of one DAG must not stop the others (RELIABILITY, decision 9)
            del board.changes[changes:], board.commands[commands:]
            board.calls.clear()
            fault = Why("failed", (f"{type(error).__name__}: {error}",))
            self._quarantine(dag, fault)
            return fault
        return None

    def _quarantine(self, name: str, fault: Why) -> None:
        """Forget the DAG's runs: memory of them is not what the store has. It is read anew when the DAG comes back."""
        board = self._board
        if name not in board.dags:
            board.dags[name] = Dag(Version(0, DagSpec(name)))
        dag = board.dags[name]
        for key in [key for key in board.runs if key.dag == name]:
            machine = board.runs.pop(key)
            machine.generation += 1
            board.active.pop(key, None)
        dag.granted.clear()
        dag.waiting.clear()
        dag.aside.clear()
        board.queue.recount(board.runs.values())
        dag.quarantined = fault
        board.changes.append(Quarantined(name, fault, board.now))
        board.alarm.quarantined.append(name)

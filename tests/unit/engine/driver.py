"""A world in lockstep: the engine, a store in memory and an executor answered by hand.

Every decision is checked against the tables of legal moves and written compare-and-set, so each test also proves that
memory and store never differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs

from segue.engine.core import Engine
from segue.model.acts import Act, CancelRun, MarkTask, RejectTask, ReleaseTask, RerunRun, RetryRun, TriggerRun
from segue.model.changes import Answered, AttemptMoved, Change, Decision, RunMoved, TaskMoved
from segue.model.commands import Adopt, Cancel, Kill, Launch
from segue.model.definition import Defined, Definition
from segue.model.events import (
    Asked,
    Cancelled,
    Capacity,
    Ended,
    Event,
    Failure,
    Lost,
    LostCause,
    MayStart,
    Outcome,
    Request,
    Started,
    StateSet,
    Value,
)
from segue.model.ids import AttemptKey, Instant, RunKey, fence_of
from segue.model.images import Snapshot
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.spec import DagSpec, MapSpec, Over, RetrySpec, Rules, TaskSpec
from segue.model.state import ATTEMPT_MOVES, MOVES, RUN_MOVES, AttemptState, RunState, TaskState
from segue.model.timing import SlotAsk
from segue.model.views import RunView, SlotView, TaskView
from segue.store.memory import MemoryStore, MemoryWriter

__all__ = ["BOOM", "DAY", "GOOD", "NOBODY", "SECOND", "STOPPED", "World", "dag", "mapped", "slot_of", "task", "wanted"]

SECOND = 1_000_000
DAY = 86_400 * SECOND
GOOD = Value(b"v")
BOOM = Failure("ValueError", "boom")
STOPPED = Cancelled()
_SECRET = bytes(range(32))
NOBODY = RunKey("none", "none", 1)
"""Name it to restart as an owner that drives no run."""
_LABEL = re.compile(r"([^\[]+)(?:\[(\d+)\])?")


def task(id: str, *after: str, data: tuple[str, ...] = (), kind: str = "task", **rules: object) -> TaskSpec:
    """A task; `after` and `data` are its upstream, the rest its rules (`retries=` for short)."""
    return TaskSpec(id, _rules(rules), kind, data, after)


def _rules(options: dict[str, object]) -> Rules:
    retries = options.pop("retries", 0)
    return Rules(retry=RetrySpec(times=retries), **options)


def mapped(id: str, *lists: str | int, mode: str = "zip", after: tuple[str, ...] = (), **rules: object) -> TaskSpec:
    """A task mapped over lists: results of tasks, or written ones of a given length."""
    over = tuple(
        Over(f"x{at}", None, one) if isinstance(one, int) else Over(f"x{at}", one) for at, one in enumerate(lists)
    )
    data = tuple(dict.fromkeys(one for one in lists if isinstance(one, str)))
    return TaskSpec(id, _rules(rules), data=data, after=after, mapped=MapSpec(mode, over))


def dag(*tasks: TaskSpec, id: str = "d", **options: object) -> DagSpec:
    """A DAG."""
    return DagSpec(id, tasks, **options)


def slot_of(day: int) -> tuple[Instant, Instant]:
    """The slot of a day."""
    return Instant(day * DAY), Instant((day + 1) * DAY)


def wanted(name: str = "d", day: int | None = None, key: str = "", **more: object) -> TriggerRun:
    """What asks for a run of a DAG, for a day or without interval."""
    slot = None if day is None else slot_of(day)
    return TriggerRun(name, key or ("manual-x" if day is None else f"day-{day}"), slot, **more)


class World:
    """One owner after another over the same store.

    Attributes:
        changes, commands: of the last call, all its turns together; `history` has all changes of all calls.
        alive: launched or adopted attempts that have not been ended by hand, by label of their task.
    """

    def __init__(
        self,
        *specs: DagSpec,
        workers: int = 100,
        depth: int = 0,
        limits: Limits = NO_SETTINGS,
        planning: bool = False,
        now: int = 1_000 * DAY,
    ) -> None:
        self.store = MemoryStore(_SECRET)
        self.writer = MemoryWriter(self.store)
        self.capacity = Capacity(workers, depth)
        self.limits = limits
        self.planning = planning
        self.asks: tuple[SlotAsk, ...] = ()
        self.now = now
        self.history: list[Change] = []
        self.alive: dict[AttemptKey, Launch | Adopt] = {}
        self.unheard: list[Event] = []
        self.names = 0
        self.last_run: RunKey | None = None
        self.restart()
        for spec in specs:
            self.define(spec)

    # ------------------------------------------------------------------------------------------------------ turns
    def step(self, *events: Event) -> Decision:
        """One turn, committed."""
        informed = tuple(
            structs.replace(event, facts=self.writer.facts(event.act, event.id))
            if isinstance(event, Request)
            else event
            for event in events
        )
        known = (self.writer.look(self.asks),) if self.asks else ()
        decision = self.engine.step(Instant(self.now), (*known, *informed))
        self.asks = decision.asks
        for change in decision.changes:
            _check(change)
        with self.writer.transaction(self.epoch) as transaction:
            transaction.apply(decision.changes)
        self.history += decision.changes
        for command in decision.commands:
            self._do(command)
        self.changes += decision.changes
        self.commands += decision.commands
        self.wake_at = decision.wake_at
        return decision

    def send(self, *events: Event) -> None:
        """A turn with these events, and all that follow from it without waiting."""
        self.changes, self.commands = [], []
        self.step(*events)
        while self.unheard or self.asks or (self.wake_at is not None and self.wake_at <= self.now):
            events, self.unheard = tuple(self.unheard), []
            self.step(*events)

    def wait(self, seconds: float) -> None:
        """Let time pass; the engine is woken when it asked to be."""
        until = self.now + round(seconds * SECOND)
        self.changes, self.commands = [], []
        while self.asks or (self.wake_at is not None and self.wake_at <= until):
            if not self.asks:
                self.now = max(self.now, self.wake_at)
            self.step()
        self.now = until

    def restart(self, *only: RunKey) -> None:
        """The owner dies; another takes up what is outstanding, of these runs if any are named."""
        self.take_over(self.writer.snapshot(only or None))

    def take_over(self, snapshot: Snapshot) -> None:
        """Another owner goes on from this snapshot."""
        self.epoch = self.writer.lease().epoch
        self.engine = Engine(snapshot, self.limits, planning=self.planning)
        self.asks = ()
        self.alive.clear()
        self.outstanding = self.engine.outstanding()
        for command in self.outstanding:
            self._do(command)
        self.send(self.capacity)

    def make_scheduled(self, *runs: RunKey) -> None:
        """Give these runs the class of runs that the schedule makes, and restart."""
        self.make_of_class(1, *runs)

    def make_of_class(self, klass: int, *runs: RunKey) -> None:
        """Give these runs a class, and restart."""
        for run in runs:
            view = self.store.runs[run]
            self.store.runs[run] = structs.replace(view, row=structs.replace(view.row, klass=klass))
        self.restart()

    def _do(self, command: object) -> None:
        if isinstance(command, Launch):
            key = command.key
            row = self.store.attempts[key.run][key.task, key.index, key.number]
            assert row.state is AttemptState.QUEUED, "a launch follows from its commit"
            spared = command.kind == "hook" or command.task.kind == "teardown"
            assert spared or self.store.runs[key.run].cancel_at is None, "nothing starts after a cancel"
        if isinstance(command, Launch | Adopt):
            assert command.key not in self.alive, "one attempt is launched once"
            assert command.fence == fence_of(command.key, _SECRET)
            self.alive[command.key] = command
        if isinstance(command, Cancel | Kill) and command.key not in self.alive:
            fence = fence_of(command.key, _SECRET)
            self.unheard.append(Ended(command.key, fence, None, Instant(self.now), Cancelled(begun=False)))

    # ------------------------------------------------------------------------------------------------------ people
    def define(self, *specs: DagSpec, digest: str | None = None, bundle: str = "b") -> None:
        """A file with these DAGs has been read; a spec's digest is its text unless given."""
        found = tuple(Definition(spec, digest or str(hash(spec)), "", bundle) for spec in specs)
        self.send(Defined("", "dags.py", tuple(map(self.writer.known, found))))

    def ask(self, act: Act, id: str = "") -> Answered | None:
        """Ask for something, as ana; the answer, if there is one yet."""
        self.names += 1
        id = id or f"r{self.names}"
        self.send(Request(id, "ana", act))
        return next((one for one in self.changes if isinstance(one, Answered) and one.request == id), None)

    def trigger(self, name: str = "d", day: int | None = None, **more: object) -> RunKey:
        """Start a run of a DAG, for a day or without interval; it becomes the one other calls speak of."""
        key = f"manual-{self.names}" if day is None else f"day-{day}"
        answer = self.ask(wanted(name, day, key, **more))
        assert answer is not None and answer.ok, answer
        self.last_run = answer.run
        return answer.run

    def retry(self, *tasks: str, run: RunKey | None = None, **more: bool) -> Answered:
        return self.ask(RetryRun(run or self.last_run, tasks, **more))

    def rerun(self, run: RunKey | None = None, **more: object) -> Answered:
        return self.ask(RerunRun(run or self.last_run, **more))

    def cancel(self, run: RunKey | None = None, now: bool = False) -> Answered:
        return self.ask(CancelRun(run or self.last_run, now))

    def mark(self, task: str, state: str, run: RunKey | None = None, id: str = "") -> Answered | None:
        return self.ask(MarkTask(run or self.last_run, task, state, "because"), id)

    def release(self, task: str, run: RunKey | None = None, **more: bool) -> Answered:
        return self.ask(ReleaseTask(run or self.last_run, task, "it is fine", **more))

    def reject(self, task: str, run: RunKey | None = None) -> Answered:
        return self.ask(RejectTask(run or self.last_run, task, "it is not"))

    # ---------------------------------------------------------------------------------------------------- attempts
    def attempt(self, label: str, run: RunKey | None = None) -> AttemptKey:
        """The living attempt of a task."""
        found = [key for key in self.alive if key.of.label == label and key.run == (run or self.last_run)]
        assert len(found) == 1, f"{label} has {len(found)} living attempts, alive: {self.labels}"
        return found[0]

    @property
    def labels(self) -> list[str]:
        """The tasks with a living attempt, sorted."""
        return sorted(key.of.label for key in self.alive)

    def word(self, label: str, outcome: Outcome, began: float | None = 0.0, run: RunKey | None = None) -> Ended:
        """The word by which an attempt ends; `began` seconds ago, None: never. It is alive no more."""
        key = self.attempt(label, run)
        started = None if began is None else Instant(self.now - round(began * SECOND))
        return Ended(key, self.alive.pop(key).fence, started, Instant(self.now), outcome)

    def end(self, *labels: str, outcome: Outcome = GOOD, began: float | None = 0.0, run: RunKey | None = None) -> None:
        """End the attempts of these tasks in one turn."""
        self.send(*[self.word(label, outcome, began, run) for label in labels])

    def start(self, label: str, run: RunKey | None = None) -> None:
        key = self.attempt(label, run)
        self.send(Started(key, self.alive[key].fence, Instant(self.now)))

    def lose(self, label: str, cause: LostCause, lived: float | None = 0.0) -> None:
        """An attempt is gone without a word after so many seconds, None: before it began."""
        key = self.attempt(label)
        began = None if lived is None else Instant(self.now - round(lived * SECOND))
        self.send(Lost(key, self.alive.pop(key).fence, began, Instant(self.now), cause, signal=11))

    def may_start(self, label: str, seq: int = 1) -> None:
        key = self.attempt(label)
        self.send(Asked(key, self.alive[key].fence, Instant(self.now), seq, MayStart()))

    def set_state(self, label: str, name: str, value: str, seq: int = 1) -> None:
        """The attempt keeps a small value."""
        key = self.attempt(label)
        self.send(Asked(key, self.alive[key].fence, Instant(self.now), seq, StateSet(name, value)))

    def play(self, outcome: Callable[[AttemptKey], Outcome] = lambda key: GOOD, days: float = 1) -> None:
        """Answer every attempt until nothing is alive or waits."""
        until = self.now + round(days * DAY)
        while self.alive or (self.wake_at is not None and self.wake_at <= until):
            if self.alive:
                key = next(iter(self.alive))
                self.end(key.of.label, outcome=outcome(key), run=key.run)
            else:
                self.wait((self.wake_at - self.now) / SECOND)

    # ----------------------------------------------------------------------------------------------------- reading
    def row(self, label: str, run: RunKey | None = None) -> TaskView:
        """A task's row; absent means pending."""
        match = _LABEL.fullmatch(label)
        where = match[1], None if match[2] is None else int(match[2])
        found = self.store.tasks.get(run or self.last_run, {}).get(where)
        return found or TaskView(*where, TaskState.PENDING)

    def state(self, label: str, run: RunKey | None = None) -> str:
        return self.row(label, run).state.value

    def states(self, *labels: str, run: RunKey | None = None) -> list[str]:
        return [self.state(label, run) for label in labels]

    def view(self, run: RunKey | None = None) -> RunView:
        return self.store.runs[run or self.last_run]

    def run_state(self, run: RunKey | None = None) -> str:
        return self.view(run).state.value

    def slot(self, day: int, name: str = "d") -> SlotView:
        return self.store.slots[(name, *slot_of(day))]

    def why(self, label: str | None = None, run: RunKey | None = None) -> str:
        """The sentence why a run or task waits."""
        match = _LABEL.fullmatch(label) if label else None
        index = None if match is None or match[2] is None else int(match[2])
        return str(self.engine.why(run or self.last_run, match and match[1], index))

    def of(self, kind: type) -> list:
        """The last call's changes or commands of a kind."""
        return [one for one in (*self.changes, *self.commands) if isinstance(one, kind)]


def _check(change: Change) -> None:
    match change:
        case TaskMoved():
            assert change.new in MOVES[change.old], change
        case RunMoved():
            assert change.new is change.old or change.new in RUN_MOVES[change.old], change
            assert change.new is not RunState.FAILED or change.culprits, "a failed run names its culprits"
        case AttemptMoved(old=None):
            assert change.new is AttemptState.QUEUED, change
        case AttemptMoved():
            assert change.new in ATTEMPT_MOVES[change.old], change
    str(getattr(change, "why", ""))  # every reason can be said

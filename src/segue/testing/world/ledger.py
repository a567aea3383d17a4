"""What has been committed, kept a second time and in the simplest way: dictionaries, and no idea of how it is decided.

Every change is applied with its precondition checked; the steps of one commit are kept for the invariants to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from segue.model.changes import (
    Answered,
    AttemptMoved,
    Change,
    Collapsed,
    Expanded,
    GuardEased,
    PoolSet,
    Quarantined,
    RunCreated,
    RunMoved,
    StateChanged,
    TaskMoved,
    VersionAdded,
)
from segue.model.events import LostCause, Value
from segue.model.ids import AttemptKey, Instant, RunKey, TaskKey
from segue.model.images import AttemptKind, RunRow, Stop
from segue.model.limits import NO_SETTINGS, Limits
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import ATTEMPT_MOVES, FINAL, MOVES, RUN_FINAL, RUN_MOVES, AttemptState, RunState, TaskState

__all__ = ["AttemptRecord", "Commit", "Ledger", "RunRecord", "TaskRecord", "Violation", "downstream"]

ALIVE = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})


class Violation(AssertionError):
    """Something that must never be was.

    Args:
        rule: number of the invariant, or `MOVES`.
        text: what was seen.
    """

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


@dataclass(slots=True)
class TaskRecord:
    """One task of a run, or one item."""

    state: TaskState = TaskState.PENDING
    round: int = 1
    tries: int = 0
    losses: int = 0
    platform: int = 0
    not_before: Instant | None = None
    expanded: int | None = None
    number: int = 0
    result: Value | None = None
    followed: tuple[str, ...] | None = None
    marked: bool = False
    staged: bytes = b""
    reused_from: RunKey | None = None
    released: bool = False
    published: int = 0
    """failed attempts to publish since a person released it"""


@dataclass(slots=True)
class AttemptRecord:
    """One attempt."""

    state: AttemptState
    round: int
    made: Instant
    began: Instant | None = None
    ended: Instant | None = None
    cause: str = ""
    kind: AttemptKind = "user"
    life: int = 0
    """of the engine that made it"""


@dataclass(slots=True)
class RunRecord:
    """One run, whole.

    Args:
        alive, calling: its living attempts, and those of its hooks.
        kept: what `context.state` holds.
        before: where every task stood when the run began to be stopped.
        ended: when it ended, as long as it has.
        forgotten: the store has removed it.
    """

    row: RunRow
    spec: DagSpec
    state: RunState = RunState.QUEUED
    round: int = 1
    placed: bool = False
    cancel_at: Instant | None = None
    started: Instant | None = None
    culprits: tuple[tuple[str, str], ...] = ()
    tasks: dict[tuple[str, int | None], TaskRecord] = field(default_factory=dict)
    attempts: dict[AttemptKey, AttemptRecord] = field(default_factory=dict)
    alive: set[AttemptKey] = field(default_factory=set)
    specs: dict[str, TaskSpec] = field(default_factory=dict)
    calling: set[AttemptKey] = field(default_factory=set)
    kept: dict[tuple[str, int | None], dict[str, str]] = field(default_factory=dict)
    klass: int = 0
    stop: Stop = ""
    spent: int = 0
    placed_at: Instant | None = None
    before: dict[tuple[str, int | None], TaskRecord] = field(default_factory=dict)
    environments: dict[tuple[str, str], frozenset[str]] | None = None
    ended: Instant | None = None
    forgotten: bool = False

    def task(self, name: str, index: int | None) -> TaskRecord:
        """The record of a task; PENDING where nothing was written yet."""
        return self.tasks.setdefault((name, index), TaskRecord())

    def items(self, name: str) -> list[TaskRecord]:
        """What counts for a task: its items where it is expanded, else itself."""
        whole = self.task(name, None)
        if whole.expanded is None:
            return [whole]
        return [self.task(name, index) for index in range(whole.expanded)]

    def counted(self) -> Iterator[tuple[str, int | None, TaskRecord]]:
        """Every task or item that counts."""
        for name in self.specs:
            whole = self.task(name, None)
            if whole.expanded is None:
                yield name, None, whole
            else:
                for index in range(whole.expanded):
                    yield name, index, self.task(name, index)


@cache
def downstream(spec: DagSpec) -> dict[str, tuple[str, ...]]:
    """The direct downstream of every task."""
    below: dict[str, list[str]] = {task.id: [] for task in spec.tasks}
    for task in spec.tasks:
        for up in task.upstream:
            below[up].append(task.id)
    return {name: tuple(dict.fromkeys(names)) for name, names in below.items()}


@dataclass(slots=True)
class Commit:
    """One transaction: its changes, and for each move what stood there before."""

    now: Instant
    changes: Sequence[Change]
    tasks: list[tuple[TaskMoved, TaskRecord]] = field(default_factory=list)
    attempts: list[tuple[AttemptMoved, AttemptRecord | None]] = field(default_factory=list)
    runs: list[tuple[RunMoved, RunState]] = field(default_factory=list)
    expanded: list[Expanded] = field(default_factory=list)
    touched: set[RunKey] = field(default_factory=set)


class Ledger:
    """All runs as committed.

    Attributes:
        runs: by key.
        versions: (DAG, number) to spec; `newest` the number that new runs take.
        answers: request id to its answer.
        requests: request id to the run it made.
        commits: number of transactions so far.
        driven: the runs that the present owner drives; None: all.
        pools: slots of every pool, as things are.
        turned: when the engine took its latest turn.
        lives: how many engines there have been.
        forgotten_until: when the last run ended that is forgotten.
        hard: DAGs of which nothing is dispatched.
        draining: nothing at all is.
        eased: (DAG, task, guard, likeness of slots) that people have released from now on.

    Args:
        limits: what the settings allow.
    """

    def __init__(self, limits: Limits = NO_SETTINGS) -> None:
        self.limits = limits
        self.pools = dict(limits.pools)
        self.turned = Instant(0)
        self.lives = 0
        self.forgotten_until = Instant(0)
        self.hard: set[str] = set()
        self.draining = False
        self.eased: set[tuple[str, str, str, str]] = set()
        self.runs: dict[RunKey, RunRecord] = {}
        self._open: dict[RunKey, RunRecord] = {}
        self.versions: dict[tuple[str, int], DagSpec] = {}
        self.newest: dict[str, int] = {}
        self.answers: dict[str, Answered] = {}
        self.requests: dict[str, RunKey] = {}
        self.quarantined: set[str] = set()
        self.commits = 0
        self.driven: set[RunKey] | None = None
        self.started = 0

    def commit(self, changes: Sequence[Change], now: Instant) -> Commit:
        """Apply one transaction, made at `now`.

        Raises:
            Violation: a change starts from a state that is not there, or makes a move that is not in the tables.
        """
        self.commits += 1
        commit = Commit(now, changes)
        for change in changes:
            self._apply(change, commit)
        return commit

    def _apply(self, change: Change, commit: Commit) -> None:
        match change:
            case RunCreated():
                self._create(change, commit)
            case RunMoved():
                self._move_run(change, commit)
            case TaskMoved():
                self._move_task(change, commit)
            case AttemptMoved():
                self._move_attempt(change, commit)
            case Expanded():
                self.runs[change.run].task(change.task, None).expanded = change.length
                commit.expanded.append(change)
                commit.touched.add(change.run)
            case Collapsed():
                self._collapse(change)
            case StateChanged():
                kept = self.runs[change.run].kept.setdefault((change.task, change.index), {})
                kept[change.name] = change.value
            case _:
                self._note(change)

    def _note(self, change: Change) -> None:
        match change:
            case VersionAdded():
                self._add_version(change)
            case Quarantined():
                self.quarantined.add(change.dag)
            case GuardEased():
                self.eased.add((change.dag, change.task, change.guard, change.like))
            case PoolSet():
                self._set_pool(change)
            case Answered():
                _require(change.request not in self.answers, "I28", f"request {change.request} is answered twice")
                self.answers[change.request] = change
            case _:
                pass

    def _set_pool(self, change: PoolSet) -> None:
        slots = dict(self.limits.pools).get(change.name) if change.slots is None else change.slots
        self.pools.pop(change.name, None)
        if slots is not None:
            self.pools[change.name] = slots

    def _create(self, change: RunCreated, commit: Commit) -> None:
        row = change.row
        known = self.runs.get(row.run)
        _require(known is None or known.forgotten, "I8", f"{row.run} is made twice")
        twin = self.runs.get(self.requests.get(row.request, row.run))
        _require(twin is None or twin.forgotten, "I18", f"request {row.request} makes two runs")
        spec = self.versions.get((row.run.dag, row.version))
        _require(spec is not None, "I17", f"{row.run} has version {row.version}, which is not stored")
        assert spec is not None
        run = RunRecord(row, spec, specs={task.id: task for task in spec.tasks}, klass=row.klass)
        self.runs[row.run] = self._open[row.run] = run
        self.requests[row.request] = row.run
        commit.touched.add(row.run)

    def _move_run(self, change: RunMoved, commit: Commit) -> None:
        run = self.runs[change.run]
        _require(run.state is change.old, "MOVES", f"{change.run} is {run.state}, not {change.old}")
        legal = change.new is change.old or change.new in RUN_MOVES[change.old]
        _require(legal, "MOVES", f"{change.run}: {change.old} to {change.new}")
        run.state, run.round, run.placed, run.cancel_at = change.new, change.round, change.placed, change.cancel_at
        if change.stop and not run.stop:
            run.before = {(name, index): replace(task) for name, index, task in run.counted()}
        if change.new in RUN_FINAL:
            self._open.pop(change.run, None)
        else:
            self._open.setdefault(change.run, run)
        run.culprits, run.stop = change.culprits, change.stop
        run.klass = run.klass if change.klass is None else change.klass
        _require(change.placed == (change.placed_at is not None), "TIMEOUT", f"{change.run}: {change}")
        run.spent, run.placed_at, run.ended = change.spent, change.placed_at, change.ended
        run.started = change.started if change.started is not None else run.started
        commit.runs.append((change, change.old))
        commit.touched.add(change.run)

    def _move_task(self, change: TaskMoved, commit: Commit) -> None:
        run = self.runs[change.run]
        task = run.task(change.task, change.index)
        name = TaskKey(change.run, change.task, change.index)
        _require(change.task in run.specs, "I17", f"{name} is not in the version of its run")
        _require(task.state is change.old, "MOVES", f"{name} is {task.state}, not {change.old}")
        _require(change.new in MOVES[change.old], "MOVES", f"{name}: {change.old} to {change.new}")
        commit.tasks.append((change, replace(task)))
        task.state, task.round, task.tries, task.losses = change.new, change.round, change.tries, change.losses
        task.platform, task.not_before, task.result = change.platform, change.not_before, change.result
        task.followed, task.marked, task.reused_from = change.followed, change.marked, change.reused_from
        if change.old is TaskState.HELD or change.new is TaskState.HELD:
            task.released, task.published = change.new is TaskState.UP_FOR_RETRY, 0
        elif change.new in FINAL or change.new is TaskState.PENDING:
            task.released = False
        task.staged = change.staged
        commit.touched.add(change.run)

    def _move_attempt(self, change: AttemptMoved, commit: Commit) -> None:
        run = self.runs[change.key.run]
        known = run.attempts.get(change.key)
        commit.attempts.append((change, None if known is None else replace(known)))
        commit.touched.add(change.key.run)
        if change.old is None:
            _require(known is None, "I4", f"{change.key} is made twice")
            run.attempts[change.key] = AttemptRecord(
                change.new, change.round, change.at, kind=change.kind, life=self.lives
            )
            self._begin(run, change)
            return
        _require(known is not None, "I27", f"{change.key} was never made")
        assert known is not None
        _require(known.state is change.old, "I4", f"{change.key} is {known.state}, not {change.old}")
        _require(change.new in ATTEMPT_MOVES[change.old], "I4", f"{change.key}: {change.old} to {change.new}")
        _require(known.kind == change.kind, "MOVES", f"{change.key} is of kind {known.kind}, not {change.kind}")
        known.state, known.cause = change.new, change.cause
        known.began = change.began if change.began is not None else known.began
        if change.new not in ALIVE:
            known.ended = change.at
            if change.kind == "publish" and change.cause != LostCause.OWNER:
                run.task(change.key.task, change.key.index).published += change.new is not AttemptState.SUCCESS
            run.alive.discard(change.key)
            run.calling.discard(change.key)

    def _begin(self, run: RunRecord, change: AttemptMoved) -> None:
        self.started += 1
        if change.kind == "hook":
            run.calling.add(change.key)
            return
        run.alive.add(change.key)
        task = run.task(change.key.task, change.key.index)
        task.number = change.key.number

    def _collapse(self, change: Collapsed) -> None:
        run = self.runs[change.run]
        for name, index in list(run.tasks):
            if name == change.task and index is not None:
                del run.tasks[name, index]
                run.kept.pop((name, index), None)
        run.task(change.task, None).expanded = None

    def _add_version(self, change: VersionAdded) -> None:
        place = change.dag, change.version.number
        known = self.versions.setdefault(place, change.version.spec)
        _require(known == change.version.spec, "I17", f"version {place} is another one now")
        self.newest[change.dag] = change.version.number
        self.quarantined.discard(change.dag)

    def stands_still(self, dag: str) -> bool:
        """Whether people have stopped what would be dispatched of a DAG."""
        return self.draining or dag in self.hard

    def at_work(self) -> list[RunRecord]:
        """Runs that have not ended and that the present owner drives."""
        return [run for key, run in self._open.items() if self.driven is None or key in self.driven]

    def unfinished(self) -> list[RunRecord]:
        """Runs that have not ended."""
        return list(self._open.values())


def _require(holds: bool, rule: str, text: str) -> None:
    if not holds:
        raise Violation(rule, text)

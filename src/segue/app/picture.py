"""What the runs of this session look like, folded from committed changes; nothing is read back from the store."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from segue.model.changes import Change, Collapsed, Expanded, RunCreated, RunMoved, Spawned, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.model.views import RunDetail, TaskView
from segue.model.why import say

__all__ = ["Picture", "RunPicture", "TaskPicture"]


@dataclass(slots=True)
class TaskPicture:
    """One task of a run; a mapped one stands for all its items, whose states `counts` counts once it is expanded.

    `place` is its place in the order of declaration, `attempt` the newest attempt's number in this round, `retries`
    counts the delays before another attempt over all items, `note` is the reason of the last move that needs one.
    """

    spec: TaskSpec
    place: int = 0
    state: TaskState = TaskState.PENDING
    attempt: int = 0
    retries: int = 0
    started: Instant | None = None
    ended: Instant | None = None
    not_before: Instant | None = None
    note: str = ""
    items: dict[int, TaskState] = field(default_factory=dict)
    counts: Counter[TaskState] | None = None

    @property
    def size(self) -> int:
        """How many tasks it stands for."""
        return max(1, self.counts.total()) if self.counts is not None else 1

    def tally(self) -> Mapping[TaskState, int]:
        """How many tasks in each state it stands for."""
        return self.counts if self.counts else {self.state: 1}

    def expand(self, length: int) -> None:
        """It has so many items from now on."""
        self.counts = Counter({TaskState.PENDING: length} if length else {})

    def collapse(self) -> None:
        """It forgets its items."""
        self.items.clear()
        self.counts, self.state, self.started, self.ended = None, TaskState.PENDING, None, None

    def move(self, change: TaskMoved) -> None:
        """Take one move of the task or of one item."""
        new = change.new
        if new is TaskState.PENDING:
            self.started, self.ended = (None if change.index is None else self.started), None
        if new is TaskState.UP_FOR_RETRY:
            self.retries += 1
        begun = change.began if change.began is not None else change.at if new is TaskState.RUNNING else None
        if begun is not None and (self.started is None or self.ended is not None):
            self.started = begun
        if new in (TaskState.UP_FOR_RETRY, TaskState.FAILED, TaskState.HELD):
            self.note = say(change.why)
        self.attempt = change.tries + change.losses + 1
        self.not_before = change.not_before
        if change.index is None:
            self.state = new
        else:
            self._move_item(change.index, new)
        self.ended = change.at if self.state in FINAL else None

    def _move_item(self, index: int, new: TaskState) -> None:
        counts = self.counts = Counter() if self.counts is None else self.counts
        old = self.items.get(index, TaskState.PENDING)
        left = counts[old] - 1
        if left > 0:
            counts[old] = left
        else:
            counts.pop(old, None)
        counts[new] += 1
        self.items[index] = new
        if left <= 0 or counts[new] == 1:  # else the same states are there as before
            self.state = _whole(counts)


def _whole(counts: Mapping[TaskState, int]) -> TaskState:
    """The state that a mapped task shows: the liveliest of its items, or their worst end."""
    order = (
        TaskState.RUNNING, TaskState.QUEUED, TaskState.UP_FOR_RETRY, TaskState.HELD, TaskState.DEFERRED,
        TaskState.PENDING, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED, TaskState.SUCCESS,
    )  # fmt: skip
    return next((state for state in order if counts.get(state)), TaskState.SKIPPED)


_STILL = (FINAL - {TaskState.FAILED}) | {TaskState.PENDING}


@dataclass(slots=True)
class RunPicture:
    """One run: its tasks in order of declaration.

    `tally`, `lively` (tasks that move, or that failed) and `recent` (ended last) are kept up with every change, so
    that a frame of a run of 100,000 tasks costs what it shows.
    """

    run: RunKey
    spec: DagSpec
    state: RunState = RunState.QUEUED
    note: str = ""
    started: Instant | None = None
    ended: Instant | None = None
    culprits: tuple[tuple[str, str], ...] = ()
    tasks: dict[str, TaskPicture] = field(default_factory=dict)
    tally: Counter[TaskState] = field(default_factory=Counter)
    lively: dict[str, None] = field(default_factory=dict)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=100))

    def __post_init__(self) -> None:
        self.tasks = {task.id: TaskPicture(task, place) for place, task in enumerate(self.spec.tasks)}
        self.tally[TaskState.PENDING] = len(self.tasks)

    @property
    def over(self) -> bool:
        """Nothing moves it any more but a person."""
        return self.state in RUN_FINAL or self.state is RunState.HELD

    def add(self, task: TaskSpec) -> None:
        """The body of a flow has made one more task."""
        self.tasks[task.id] = TaskPicture(task, len(self.tasks))
        self.tally[TaskState.PENDING] += 1

    def change(self, change: TaskMoved | Expanded | Collapsed) -> None:
        """Take what happened to one of its tasks."""
        task = self.tasks.get(change.task)
        if task is None:
            return
        if isinstance(change, TaskMoved) and change.index is not None and task.counts:  # one of many: the others stay
            old = task.items.get(change.index, TaskState.PENDING)
            self.tally[old] -= old in task.counts
            self.tally[change.new] += 1
            task.move(change)
            self._place(task)
            return
        self.unsettle(task)
        match change:
            case TaskMoved():
                task.move(change)
            case Expanded():
                task.expand(change.length)
            case Collapsed():
                task.collapse()
        self.settle(task)

    def unsettle(self, task: TaskPicture) -> None:
        """Count a task no more: it moves."""
        for state, count in task.tally().items():  # `Counter.subtract` takes five times as long
            self.tally[state] -= count

    def settle(self, task: TaskPicture) -> None:
        """Count a task where it now stands."""
        for state, count in task.tally().items():
            self.tally[state] += count
        self._place(task)

    def _place(self, task: TaskPicture) -> None:
        name = task.spec.id
        if task.state in _STILL:
            self.lively.pop(name, None)
        else:
            self.lively[name] = None
        if task.ended is not None:
            self.recent.append(name)

    def move(self, change: RunMoved) -> None:
        """Take one move."""
        self.state, self.note = change.new, say(change.why)
        if change.started is not None:
            self.started = change.started
        self.ended = change.ended if change.new in RUN_FINAL else None
        self.culprits = change.culprits


class Picture:
    """All runs of this session, in the order in which they were made. Who draws it from another thread takes `lock`.

    Args:
        specs: DAG id -> spec, of the DAGs whose runs may be created.
    """

    def __init__(self, specs: Mapping[str, DagSpec]) -> None:
        self.runs: dict[RunKey, RunPicture] = {}
        self.lock = Lock()
        self._specs = dict(specs)

    def open(self, detail: RunDetail) -> None:
        """Begin with a run as the store has it."""
        picture = RunPicture(detail.run.run, detail.spec, detail.run.state)
        picture.started, picture.ended, picture.culprits = detail.run.started, detail.run.ended, detail.run.culprits
        for view in detail.tasks:
            if (task := picture.tasks.get(view.task)) is not None:
                picture.unsettle(task)
                _fill(task, view)
                picture.settle(task)
        self.runs[picture.run] = picture

    def apply(self, changes: Iterable[Change]) -> None:
        """Take what was committed; what concerns other runs is passed over."""
        with self.lock:
            for change in changes:
                self._take(change)

    def _take(self, change: Change) -> None:
        match change:
            case TaskMoved() | Expanded() | Collapsed() if change.run in self.runs:
                self.runs[change.run].change(change)
            case Spawned() if change.run in self.runs:
                self.runs[change.run].add(change.step.task)
            case RunMoved() if change.run in self.runs:
                self.runs[change.run].move(change)
            case RunCreated(row) if row.run.dag in self._specs:
                self.runs.setdefault(row.run, RunPicture(row.run, self._specs[row.run.dag]))
            case _:
                pass


def _fill(task: TaskPicture, view: TaskView) -> None:
    if view.index is None:
        task.state, task.started, task.ended = view.state, view.started, view.ended
        if view.expanded is not None:
            task.expand(view.expanded)
        return
    task._move_item(view.index, view.state)
    if view.started is not None:
        task.started = min(view.started, task.started or view.started)
    if view.ended is not None:
        task.ended = max(view.ended, task.ended or view.ended)

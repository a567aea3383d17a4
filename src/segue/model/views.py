"""What a store shows to people: frozen rows, whole and consistent, with no way back into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.why import Why

__all__ = [
    "AnswerView",
    "AttemptView",
    "DagView",
    "EventView",
    "RunDetail",
    "RunQuery",
    "RunView",
    "SlotView",
    "TaskView",
]


class RunView(msgspec.Struct, frozen=True, gc=False):
    """One run. `number` is its row number, by which people may name it; `culprits` are (task label, reason) pairs."""

    number: int
    row: RunRow
    state: RunState
    round: int = 1
    placed: bool = False
    why: Why | None = None
    culprits: tuple[tuple[str, str], ...] = ()
    cancel_at: Instant | None = None
    started: Instant | None = None
    ended: Instant | None = None

    @property
    def run(self) -> RunKey:
        """Its key."""
        return self.row.run


class TaskView(msgspec.Struct, frozen=True, gc=False):
    """One task of a run. `number` is its newest attempt's, `started` the first instant of its code in this round."""

    task: str
    index: int | None
    state: TaskState
    round: int = 1
    tries: int = 0
    losses: int = 0
    platform: int = 0
    not_before: Instant | None = None
    why: Why | None = None
    number: int = 0
    expanded: int | None = None
    length: int | None = None
    digest: bytes = b""
    inline: bytes | None = None
    ref: bytes | None = None
    marked: bool = False
    followed: tuple[str, ...] | None = None
    started: Instant | None = None
    ended: Instant | None = None

    @property
    def label(self) -> str:
        """The task as people write it: `clean`, `clean[3]`."""
        return self.task if self.index is None else f"{self.task}[{self.index}]"


class AttemptView(msgspec.Struct, frozen=True, gc=False):
    """One attempt: `created` is when it was queued, `began` its code's first instant; `peak_rss` bytes, `cpu` µs."""

    key: AttemptKey
    state: AttemptState
    round: int
    created: Instant
    began: Instant | None = None
    ended: Instant | None = None
    cause: str = ""
    text: str = ""
    signal: int | None = None
    exit_code: int | None = None
    peak_rss: int | None = None
    cpu: int | None = None
    worker: str = ""
    log: str | None = None
    notes: tuple[str, ...] = ()


class EventView(msgspec.Struct, frozen=True, gc=False):
    """One row of the event log; `seq` is commit order."""

    seq: int
    at: Instant
    epoch: int
    kind: str
    dag: str | None = None
    run: RunKey | None = None
    task: str | None = None
    index: int | None = None
    attempt: int | None = None
    old: str | None = None
    new: str | None = None
    why: Why | None = None
    actor: str = ""


class DagView(msgspec.Struct, frozen=True, gc=False):
    """One DAG: its newest version's number, where it comes from, and why its file cannot be read now, if so."""

    dag: str
    version: int
    location: str
    file: str
    bundle: str
    error: str | None = None
    quarantined: Why | None = None


class SlotView(msgspec.Struct, frozen=True, gc=False):
    """The ledger of one slot; runs as they are printed."""

    dag: str
    slot: tuple[Instant, Instant]
    state: SlotState
    last_run: str
    last_good_run: str | None
    version: int


class AnswerView(msgspec.Struct, frozen=True, gc=False):
    """The answer that a request has had."""

    request: str
    actor: str
    act: str
    ok: bool
    text: str
    at: Instant
    run: RunKey | None = None


class RunQuery(msgspec.Struct, frozen=True, gc=False):
    """Which runs: those of DAGs whose id matches the glob `dag`, in one of `states`, created at `since` or later."""

    dag: str | None = None
    states: tuple[RunState, ...] = ()
    since: Instant | None = None
    limit: int = 50


class RunDetail(msgspec.Struct, frozen=True):
    """One run whole: `tasks` and `attempts` are the rows there are, in order of key."""

    run: RunView
    spec: DagSpec
    tasks: tuple[TaskView, ...] = ()
    attempts: tuple[AttemptView, ...] = ()

    def entries(self) -> Iterator[TaskView]:
        """Every task in order of declaration, also those without a row; of a mapped task its items, once expanded."""
        rows = {(view.task, view.index): view for view in self.tasks}
        for spec in self.spec.tasks:
            whole = rows.get((spec.id, None)) or TaskView(spec.id, None, TaskState.PENDING)
            if not whole.expanded:
                yield whole
            else:
                for index in range(whole.expanded):
                    yield rows.get((spec.id, index)) or TaskView(spec.id, index, TaskState.PENDING, whole.round)

    def counts(self) -> dict[TaskState, int]:
        """How many entries stand in each state."""
        return dict(Counter(entry.state for entry in self.entries()))

    def begun(self) -> dict[tuple[str, int | None], int]:
        """How many attempts of each task began, over all rounds."""
        return dict(Counter((view.key.task, view.key.index) for view in self.attempts if view.began is not None))

"""What a store shows to people: frozen rows, whole and consistent, with no way back into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from segue.model.alerts import Alert
from segue.model.backfills import BackfillRow, BackfillState
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import AttemptKind, RunRow, Stop
from segue.model.spec import DagSpec
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.timing import Foretold, Timing
from segue.model.why import Why

__all__ = [
    "AlertView",
    "AnswerView",
    "AttemptView",
    "BackfillView",
    "DagView",
    "DeliveryView",
    "DurationView",
    "EasedView",
    "EventView",
    "HeldView",
    "PoolView",
    "RunDetail",
    "RunQuery",
    "RunView",
    "SealedRow",
    "SilenceView",
    "SlotView",
    "TaskView",
]


class RunView(msgspec.Struct, frozen=True, gc=False):
    """One run. `number` is its row number, by which people may name it; `culprits` are (task label, reason) pairs.

    Of `stop stopped_by spent placed_at` see `RunMoved`; the class in its row is the present one.
    """

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
    stop: Stop = ""
    stopped_by: str = ""
    spent: int = 0
    placed_at: Instant | None = None

    @property
    def run(self) -> RunKey:
        """Its key."""
        return self.row.run


class TaskView(msgspec.Struct, frozen=True, gc=False):
    """One task of a run. `number` is its newest attempt's, `started` the first instant of its code in this round.

    `reused_from` is the run, as printed, whose result it took over; `preview` an encoded dict for people; `staged` what
    it has still to publish.
    """

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
    reused_from: str | None = None
    preview: bytes = b""
    staged: bytes = b""

    @property
    def label(self) -> str:
        """The task as people write it: `clean`, `clean[3]`."""
        return self.task if self.index is None else f"{self.task}[{self.index}]"


class AttemptView(msgspec.Struct, frozen=True, gc=False):
    """One attempt: `created` is when it was queued, `began` its code's first instant; `peak_rss` bytes, `cpu` µs.

    The task of a *hook* is its `hook_id`. `rows` and `source` are what it reported of the data it made. `id` is its row
    number, by which its log is addressed.
    """

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
    kind: AttemptKind = "user"
    rows: int | None = None
    source: str = ""
    id: int = 0

    @property
    def counts(self) -> bool:
        """Whether it is one attempt of its task; where a flow waited and goes on, both are one."""
        return self.cause != "deferred"


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
    """One DAG: its newest version's number, where it comes from, why its file cannot be read, where its clock stands.

    `former` are the ids that it had before, the oldest first.
    """

    dag: str
    version: int
    location: str
    file: str
    bundle: str
    error: str | None = None
    quarantined: Why | None = None
    former: tuple[str, ...] = ()
    timing: Timing = Timing()
    foretold: Foretold = Foretold()


class BackfillView(msgspec.Struct, frozen=True, gc=False):
    """One backfill: `made` of its slots have become runs, and how many of these stand in each state of a run."""

    row: BackfillRow
    state: BackfillState
    made: int
    runs: tuple[tuple[RunState, int], ...] = ()
    ended: Instant | None = None


class DeliveryView(msgspec.Struct, frozen=True, gc=False):
    """What has become of an alert at one target: *sent*, *failed* (tried again), *parked*, *silenced*."""

    target: str
    state: str
    tries: int
    text: str
    at: Instant


class AlertView(msgspec.Struct, frozen=True, gc=False):
    """One alert, what was folded into it, what has become of it at each target, and whether all is good again."""

    alert: Alert
    at: Instant
    folded: tuple[str, ...] = ()
    deliveries: tuple[DeliveryView, ...] = ()
    over: bool = False


class SilenceView(msgspec.Struct, frozen=True, gc=False):
    """No alert about what `selection` names is sent until an instant."""

    selection: str
    until: Instant
    actor: str = ""
    reason: str = ""


class DurationView(msgspec.Struct, frozen=True, gc=False):
    """How long the code of a task took, in microseconds, in its newest good attempts, the newest first."""

    task: str
    spans: tuple[int, ...]


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


class HeldView(msgspec.Struct, frozen=True, gc=False):
    """A held task: what its guard says, since when; `staged`: a release publishes what readers do not see yet."""

    task: str
    index: int | None
    text: str
    since: Instant
    staged: bool


class PoolView(msgspec.Struct, frozen=True, gc=False):
    """A pool: `slots` as people set them, None where only the settings may know it, and slots `used` by what is alive.

    `waiting` counts tasks of runs in their place that use it and have neither ended nor a living attempt.
    """

    name: str
    slots: int | None
    used: int = 0
    waiting: int = 0


class EasedView(msgspec.Struct, frozen=True, gc=False):
    """A guard that a person has released from now on, in slots like `like`; empty: in all."""

    dag: str
    task: str
    guard: str
    like: str
    at: Instant


class RunQuery(msgspec.Struct, frozen=True, gc=False):
    """Which runs: all that fit every part that is given.

    Args:
        dag: a glob on the DAG's id.
        states: states a run may have.
        since: created then or later.
        limit: so many at most.
        backfill: runs of this one.
        dags: ids that whoever asks may see, None: all.
        until: created before that.
        kinds: how it came to be.
        error: a glob on the reason of a culprit.
        sort: *newest* or *oldest* by number; *longest* among those that have begun and ended.
        seen: `place_of_run` of the last one of the page before.
    """

    dag: str | None = None
    states: tuple[RunState, ...] = ()
    since: Instant | None = None
    limit: int = 50
    backfill: int | None = None
    dags: frozenset[str] | None = None
    until: Instant | None = None
    kinds: tuple[str, ...] = ()
    error: str | None = None
    sort: Literal["newest", "oldest", "longest"] = "newest"
    seen: tuple[int, int] | None = None


class RunDetail(msgspec.Struct, frozen=True):
    """One run whole: `tasks` and `attempts` are the rows there are, in order of key; `held` are those that wait."""

    run: RunView
    spec: DagSpec
    tasks: tuple[TaskView, ...] = ()
    attempts: tuple[AttemptView, ...] = ()
    held: tuple[HeldView, ...] = ()

    @property
    def hooks(self) -> tuple[AttemptView, ...]:
        """The attempts of its hooks, those of the DAG itself among them."""
        return tuple(view for view in self.attempts if view.kind == "hook")

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
        """How often the code of each task began, over all rounds; publishing what it staged is none of its code.

        A flow that waited and goes on has not begun again.
        """
        begun = (view for view in self.attempts if view.counts and view.began is not None and view.kind == "user")
        return dict(Counter((view.key.task, view.key.index) for view in begun))


class SealedRow(msgspec.Struct, frozen=True, gc=False):
    """A connection or secret of the encrypted store: its name, its ciphertext, the key's name, since when, by whom."""

    name: str
    sealed: bytes
    key: str
    at: Instant
    actor: str

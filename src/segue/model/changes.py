"""What the engine decides: changes for one transaction, and with them the commands for after it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from segue.model.acts import Act, SecretKind
from segue.model.alerts import Alert, AlertKind
from segue.model.backfills import BackfillRow, BackfillState
from segue.model.commands import Command
from segue.model.events import Origin, Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import AttemptKind, RunRow, Step, Stop, Version
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.timing import Foretold, SlotAsk, Timing
from segue.model.why import Why

__all__ = [
    "AlertFolded",
    "AlertMarked",
    "AlertRaised",
    "Answered",
    "AttemptMoved",
    "BackfillMade",
    "BackfillMoved",
    "Change",
    "Collapsed",
    "DagRenamed",
    "Decision",
    "DefinitionFailed",
    "Expanded",
    "GuardEased",
    "PoolSet",
    "Quarantined",
    "RunCreated",
    "RunMoved",
    "RunsForgotten",
    "SecretSet",
    "Silenced",
    "SlotMoved",
    "Spawned",
    "SlotsForetold",
    "StateChanged",
    "TaskMoved",
    "TimingSet",
    "VersionAdded",
]


# ------------------------------------------------------------------------------------------------------------ changes
class RunCreated(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A new run, QUEUED."""

    row: RunRow
    at: Instant


class RunMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A run moves, or (old == new) a fact about it changes: its place, its cancellation.

    `started` and `ended` are written where given; `ended` is cleared by every move to RUNNING. `culprits` are
    (task label, reason) pairs. `round` is the run's round after the move.

    `klass` is its class from now on, None where it has not changed. `stop` says why it is being stopped, `stopped_by`
    who did it. `spent` is how long it held its place before `placed_at`, in microseconds: what its timeout counts.
    """

    run: RunKey
    old: RunState
    new: RunState
    at: Instant
    why: Why
    round: int = 1
    placed: bool = False
    cancel_at: Instant | None = None
    started: Instant | None = None
    ended: Instant | None = None
    culprits: tuple[tuple[str, str], ...] = ()
    actor: str = ""
    klass: int | None = None
    stop: Stop = ""
    stopped_by: str = ""
    spent: int = 0
    placed_at: Instant | None = None


class TaskMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A task moves. The row holds exactly what stands here afterwards.

    Where `old` is QUEUED and `began` is given, the task passed through RUNNING at `began` within this turn: one row
    update, two events. `old` PENDING may mean that there is no row yet. `reused_from` is the run whose result it took
    over; `staged` what a held task has still to publish. `followed` are the ids that a branch chose, or those of the
    steps that a deferred flow waits for.
    """

    run: RunKey
    task: str
    index: int | None
    old: TaskState
    new: TaskState
    at: Instant
    why: Why
    round: int = 1
    tries: int = 0
    losses: int = 0
    platform: int = 0
    not_before: Instant | None = None
    began: Instant | None = None
    result: Value | None = None
    followed: tuple[str, ...] | None = None
    marked: bool = False
    attempt: int | None = None
    actor: str = ""
    reused_from: RunKey | None = None
    staged: bytes = b""


class AttemptMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An attempt is made (`old` None, `new` QUEUED) or moves. `began` is the stamp of its code's first instant.

    `kind` is *user* for the task's own code, *publish* for what was staged, *hook* for what is called after an end.
    `refused` are the connections and secrets that its code asked for and does not declare: the log keeps each.
    """

    key: AttemptKey
    old: AttemptState | None
    new: AttemptState
    at: Instant
    round: int = 1
    fence: bytes = b""
    began: Instant | None = None
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
    refused: tuple[str, ...] = ()


class StateChanged(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A small value of a task, kept across its attempts."""

    run: RunKey
    task: str
    index: int | None
    name: str
    value: str
    at: Instant


class GuardEased(msgspec.Struct, frozen=True, gc=False, tag=True):
    """From now on this task may be empty in slots like this one (`like`: weekday, and hour where finer than a day)."""

    dag: str
    task: str
    guard: str
    like: str
    at: Instant
    actor: str = ""


class PoolSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A pool has so many slots from now on; None: it is gone."""

    name: str
    slots: int | None
    at: Instant
    actor: str = ""


class SecretSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A connection or secret of the encrypted store has another value; None: it is gone.

    `key` names the key it is encrypted with. Where `was` is given only that value is replaced, and none else.
    """

    kind: SecretKind
    name: str
    sealed: bytes | None
    key: str
    at: Instant
    actor: str = ""
    was: bytes | None = None


class Expanded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A mapped task has `length` items from now on, in this round. Its row without index stays PENDING."""

    run: RunKey
    task: str
    length: int
    round: int
    at: Instant


class Collapsed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A mapped task forgets its items: it will be expanded anew. The items' rows go, their attempts stay."""

    run: RunKey
    task: str
    round: int
    at: Instant


class Spawned(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A flow has made its call number `seq`, from 1: the run has this task from now on, PENDING."""

    run: RunKey
    seq: int
    step: Step
    at: Instant


class VersionAdded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """From now on new runs of this DAG take this version (a new one, or an old one that came back).

    `label` is what the deploy that brought it was called.
    """

    dag: str
    version: Version
    location: str
    at: Instant
    label: str = ""


class DagRenamed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A DAG has another id from now on, and with it all that is kept of it: versions, runs, slots, what is released."""

    old: str
    new: str
    at: Instant


class DefinitionFailed(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A file cannot be read; its DAGs keep their last good version."""

    location: str
    file: str
    text: str
    at: Instant


class SlotMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The ledger of a slot: its latest run that started a task, and what the slot shows.

    `run` is None where no run has to do with it: it was skipped (`overlap="skip"`), or a slot before it was made anew.
    """

    dag: str
    slot: tuple[Instant, Instant]
    state: SlotState
    run: RunKey | None
    version: int
    at: Instant


class Quarantined(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A DAG made the engine fail: no new run, its live runs stand still."""

    dag: str
    why: Why
    at: Instant


class TimingSet(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The clock of a DAG stands so from now on. `why` is told in the log; None: it only went on by a slot."""

    dag: str
    timing: Timing
    at: Instant
    why: Why | None = None
    actor: str = ""


class SlotsForetold(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The next slots of a timetable of the user's own; earlier ones are forgotten."""

    dag: str
    foretold: Foretold
    at: Instant


class BackfillMade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A new backfill: *running*, or *proposed* where nobody has asked for it."""

    row: BackfillRow
    state: BackfillState
    at: Instant


class BackfillMoved(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A backfill moves, or (old == new) gets on: so many slots have become runs. `row` replaces its row where given."""

    backfill: int
    dag: str
    old: BackfillState
    new: BackfillState
    made: int
    at: Instant
    why: Why | None = None
    actor: str = ""
    row: BackfillRow | None = None


class AlertRaised(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A person must be told; written once for each (thing, kind, episode), and again without effect."""

    alert: Alert
    at: Instant


class AlertFolded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Something more belongs to an alert: `text`, where there is one, is added to it, and nobody is told anew.

    `over`: what it is about is good again; what happens later is another episode.
    """

    thing: str
    kind: AlertKind
    episode: Instant
    text: str
    at: Instant
    over: bool = False


class AlertMarked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What has become of an alert at one target (`MarkAlert`)."""

    thing: str
    kind: AlertKind
    episode: Instant
    target: str
    state: str
    text: str
    at: Instant


class Silenced(msgspec.Struct, frozen=True, gc=False, tag=True):
    """No alert is sent about what a selection names until an instant."""

    selection: str
    until: Instant
    at: Instant
    actor: str = ""
    reason: str = ""


class RunsForgotten(msgspec.Struct, frozen=True, gc=False, tag=True):
    """These runs are removed whole: run, tasks, attempts, events, requests. What their slots show stays."""

    runs: tuple[RunKey, ...]
    at: Instant


class Answered(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A request has its answer, in the same transaction as what it did.

    Where `asked` is given the audit keeps it; `was` is the state or number that it changed.
    """

    request: str
    actor: str
    act: str
    ok: bool
    text: str
    at: Instant
    run: RunKey | None = None
    asked: Act | None = None
    was: str = ""
    origin: Origin = Origin()


Change: TypeAlias = (
    RunCreated | RunMoved | TaskMoved | AttemptMoved | Expanded | Collapsed | VersionAdded | DefinitionFailed
    | SlotMoved | Quarantined | Answered | StateChanged | GuardEased | PoolSet | SecretSet
    | Spawned | DagRenamed | TimingSet | SlotsForetold | BackfillMade | BackfillMoved | AlertRaised | AlertFolded
    | AlertMarked | Silenced | RunsForgotten
)  # fmt: skip


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One turn: what to commit, what to do after it, and when to come back without an event (None: never).

    `asks` are slots of which the engine must know what the store knows: the next turn begins with a `Known`.
    """

    changes: tuple[Change, ...]
    commands: tuple[Command, ...]
    wake_at: Instant | None
    asks: tuple[SlotAsk, ...] = ()

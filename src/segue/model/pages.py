"""What is asked for page by page, and what such questions give: rows without blobs, in an order that an index has.

Every list has a place to go on from (keyset), so that the tenth page costs what the first does, and rows that come in
between move nothing. `dags` are the ids that whoever asks may see, None: all; what belongs to no DAG only they see who
may see all.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from segue.model.alerts import AlertKind
from segue.model.ids import Instant, RunKey
from segue.model.images import AttemptKind
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.views import AlertView, EventView, PoolView, RunView

__all__ = [
    "STATE_CODES",
    "AlertPlace",
    "AlertQuery",
    "AttemptQuery",
    "AuditQuery",
    "AuditView",
    "EventPage",
    "EventQuery",
    "GridPage",
    "GridRun",
    "LoadView",
    "PulseView",
    "RequestView",
    "RunMark",
    "RunSort",
    "SlotQuery",
    "VersionView",
    "place_of_alert",
    "place_of_run",
]

RunSort: TypeAlias = Literal["newest", "oldest", "longest"]
AlertPlace: TypeAlias = tuple[Instant, str, str, Instant]

STATE_CODES: Final = {
    TaskState.PENDING: "p",
    TaskState.QUEUED: "q",
    TaskState.RUNNING: "r",
    TaskState.DEFERRED: "d",
    TaskState.UP_FOR_RETRY: "t",
    TaskState.HELD: "h",
    TaskState.SUCCESS: "s",
    TaskState.FAILED: "f",
    TaskState.UPSTREAM_FAILED: "u",
    TaskState.SKIPPED: "k",
    TaskState.CANCELLED: "c",
}
"""One letter a state, for grids."""


def place_of_run(view: RunView, sort: RunSort = "newest") -> tuple[int, int]:
    """Where a run stands in a list: what `RunQuery.seen` takes to go on behind it."""
    length = (view.ended or 0) - (view.started or 0) if sort == "longest" else 0
    return length, view.number


def place_of_alert(view: AlertView) -> AlertPlace:
    """Where an alert stands in a list: what `AlertQuery.before` takes to go on behind it."""
    return view.at, view.alert.thing, view.alert.kind, view.alert.episode


class RunMark(msgspec.Struct, frozen=True, gc=False):
    """One run, as much as a list of marks shows of it."""

    number: int
    run: RunKey
    state: RunState
    kind: str
    slot: tuple[Instant, Instant] | None
    created: Instant
    started: Instant | None
    ended: Instant | None
    version: int


class GridRun(msgspec.Struct, frozen=True, gc=False):
    """One column of a grid.

    Args:
        mark: the run.
        tasks: those that have moved; any other one is pending.
        codes: the state of each, one letter of `STATE_CODES` a task, in their order.
        items: of the tasks that have items, how many stand in each state; those without a row are pending.
    """

    mark: RunMark
    tasks: tuple[str, ...] = ()
    codes: str = ""
    items: tuple[tuple[str, tuple[tuple[TaskState, int], ...]], ...] = ()


class GridPage(msgspec.Struct, frozen=True, gc=False):
    """Some columns of a grid, the newest first; `next` is what `before` takes to go on, None at the end.

    It may hold fewer than were asked for and yet not be the last: what it costs is bounded.
    """

    runs: tuple[GridRun, ...]
    next: int | None = None


class AttemptQuery(msgspec.Struct, frozen=True, gc=False):
    """Attempts of a DAG that were queued in `[since, until)`, the newest first; `before` is an attempt's id."""

    dag: str
    since: Instant
    until: Instant
    states: tuple[AttemptState, ...] = ()
    task: str | None = None
    before: int | None = None
    limit: int = 50


class EventQuery(msgspec.Struct, frozen=True, gc=False):
    """Events: with `after` those behind a number in order, else the newest first, below `before` where it is given."""

    dags: frozenset[str] | None = None
    kinds: tuple[str, ...] = ()
    run: RunKey | None = None
    after: int | None = None
    before: int | None = None
    limit: int = 100


class EventPage(msgspec.Struct, frozen=True, gc=False):
    """Some events; `next` is the number to go on from, also where the page is short; None at the end."""

    events: tuple[EventView, ...]
    next: int | None = None


class SlotQuery(msgspec.Struct, frozen=True, gc=False):
    """Slots of a DAG in one of `states` that start in `[first, stop)`, the newest first, below the slot `before`."""

    dag: str
    states: tuple[SlotState, ...] = ()
    first: Instant | None = None
    stop: Instant | None = None
    before: tuple[Instant, Instant] | None = None
    limit: int = 50


class AlertQuery(msgspec.Struct, frozen=True, gc=False):
    """Alerts raised at `since` or later, the newest first, behind the place `before`; `open_only`: not settled yet."""

    dags: frozenset[str] | None = None
    kinds: tuple[AlertKind, ...] = ()
    since: Instant | None = None
    open_only: bool = False
    before: AlertPlace | None = None
    limit: int = 50


class AuditQuery(msgspec.Struct, frozen=True, gc=False):
    """Rows of the audit, the newest first, below the number `before`.

    They keep the id that a DAG had then: its former ids belong into `dags` too. `run` is written as printed.
    """

    dags: frozenset[str] | None = None
    actor: str | None = None
    acts: tuple[str, ...] = ()
    run: str | None = None
    ok: bool | None = None
    since: Instant | None = None
    until: Instant | None = None
    before: int | None = None
    limit: int = 50


class AuditView(msgspec.Struct, frozen=True, gc=False):
    """What one request did, or why it was refused (`ok`, `answer`).

    Args:
        seq: its number, in order of commit.
        at: when it was answered.
        actor: who asked.
        act: the act's name.
        ok: whether it was done.
        target: what it was about, for people: a run, a task of it, a pool, DAGs.
        dag: the DAG, empty where it concerns several or none.
        run: as printed; outlives the run.
        task: of that run.
        old: the state or number before.
        new: the one after.
        what: the rest of what was asked, as pairs of words; secrets are hidden.
        reason: of whoever asked.
        request: its id.
        parent: the `request` of the row that tells of the selection it belongs to.
        answer: the sentence that it was answered with.
    """

    seq: int
    at: Instant
    actor: str
    act: str
    ok: bool
    target: str = ""
    dag: str = ""
    run: str = ""
    task: str = ""
    old: str = ""
    new: str = ""
    what: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    request: str = ""
    parent: str = ""
    answer: str = ""


class VersionView(msgspec.Struct, frozen=True, gc=False):
    """One version of a DAG; `created` is when it was first seen."""

    dag: str
    number: int
    created: Instant
    label: str | None
    spec_digest: str
    code_digest: str


class RequestView(msgspec.Struct, frozen=True, gc=False):
    """A request: `answered` is None while it waits, and then `ok` too."""

    request: str
    actor: str
    act: str
    at: Instant
    answered: Instant | None = None
    ok: bool | None = None
    text: str = ""
    run: RunKey | None = None


class LoadView(msgspec.Struct, frozen=True, gc=False):
    """How much there is to do, and what was done of late.

    Args:
        runs: unfinished runs by state.
        ended: those that ended in the time asked for.
        tasks: rows of unfinished runs by state, items one by one; what has no row yet is not counted.
        oldest: since when the one waits that has waited longest for a worker.
        pools: what uses them.
    """

    runs: tuple[tuple[RunState, int], ...] = ()
    ended: tuple[tuple[RunState, int], ...] = ()
    tasks: tuple[tuple[TaskState, int], ...] = ()
    oldest: Instant | None = None
    pools: tuple[PoolView, ...] = ()

    @property
    def queued(self) -> int:
        """Tasks that wait for a worker."""
        return dict(self.tasks).get(TaskState.QUEUED, 0)


class PulseView(msgspec.Struct, frozen=True, gc=False):
    """One of the newest attempts, as much as statistics need; `cpu` µs, `peak_rss` bytes."""

    dag: str
    state: AttemptState
    cause: str
    kind: AttemptKind
    created: Instant
    began: Instant | None
    ended: Instant | None
    cpu: int | None
    peak_rss: int | None
    worker: str

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CodeDiff",
    "DagItem",
    "DagPage",
    "FileDiff",
    "Fire",
    "Mark",
    "Param",
    "Released",
    "TaskLine",
    "TaskTrend",
    "Trend",
    "TrendPoint",
    "VersionItem",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """One run, as much as a spark shows of it."""

    run_id: str
    number: int
    state: str
    kind: str
    key: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    version: int


@dataclass(frozen=True, slots=True)
class Fire:
    """An interval that falls due: when, its key, what it covers."""

    due: str
    key: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class DagItem:
    """One DAG in a list.

    Attributes:
        clock: *runs*, *not seen*, *paused*, *retired*, *by hand*, *once*, *over*, *quarantined*.
        schedule: when it runs and what it covers, in words.
        paused_until: when its pause ends by itself.
        hard: nothing of its runs is dispatched either.
        next: what falls due next.
        waiting: intervals that are due and run as soon as there is room.
        error: why its file cannot be read; it goes on as it was read last.
        marks: its newest runs, the newest first.
    """

    dag_id: str
    clock: str
    schedule: str
    timezone: str
    location: str
    owner: str
    tags: tuple[str, ...]
    file: str
    version: int
    paused: bool
    hard: bool
    paused_until: str | None
    next: Fire | None
    waiting: int
    error: str | None
    quarantined: str | None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Param:
    """One param, for a form: see `segue.model.params.ParamView`."""

    name: str
    type: str
    description: str
    required: bool
    default: Any
    choices: tuple[Any, ...]
    schema: Mapping[str, Any]
    secret: bool


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task as its file says it.

    Attributes:
        upstream: ids of the tasks it waits for.
        retries: after the first attempt.
        seconds: what it usually takes (median), where that is known.
    """

    task_id: str
    kind: str
    group: str
    upstream: tuple[str, ...]
    mapped: bool
    pool: str | None
    retries: int
    trigger_rule: str
    owner: str | None
    role: str | None
    tags: tuple[str, ...]
    doc: str
    line: int
    inlets: tuple[str, ...]
    outlets: tuple[str, ...]
    starts: tuple[str, ...]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A guard that a person has released from now on."""

    task_id: str
    guard: str
    like: str
    at: str


@dataclass(frozen=True, slots=True)
class DagPage(DagItem):
    """One DAG, whole.

    Attributes:
        fires: what falls due next.
        label: of its newest version.
        former: ids that it had before.
        released: guards that people have released for runs to come.
    """

    doc: str = ""
    start: str | None = None
    end: str | None = None
    catchup: bool = False
    missed: str = ""
    max_active_runs: int = 1
    max_active_tasks: int | None = None
    overlap: str = ""
    lookback: int = 0
    timeout_seconds: float | None = None
    label: str | None = None
    line: int = 0
    former: tuple[str, ...] = ()
    fires: tuple[Fire, ...] = ()
    params: tuple[Param, ...] = ()
    tasks: tuple[TaskLine, ...] = ()
    released: tuple[Released, ...] = ()
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionItem:
    """One version of a DAG; `created_at` is when it was first seen."""

    dag_id: str
    version: int
    label: str | None
    created_at: str
    spec_digest: str
    code_digest: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of the code: *new*, *gone* or *changed*, and how, as a unified diff (empty for what is no text)."""

    file: str
    change: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeDiff:
    """What lies between two versions, or two runs. Of each pair the older side comes first; what is equal is left out.

    Attributes:
        old, new: what is compared, in words.
        files: of the code; `code_kept` is false where that of one side is not kept any more.
        tasks: (id, *new* | *gone* | what has changed of it).
        params: (name, old, new).
        durations: (task, old, new) in microseconds, where both ran.
        rows: (task, old, new) as the tasks reported them.
    """

    old: str
    new: str
    files: tuple[FileDiff, ...]
    tasks: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str, str], ...]
    durations: tuple[tuple[str, int, int], ...] = ()
    rows: tuple[tuple[str, int, int], ...] = ()
    code_kept: bool = True

    @property
    def nothing(self) -> bool:
        """Whether code, graph and params are the same."""
        return not (self.files or self.tasks or self.params)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run that has ended: how long it took."""

    run_id: str
    key: str
    state: str
    started_at: str
    seconds: float
    version: int


@dataclass(frozen=True, slots=True)
class TaskTrend:
    """What one attempt of a task takes, over recent good runs."""

    task_id: str
    median_seconds: float
    p90_seconds: float
    count: int


@dataclass(frozen=True, slots=True)
class Trend:
    """How long the runs of a DAG take, the oldest first; median and p90 are of the good ones."""

    dag_id: str
    median_seconds: float | None
    p90_seconds: float | None
    good: int
    points: tuple[TrendPoint, ...] = ()
    tasks: tuple[TaskTrend, ...] = ()

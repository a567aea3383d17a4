"""Intervals: what is there, what is missing, what comes."""

from __future__ import annotations

from dataclasses import dataclass

from segue.model.api.dags import Fire

__all__ = ["Clock", "Deadline", "Forecast", "Hole", "LedgerPage", "SlotItem", "TaskForecast"]


@dataclass(frozen=True, slots=True)
class SlotItem:
    """One interval of a DAG.

    Attributes:
        state: *missing running fresh stale held failed skipped*, or *retired*: the time table has none such any more.
        run_id: its latest run that started a task; `last_good_run_id` the latest that was good.
        version: of the code that made what it shows.
        waits: it is due and will be run by itself, as soon as there is room.
    """

    key: str
    start: str
    end: str
    state: str
    run_id: str | None = None
    last_good_run_id: str | None = None
    version: int | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Intervals of a DAG, the oldest first.

    Attributes:
        counts: how many show each state.
        command: what fills what is missing, failed or stale, where anything is.
        cut: there are older ones, too many to show.
    """

    dag_id: str
    timezone: str
    schedule: str
    counts: dict[str, int]
    slots: tuple[SlotItem, ...]
    command: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Hole:
    """What is missing, failed or stale of a DAG, over the days that were asked about.

    Attributes:
        counts: how many intervals show each of these.
        first, last: keys of the oldest and the newest of them.
        command: what fills them.
    """

    dag_id: str
    counts: dict[str, int]
    first: str
    last: str
    command: str


@dataclass(frozen=True, slots=True)
class Clock:
    """When a DAG runs next; `state` as `DagItem.clock`, `until` when a pause ends by itself."""

    dag_id: str
    state: str
    timezone: str
    schedule: str
    until: str | None
    waiting: int
    next: tuple[Fire, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """How long a task takes, and when it ends, counted from the first dispatch of its run."""

    task_id: str
    median_seconds: float
    p90_seconds: float
    items: int
    ends_seconds: float
    ends_p90_seconds: float
    known: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """Whether a run (`task_id` None), or one task of it, is done in time: *on time*, *at risk*, *late*, *unknown*."""

    task_id: str | None
    deadline: str
    expected: str
    p90: str
    risk: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long the runs of a DAG take, and what that means for the next one.

    Attributes:
        runs: from how many this is known.
        critical_path: the tasks that decide how long a run takes.
        unknown: tasks that have never succeeded.
        overlaps: a run takes longer than there is time before the next, so runs queue up.
        next: what it runs next.
    """

    dag_id: str
    runs: int
    known: bool
    median_seconds: float
    p90_seconds: float
    critical_path: tuple[str, ...]
    unknown: tuple[str, ...]
    overlaps: bool
    next: Fire | None
    tasks: tuple[TaskForecast, ...] = ()
    deadlines: tuple[Deadline, ...] = ()

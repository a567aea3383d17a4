"""Runs, tasks and attempts as every reader gets them: `--json`, the API, the client. Times are ISO 8601 UTC."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Alike",
    "AttemptItem",
    "Blast",
    "Critical",
    "Culprit",
    "HeldTask",
    "Kept",
    "Lane",
    "ParamValue",
    "Piece",
    "Preview",
    "Range",
    "RunItem",
    "RunWhole",
    "Said",
    "Step",
    "TaskItem",
    "Timeline",
    "WhyPage",
]


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time `[start, end)`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Culprit:
    """A task that failed its run, and why."""

    task_id: str
    map_index: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RunItem:
    """One run without its tasks.

    Attributes:
        run_id: as people name it, `dag@key`.
        number: of its row; people may name it by that, too.
        state: of the run, or *interrupted*: unfinished, and nobody drives it.
        round: how often it was opened, from 1.
        version: of its DAG.
        kind: `scheduled`, `manual`, `backfill`, `lookback`, `event`.
        interval: what it covers, where it covers anything.
        seconds: from its first task to its end.
        key: the part of `run_id` behind the `@`.
        due_at: from when deadlines count.
        reason: why somebody asked for it.
        why: the sentence of its present state.
        culprits: what failed it.
        backfill_id: the backfill it is part of.
        timezone: of its DAG.
    """

    run_id: str
    number: int
    dag_id: str
    state: str
    round: int
    version: int
    kind: str
    actor: str
    interval: Range | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    key: str = ""
    due_at: str | None = None
    reason: str = ""
    why: str = ""
    culprits: tuple[Culprit, ...] = ()
    backfill_id: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class TaskItem:
    """One task of a run, or one item of a mapped one.

    Attributes:
        attempts: how often its code began, over all rounds.
        started_at: first instant of its code in this round.
        attempt: number of its newest attempt, 0 where it has none.
        marked: a person has said how it ended.
        reused_from: the run whose result it took over.
        not_before: it waits until then.
        group: that it lies in.
        longer: that it takes longer than usual.
    """

    task_id: str
    map_index: int | None
    state: str
    attempts: int
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    why: str | None
    attempt: int = 0
    marked: bool = False
    reused_from: str | None = None
    not_before: str | None = None
    group: str = ""
    role: str | None = None
    longer: str = ""


@dataclass(frozen=True, slots=True)
class AttemptItem:
    """One attempt.

    Attributes:
        attempt: its number within the task.
        cause: a short machine word: the exception's class, `timeout`, `signal`, …
        reason: one line for people.
        peak_rss: bytes.
        attempt_id: by which its log is asked for.
        kind: `user`, `publish` or `hook`.
        wait_seconds: from when it was queued to the first instant of its code.
        cpu_seconds: of its processes.
        rows, source: what it said of the data it made.
    """

    task_id: str
    map_index: int | None
    attempt: int
    round: int
    state: str
    queued_at: str
    started_at: str | None
    ended_at: str | None
    seconds: float | None
    cause: str | None
    reason: str | None
    signal: int | None
    exit_code: int | None
    peak_rss: int | None
    notes: tuple[str, ...]
    attempt_id: str = ""
    run_id: str = ""
    kind: str = "user"
    wait_seconds: float | None = None
    cpu_seconds: float | None = None
    worker: str = ""
    rows: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class RunWhole(RunItem):
    """One run, whole.

    Attributes:
        attempt_list: in order of task, index and number.
        roles: of the tasks that are labelled so.
        counts: how many tasks stand in each state.
        longer_than_usual: what is said of the tasks that take longer than usual, by label.
        left_out: tasks and attempts that are not among those shown; lists of their own page through all.
        superseded: its interval has a newer run.
    """

    tasks: tuple[TaskItem, ...] = ()
    attempt_list: tuple[AttemptItem, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    longer_than_usual: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a task: its label, its state, the sentence."""

    task: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class WhyPage:
    """Why a run is as it is, and why each task of it is."""

    run_id: str
    state: str
    why: str
    tasks: tuple[Said, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ParamValue:
    """What a param of a run is; of a secret only that it is one."""

    name: str
    value: object
    secret: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a task keeps between attempts; `value` is cut where it is long."""

    task_id: str
    map_index: int | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a task made: kind, size, first rows; never the value itself where it is large.

    Attributes:
        kind: of the value, as a word.
        size: bytes.
        items: rows or items.
        columns: names and types, of a table.
        head: its first rows as short text.
        columns_left_out: how many columns are not shown.
        text: the short text of any other value.
        digest: of its bytes, as hex digits: two that are equal made the same.
    """

    task_id: str
    map_index: int | None
    kind: str
    size: int | None = None
    items: int | None = None
    columns: tuple[tuple[str, str], ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    columns_left_out: int = 0
    text: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A held task: what it made, beside what it made when it was last good.

    Attributes:
        why: what its guard says.
        staged: readers still see what was there before; a release publishes what is held.
        now, good: what it made in this run and in `good_run_id`; None where that cannot be told.
        differs: what differs between the two, as sentences.
    """

    task_id: str
    map_index: int | None
    why: str
    since: str
    staged: bool
    now: Preview | None = None
    good: Preview | None = None
    good_run_id: str | None = None
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A task on the path that decided how long a run took: seconds it waited before it, and seconds it ran."""

    task_id: str
    map_index: int | None
    state: str
    waited_seconds: float
    ran_seconds: float


@dataclass(frozen=True, slots=True)
class Critical:
    """The path that decided how long a run took, the first task first."""

    run_id: str
    seconds: float
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one attempt's life: *waiting* (queued) or *running*.

    Attributes:
        state: of the attempt.
        attempt_id: whose log tells more.
    """

    what: str
    start: str
    end: str | None
    attempt: int
    state: str
    attempt_id: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of a Gantt chart."""

    task_id: str
    map_index: int | None
    state: str
    group: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run as a Gantt chart: what waited and what ran, in order of first begin."""

    run_id: str
    start: str | None
    end: str | None
    now: str
    lanes: tuple[Lane, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Blast:
    """What is affected by what has failed or is held in a run.

    Attributes:
        culprits: labels of the tasks.
        tasks: ids downstream of them in this run, in order of the graph.
        data: names of the data that these, and the culprits, say they write.
        dags: ids of the DAGs that wait for this: those that these tasks start, and those that read that data.
        backfill_id: the backfill that goes on, or stands, with this run.
        deadlines: of the run and its tasks that are still to come, or have passed: task (None: the run) and instant.
        hidden: DAGs that are affected and that whoever asks may not see.
    """

    run_id: str
    culprits: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    dags: tuple[str, ...] = ()
    backfill_id: str | None = None
    deadlines: tuple[tuple[str | None, str], ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Alike:
    """An earlier run of the same DAG in which the same task failed.

    Attributes:
        reason: why it failed.
        same: with exactly the same words.
    """

    run: RunItem
    task: str
    reason: str
    same: bool

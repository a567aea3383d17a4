"""How long a run takes, from how long its tasks took.

A run lasts as long as its longest path of tasks, and no less than all its work takes with the workers there are. What
is estimated high (p90) takes every task at its 90th percentile at once: a slow source is slow for all who read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal, TypeAlias

from segue.model.duration import show_duration
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.model.spec import DagSpec, TaskSpec
from segue.resolve.graph import topological_order
from segue.schedule.deadline import deadline_of

__all__ = [
    "LONGER",
    "USUAL_FROM",
    "WORKERS",
    "Estimate",
    "Outlook",
    "Risk",
    "RiskOf",
    "TaskEstimate",
    "estimate",
    "is_longer",
    "outlook",
    "quantile",
    "risks",
]

WORKERS: Final = 4
LONGER: Final = 3
"""A task that takes over three times its usual duration is flagged."""

USUAL_FROM: Final = 3
"""So many good attempts make a duration usual."""

_SPARE: Final = 0.1
_FAST: Final = 1_000  # days per day: of more nobody has a picture
_SECOND: Final = 1_000_000

Risk: TypeAlias = Literal["on time", "at risk", "late", "unknown"]


@dataclass(frozen=True, slots=True)
class TaskEstimate:
    """One task, in microseconds; all zero where nothing is known of it.

    Args:
        task: its id.
        median: of one attempt; `p90` likewise.
        items: how many attempts a run has: above 1 only where it is mapped.
        begins: how long after the run's first dispatch it begins, by medians; it `ends` likewise.
        ends_p90: when it ends if all before it and it itself take their p90.
        known: it has succeeded before.
    """

    task: str
    median: int
    p90: int
    items: int
    begins: int
    ends: int
    ends_p90: int
    known: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """A run of a DAG, in microseconds from its first dispatch to its end.

    Args:
        median, p90: how long it lasts.
        path: the tasks that decide that, by medians, in order.
        tasks: every task, upstream first.
        work: what all its tasks take one after another, by medians.
        unknown: tasks that have never succeeded; they count as nothing.
    """

    median: int
    p90: int
    path: tuple[str, ...]
    tasks: tuple[TaskEstimate, ...]
    work: int
    unknown: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether anything at all is known."""
        return len(self.unknown) < len(self.tasks)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of a backfill: microseconds from its beginning to its end, intervals of data made per interval, in words.

    `late` is the finish when every task takes its p90; `never`: it will never catch up with the present.
    """

    finish: int
    late: int
    rate: float
    verdict: str
    never: bool = False


@dataclass(frozen=True, slots=True)
class RiskOf:
    """Whether the run (task None), or one task of it, is done by its deadline; `median` and `p90` are instants."""

    task: str | None
    deadline: Instant
    median: Instant
    p90: Instant
    risk: Risk


def estimate(spec: DagSpec, spans: Mapping[str, Sequence[int]], workers: int = WORKERS) -> Estimate:
    """Say how long a run takes.

    A mapped task counts as many items as it had on average, in waves as wide as the workers and its limits allow.

    Args:
        spec: the DAG.
        spans: of each task how long its recent good attempts took, in microseconds; items of a mapped one count singly.
        workers: how many attempts run at once.
    """
    tasks = {task.id: task for task in spec.tasks}
    runs = max((len(spans.get(task.id, ())) for task in spec.tasks if task.mapped is None), default=0)
    width = max(1, min(workers, spec.max_active_tasks or workers))
    done: dict[str, TaskEstimate] = {}
    before: dict[str, str] = {}
    for name in topological_order(spec.tasks):
        task = tasks[name]
        found = spans.get(name, ())
        items = 1 if task.mapped is None else _items(task, len(found), runs)
        waves = ceil(items / min(width, task.rules.max_active or width))
        median, p90 = quantile(found, 50), quantile(found, 90)
        last = max(task.upstream, key=lambda up: done[up].ends, default="")
        before[name] = last
        since = done[last].ends if last else 0
        since_p90 = max((done[up].ends_p90 for up in task.upstream), default=0)
        ends, ends_p90 = since + waves * median, since_p90 + waves * p90
        done[name] = TaskEstimate(name, median, p90, items, since, ends, ends_p90, bool(found))
    rows = tuple(done.values())
    work, work_p90 = sum(one.median * one.items for one in rows), sum(one.p90 * one.items for one in rows)
    unknown = tuple(one.task for one in rows if not one.known)
    return Estimate(
        max([work // width, *(one.ends for one in rows)]), max([work_p90 // width, *(one.ends_p90 for one in rows)]),
        _path(done, before), rows, work, unknown,
    )  # fmt: skip


def outlook(of: Estimate, total: int, cap: int, workers: int = WORKERS, interval: int = DAY) -> Outlook:
    """Say when a backfill ends, and whether the DAG can catch up with the present at that pace.

    Args:
        of: one run of it.
        total: how many runs.
        cap: how many of them at once.
        workers: how many attempts run at once.
        interval: how much time one slot covers, in microseconds.
    """
    if not of.known:
        return Outlook(0, 0, 0.0, "how long it takes is unknown: no task of it has succeeded yet")
    cap, workers = max(1, cap), max(1, workers)
    by_path, by_work = of.median / cap, of.work / workers
    finish = max(ceil(total / cap) * of.median, ceil(total * by_work))
    late = finish * of.p90 // max(1, of.median)
    rate = interval / max(1.0, by_path, by_work)
    # Beside the past stands the slot that falls due meanwhile; with less than a tenth left over a year takes ten.
    if rate - 1 < _SPARE:
        many = f"on {workers} worker{'' if workers == 1 else 's'}"
        takes, bound = (of.median, f"at cap {cap}") if by_path >= by_work else (of.work, many)
        need = f"{_amount(takes * DAY // interval)} per day {bound}"
        return Outlook(finish, late, rate, f"will never catch up: {need}", never=True)
    year = max(_SECOND, int(365 * DAY / rate))
    pace = f"{rate:.3g} days per day" if rate < _FAST else f"a year in {show_duration(year)}"
    return Outlook(finish, late, rate, f"catches up {pace}")


def risks(spec: DagSpec, of: Estimate, due: Instant, start: Instant) -> tuple[RiskOf, ...]:
    """Compare a run that falls due, and begins a little or much later, with its deadlines.

    Args:
        spec: the DAG.
        of: its estimate.
        due: when the run falls due.
        start: when its first task can be dispatched.
    """
    found = []
    at = deadline_of(spec, due)
    if at is not None:
        found.append(_risk(None, at, Instant(start + of.median), Instant(start + of.p90), of.known))
    ends = {one.task: one for one in of.tasks}
    for task in spec.tasks:
        at = deadline_of(spec, due, task)
        if at is not None:
            one = ends[task.id]
            found.append(_risk(task.id, at, Instant(start + one.ends), Instant(start + one.ends_p90), one.known))
    return tuple(found)


def quantile(spans: Sequence[int], percent: int) -> int:
    """The smallest of some durations that so many percent do not exceed; 0 where there is none."""
    ordered = sorted(spans)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else 0


def is_longer(span: int, spans: Sequence[int]) -> bool:
    """Whether something takes over three times its usual duration, and a second longer at least.

    Args:
        span: how long it has taken, in microseconds.
        spans: how long recent good ones took; three of them show what is usual.
    """
    usual = quantile(spans, 50)
    return len(spans) >= USUAL_FROM and span > LONGER * usual and span - usual >= 1_000_000


def _items(task: TaskSpec, attempts: int, runs: int) -> int:
    """How many items a mapped task has: as written in the file, else as many as it had on average, else one."""
    assert task.mapped is not None
    lengths = [over.length for over in task.mapped.over]
    written = [length for length in lengths if length is not None]
    if len(written) < len(lengths):
        return max(1, round(attempts / runs)) if runs else 1
    if task.mapped.mode == "zip":
        return max(1, min(written))
    product = 1
    for length in written:
        product *= length
    return max(1, product)


def _path(done: Mapping[str, TaskEstimate], before: Mapping[str, str]) -> tuple[str, ...]:
    at = max(done, key=lambda name: done[name].ends, default="")
    path = []
    while at:
        path.append(at)
        at = before[at]
    return tuple(reversed(path))


def _risk(task: str | None, deadline: Instant, median: Instant, p90: Instant, known: bool) -> RiskOf:
    risk: Risk = "on time"
    if not known:
        risk = "unknown"
    elif median > deadline:
        risk = "late"
    elif p90 > deadline:
        risk = "at risk"
    return RiskOf(task, deadline, median, p90, risk)


def _amount(length: int) -> str:
    """`23 h`, and other lengths as always."""
    hour = DAY // 24
    return f"{length // hour} h" if length and length % hour == 0 else show_duration(length)

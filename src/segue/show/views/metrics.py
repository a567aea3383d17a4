"""What monitors read, in the text format of Prometheus.

Everything is drawn from the store and from what the owner says, at the moment of asking: no process counts anything
that it would lose with itself. Label sets are bounded: the busiest DAGs and the most frequent kinds of failure have
lines of their own, all others share one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from segue.model.ids import Instant
from segue.model.pages import LoadView, PulseView, RunMark
from segue.model.state import AttemptState, RunState, TaskState
from segue.show.doors import Health
from segue.show.views.statistics import (
    PERCENTS,
    Sample,
    failures,
    recoveries,
    seconds_at,
    success_ratio,
    waits,
)
from segue.show.vitals import Machine, Usage
from segue.store.readers import Reader

__all__ = ["CONTENT_TYPE", "metrics"]

CONTENT_TYPE: Final[str] = CONTENT_TYPE_LATEST
"""As what `metrics` is served."""

_HOUR: Final = 3_600_000_000
_MONTH: Final = 30 * 24 * _HOUR
_ENDS: Final = 5_000
_DAGS: Final = 200
_KINDS: Final = 20
_OTHERS: Final = "(others)"
_Key = TypeVar("_Key", bound=tuple[str, ...])


def metrics(reader: Reader, sample: Sample, health: Health, machine: Machine, now: Instant) -> str:
    """Everything that S92 names, and how the parts are.

    Args:
        reader: of the store.
        sample: attempts of the last hour.
        health: of whoever schedules.
        machine: where the workers are.
        now: the present.
    """
    found = (
        *_scheduler(health, now),
        *_workers(health, machine.usage([hand.pid for hand in health.crew])),
        *_load(reader.load(sample.since), health, now),
        *_attempts(sample, now),
        *_runs(reader.ends(Instant(now - _MONTH), _ENDS)),
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(found))
    return generate_latest(registry).decode()


class _Collected(Collector):
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Sequence[Metric]:
        return self._found


def _gauge(name: str, text: str, values: Mapping[_Key, float | None], labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(f"segue_{name}", text, labels=labels)
    for key, value in values.items():
        if value is not None:
            family.add_metric(key, value)
    return family


# ------------------------------------------------------------------------------------------------- scheduler, workers
def _scheduler(health: Health, now: Instant) -> Iterator[Metric]:
    yield _gauge("scheduler_leads", "Whether somebody takes turns now.", {(): float(health.leads)})
    if health.turned_at is not None:
        age = max(0, now - health.turned_at) / 1e6
        yield _gauge("scheduler_last_turn_age_seconds", "Time since the last turn.", {(): age})
    turns = HistogramMetricFamily("segue_scheduler_turn_seconds", "Time of a turn of the loop.")
    if health.turns.counts:
        ends = (*(str(bound) for bound in health.turns.bounds), "+Inf")
        buckets = [(end, float(count)) for end, count in zip(ends, accumulate(health.turns.counts), strict=True)]
        turns.add_metric((), buckets, health.turns.total)
    yield turns


def _workers(health: Health, usage: Mapping[int, Usage]) -> Iterator[Metric]:
    crew = sorted(health.crew, key=lambda hand: hand.pid)
    busy = sum(bool(hand.attempt) for hand in crew)
    yield _gauge("workers", "How many attempts may run at once.", {(): health.workers})
    yield _gauge("workers_busy", "Workers that run an attempt.", {(): busy})
    found = [((str(at),), usage[hand.pid]) for at, hand in enumerate(crew, 1) if hand.pid in usage]
    cpu = {key: one.cpu for key, one in found}
    yield _gauge("worker_cpu_cores", "Cores that a worker uses.", cpu, ["worker"])
    memory = {key: float(one.memory) for key, one in found}
    yield _gauge("worker_memory_bytes", "Resident memory of a worker with all it started.", memory, ["worker"])


# ------------------------------------------------------------------------------------------------------ what there is
def _load(load: LoadView, health: Health, now: Instant) -> Iterator[Metric]:
    runs: Mapping[str, int] = {str(state): count for state, count in (*load.runs, *load.ended)}
    tasks: Mapping[str, int] = {str(state): count for state, count in load.tasks}
    text = "Runs that have not ended; of those that have, the last hour's."
    yield _gauge("runs", text, {(str(state),): runs.get(state, 0) for state in RunState}, ["state"])
    text = "Tasks of runs that have not ended, items one by one; of pending ones those that have waited for something."
    yield _gauge("tasks", text, {(str(state),): tasks.get(state, 0) for state in TaskState}, ["state"])
    yield _gauge("tasks_running", "Tasks that run now.", {(): tasks.get(TaskState.RUNNING, 0)})
    yield _gauge("queue_depth", "Tasks that wait for a worker.", {(): load.queued})
    yield _gauge("queue_ready", "Tasks that could begin, but for a worker, a pool or a limit.", {(): health.ready})
    oldest = 0.0 if load.oldest is None else max(0, now - load.oldest) / 1e6
    yield _gauge("queue_oldest_seconds", "Since when the one waits that has waited longest.", {(): oldest})
    for name, text, of in _POOLS:
        yield _gauge(f"pool_{name}", text, {(pool.name,): of(pool) for pool in load.pools}, ["pool"])


_POOLS: Final[tuple[tuple[str, str, Callable[[Any], float | None]], ...]] = (
    ("slots", "Slots of a pool.", lambda pool: pool.slots),
    ("slots_used", "Slots of a pool in use.", lambda pool: pool.used),
    ("waiting", "Tasks that wait for a slot of a pool.", lambda pool: pool.waiting),
)


# ------------------------------------------------------------------------------------------------------ what has been
def _attempts(sample: Sample, now: Instant) -> Iterator[Metric]:
    name = _names(one.dag for one in sample.pulses)
    window = (now - sample.since) / 1e6
    yield _gauge(
        "window_seconds", "What attempts are counted over; the last hour, or less where they are many.", {(): window}
    )
    waited = {(f"{percent / 100:g}",): seconds_at(waits(sample.pulses), percent) for percent in PERCENTS}
    yield _gauge("queue_wait_seconds", "How long attempts waited for a worker.", waited, ["quantile"])
    spans: dict[str, list[int]] = defaultdict(list)
    for one in sample.pulses:
        if one.began is not None and one.ended is not None and one.kind == "user":
            spans[name(one.dag)].append(one.ended - one.began)
    lasted = _by_dag(spans)
    yield _gauge("task_duration_seconds", "How long attempts took.", lasted, ["dag", "quantile"])
    failed: Counter[tuple[str, ...]] = Counter()
    for (dag, kind), count in failures(sample.pulses, _KINDS).items():
        failed[name(dag), kind] += count
    yield _gauge("task_failures", "Attempts that failed, by kind.", failed, ["dag", "kind"])
    yield _gauge("task_attempts", "Attempts that ended, by state.", _by_state(sample.pulses, name), ["dag", "state"])


def _by_state(pulses: Sequence[PulseView], name: Callable[[str], str]) -> Mapping[tuple[str, ...], float]:
    return Counter((name(one.dag), str(AttemptState(one.state))) for one in pulses if one.ended is not None)


def _runs(ends: Sequence[RunMark]) -> Iterator[Metric]:
    name = _names(mark.run.dag for mark in ends)
    by_dag: dict[str, list[RunMark]] = defaultdict(list)
    for mark in ends:
        by_dag[name(mark.run.dag)].append(mark)
    text = "Share of good runs among those that ended in the last 30 days."
    yield _gauge("run_success_ratio", text, {(): success_ratio(ends)})
    ratios = {(dag,): success_ratio(marks) for dag, marks in by_dag.items()}
    yield _gauge("dag_run_success_ratio", f"{text[:-1]}, by DAG.", ratios, ["dag"])
    spans = {
        dag: [mark.ended - mark.started for mark in marks if mark.ended is not None and mark.started is not None]
        for dag, marks in by_dag.items()
    }
    yield _gauge("run_duration_seconds", "How long runs took.", _by_dag(spans), ["dag", "quantile"])
    mended: dict[str, list[int]] = defaultdict(list)
    for dag, found in recoveries(ends).items():
        mended[name(dag)] += found
    whole = [span for found in mended.values() for span in found]
    text = "Mean time from a DAG's first failed run to its next good one, over 30 days."
    yield _gauge("mttr_seconds", text, {(): _mean(whole)})
    means = {(dag,): _mean(found) for dag, found in mended.items()}
    yield _gauge("dag_mttr_seconds", f"{text[:-1]}, by DAG.", means, ["dag"])


def _by_dag(spans: Mapping[str, Sequence[int]]) -> dict[tuple[str, ...], float | None]:
    return {
        (dag, f"{percent / 100:g}"): seconds_at(found, percent) for dag, found in spans.items() for percent in PERCENTS
    }


def _mean(spans: Sequence[int]) -> float | None:
    return sum(spans) / len(spans) / 1e6 if spans else None


def _names(dags: Iterator[str]) -> Callable[[str], str]:
    """The name under which a DAG is told: its own, where it is among the busiest."""
    named = {dag for dag, _ in Counter(dags).most_common(_DAGS)}
    return lambda dag: dag if dag in named else _OTHERS

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from segue.model.api.resources import DagCost, Resources, WorkerItem
from segue.model.ids import Instant
from segue.model.pages import PulseView
from segue.model.state import AttemptState
from segue.show.doors import Health
from segue.show.views.standing import pool_item
from segue.show.views.statistics import Sample, seconds_at, waits
from segue.show.vitals import Hand, Machine, Usage
from segue.store.readers import Reader

__all__ = ["resources"]

_HOUR: Final = 3_600.0


def resources(
    reader: Reader,
    sample: Sample,
    health: Health,
    machine: Machine,
    now: Instant,
    price: float = 0.0,
    allowed: frozenset[str] | None = None,
) -> Resources:
    """What there is to work with, what waits for it, what was used, and what that costs.

    Args:
        reader: of the store.
        sample: the attempts that waits and costs are counted over.
        health: of whoever schedules.
        machine: where the workers are.
        now: the present.
        price: of one worker for an hour.
        allowed: ids of DAGs that may be seen; None: all.
    """
    load = reader.load(sample.since)
    pulses = [one for one in sample.pulses if allowed is None or one.dag in allowed]
    waited = waits(pulses)
    costs = _costs(pulses, sample.since, now, price)
    busy = sum(bool(hand.attempt) for hand in health.crew)
    return Resources(
        leads=health.leads,
        workers=health.workers,
        busy=busy,
        utilisation=busy / health.workers if health.workers else 0.0,
        queued=load.queued,
        ready=health.ready,
        oldest_seconds=None if load.oldest is None else max(0, now - load.oldest) / 1e6,
        wait_p50_seconds=seconds_at(waited, 50),
        wait_p95_seconds=seconds_at(waited, 95),
        window_seconds=(now - sample.since) / 1e6,
        complete=sample.complete,
        price=price,
        cost=sum(one.cost for one in costs),
        crew=_crew(health.crew, machine.usage([hand.pid for hand in health.crew]), allowed),
        pools=tuple(map(pool_item, load.pools)),
        costs=costs,
    )


def _crew(hands: Iterable[Hand], usage: Mapping[int, Usage], allowed: frozenset[str] | None) -> tuple[WorkerItem, ...]:
    return tuple(_worker(hand, usage.get(hand.pid), allowed) for hand in sorted(hands, key=lambda one: one.pid))


def _worker(hand: Hand, usage: Usage | None, allowed: frozenset[str] | None) -> WorkerItem:
    run, _, rest = hand.attempt.rpartition("/")
    task, _, number = rest.rpartition("#")
    if allowed is not None and run.partition("@")[0] not in allowed:
        return WorkerItem(hand.pid, "", bool(hand.attempt))
    return WorkerItem(
        hand.pid,
        hand.location,
        bool(hand.attempt),
        run or None,
        task if run else None,
        int(number) if run else None,
        hand.queued,
        None if usage is None else usage.cpu,
        None if usage is None else usage.memory,
    )


def _costs(pulses: Iterable[PulseView], since: Instant, now: Instant, price: float) -> tuple[DagCost, ...]:
    counts: dict[str, int] = defaultdict(int)
    spans: dict[str, int] = defaultdict(int)
    cpu: dict[str, int] = defaultdict(int)
    for one in pulses:
        alive = one.ended is None and one.state is AttemptState.RUNNING
        if one.began is None or not (alive or one.ended):
            continue
        counts[one.dag] += 1
        spans[one.dag] += max(0, (one.ended or now) - max(one.began, since))
        cpu[one.dag] += one.cpu or 0
    found = (
        DagCost(dag, counts[dag], spans[dag] / 1e6, cpu[dag] / 1e6, spans[dag] / 1e6 / _HOUR * price) for dag in counts
    )
    return tuple(sorted(found, key=lambda one: (-one.worker_seconds, one.dag_id)))

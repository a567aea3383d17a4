"""What a seed stands for: DAGs, what people do and when, and which faults are on.

A plan is data, so that a failing one can be made smaller: without a fault, without an action, without a task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import Any

import msgspec

from segue.model.ids import Instant
from segue.model.limits import Limits
from segue.model.spec import DagSpec
from segue.testing.world.actions import (
    EPOCH,
    Action,
    Stock,
    draw_meddling,
    draw_pool_acts,
    draw_repeats,
    draw_settled,
    draw_stock,
    draw_triggers,
    draw_verdicts,
)
from segue.testing.world.clocks import Clocks
from segue.testing.world.script import SECOND, Odds, Script
from segue.testing.world.specs import POOLS, draw_dag, draw_limits, edit_dag, without_tasks

__all__ = ["EPOCH", "Action", "Fault", "Plan", "Stock", "draw_plan", "plan_for", "script_of"]


class Fault(StrEnum):
    """Kinds of trouble; each can be on or off (swarm testing)."""

    CRASH = "crash"
    """the owner dies at numbered points"""
    UNKNOWN = "unknown"
    """a commit whose outcome the owner does not learn: written or not"""
    DOWN = "down"
    """the store cannot be written"""
    LOST = "lost"
    """attempts die by accident, of every cause"""
    DUPLICATE = "duplicate"
    """reports come again after they were acknowledged"""
    LATE = "late"
    """attempts that were reported lost send their result after all"""
    FORGED = "forged"
    """results with a wrong fence"""
    REORDER = "reorder"
    """reports overtake each other"""
    WITHHELD = "withheld"
    """reports are held back for a while"""
    CAPACITY = "capacity"
    """workers come and go"""
    SPOOLED = "spooled"
    """reports made before the owner died are still there when it is back"""
    SURVIVE = "survive"
    """attempts go on without their owner, as on a remote executor"""
    PAUSE = "pause"
    """the owner stands still at numbered points; where there are two, the other may take the lease meanwhile"""


@dataclass(frozen=True, slots=True)
class Plan:
    """One world.

    Args:
        seed: of everything that is drawn while it runs.
        dags: what is defined in the beginning.
        actions: what people do.
        faults: kinds that are on.
        cuts: numbers of crash points, 1-based, at which the owner dies (fault `crash`).
        doubts: transactions of unknown outcome: 2n - 1 for the n-th that is not written after all, 2n for one that is.
        odds: how unlucky tasks are.
        exact: final states depend on nothing but the script, so the oracle must agree.
        foreground: an owner drives what it was asked for, and no run of an owner that died before it.
        workers, depth: what the executor takes.
        edits: later versions of DAGs, by the id of the action that defines them.
        limits: what the settings allow.
        pools: slots that every pool has at last, whatever people do to it before.
        stock: runs that an earlier owner has left.
        owners: how many take turns in leading, one or two.
        pauses: numbers of crash points at which the owner stands still for a while (fault `pause`).
        clocks: how time goes where the owners plan; None: nothing runs that nobody asked for.
    """

    seed: int
    dags: tuple[DagSpec, ...]
    actions: tuple[Action, ...]
    faults: frozenset[Fault] = frozenset()
    cuts: frozenset[int] = frozenset()
    doubts: frozenset[int] = frozenset()
    odds: Odds = Odds()
    exact: bool = True
    foreground: bool = False
    workers: int = 4
    depth: int = 0
    edits: dict[str, DagSpec] = field(default_factory=dict)
    limits: Limits = Limits()
    pools: tuple[tuple[str, int], ...] = ()
    stock: tuple[Stock, ...] = ()
    owners: int = 1
    pauses: frozenset[int] = frozenset()
    clocks: Clocks | None = None

    @property
    def epoch(self) -> Instant:
        """When the world begins."""
        return EPOCH if self.clocks is None else self.clocks.epoch

    @property
    def pace(self) -> int:
        """How many times longer than usual whatever is counted in seconds lasts."""
        return 1 if self.clocks is None else self.clocks.pace

    def without_faults(self, gone: Iterable[Fault]) -> Plan:
        """The same world with these kinds of trouble off."""
        return replace(self, faults=self.faults - frozenset(gone))

    def without_actions(self, gone: Iterable[int]) -> Plan:
        """The same world without the actions of these numbers."""
        skip = frozenset(gone)
        return replace(self, actions=tuple(one for at, one in enumerate(self.actions) if at not in skip))

    def without_tasks(self, gone: Iterable[str]) -> Plan:
        """The same world without these tasks, each written `dag.task`, or `dag` for a whole DAG."""
        skip = frozenset(gone)

        def cut(spec: DagSpec) -> DagSpec:
            return without_tasks(spec, frozenset(t.id for t in spec.tasks if f"{spec.id}.{t.id}" in skip))

        return replace(
            self,
            dags=tuple(cut(spec) for spec in self.dags if spec.id not in skip),
            actions=tuple(one for one in self.actions if one.dag not in skip),
            edits={name: cut(spec) for name, spec in self.edits.items() if spec.id not in skip},
            stock=tuple(one for one in self.stock if one.dag not in skip),
        )


def _repeatable(spec: DagSpec) -> DagSpec:
    """The same DAG where a lost attempt is always repeated."""
    tasks = tuple(
        msgspec.structs.replace(task, rules=msgspec.structs.replace(task.rules, idempotent=True)) for task in spec.tasks
    )
    return msgspec.structs.replace(spec, tasks=tasks)


def _points(rng: Random, counts: Sequence[int]) -> frozenset[int]:
    mean = rng.choice((15, 60, 250))
    points, at = [], 0
    for _ in range(rng.choice(counts)):
        at += 1 + int(rng.expovariate(1 / mean))
        points.append(at)
    return frozenset(points)


def _trouble(rng: Random) -> tuple[frozenset[Fault], frozenset[int]]:
    faults = frozenset(fault for fault in Fault if rng.random() < rng.choice((0.1, 0.5, 0.8)))
    return faults, _points(rng, (1, 2, 6))


def _odds(rng: Random, *, exact: bool) -> Odds:
    mild: dict[str, Any] = {
        "empty": rng.choice((0.0, 0.1, 0.4)), "leak": 0.05, "keeps": rng.choice((0.0, 0.2, 0.6)),
        "unpublished": 0.2 if exact else rng.choice((0.0, 0.3, 0.9)),
    }  # fmt: skip
    if rng.random() < 0.3:
        return Odds(fail=0.02, hard=0.0, ask=0.0, poison=0.0, cursed=0.0, lost=0.02, **mild)
    return Odds(slow=rng.choice((0.0, 0.3, 0.9)), **mild)


def draw_plan(seed: int) -> Plan:
    """The world of a seed."""
    rng = Random(f"plan/{seed}")
    exact = seed % 3 == 0
    dags = tuple(draw_dag(rng, f"d{at}", exact=exact) for at in range(rng.choice((1, 1, 2, 3))))
    faults, cuts = _trouble(rng)
    triggers = draw_triggers(rng, dags)
    edits: dict[str, DagSpec] = {}
    actions = draw_pool_acts(rng)
    if exact:
        dags = tuple(map(_repeatable, dags))
        actions += [replace(one, flag=False) for one in triggers]
    else:
        actions += [*triggers, *draw_meddling(rng, triggers, dags)]
        actions += draw_repeats(rng, actions)
    for spec in dags:
        if rng.random() < 0.3:
            edits[f"e-{spec.id}"] = edit_dag(rng, spec)
            at = None if exact else rng.randrange(60 * SECOND)
            actions.append(Action(f"e-{spec.id}", at, "define", spec.id))
    actions += draw_verdicts(rng, dags, exact=exact)
    actions += draw_settled(rng, triggers, dags)
    foreground = not exact and rng.random() < 0.3
    owners = 1 if foreground else rng.choice((1, 1, 2))
    if foreground or owners > 1:
        faults -= {Fault.SURVIVE, Fault.SPOOLED}  # its workers are its own children
    if owners > 1:
        faults |= {Fault.PAUSE}
    actions.sort(key=lambda one: (one.at is None, one.at or 0))
    return Plan(
        seed, dags, tuple(actions), faults, cuts, odds=_odds(rng, exact=exact), exact=exact,
        foreground=foreground, workers=rng.choice((1, 2, 4, 16)), depth=rng.choice((0, 0, 4)), edits=edits,
        limits=draw_limits(rng, exact=exact), pools=tuple(POOLS.items()), stock=draw_stock(rng, dags), owners=owners,
        pauses=_points(rng, (1, 3, 9)),
    )  # fmt: skip


def plan_for(seed: int, spec: DagSpec) -> Plan:
    """A world with one given DAG, two runs of it, and trouble drawn from the seed.

    Every pool and resource that the DAG names has room for any one of its tasks.
    """
    rng = Random(f"plan for/{seed}")
    faults, cuts = _trouble(rng)
    if not all(task.rules.idempotent for task in spec.tasks):
        faults -= {Fault.CRASH, Fault.LOST}
    triggers = tuple(Action(f"r{n}", n * SECOND, "trigger", spec.id, params=b"%d" % n) for n in range(2))
    settled = (Action(f"s{n}", None, "retry", spec.id, one.id) for n, one in enumerate(triggers) if rng.random() < 0.5)
    return Plan(
        seed, (spec,), (*triggers, *settled), faults, cuts, workers=rng.choice((1, 4, 16)),
        exact=spec.timeout is None, limits=_ample(spec),
    )  # fmt: skip


def _ample(spec: DagSpec) -> Limits:
    pools: dict[str, int] = {}
    resources: dict[str, int] = {}
    for rules in (task.rules for task in spec.tasks):
        if rules.pool is not None:
            pools[rules.pool] = max(pools.get(rules.pool, 1), rules.slots)
        for name, amount in rules.resources:
            resources[name] = max(resources.get(name, 1), amount)
    return Limits(tuple(pools.items()), tuple(resources.items()))


def script_of(plan: Plan) -> Script:
    """What happens to the attempts of this world."""
    specs = (*plan.dags, *plan.edits.values())
    mapped = {(spec.id, task.id) for spec in specs for task in spec.tasks if task.mapped}
    listed = {
        (spec.id, over.task)
        for spec in specs
        for task in spec.tasks
        if task.mapped
        for over in task.mapped.over
        if over.task
    }
    below: dict[tuple[str, str], tuple[str, ...]] = {}
    for spec in plan.dags:  # a later version only adds: what the first does not know is never followed
        for task in spec.tasks:
            for up in task.upstream:
                known = below.get((spec.id, up), ())
                below[spec.id, up] = known if task.id in known else (*known, task.id)
    return Script(plan.seed, plan.odds, frozenset(listed - mapped), below)

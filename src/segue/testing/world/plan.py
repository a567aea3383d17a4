"""What a seed stands for: DAGs, what people do and when, and which faults are on.

A plan is data, so that a failing one can be made smaller: without a fault, without an action, without a task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import Literal, TypeAlias

import msgspec

from segue.model.ids import Instant
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.testing.world.script import SECOND, Odds, Script
from segue.testing.world.specs import draw_dag, without_tasks

__all__ = ["EPOCH", "Action", "Fault", "Plan", "draw_plan", "plan_for", "script_of"]

EPOCH = Instant(1_775_001_600 * SECOND)
"""When every world begins: 2026-04-01T00:00Z."""
_DAY = 86_400 * SECOND
_SLOTS = (None, None, 0, 0, 1)

Verb: TypeAlias = Literal["trigger", "retry", "rerun", "cancel", "mark", "define"]


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


@dataclass(frozen=True, slots=True)
class Action:
    """Somebody asks for something.

    Args:
        id: of the request; a second action with the same id is the same request sent again.
        at: microseconds after the beginning; None: when everything has come to rest.
        verb: what is asked for.
        dag: of a trigger or a new version.
        target: id of the trigger whose run is meant.
        slot: number of the day that is triggered, None without interval.
        params: encoded params of a trigger.
        tasks: labels of tasks, for retry and mark.
        flag: `only` of a retry, `now` of a cancel, `replace` of a trigger or rerun.
        state: what a mark sets.
    """

    id: str
    at: int | None
    verb: Verb
    dag: str = ""
    target: str = ""
    slot: int | None = None
    params: bytes = b""
    tasks: tuple[str, ...] = ()
    flag: bool = False
    state: Literal["success", "failed", "skipped"] = "success"

    @property
    def interval(self) -> tuple[Instant, Instant] | None:
        """The slot of a trigger."""
        if self.slot is None:
            return None
        return Instant(EPOCH + self.slot * _DAY), Instant(EPOCH + (self.slot + 1) * _DAY)


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
        )


def _triggers(rng: Random, dags: Sequence[DagSpec]) -> list[Action]:
    found: list[Action] = []
    for spec in dags:
        for _ in range(rng.choice((1, 1, 2, 4))):
            number = len(found)
            found.append(
                Action(
                    f"r{number}", rng.randrange(60 * SECOND), "trigger", spec.id, slot=rng.choice(_SLOTS),
                    params=b"%d" % number, flag=rng.random() < 0.1,
                )
            )  # fmt: skip
    return found


def _label(rng: Random, spec: DagSpec) -> str:
    feeding = [over.task for task in spec.tasks if task.mapped for over in task.mapped.over if over.task is not None]
    if feeding and rng.random() < 0.4:
        return rng.choice(feeding)
    task = rng.choice(spec.tasks)
    return f"{task.id}[{rng.randrange(3)}]" if task.mapped and rng.random() < 0.5 else task.id


def _meddling(rng: Random, triggers: Sequence[Action], dags: Sequence[DagSpec]) -> list[Action]:
    """What people do to runs that are under way, several of them at the same instant now and then."""
    specs = {spec.id: spec for spec in dags}
    found: list[Action] = []
    for number in range(rng.choice((0, 0, 2, 6, 12))):
        target = rng.choice(triggers)
        verb: Verb = rng.choices(("retry", "rerun", "cancel", "mark"), (4, 1, 2, 4))[0]
        at = (target.at or 0) + int(min(rng.expovariate(1 / 20), 3_000) * SECOND)
        if found and rng.random() < 0.3:
            at = found[-1].at or 0
        named = verb == "mark" or (verb == "retry" and rng.random() < 0.6)
        found.append(
            Action(
                f"m{number}", at, verb, specs[target.dag].id, target.id,
                tasks=(_label(rng, specs[target.dag]),) if named else (), flag=rng.random() < 0.3,
                state=rng.choice(("success", "failed", "skipped")),
            )
        )  # fmt: skip
    return found


def _repeats(rng: Random, actions: Sequence[Action]) -> list[Action]:
    """Requests sent twice under one id, and equal ones under another."""
    found: list[Action] = []
    for one in actions:
        if rng.random() < 0.1:
            again = rng.random() < 0.5
            at = (one.at or 0) + rng.randrange(SECOND)
            found.append(replace(one, at=at, id=one.id if again else f"{one.id}-equal"))
    return found


def _settled(rng: Random, triggers: Sequence[Action]) -> list[Action]:
    return [
        Action(f"s{number}", None, "retry", one.dag, one.id)
        for number, one in enumerate(triggers)
        if rng.random() < 0.5
    ]


def _edited(rng: Random, spec: DagSpec) -> DagSpec:
    tasks = (*spec.tasks, TaskSpec("added", Rules(), after=(spec.tasks[0].id,), arguments="v2"))
    return msgspec.structs.replace(spec, tasks=tasks)


def _repeatable(spec: DagSpec) -> DagSpec:
    """The same DAG where a lost attempt is always repeated."""
    tasks = tuple(
        msgspec.structs.replace(task, rules=msgspec.structs.replace(task.rules, idempotent=True)) for task in spec.tasks
    )
    return msgspec.structs.replace(spec, tasks=tasks)


def _trouble(rng: Random) -> tuple[frozenset[Fault], frozenset[int]]:
    faults = frozenset(fault for fault in Fault if rng.random() < rng.choice((0.1, 0.5, 0.8)))
    mean = rng.choice((15, 60, 250))
    cuts, at = [], 0
    for _ in range(rng.choice((1, 2, 6))):
        at += 1 + int(rng.expovariate(1 / mean))
        cuts.append(at)
    return faults, frozenset(cuts)


def draw_plan(seed: int) -> Plan:
    """The world of a seed."""
    rng = Random(f"plan/{seed}")
    exact = seed % 3 == 0
    dags = tuple(draw_dag(rng, f"d{at}") for at in range(rng.choice((1, 1, 2, 3))))
    faults, cuts = _trouble(rng)
    triggers = _triggers(rng, dags)
    calm = rng.random() < 0.3
    odds = (
        Odds(fail=0.02, hard=0.0, ask=0.0, poison=0.0, cursed=0.0, lost=0.02)
        if calm
        else Odds(slow=rng.choice((0.0, 0.3, 0.9)))
    )
    edits: dict[str, DagSpec] = {}
    if exact:
        dags = tuple(map(_repeatable, dags))
        actions = [*(replace(one, flag=False) for one in triggers), *_settled(rng, triggers)]
    else:
        actions = [*triggers, *_meddling(rng, triggers, dags)]
        actions += _repeats(rng, actions)
        for spec in dags:
            if rng.random() < 0.2:
                edits[f"e-{spec.id}"] = _edited(rng, spec)
                actions.append(Action(f"e-{spec.id}", rng.randrange(60 * SECOND), "define", spec.id))
    foreground = not exact and rng.random() < 0.3
    if foreground:
        faults -= {Fault.SURVIVE, Fault.SPOOLED}  # its workers are its own children
    actions.sort(key=lambda one: (one.at is None, one.at or 0))
    return Plan(
        seed, dags, tuple(actions), faults, cuts, odds=odds, exact=exact,
        foreground=foreground, workers=rng.choice((1, 2, 4, 16)),
        depth=rng.choice((0, 0, 4)), edits=edits,
    )  # fmt: skip


def plan_for(seed: int, spec: DagSpec) -> Plan:
    """A world with one given DAG, two runs of it, and trouble drawn from the seed."""
    rng = Random(f"plan for/{seed}")
    faults, cuts = _trouble(rng)
    if not all(task.rules.idempotent for task in spec.tasks):
        faults -= {Fault.CRASH, Fault.LOST}
    triggers = tuple(Action(f"r{n}", n * SECOND, "trigger", spec.id, params=b"%d" % n) for n in range(2))
    return Plan(seed, (spec,), (*triggers, *_settled(rng, triggers)), faults, cuts, workers=rng.choice((1, 4, 16)))


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

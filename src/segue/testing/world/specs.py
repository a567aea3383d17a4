"""Random DAGs over every feature the engine decides about."""

from __future__ import annotations

from random import Random
from typing import Final, get_args

from msgspec.structs import replace

from segue.model.limits import Limits
from segue.model.spec import (
    DagSpec,
    HookName,
    MapSpec,
    Over,
    RetrySpec,
    Rules,
    TaskKind,
    TaskSpec,
    TriggerRule,
)
from segue.testing.world.script import SECOND

__all__ = ["POOLS", "WIDEST", "draw_dag", "draw_limits", "edit_dag", "without_tasks"]

_RULES: tuple[TriggerRule, ...] = get_args(TriggerRule)
_HOOKS: tuple[HookName, ...] = get_args(HookName)
_DAY: Final = 86_400 * SECOND
POOLS: Final = {"small": 2, "wide": 5, "late": 3}
"""Slots with which every task finds room at last. Of `late` nobody knows until a person sets it."""
WIDEST: Final = {"small": 2, "wide": 3, "late": 1}
"""The most slots that a task asks for."""
_RESOURCES: Final = (("gpu", 2), ("memory", 6))


def draw_limits(rng: Random, *, exact: bool) -> Limits:
    """What the settings of a world allow."""
    return Limits(
        pools=tuple((name, slots) for name, slots in POOLS.items() if name != "late"),
        resources=_RESOURCES,
        guards=rng.choice(("hold", "hold", "hold", "warn", "off")) if not exact or rng.random() < 0.3 else "hold",
        backfill_reserve=rng.choice((1, 1, 0)),
    )


def _size(rng: Random) -> int:
    luck = rng.random()
    if luck < 0.7:
        return rng.randint(1, 8)
    return rng.randint(9, 18) if luck < 0.96 else rng.randint(19, 50)


def _retry(rng: Random) -> RetrySpec:
    return RetrySpec(
        times=rng.choice((0, 0, 1, 2, 3)),
        delay=rng.choice((0, SECOND, 30 * SECOND)),
        backoff=rng.choice((1.0, 2.0, 3.0)),
        max_delay=rng.choice((45 * SECOND, 600 * SECOND)),
        jitter=rng.choice((0.0, 0.0, 0.3)),
        lost=rng.choice((0, 1, 3)),
    )


def _resources(rng: Random) -> tuple[tuple[str, int], ...]:
    wanted = (("gpu", rng.randint(1, 2)), ("memory", rng.randint(1, 4)))
    return tuple(sorted(rng.sample(wanted, rng.choice((1, 1, 2)))))


def _rules(rng: Random, oddity: float) -> Rules:
    def odd() -> bool:
        return rng.random() < oddity

    pool = rng.choice(tuple(POOLS)) if odd() else None
    return Rules(
        retry=_retry(rng) if odd() or odd() else RetrySpec(),
        timeout=rng.choice((SECOND // 2, 5 * SECOND, 30 * SECOND)) if odd() else None,
        pool=pool,
        slots=1 if pool is None else rng.randint(1, WIDEST[pool]),
        priority=rng.randint(-2, 5) if odd() else 0,
        max_active=rng.randint(1, 2) if odd() else None,
        trigger_rule=rng.choice(_RULES) if odd() else "all_success",
        idempotent=not (odd() and odd()),
        allow_failure=odd() and odd(),
        empty=rng.choice(("hold", "warn", "ok", "ok")),
        tags=("red",) if odd() else (),
        secrets=("pin",) if odd() and odd() else (),
        resources=_resources(rng) if odd() and odd() else (),
        hooks=tuple(hook for hook in _HOOKS if rng.random() < 0.7) if odd() else (),
    )


def _over(rng: Random, named: tuple[str, ...], plain: list[TaskSpec]) -> MapSpec:
    """Lists to map over: results of some of `named`, and lists written in the file."""
    may = {task.id for task in plain if task.kind == "task"}
    over = [Over(f"p{name}", task=name) for name in named if name in may][: rng.randint(1, 2)]
    mode = rng.choice(("zip", "product"))
    if not over or rng.random() < 0.3:
        over.append(Over("written", length=rng.choice((0, 1, 2, 3, 3, 3, 5))))
    return MapSpec("zip" if mode == "zip" else "product", tuple(over))


class _Drawing:
    """One DAG while it is drawn; `bare` are the setups that no teardown follows yet."""

    def __init__(self, rng: Random, oddity: float) -> None:
        self.rng, self.oddity = rng, oddity
        self.tasks: list[TaskSpec] = []
        self.bare: list[TaskSpec] = []
        self.groups = rng.choice(((), (), ("", "g", "g.h", "k")))
        self.environments = rng.random() < 2 * oddity

    def add(self) -> None:
        rng, tasks = self.rng, self.tasks
        ups = rng.sample(tasks, min(len(tasks), rng.choice((0, 1, 1, 1, 2, 2, 3, 5))))
        if self.bare and rng.random() < 0.3:
            self.clean_up()
            return
        if self.bare and rng.random() < 0.5 and self.bare[-1] not in ups:
            ups.append(self.bare[-1])
        names = tuple(up.id for up in ups)
        cut = rng.randint(0, len(names))
        mapped = _over(rng, names[:cut], ups) if rng.random() < self.oddity / 2 else None
        kind: TaskKind = "task"
        if mapped is None and rng.random() < self.oddity / 3:
            kind = rng.choice(("branch", "short_circuit"))
        elif mapped is None and self.environments and rng.random() < 0.3:
            kind = "setup"
        self._put(kind, names[:cut], names[cut:], mapped)
        if kind == "setup":
            self.bare.append(tasks[-1])

    def clean_up(self) -> None:
        """A teardown of the newest setup, and of what lies below that."""
        setup = self.bare.pop()
        below = {setup.id}
        for task in self.tasks:
            if not below.isdisjoint(task.upstream):
                below.add(task.id)
        used = sorted(below - {setup.id})
        chosen = self.rng.sample(used, min(len(used), self.rng.randint(0, 3)))
        if self.bare and self.rng.random() < 0.2:
            chosen.append(self.bare[-1].id)
        self._put("teardown", (), (setup.id, *dict.fromkeys(name for name in chosen if name != setup.id)), None)

    def _put(self, kind: TaskKind, data: tuple[str, ...], after: tuple[str, ...], mapped: MapSpec | None) -> None:
        task = TaskSpec(f"t{len(self.tasks)}", _rules(self.rng, self.oddity), kind, data, after, mapped, function="f1")
        group = self.rng.choice(self.groups) if self.groups else ""
        self.tasks.append(replace(task, group=group) if group else task)


def _timeout(rng: Random, oddity: float, *, exact: bool) -> int | None:
    if rng.random() >= oddity:
        return None
    return 400 * _DAY if exact else rng.choice((2, 20, 200)) * SECOND


def draw_dag(rng: Random, name: str, *, exact: bool = False) -> DagSpec:
    """Draw one DAG of 1 to 50 tasks; how odd its tasks are is drawn for the whole of it.

    Args:
        rng: the generator.
        name: the DAG's id.
        exact: with a timeout that is never reached, where it has one.
    """
    oddity = rng.choice((0.05, 0.25, 0.5))
    drawing = _Drawing(rng, oddity)
    for _ in range(_size(rng)):
        drawing.add()
    while drawing.bare and rng.random() < 0.8:
        drawing.clean_up()
    tasks = drawing.tasks
    return DagSpec(
        id=name,
        tasks=tuple(rng.sample(tasks, len(tasks)) if rng.random() < 0.3 else tasks),
        timezone=rng.choice(("UTC", "UTC", "America/New_York")),
        max_active_runs=rng.choice((None, 1, 2)),
        max_active_tasks=rng.choice((None, None, 1, 3)),
        priority=rng.choice((0, 0, 3)),
        timeout=_timeout(rng, oddity, exact=exact),
        hooks=tuple(hook for hook in _HOOKS[:2] if rng.random() < oddity),
    )


def edit_dag(rng: Random, spec: DagSpec) -> DagSpec:
    """The next version of a DAG: a task more, and now and then one with other code, one renamed, one less."""
    tasks = list(spec.tasks)
    if rng.random() < 0.5:
        at = rng.randrange(len(tasks))
        tasks[at] = replace(tasks[at], function="f2")
    if rng.random() < 0.3:
        tasks = _rename(tasks, rng.choice(tasks).id)
    version = replace(spec, tasks=tuple(tasks))
    used = {up for task in tasks for up in task.upstream}
    leaves = [task.id for task in tasks if task.id not in used]
    if rng.random() < 0.3 and len(tasks) > 1:
        version = without_tasks(version, frozenset({rng.choice(leaves)}))
    added = TaskSpec("added", Rules(), after=(version.tasks[0].id,), arguments="v2", function="f1")
    return replace(version, tasks=(*version.tasks, added))


def _rename(tasks: list[TaskSpec], old: str) -> list[TaskSpec]:
    def now(name: str) -> str:
        return f"{name}x" if name == old else name

    found = []
    for task in tasks:
        mapped = task.mapped
        if mapped is not None:
            over = tuple(replace(one, task=one.task and now(one.task)) for one in mapped.over)
            mapped = MapSpec(mapped.mode, over)
        data, after = tuple(map(now, task.data)), tuple(map(now, task.after))
        former = old if task.id == old else None
        found.append(replace(task, id=now(task.id), data=data, after=after, mapped=mapped, renamed_from=former))
    return found


def without_tasks(spec: DagSpec, gone: frozenset[str]) -> DagSpec:
    """The same DAG without these tasks and every edge to them."""
    kept = []
    for task in spec.tasks:
        if task.id in gone:
            continue
        mapped = task.mapped
        if mapped is not None:
            over = tuple(Over(one.param, length=3) if one.task in gone else one for one in mapped.over)
            mapped = MapSpec(mapped.mode, over)
        data = tuple(name for name in task.data if name not in gone)
        after = tuple(name for name in task.after if name not in gone)
        kept.append(replace(task, data=data, after=after, mapped=mapped))
    return replace(spec, tasks=tuple(kept))

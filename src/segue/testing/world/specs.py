"""Random DAGs over every feature the engine decides about."""

from __future__ import annotations

from random import Random
from typing import get_args

from segue.model.spec import DagSpec, MapSpec, Over, RetrySpec, Rules, TaskKind, TaskSpec, TriggerRule
from segue.testing.world.script import SECOND

__all__ = ["draw_dag", "without_tasks"]

_RULES: tuple[TriggerRule, ...] = get_args(TriggerRule)


def _size(rng: Random) -> int:
    luck = rng.random()
    if luck < 0.65:
        return rng.randint(1, 8)
    return rng.randint(9, 20) if luck < 0.95 else rng.randint(21, 60)


def _retry(rng: Random) -> RetrySpec:
    return RetrySpec(
        times=rng.choice((0, 0, 1, 2, 3)),
        delay=rng.choice((0, SECOND, 30 * SECOND)),
        backoff=rng.choice((1.0, 2.0, 3.0)),
        max_delay=rng.choice((45 * SECOND, 600 * SECOND)),
        jitter=rng.choice((0.0, 0.0, 0.3)),
        lost=rng.choice((0, 1, 3)),
    )


def _rules(rng: Random, oddity: float) -> Rules:
    def odd() -> bool:
        return rng.random() < oddity

    return Rules(
        retry=_retry(rng) if odd() or odd() else RetrySpec(),
        timeout=rng.choice((SECOND // 2, 5 * SECOND, 30 * SECOND)) if odd() else None,
        priority=rng.randint(-2, 5) if odd() else 0,
        max_active=rng.randint(1, 2) if odd() else None,
        trigger_rule=rng.choice(_RULES) if odd() else "all_success",
        idempotent=not (odd() and odd()),
        allow_failure=odd() and odd(),
        empty=rng.choice(("hold", "warn", "ok", "ok")),
    )


def _over(rng: Random, named: tuple[str, ...], plain: list[TaskSpec]) -> MapSpec:
    """Lists to map over: results of some of `named`, and lists written in the file."""
    may = {task.id for task in plain if task.kind == "task"}
    over = [Over(f"p{name}", task=name) for name in named if name in may][: rng.randint(1, 2)]
    mode = rng.choice(("zip", "product"))
    if not over or rng.random() < 0.3:
        over.append(Over("written", length=rng.choice((0, 1, 2, 3, 3, 3, 5))))
    return MapSpec("zip" if mode == "zip" else "product", tuple(over))


def draw_dag(rng: Random, name: str) -> DagSpec:
    """Draw one DAG of 1 to 60 tasks; how odd its tasks are is drawn for the whole of it."""
    oddity = rng.choice((0.05, 0.25, 0.5))
    tasks: list[TaskSpec] = []
    for at in range(_size(rng)):
        ups = rng.sample(tasks, min(len(tasks), rng.choice((0, 1, 1, 1, 2, 2, 3, 5))))
        names = tuple(up.id for up in ups)
        cut = rng.randint(0, len(names))
        mapped = _over(rng, names[:cut], ups) if rng.random() < oddity / 2 else None
        kind: TaskKind = "task"
        if mapped is None and rng.random() < oddity / 3:
            kind = rng.choice(("branch", "short_circuit"))
        tasks.append(TaskSpec(f"t{at}", _rules(rng, oddity), kind, names[:cut], names[cut:], mapped))
    return DagSpec(
        id=name,
        tasks=tuple(rng.sample(tasks, len(tasks)) if rng.random() < 0.3 else tasks),
        max_active_runs=rng.choice((None, 1, 2)),
        max_active_tasks=rng.choice((None, None, 1, 3)),
        priority=rng.choice((0, 0, 3)),
    )


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
        kept.append(TaskSpec(task.id, task.rules, task.kind, data, after, mapped, task.arguments))
    return DagSpec(
        id=spec.id, tasks=tuple(kept), max_active_runs=spec.max_active_runs, max_active_tasks=spec.max_active_tasks,
        priority=spec.priority,
    )  # fmt: skip

"""Cycles that no DAG shows alone: through data that tasks say to read and write, and through runs that tasks start.

All tasks of all DAGs are put into one graph. A task comes before what it writes and after what it reads; a task that
starts a DAG comes before every task of it. A task may read what it writes itself: it brings a table up to date.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from segue.define.lint import Finding
from segue.model.spec import DagSpec, TaskSpec
from segue.resolve.graph import find_cycle

__all__ = ["cycles_across"]

_MOST: Final = 20
_HINT: Final = "take one of these steps out, or let one task do both ends of it"


def cycles_across(specs: Iterable[DagSpec]) -> list[Finding]:
    """Cycles through `inlets`, `outlets` and started DAGs, each told with its path and at the line of one step of it.

    Args:
        specs: DAGs without a cycle of their own, of any number of files.
    """
    dags = {spec.id: spec for spec in specs if spec.tasks}
    tasks = {_key(spec, task): (spec, task) for spec in dags.values() for task in spec.tasks}
    upstream = _upstream(dags)
    found: list[Finding] = []
    path = _cycle_in(upstream)
    while path and len(found) < _MOST:
        steps = [tasks[name] for name in path[:-1] if name in tasks]
        spec, task = min(steps, key=lambda step: (step[0].file, step[1].line))
        words = " → ".join(_shown(name, tasks.get(name)) for name in path)
        found.append(Finding("error", spec.file, task.line, f"cycle: {words}", _HINT, spec.id, task.id))
        upstream[path[1]].discard(path[0])
        path = _cycle_in(upstream)
    return found


def _cycle_in(upstream: dict[str, set[str]]) -> list[str]:
    return find_cycle(TaskSpec(name, after=tuple(ups)) for name, ups in upstream.items())


def _key(spec: DagSpec, task: TaskSpec) -> str:
    return f"task {spec.id}!{task.id}"


def _upstream(dags: dict[str, DagSpec]) -> dict[str, set[str]]:
    """What each task, each name of data and each started DAG comes directly after."""
    upstream: dict[str, set[str]] = {}
    for spec in dags.values():
        for task in spec.tasks:
            key = _key(spec, task)
            own = upstream.setdefault(key, set())
            own.update(f"task {spec.id}!{up}" for up in task.upstream)
            own.update(f"data {name}" for name in task.inlets if name not in task.outlets)
            for name in task.outlets:
                upstream.setdefault(f"data {name}", set()).add(key)
            for name in task.starts:
                upstream.setdefault(f"run {name}", set()).add(key)
    for spec in dags.values():
        if f"run {spec.id}" in upstream:
            for task in spec.tasks:
                if not task.upstream:
                    upstream[_key(spec, task)].add(f"run {spec.id}")
    return {key: {up for up in ups if up in upstream} for key, ups in upstream.items()}


def _shown(key: str, step: tuple[DagSpec, TaskSpec] | None) -> str:
    if step is None:
        kind, _, name = key.partition(" ")
        return f"a run of {name}" if kind == "run" else name
    spec, task = step
    return f"{spec.id}.{task.id} ({spec.file}:{task.line})"

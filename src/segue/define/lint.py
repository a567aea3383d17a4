"""What a DAG may say and rarely means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from segue.model.spec import DagSpec, TaskSpec
from segue.resolve.graph import topological_order

__all__ = ["Finding", "lint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: how bad, where, what, and what to write instead; `# segue: ok[code]` silences it."""

    severity: Literal["error", "warning"]
    file: str
    line: int
    message: str
    hint: str
    dag: str
    task: str | None = None
    code: str = ""


def lint(spec: DagSpec) -> list[Finding]:
    """Findings about one DAG that has no cycle, by line."""
    return sorted((*_empty(spec), *_joins(spec), *_teardowns(spec), *_retries(spec)), key=lambda finding: finding.line)


def _empty(spec: DagSpec) -> Iterator[Finding]:
    if not spec.tasks:
        text = f"DAG {spec.id} has no tasks: it cannot be run"
        yield Finding("warning", spec.file, spec.line, text, "call a task in it", spec.id, code="empty")


def _teardowns(spec: DagSpec) -> Iterator[Finding]:
    """Teardowns that would run too soon, and rules that they do not follow (SEMANTICS, "Setup/teardown")."""
    tasks = {task.id: task for task in spec.tasks}
    for task in spec.tasks:
        if task.kind != "teardown":
            continue
        setups = [up for up in task.upstream if tasks[up].kind == "setup"]
        if len(setups) == len(task.upstream) and any(set(setups).intersection(one.upstream) - {task.id}
                                                     for one in spec.tasks if one is not task):  # fmt: skip
            text = f"teardown {task.id} comes after nothing but its setup: it runs while what needs the setup runs"
            yield Finding("warning", spec.file, task.line, text, f"work() >> {task.id}()", spec.id, task.id, "teardown")
        rule = task.rules.trigger_rule
        if rule not in ("all_success", "all_done"):
            text = f"trigger_rule={rule!r} of teardown {task.id} decides nothing: it runs when all before it has ended"
            text += " and a setup of it succeeded"
            yield Finding(
                "warning", spec.file, task.line, text, "leave trigger_rule= out", spec.id, task.id, "teardown"
            )
        if task.rules.allow_failure:
            text = f"allow_failure=True of teardown {task.id} decides nothing: no teardown decides how a run ends"
            yield Finding(
                "warning", spec.file, task.line, text, "leave allow_failure= out", spec.id, task.id, "teardown"
            )


def _retries(spec: DagSpec) -> Iterator[Finding]:
    for task in spec.tasks:
        if task.rules.retry.times and not task.rules.idempotent:
            text = f"task {task.id} has retry={task.rules.retry.times} and idempotent=False: it is never tried again by"
            hint = "retry=0, or make it safe to run twice: delete, then insert; a key that the other side knows"
            yield Finding("warning", spec.file, task.line, f"{text} itself", hint, spec.id, task.id, "retry")


def _joins(spec: DagSpec) -> Iterator[Finding]:
    """Joins of two arms of a branch under the default rule: one arm is skipped, and so is the join (SEMANTICS)."""
    tasks = {task.id: task for task in spec.tasks}
    branches = [task for task in spec.tasks if task.kind == "branch"]
    order = topological_order(spec.tasks) if branches else []
    for branch in branches:
        arms: dict[str, set[str]] = {}
        for name in order:
            task = tasks[name]
            if _joins_arms(task, arms):
                text = f"{name} joins arms of branch {branch.id} under the rule all_success: skipped with any of them"
                hint = 'trigger_rule="none_failed_min_one_success"'
                yield Finding("error", spec.file, task.line, text, hint, spec.id, name, "join")
            reached = set().union(*(arms.get(up, set()) for up in task.upstream))
            arms[name] = reached | {name} if branch.id in task.upstream else reached


def _joins_arms(task: TaskSpec, arms: dict[str, set[str]]) -> bool:
    if task.rules.trigger_rule != "all_success":
        return False
    reached = [arms[up] for up in task.upstream if arms.get(up)]
    return any(one.isdisjoint(other) for at, one in enumerate(reached) for other in reached[at + 1 :])

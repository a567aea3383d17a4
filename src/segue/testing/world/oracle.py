"""The second opinion: what a run comes to, computed as naively as possible.

No persistence, no concurrency, no counters: every task is looked at in topological order, its trigger rule is applied
to the list of its upstream states, and whether a verdict may be taken early is found out by trying completions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import prod
from typing import TypeAlias

from segue.model.events import Failure, Followed, Skipped, Value
from segue.model.ids import RunKey, TaskKey
from segue.model.spec import DagSpec, MapSpec, TaskSpec, TriggerRule
from segue.model.state import FINAL, RunState, TaskState
from segue.testing.world.ledger import downstream
from segue.testing.world.script import Script

__all__ = ["descendants", "early_verdict", "foretell", "run_state", "verdict"]

S, F, U, K = TaskState.SUCCESS, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SKIPPED
States: TypeAlias = Sequence[TaskState]


def verdict(rule: TriggerRule, states: States) -> TaskState | None:
    """What a rule says when all upstream has ended: None to run, else the state to take (the table of the rulings)."""
    n = len(states)
    good, skipped = states.count(S), states.count(K)
    failed = states.count(F) + states.count(TaskState.CANCELLED)
    bad = failed + states.count(U)
    if n == 0:
        return None
    bad_else_skipped = U if bad else K
    match rule:
        case "all_success":
            return None if good == n else bad_else_skipped
        case "none_failed":
            return None if not bad else U
        case "none_failed_min_one_success":
            return None if not bad and good else bad_else_skipped
        case "one_success":
            return None if good else K if skipped == n else U
        case "all_failed":
            return None if bad == n else K
        case "one_failed":
            return None if bad else K
        case "one_done":
            return None if good + failed else K
        case "none_skipped":
            return None if not skipped else K
        case "all_skipped":
            return None if skipped == n else K
        case "all_done" | "always":
            return None


@cache
def _early(rule: TriggerRule, seen: frozenset[TaskState]) -> tuple[bool, TaskState | None]:
    ends = {
        verdict(rule, (*seen, *more)) for size in (1, 2, 3, 4) for more in combinations((S, F, U, K), size)
    }  # fmt: skip
    return (True, ends.pop()) if len(ends) == 1 else (False, None)


def early_verdict(rule: TriggerRule, states: States) -> tuple[bool, TaskState | None]:
    """Whether a verdict may be taken now, and which: with everything ended, or when no completion can change it."""
    ended = [state for state in states if state in FINAL]
    if rule == "always" or len(ended) == len(states):
        return True, verdict(rule, ended)
    if rule == "all_done":
        return False, None
    return _early(rule, frozenset(ended))


@dataclass(slots=True)
class _Told:
    state: TaskState
    length: int | None = None
    followed: tuple[str, ...] | None = None


class _Reader:
    """Reads one run from its script, task by task."""

    def __init__(self, spec: DagSpec, run: RunKey, script: Script) -> None:
        self.run, self.script = run, script
        self.specs = {task.id: task for task in spec.tasks}
        self.down = downstream(spec)
        self.told: dict[str, dict[int | None, _Told]] = {}

    def states(self, names: Iterable[str]) -> list[TaskState]:
        return [told.state for name in names for told in self.told[name].values()]

    def tell(self, task: TaskSpec) -> dict[int | None, _Told]:
        rule = task.rules.trigger_rule
        gates = [name for name in task.upstream if self.specs[name].kind != "task" and rule != "always"]
        if not FINAL.issuperset(self.states(gates)):
            return {None: _Told(TaskState.PENDING)}
        if any(self.excludes(gate, task.id) for gate in gates):
            return {None: _Told(K)}
        sure, outcome = early_verdict(rule, self.states(task.upstream))
        if outcome is not None or not sure:
            return {None: _Told(outcome if outcome is not None else TaskState.PENDING)}
        return {None: self.attempts(task, None)} if task.mapped is None else self.expand(task, task.mapped)

    def excludes(self, gate: str, name: str) -> bool:
        chosen = self.told[gate][None].followed
        return chosen is not None and name not in chosen and name not in descendants(self.down, chosen)

    def attempts(self, task: TaskSpec, index: int | None) -> _Told:
        for tries in range(task.rules.retry.times + 1):
            ending = self.script.ending(TaskKey(self.run, task.id, index), task, 1, tries)
            match ending:
                case Value():
                    return _Told(S, ending.length)
                case Followed():
                    return _Told(S, followed=ending.ids)
                case Skipped():
                    return _Told(K)
                case Failure(retryable=True):
                    continue
                case _:
                    break
        return _Told(F)

    def expand(self, task: TaskSpec, mapped: MapSpec) -> dict[int | None, _Told]:
        sources = [over.task for over in mapped.over if over.task is not None]
        if not FINAL.issuperset(self.states(sources)):
            return {None: _Told(TaskState.PENDING)}
        lengths = [over.length if over.task is None else self.length(over.task) for over in mapped.over]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths) or (mapped.mode == "zip" and len(set(known)) > 1):
            return {None: _Told(F)}
        total = known[0] if mapped.mode == "zip" else prod(known)
        if not total:
            return {None: _Told(TaskState.HELD if task.rules.empty == "hold" else K)}
        return {index: self.attempts(task, index) for index in range(total)}

    def length(self, name: str) -> int | None:
        told = self.told[name]
        if self.specs[name].mapped is None:
            return told[None].length
        if None in told:
            return 0 if told[None].state is K else None
        return self.states([name]).count(S)


def descendants(down: Mapping[str, Sequence[str]], names: Iterable[str]) -> set[str]:
    """All that lies downstream of some tasks."""
    found: set[str] = set()
    front = list(names)
    while front:
        for name in down[front.pop()]:
            if name not in found:
                found.add(name)
                front.append(name)
    return found


def foretell(spec: DagSpec, run: RunKey, script: Script) -> dict[tuple[str, int | None], TaskState]:
    """The final states of a run that nobody meddles with; a task below a held one is PENDING.

    Args:
        spec: its version.
        run: its key, which the script's draws depend on.
        script: how every attempt ends.
    """
    reader = _Reader(spec, run, script)
    left = list(spec.tasks)
    while left:
        for task in [task for task in left if reader.told.keys() >= set(task.upstream)]:
            reader.told[task.id] = reader.tell(task)
        left = [task for task in left if task.id not in reader.told]
    return {(name, index): told.state for name, items in reader.told.items() for index, told in items.items()}


def run_state(spec: DagSpec, states: Mapping[tuple[str, int | None], TaskState]) -> RunState:
    """What a run comes to, by the final states of its tasks."""
    if TaskState.HELD in states.values():
        return RunState.HELD
    forgiven = {task.id for task in spec.tasks if task.rules.allow_failure}
    failed = any(state is F and name not in forgiven for (name, _), state in states.items())
    return RunState.FAILED if failed else RunState.SUCCESS

"""The second opinion: what a run comes to, computed as naively as possible.

No persistence, no concurrency, no counters: every task is looked at in topological order, its trigger rule is applied
to the list of its upstream states, and whether a verdict may be taken early is found out by trying completions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from math import prod
from typing import Final, NamedTuple, TypeAlias

from segue.model.events import Failure, Followed, Skipped, Value
from segue.model.ids import RunKey, TaskKey
from segue.model.limits import Guards
from segue.model.spec import DagSpec, MapSpec, TaskSpec, TriggerRule
from segue.model.state import FINAL, RunState, TaskState
from segue.testing.world.ledger import RunRecord, TaskRecord, downstream
from segue.testing.world.script import Script

__all__ = [
    "FORKS",
    "Known",
    "between",
    "descendants",
    "early_verdict",
    "foretell",
    "ruling",
    "run_state",
    "setups_of",
    "teardowns",
    "upstream_states",
    "verdict",
]

FORKS: Final = ("branch", "short_circuit")

S, F, U, K = TaskState.SUCCESS, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SKIPPED
States: TypeAlias = Sequence[TaskState]


class Counts(NamedTuple):
    """How upstream tasks have ended: how many there are, good, failed or cancelled, bad in any way, skipped."""

    n: int
    good: int
    failed: int
    bad: int
    skipped: int


_RUNS_WHEN: Final[dict[TriggerRule, Callable[[Counts], bool]]] = {
    "all_success": lambda seen: seen.good == seen.n,
    "none_failed": lambda seen: not seen.bad,
    "none_failed_min_one_success": lambda seen: not seen.bad and seen.good > 0,
    "one_success": lambda seen: seen.good > 0,
    "all_failed": lambda seen: seen.bad == seen.n,
    "one_failed": lambda seen: seen.bad > 0,
    "one_done": lambda seen: seen.good + seen.failed > 0,
    "none_skipped": lambda seen: not seen.skipped,
    "all_skipped": lambda seen: seen.skipped == seen.n,
    "all_done": lambda seen: True,
    "always": lambda seen: True,
}
_SPREADS_FAILURE: Final = ("all_success", "none_failed", "none_failed_min_one_success", "one_success")


def verdict(rule: TriggerRule, states: States) -> TaskState | None:
    """What a rule says when all upstream has ended: None to run, else the state to take (the table of the rulings)."""
    failed = states.count(F) + states.count(TaskState.CANCELLED)
    seen = Counts(len(states), states.count(S), failed, failed + states.count(U), states.count(K))
    if seen.n == 0 or _RUNS_WHEN[rule](seen):
        return None
    return U if seen.bad and rule in _SPREADS_FAILURE else K


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


def upstream_states(run: RunRecord, task: TaskSpec) -> list[TaskState]:
    """Where everything directly above a task stands, items one by one."""
    return [record.state for name in task.upstream for record in run.items(name)]


def setups_of(spec: DagSpec, teardown: TaskSpec) -> list[str]:
    """The setups whose environment a teardown takes away: those directly above it."""
    kinds = {task.id: task.kind for task in spec.tasks}
    return [name for name in teardown.upstream if kinds[name] == "setup"]


@cache
def between(spec: DagSpec) -> dict[tuple[str, str], frozenset[str]]:
    """For every setup and a teardown of it, the tasks that lie below the one and above the other."""
    down = downstream(spec)
    return {
        (setup, task.id): frozenset(name for name in descendants(down, [setup]) if task.id in descendants(down, [name]))
        for task in spec.tasks if task.kind == "teardown" for setup in setups_of(spec, task)
    }  # fmt: skip


def teardowns(spec: DagSpec) -> set[str]:
    """Tasks that take something away."""
    return {task.id for task in spec.tasks if task.kind == "teardown"}


def ruling(run: RunRecord, task: TaskSpec) -> tuple[bool, TaskState | None]:
    """Whether a verdict on a task may be taken now, and which: None to run."""
    if task.kind == "teardown":
        return _cleaning(run, task)
    sure, outcome = _by_rule(run, task)
    if not sure or outcome is not None or task.rules.trigger_rule == "always":
        return sure, outcome
    made_anew = [
        run.task(setup, None) for (setup, _), users in _environments(run).items()
        if task.id in users and run.task(setup, None).round > 1
    ]  # fmt: skip
    states = [record.state for record in made_anew]
    if not FINAL.issuperset(states):
        return False, None
    return True, verdict("all_success", states) if task.rules.trigger_rule in _SPREADS_FAILURE else None


def _environments(run: RunRecord) -> dict[tuple[str, str], frozenset[str]]:
    if run.environments is None:
        run.environments = between(run.spec)
    return run.environments


def _cleaning(run: RunRecord, task: TaskSpec) -> tuple[bool, TaskState | None]:
    """A teardown waits for all that uses its environments, and runs where there is one to take away."""
    users = {name for (_, teardown), names in _environments(run).items() if teardown == task.id for name in names}
    if any(record.state not in FINAL for name in {*task.upstream, *users} for record in run.items(name)):
        return False, None
    made = any(run.task(name, None).state is S for name in setups_of(run.spec, task))
    return True, None if made else K


def _by_rule(run: RunRecord, task: TaskSpec) -> tuple[bool, TaskState | None]:
    rule = task.rules.trigger_rule
    if rule != "always":
        gates = [run.task(name, None) for name in task.upstream if run.specs[name].kind in FORKS]
        for chosen in [gate.followed for gate in gates if gate.state in FINAL and gate.followed is not None]:
            if task.id not in chosen and task.id not in descendants(downstream(run.spec), chosen):
                return True, TaskState.SKIPPED
        if any(gate.state not in FINAL for gate in gates):
            return False, None
    return early_verdict(rule, upstream_states(run, task))


@dataclass(frozen=True, slots=True)
class Known:
    """What the script does not say.

    Args:
        guards: how strict the guards of the environment are.
        verdicts: what people have decided about held tasks: released, or not.
        taken: what the run has taken over from another.
    """

    guards: Guards = "hold"
    verdicts: Mapping[TaskKey, bool] = field(default_factory=dict)
    taken: Mapping[tuple[str, int | None], TaskRecord] = field(default_factory=dict)


@dataclass(slots=True)
class _Told:
    state: TaskState
    length: int | None = None
    followed: tuple[str, ...] | None = None


class _Reader:
    """Reads one run from its script, task by task."""

    def __init__(self, spec: DagSpec, run: RunKey, script: Script, known: Known) -> None:
        self.run, self.script, self.known = run, script, known
        self.specs = {task.id: task for task in spec.tasks}
        self.down = downstream(spec)
        self.users = between(spec)
        self.spec = spec
        self.told: dict[str, dict[int | None, _Told]] = {}

    def needs(self, task: TaskSpec) -> set[str]:
        """All that must be told before this task can be."""
        return {*task.upstream, *self.used_by(task)}

    def used_by(self, task: TaskSpec) -> set[str]:
        return {name for (_, teardown), names in self.users.items() if teardown == task.id for name in names}

    def states(self, names: Iterable[str]) -> list[TaskState]:
        return [told.state for name in names for told in self.told[name].values()]

    def tell(self, task: TaskSpec) -> dict[int | None, _Told]:
        taken = self.known.taken.get((task.id, None))
        if taken is not None:
            return {None: _taken(taken)}
        if task.kind == "teardown":
            return {None: self.clean_up(task)}
        rule = task.rules.trigger_rule
        gates = [name for name in task.upstream if self.specs[name].kind in FORKS and rule != "always"]
        if any(self.excludes(gate, task.id) for gate in gates):
            return {None: _Told(K)}
        if not FINAL.issuperset(self.states(gates)):
            return {None: _Told(TaskState.PENDING)}
        sure, outcome = early_verdict(rule, self.states(task.upstream))
        if outcome is not None or not sure:
            told = _Told(outcome if outcome is not None else TaskState.PENDING)
            # An environment that is made anew may fail below a map of which some items were taken over.
            partly = task.mapped is not None and any(name == task.id for name, _ in self.known.taken)
            if not partly or task.mapped is None:
                return {None: told}
            items = self.expand(task, task.mapped)
            return {index: one if (task.id, index) in self.known.taken else told for index, one in items.items()}
        return {None: self.attempts(task, None)} if task.mapped is None else self.expand(task, task.mapped)

    def clean_up(self, task: TaskSpec) -> _Told:
        if not FINAL.issuperset(self.states(self.needs(task))):
            return _Told(TaskState.PENDING)
        made = S in self.states(setups_of(self.spec, task))
        return self.attempts(task, None) if made else _Told(K)

    def excludes(self, gate: str, name: str) -> bool:
        chosen = self.told[gate][None].followed
        return chosen is not None and name not in chosen and name not in descendants(self.down, chosen)

    def attempts(self, task: TaskSpec, index: int | None) -> _Told:
        taken = self.known.taken.get((task.id, index))
        if taken is not None:
            return _taken(taken)
        for tries in range(task.rules.retry.times + 1):
            ending = self.script.ending(TaskKey(self.run, task.id, index), task, 1, tries)
            match ending:
                case Value():
                    return self.guarded(task, index, tries, ending)
                case Followed():
                    return _Told(S, followed=tuple(name for name in ending.ids if name in self.down[task.id]))
                case Skipped():
                    return _Told(K)
                case Failure(retryable=True):
                    continue
                case _:
                    break
        return _Told(F)

    def guarded(self, task: TaskSpec, index: int | None, tries: int, value: Value) -> _Told:
        key = TaskKey(self.run, task.id, index)
        if task.kind != "task" or not self.holds(task) or self.script.guarded(key, value, 1, tries) is None:
            return _Told(S, value.length)
        said = self.known.verdicts.get(key)
        return _Told(TaskState.HELD) if said is None else _Told(S, value.length) if said else _Told(F)

    def holds(self, task: TaskSpec) -> bool:
        return task.rules.empty == "hold" and self.known.guards == "hold"

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
            said = self.known.verdicts.get(TaskKey(self.run, task.id, None))
            held = self.holds(task) and said is None
            return {None: _Told(TaskState.HELD if held else F if self.holds(task) and not said else K)}
        return {index: self.attempts(task, index) for index in range(total)}

    def length(self, name: str) -> int | None:
        told = self.told[name]
        if self.specs[name].mapped is None:
            return told[None].length
        if None in told:
            return 0 if told[None].state is K else None
        return self.states([name]).count(S)


def _taken(record: TaskRecord) -> _Told:
    return _Told(record.state, record.result.length if record.result is not None else None, record.followed)


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


def foretell(
    spec: DagSpec, run: RunKey, script: Script, known: Known = Known()
) -> dict[tuple[str, int | None], TaskState]:
    """The final states of a run of which nothing is opened again; a task below a held one is PENDING.

    Args:
        spec: its version.
        run: its key, which the script's draws depend on.
        script: how every attempt ends.
        known: what people and settings have decided.
    """
    reader = _Reader(spec, run, script, known)
    left = list(spec.tasks)
    while left:
        for task in [task for task in left if reader.told.keys() >= reader.needs(task)]:
            reader.told[task.id] = reader.tell(task)
        left = [task for task in left if task.id not in reader.told]
    return {(name, index): told.state for name, items in reader.told.items() for index, told in items.items()}


def run_state(spec: DagSpec, states: Mapping[tuple[str, int | None], TaskState]) -> RunState:
    """What a run comes to, by the final states of its tasks."""
    if TaskState.HELD in states.values():
        return RunState.HELD
    forgiven = {task.id for task in spec.tasks if task.rules.allow_failure or task.kind == "teardown"}
    failed = any(state is F and name not in forgiven for (name, _), state in states.items())
    return RunState.FAILED if failed else RunState.SUCCESS

"""Acting on runs that exist: the plan that is shown before anything is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.model.views import RunDetail, RunView
from segue.show.reading import Reading, Selection

__all__ = [
    "CANCEL",
    "MARK",
    "REJECT",
    "RELEASE",
    "RERUN",
    "RETRY",
    "Plan",
    "Verb",
    "chosen_runs",
    "held_tasks",
    "plan_of",
    "plan_runs",
]

_BAD: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Verb:
    """What is done to runs.

    Args:
        name: of the verb.
        states: of the runs that a selection without states means.
        counts: says of a task's state whether the verb touches it.
        once: of several runs of one interval only the newest is meant.
        alone: it takes a run and no words more.
    """

    name: str
    states: frozenset[RunState]
    counts: Callable[[TaskState], bool]
    once: bool = False
    alone: bool = False


RETRY = Verb(
    "retry", frozenset(RunState) - {RunState.SUCCESS}, lambda state: state in _BAD or state not in FINAL, once=True
)
RERUN = Verb("rerun", RUN_FINAL | {RunState.HELD}, lambda state: True, once=True, alone=True)
CANCEL = Verb("cancel", frozenset(RunState) - RUN_FINAL, lambda state: state not in FINAL, alone=True)
MARK = Verb("mark", frozenset(RunState), lambda state: False)
RELEASE, REJECT = (
    Verb(name, frozenset({RunState.HELD, RunState.RUNNING}), lambda state: state is TaskState.HELD)
    for name in ("release", "reject")
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be done, the newest run first: how many tasks, since when, why they failed (how often each)."""

    verb: Verb
    runs: tuple[RunView, ...]
    tasks: int
    causes: tuple[tuple[str, int], ...]

    @property
    def since(self) -> Instant:
        """When the oldest run was made."""
        return min(view.row.created for view in self.runs)


def plan_of(reading: Reading, verb: Verb, run: str | None, selection: Selection) -> Plan:
    """The runs that are meant: the one that is named, or those of the selection that the verb can do something with.

    Raises:
        UsageError: there is no such run.
    """
    return plan_runs(reading, verb, chosen_runs(reading, verb, selection) if run is None else [reading.find(run)])


def chosen_runs(reading: Reading, verb: Verb, selection: Selection) -> list[RunView]:
    """The runs of a selection that the verb can do something with, the newest first."""
    states = selection.states or tuple(sorted(verb.states))
    found = reading.runs(replace(selection, states=states))
    views = [view for view in found if verb is not RETRY or _stands(reading, view)]
    return [view for view in views if not reading.superseded(view)] if verb.once else views


def plan_runs(reading: Reading, verb: Verb, views: Sequence[RunView]) -> Plan:
    """What doing this to these runs means."""
    tasks = sum(verb.counts(entry.state) for view in views for entry in reading.detail(view).entries())
    causes = Counter(reason for view in views for _, reason in view.culprits)
    return Plan(verb, tuple(views), tasks, tuple(causes.most_common()))


def _stands(reading: Reading, view: RunView) -> bool:
    """Whether nobody drives it."""
    return reading.state(view) not in (RunState.QUEUED, RunState.RUNNING)


def held_tasks(detail: RunDetail, task: str | None) -> list[str]:
    """The labels of the held tasks that are meant: all of the run, those of `load`, or `load[3]`.

    Raises:
        UsageError: none is held, or not this one.
    """
    held = {entry.label: entry.task for entry in detail.entries() if entry.state is TaskState.HELD}
    if meant := [label for label, name in held.items() if task in (None, label, name)]:
        return meant
    if not held:
        raise UsageError(f"{detail.run.run} has no held task")
    raise UsageError(f"{task} of {detail.run.run} is not held: {', '.join(held)} {'is' if len(held) == 1 else 'are'}")

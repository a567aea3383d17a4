"""Two people act on one run at the same instant, wherever it stands: all pairs of acts, all states (row 58)."""

from __future__ import annotations

from itertools import product

import pytest

from segue.model.events import Failure, Held, Outcome, Value
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.model.state import RUN_FINAL, RunState
from segue.testing.world.plan import Action, Plan
from segue.testing.world.play import World
from segue.testing.world.script import SECOND, Told

BOOM = Failure("ValueError", "boom")
ONE = Value(b"one")
MOMENTS: dict[str, tuple[float, tuple[Outcome, ...]]] = {
    "queued": (10.001, (ONE,)),
    "running": (10.5, (ONE,)),
    "up_for_retry": (12.0, (BOOM, ONE)),
    "held": (12.0, (Held("empty", "0 rows", ONE, b"files"),)),
    "failed": (400.0, (BOOM, BOOM)),
    "success": (400.0, (ONE,)),
    "cancelled": (400.0, (ONE,)),
}
"""When the acts come, and how the attempts of task `a` end that are made before."""
ACTS = {
    "retry": {"verb": "retry"},
    "retry one": {"verb": "retry", "tasks": ("a",)},
    "rerun": {"verb": "rerun"},
    "rerun, replacing": {"verb": "rerun", "flag": True},
    "rerun --failed": {"verb": "rerun", "failed": True},
    "cancel": {"verb": "cancel"},
    "cancel --now": {"verb": "cancel", "flag": True},
    "mark success": {"verb": "mark", "tasks": ("a",), "state": "success"},
    "mark failed": {"verb": "mark", "tasks": ("a",), "state": "failed"},
    "release": {"verb": "release", "tasks": ("a",)},
    "reject": {"verb": "reject", "tasks": ("a",)},
    "the same again": {"verb": "trigger", "slot": 0},
    "another, replacing": {"verb": "trigger", "slot": 0, "params": b"x", "flag": True},
}
DAG = DagSpec(
    "d",
    (
        TaskSpec("a", Rules(retry=RetrySpec(times=1, delay=5 * SECOND))),
        TaskSpec("b", data=("a",)),
        TaskSpec("c", Rules(trigger_rule="all_done"), after=("b",)),
    ),
)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("first", ACTS)
def test_of_any_two_acts_at_once_each_is_answered_and_the_run_comes_to_one_end(moment: str, first: str) -> None:
    when, outcomes = MOMENTS[moment]
    for second, instants in product(ACTS, ((0, 0), (0, 1))):
        acts = [Action("run", 10 * SECOND, "trigger", "d", slot=0)]
        if moment == "cancelled":
            acts.append(Action("stop", int(10.5 * SECOND), "cancel", "d", "run"))
        for name, words, later in (("one", ACTS[first], instants[0]), ("two", ACTS[second], instants[1])):
            at = int(when * SECOND) + later
            acts.append(Action(**{"id": name, "at": at, "dag": "d", "target": "run", **words}))
        world = World(Plan(1, (DAG,), tuple(acts), exact=False), script=Told({"a": outcomes}))
        ends = world.play().ends
        assert {"one", "two"} <= world.ledger.answers.keys()
        assert all(state in RUN_FINAL or state is RunState.HELD for state, _ in ends.values()), (first, second)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_run_stands_at_each_moment_as_it_is_called(moment: str) -> None:
    when, outcomes = MOMENTS[moment]
    acts = [Action("run", 10 * SECOND, "trigger", "d", slot=0)]
    if moment == "cancelled":
        acts.append(Action("stop", int(10.5 * SECOND), "cancel", "d", "run"))
    world = World(Plan(1, (DAG,), tuple(acts), exact=False), script=Told({"a": outcomes}))
    seen: list[str] = []
    world.timeline.after(
        int(when * SECOND), lambda: seen.extend(run.task("a", None).state for run in world.ledger.runs.values())
    )
    world.play()
    assert seen == [moment]

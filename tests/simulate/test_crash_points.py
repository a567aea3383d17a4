"""A small world, crashed everywhere: at every point at which its owner can die, and with every commit in doubt."""

from dataclasses import replace
from itertools import combinations

import pytest

from segue.model.spec import DagSpec, MapSpec, Over, RetrySpec, Rules, TaskSpec
from segue.testing.world.plan import Action, Fault, Plan
from segue.testing.world.play import play, verify
from segue.testing.world.script import SECOND, Odds

RETRIED = Rules(retry=RetrySpec(times=3, delay=SECOND))
THREE = DagSpec(
    "small",
    (
        TaskSpec("list", RETRIED),
        TaskSpec("each", RETRIED, data=("list",), mapped=MapSpec("zip", (Over("n", task="list"),))),
        TaskSpec("sum", RETRIED, data=("each",)),
    ),
)
ALONE = DagSpec("alone", (TaskSpec("a", RETRIED), TaskSpec("b", RETRIED, data=("a",)), TaskSpec("c", after=("b",))))
ASKED = (Action("r0", 0, "trigger", "small"), Action("again", None, "retry", target="r0"))
CANCELLED = (
    Action("r0", 0, "trigger", "alone"),
    Action("stop", 40_000, "cancel", target="r0"),
    Action("again", None, "retry", target="r0"),
)


def world(spec: DagSpec, actions: tuple[Action, ...], *faults: Fault) -> Plan:
    odds = Odds(fail=0.4, hard=0.0, ask=0.0, skip=0.0, hang=0.0, poison=0.0, lost=0.0, slow=0.0)
    return Plan(
        7, (spec,), actions, frozenset({Fault.CRASH, *faults}), odds=odds, exact="stop" not in {a.id for a in actions}
    )


WORLDS = {
    "whole": world(THREE, ASKED),
    "spooled": world(THREE, ASKED, Fault.SPOOLED),
    "surviving": world(THREE, ASKED, Fault.SURVIVE),
    "cancelled": world(ALONE, CANCELLED),
    "cancelled, surviving": world(ALONE, CANCELLED, Fault.SURVIVE),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_crash_at_any_single_point_changes_nothing(name: str) -> None:
    plan = WORLDS[name]
    points = play(plan).points
    assert points > 20
    for point in range(1, points + 1):
        assert verify(replace(plan, cuts=frozenset({point}))).crashes == 1


def test_a_crash_at_any_two_points_changes_nothing() -> None:
    plan = WORLDS["whole"]
    points = range(1, play(plan).points + 1, 2)
    for first, second in combinations(points, 2):
        verify(replace(plan, cuts=frozenset({first, second})))


@pytest.mark.parametrize("name", WORLDS)
def test_no_commit_of_unknown_outcome_changes_anything(name: str) -> None:
    plan = WORLDS[name]
    for number in range(1, 2 * play(plan).commits + 1):
        verify(replace(plan, doubts=frozenset({number})))

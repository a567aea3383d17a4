"""Test the tester: what is wrong on purpose is found, by the invariant it breaks, within a fixed number of worlds."""

import pytest

from segue.testing.world.parts import PRODUCT, Parts
from segue.testing.world.plan import draw_plan
from segue.testing.world.shrink import trouble_with
from tests.simulate import bugs

WORLDS = 300
PLANTED = {
    "NO_FENCE_CHECK": {"I3"},
    "LATE_RESULT_ACCEPTED": {"I3"},
    "BACKOFF_IGNORED": {"I7"},
    "RULE_OFF_BY_ONE": {"I1", "I5", "I21"},
    "CANCEL_NOT_RECHECKED": {"I15"},
    "COUNTER_INSTEAD_OF_COUNT": {"I12"},
    "BUDGET_NOT_RESET": {"I6", "I35"},
    "FALLS_ASLEEP": {"I31"},
    "ACTS_BEFORE_COMMIT": {"commit, then act"},
    "FORGETS_REQUESTS": {"I31"},
    "TWO_TRANSACTIONS": {"I5"},
    "UNKNOWN_TAKEN_AS_DONE": {"commit, then act"},
    "WEIGHT_IGNORED": {"I12"},
    "SLOT_LEAKS": {"I32", "I31"},
    "RESERVE_FORGOTTEN": {"I12"},
    "EASED_EVERYWHERE": {"I38"},
    "HELD_GOES_ON": {"I38"},
    "RELEASE_PUBLISHES_NOTHING": {"I38"},
    "HOOK_FORGOTTEN": {"HOOKS"},
    "TEARDOWN_LEFT": {"I15"},
    "TEARDOWN_TOO_SOON": {"I1", "I21"},
    "TIMEOUT_FORGOTTEN": {"TIMEOUT"},
    "STATE_FORGOTTEN": {"STATE"},
    "REUSES_CHANGED": {"REUSE"},
    "EVERY_EPOCH_IS_GOOD": {"I23"},
    "NOTHING_IS_MASKED": {"I25"},
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_by_the_invariant_it_breaks(name: str) -> None:
    parts: Parts = getattr(bugs, name)
    for seed in range(WORLDS):
        violation = trouble_with(draw_plan(seed), parts)
        if violation is not None:
            assert violation.rule in PLANTED[name], violation
            assert trouble_with(draw_plan(seed), PRODUCT) is None
            return
    pytest.fail(f"{name} survives {WORLDS} worlds")


def test_every_planted_bug_is_looked_for() -> None:
    assert PLANTED.keys() == {name for name, one in vars(bugs).items() if isinstance(one, Parts)}

"""Every invariant in worlds in which clocks run: a tenth as many as of the others, for each lasts days."""

import os

import pytest

from segue.testing.world.ledger import Violation
from segue.testing.world.parts import PRODUCT, Parts
from segue.testing.world.shrink import shrink, trouble_with
from segue.testing.world.timed import draw_timed
from tests.simulate import bugs_of_time

WORLDS = int(os.environ.get("SEEDS", "1000")) // 10
STRETCH = 5
MOST = 150
PLANTED = {
    "CURSOR_APART": {"I9"},
    "DUE_TOO_SOON": {"I10", "POLICY"},
    "ZONE_IGNORED": {"I10", "POLICY"},
    "MISSED_IGNORED": {"POLICY"},
    "EDIT_RUNS_THE_PAST": {"POLICY"},
    "ONE_RUN_TOO_MANY": {"I12"},
    "CAP_OFF_BY_ONE": {"I13"},
    "CANCELLED_GOES_ON": {"I15"},
    "PAST_IGNORED": {"I30"},
    "ALERTS_FORGOTTEN": {"I19"},
    "PAUSE_IGNORED": {"I14"},
    "HARD_IS_SOFT": {"I14"},
    "DRAIN_IGNORED": {"I14"},
    "SLOTS_FORGOTTEN": {"I37"},
}


@pytest.mark.parametrize("first", range(0, WORLDS, STRETCH))
def test_every_invariant_holds_in_every_world_whose_clocks_run(first: int) -> None:
    for seed in range(first, min(first + STRETCH, WORLDS)):
        plan = draw_timed(seed)
        violation = trouble_with(plan, PRODUCT)
        if violation is not None:
            pytest.fail(f"timed seed {seed}: {violation}\nagain: {shrink(plan, PRODUCT, violation)}")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_of_time_is_found_by_the_invariant_it_breaks(name: str) -> None:
    parts: Parts = getattr(bugs_of_time, name)
    for seed in range(MOST):
        violation = trouble_with(draw_timed(seed), parts)
        if violation is not None:
            assert isinstance(violation, Violation)
            assert violation.rule in PLANTED[name], violation
            assert trouble_with(draw_timed(seed), PRODUCT) is None
            return
    pytest.fail(f"{name} survives {MOST} worlds")


def test_every_planted_bug_of_time_is_looked_for() -> None:
    assert PLANTED.keys() == {name for name, one in vars(bugs_of_time).items() if isinstance(one, Parts)}

"""Test the tester: what is wrong on purpose is found within a fixed number of worlds."""

import pytest

from segue.testing.world.plan import draw_plan
from segue.testing.world.play import Parts
from segue.testing.world.shrink import trouble_with
from tests.simulate import bugs

WORLDS = 150
PLANTED = {name: part for name, part in vars(bugs).items() if isinstance(part, Parts)}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    found = next((seed for seed in range(WORLDS) if trouble_with(draw_plan(seed), PLANTED[name])), None)
    assert found is not None, f"{name} survives {WORLDS} worlds"


def test_there_are_enough_planted_bugs() -> None:
    assert len(PLANTED) >= 8

"""Every invariant, in as many worlds as `SEEDS` says."""

import os

import pytest

from segue.testing.world.parts import PRODUCT
from segue.testing.world.plan import draw_plan
from segue.testing.world.shrink import shrink, trouble_with

SEEDS = int(os.environ.get("SEEDS", "1000"))
STRETCH = 25


@pytest.mark.parametrize("first", range(0, SEEDS, STRETCH))
def test_every_invariant_holds_in_every_world(first: int) -> None:
    for seed in range(first, min(first + STRETCH, SEEDS)):
        plan = draw_plan(seed)
        violation = trouble_with(plan, PRODUCT)
        if violation is not None:
            pytest.fail(f"seed {seed}: {violation}\nagain: {shrink(plan, PRODUCT, violation)}")

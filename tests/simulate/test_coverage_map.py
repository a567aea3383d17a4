"""What the simulator is for really happens in its worlds: a generator that draws less than it should is found here."""

import pytest

from segue.testing.world.coverage import CELLS
from segue.testing.world.plan import draw_plan
from segue.testing.world.play import play

WORLDS = 2000
"""As many as `test_random_worlds` plays; it ends with the first that fills the map."""


def test_the_random_worlds_fill_every_cell_of_the_map() -> None:
    missing = set(CELLS)
    for seed in range(WORLDS):
        missing -= play(draw_plan(seed)).cells
        if not missing:
            return
    pytest.fail(f"in {WORLDS} worlds never: {sorted(missing)}")

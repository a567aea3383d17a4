"""What the simulator is for really happens in its worlds: a generator that draws less than it should is found here."""

import pytest

from segue.testing.world.coverage import CELLS
from segue.testing.world.happenings import TIMED_CELLS
from segue.testing.world.plan import draw_plan
from segue.testing.world.play import play
from segue.testing.world.timed import draw_timed

RARE = 940
"""A world in which a run reaches its timeout after it was parked: so that the map is filled after some 150 worlds."""
WORLDS = 1000
"""As many as `test_random_worlds` plays; it ends with the first that fills the map."""


def test_the_random_worlds_fill_every_cell_of_the_map() -> None:
    missing = set(CELLS)
    for seed in (RARE, *range(WORLDS)):
        missing -= play(draw_plan(seed)).cells
        if not missing:
            return
    pytest.fail(f"in {WORLDS} worlds never: {sorted(missing)}")


def test_the_worlds_whose_clocks_run_fill_theirs() -> None:
    missing = set(TIMED_CELLS)
    for seed in range(WORLDS // 5):
        missing -= play(draw_timed(seed)).cells
        if not missing:
            return
    pytest.fail(f"in {WORLDS // 5} worlds never: {sorted(missing)}")

"""The simulator's worlds on a real PostgreSQL come to what they come to in memory (one suite, all stores)."""

from contextlib import contextmanager

import pytest

from segue.model.contracts import Lease
from segue.store.postgres import Pace, PostgresReader, open_writer
from segue.testing.world.parts import Opened, Parts
from segue.testing.world.plan import EPOCH, draw_plan
from segue.testing.world.play import play


class Prompt:
    """A writer as others are: its lease is never to be renewed, so that a world at rest writes nothing, and it says at
    the beginning of a transaction, not at its end, that another leads, so that as many crash points are passed.
    """

    def __init__(self, inner):
        self.snapshot, self.facts, self.known, self.close = inner.snapshot, inner.facts, inner.known, inner.close
        self.look, self._inner = inner.look, inner

    def lease(self):
        return Lease(self._inner.lease().epoch)

    @contextmanager
    def transaction(self, epoch):
        with self._inner.transaction(epoch):
            pass
        with self._inner.transaction(epoch) as transaction:
            yield transaction


SEEDS = range(2_000_000, 2_000_012)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_on_postgresql_ends_as_in_memory(seed: int, url: str) -> None:
    opened: list[Opened] = []

    def served() -> Opened:
        # An owner that crashes in a world leaves its writer to the next, so nobody ever has to wait.
        opened.append((Prompt(open_writer(url, EPOCH, Pace(expiry=0.0))), PostgresReader(url)))
        return opened[-1]

    plan = draw_plan(seed)
    try:
        story = play(plan, Parts(store=served))
    finally:
        for part in (part for pair in opened for part in pair):
            part.close()  # type: ignore[attr-defined]
    assert (story.ends, story.commits) == ((told := play(plan)).ends, told.commits)

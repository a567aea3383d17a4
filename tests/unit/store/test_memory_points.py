"""The numbered crash points of the store in memory: what is committed where."""

import pytest

from segue.store.memory import MemoryReader, MemoryStore, MemoryWriter
from tests.contract.stores import created, defined


class Crash(BaseException):
    """Not an `Exception`: nobody may catch it by accident."""


@pytest.mark.parametrize(("point", "committed"), [("p1", False), ("p3", False), ("p4", True), ("p5", True)])
def test_a_crash_before_the_commit_leaves_nothing_and_after_it_everything(point, committed):
    store = MemoryStore()

    def crash(at):
        if at == point:
            raise Crash

    writer = MemoryWriter(store, crash)
    epoch = writer.lease().epoch
    with pytest.raises(Crash), writer.transaction(epoch) as transaction:
        transaction.apply((defined(), created()))
    assert bool(MemoryReader(store).runs()) == committed
    assert bool(MemoryReader(store).last_event()) == committed


def test_a_turn_passes_all_points_in_order():
    points = []
    writer = MemoryWriter(MemoryStore(), points.append)
    with writer.transaction(writer.lease().epoch) as transaction:
        transaction.apply((defined(),))
        points.append("applied")
    assert points == ["p1", "applied", "p3", "p4", "p5"]

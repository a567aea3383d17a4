"""S58: a cap on concurrent backfill runs is always in force; what is scheduled goes on beside it."""

from segue.model.acts import RetryRun, StartBackfill
from segue.model.backfills import pack_slots
from segue.model.state import RUN_FINAL
from segue.schedule.declare import daily
from tests.unit.engine.driver import BOOM, World, dag, slot_of, task

SLOTS = pack_slots(map(slot_of, range(1, 41)))


def active(world):
    return sum(view.placed and view.state not in RUN_FINAL for view in world.store.runs.values())


def test_s58_a_backfill_without_a_cap_has_one():
    world = World(dag(task("a"), task("b", "a"), schedule=daily().to_data()))
    assert world.ask(StartBackfill("d", SLOTS)).ok
    while world.alive:
        assert active(world) <= 4
        key = next(iter(world.alive))
        world.end(key.of.label, run=key.run)
    assert len(world.store.runs) == 40


def test_s58_a_backfill_without_any_cap_is_refused():
    world = World(dag(task("a"), schedule=daily().to_data()))
    assert not world.ask(StartBackfill("d", SLOTS, cap=0)).ok


def test_s58_the_cap_holds_over_restarts_and_retries():
    world = World(dag(task("a"), schedule=daily().to_data()), planning=True, now=50 * 86_400_000_000)
    world.ask(StartBackfill("d", SLOTS, cap=3))
    ends = 0
    while world.alive:
        assert active(world) <= 3
        key = next(iter(world.alive))
        world.end("a", run=key.run, outcome=BOOM)
        ends += 1
        if ends % 7 == 0:
            world.restart()
        if ends in (10, 20):
            world.ask(RetryRun(key.run))
    assert ends == 42

"""Rows 50, 51 of the failure catalogue: years that nobody ran, a backfill that is cancelled midway."""

from random import Random

from segue.model.acts import MoveBackfill, PauseDags, StartBackfill, UnpauseDags
from segue.model.backfills import pack_slots
from segue.model.changes import RunCreated
from segue.model.commands import Launch
from segue.model.state import RUN_FINAL
from segue.schedule.declare import hourly
from tests.unit.engine.driver import DAY, SECOND, World, dag, task

HOUR = 3_600 * SECOND
YEARS = 26_280
NOW = 20_000 * DAY + 1
CANCELS = 200


def hours(**options):
    return dag(task("a"), schedule=hourly().to_data(), **options)


def made(world):
    return [change.row.slot[0] for change in world.history if isinstance(change, RunCreated)]


def begun(spec):
    """A scheduler that has led for an hour."""
    world = World(spec, planning=True, now=NOW)
    world.wait(3_600)
    while world.alive:
        world.end("a", run=next(iter(world.alive)).run)
    world.history.clear()
    return world


def drive(world, at_most):
    """Answer all that is alive, until nothing is."""
    while world.alive:
        assert len(world.alive) <= at_most
        world.end("a", run=next(iter(world.alive)).run)


def test_row_50_after_three_years_of_pause_nothing_of_them_is_run_by_default():
    world = begun(hours())
    world.ask(PauseDags(("d",)))
    world.now += YEARS * HOUR
    world.ask(UnpauseDags(("d",)))
    drive(world, 1)
    assert made(world) == []
    world.wait(3_600)
    assert len(made(world)) == 1


def test_row_50_after_three_years_without_a_scheduler_the_newest_is_run_and_the_rest_is_proposed():
    world = begun(hours())
    world.now += YEARS * HOUR
    world.restart()
    drive(world, 1)
    assert len(made(world)) <= 10
    (backfill,) = world.store.backfills.values()
    assert (backfill.state, backfill.made) == ("proposed", 0)
    assert backfill.row.total + len(made(world)) == YEARS


def test_row_50_a_catch_up_that_is_wanted_runs_each_interval_once_at_most_so_many_at_a_time():
    world = begun(hours())
    first = NOW - 1 - 5_001 * HOUR
    slots = pack_slots((first + at * HOUR, first + (at + 1) * HOUR) for at in range(1, 5_001))
    world.ask(StartBackfill("d", slots, cap=3))
    drive(world, 4)
    assert (len(made(world)), len(set(made(world)))) == (5_000, 5_000)


def test_row_51_after_a_cancel_at_any_instant_no_run_is_made_and_what_runs_is_stopped():
    random = Random(51)
    for _ in range(CANCELS):
        world = World(dag(task("a"), task("b", "a"), schedule=hourly().to_data()), workers=random.randint(1, 5))
        slots = pack_slots((at * HOUR, (at + 1) * HOUR) for at in range(30))
        world.ask(StartBackfill("d", slots, cap=random.randint(1, 6), order=random.choice(("oldest", "newest"))))
        for _ in range(random.randint(0, 25)):
            key = random.choice(sorted(world.alive))
            world.end(key.of.label, run=key.run)
        world.history.clear()
        assert world.ask(MoveBackfill(1, "cancel")).ok
        launched = list(world.of(Launch))
        while world.alive:
            key = next(iter(world.alive))
            world.end(key.of.label, run=key.run)
            launched += world.of(Launch)
        assert (launched, made(world)) == ([], [])
        assert all(view.state in RUN_FINAL for view in world.store.runs.values())
        assert world.store.backfills[1].state == "cancelled"

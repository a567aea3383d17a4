from segue.model.changes import RunCreated
from segue.model.ids import RunKey
from segue.schedule.declare import daily
from tests.unit.engine.driver import BOOM, DAY, GOOD, World, dag, task

DAILY = daily().to_data()


def late(lookback=2, **options):
    return dag(task("a"), schedule=DAILY, lookback=lookback, **options)


def begin(spec, days=3):
    """A world in which the first days have been run, and how their lookbacks ended is forgotten."""
    world = World(spec, planning=True, now=10 * DAY + 1)
    for _ in range(days):
        world.wait(86_400)
        while world.alive:
            world.end("a", run=next(iter(world.alive)).run)
    world.history.clear()
    return world


def made(world):
    rows = [change.row for change in world.history if isinstance(change, RunCreated)]
    return [(row.kind, row.slot[0] // DAY) for row in rows]


def test_a_scheduled_run_that_ended_well_is_followed_by_reruns_of_the_slots_before_it_newest_first_one_at_a_time():
    world = begin(late(), 3)
    world.wait(86_400)
    begun = []
    while world.alive:
        assert len(world.alive) == 1
        key = next(iter(world.alive))
        begun.append((world.store.runs[key.run].row.kind, world.store.runs[key.run].row.slot[0] // DAY))
        world.end("a", run=key.run)
    assert begun == [("scheduled", 13), ("lookback", 12), ("lookback", 11)]
    row = world.store.runs[key.run].row
    assert (row.klass, row.backfill, row.reason) == (2, None, "looks back after d@1970-01-14")


def test_slots_that_were_never_run_are_not_run_by_a_look_back():
    world = begin(late(), 1)
    assert sorted(view.row.kind for view in world.store.runs.values()) == ["scheduled"]
    world.wait(86_400)
    world.play(days=0)
    assert made(world) == [("scheduled", 11), ("lookback", 10)]


def test_a_run_that_failed_is_followed_by_none():
    world = begin(late(), 2)
    world.wait(86_400)
    world.end("a", outcome=BOOM, run=next(iter(world.alive)).run)
    assert made(world) == [("scheduled", 12)]


def test_only_scheduled_runs_look_back():
    world = begin(late(), 2)
    world.trigger(day=11)
    world.end("a")
    assert made(world) == [("manual", 11)]


def test_a_slot_that_is_being_run_again_or_waits_to_be_is_not_asked_for_twice():
    world = begin(late(3), 4)
    world.wait(86_400)
    for day in (14, 15):
        world.end("a", run=RunKey("d", f"1970-01-{day + 1}", 1))
        if day == 14:
            assert made(world) == [("scheduled", 14), ("lookback", 13), ("lookback", 12), ("lookback", 11)]
            world.history.clear()
            world.wait(86_400)
    assert made(world) == [("scheduled", 15), ("lookback", 14)]  # 13 is active, 12 waits


def test_a_lookback_that_waits_for_another_says_so():
    world = begin(late(2), 3)
    world.wait(86_400)
    world.end("a", run=next(iter(world.alive)).run)
    (active,) = world.alive
    waiting = next(
        view.run for view in world.store.runs.values() if view.row.kind == "lookback" and view.state == "queued"
    )
    assert world.why(run=waiting) == f"waits: slots are run again one after the other, and {active.run} is active"


def test_the_end_and_what_follows_are_one_transaction_also_right_after_a_restart():
    world = begin(late(1), 2)
    world.wait(86_400)
    key = next(iter(world.alive))
    word = world.word("a", GOOD, run=key.run)
    world.restart()
    world.alive.clear()
    world.send(word)
    assert made(world) == [("scheduled", 12), ("lookback", 11)]
    assert world.run_state(key.run) == "success"


def test_days_of_two_zones_have_one_key_and_their_runs_different_numbers():
    world = begin(late(1), 1)
    world.define(late(1, timezone="America/New_York"))
    world.wait(6 * 3_600)
    world.end("a", run=RunKey("d", "1970-01-11", 2))
    world.define(late(1))
    world.wait(18 * 3_600)
    world.end("a", run=RunKey("d", "1970-01-12", 1))
    assert [one.run for one in world.alive] == [RunKey("d", "1970-01-11", 3)]

"""S48: a dependency between adjacent intervals is declared; a parallel backfill of it is refused or serialised."""

from segue.model.acts import StartBackfill
from segue.model.backfills import pack_slots
from segue.schedule.declare import daily
from tests.unit.engine.driver import BOOM, GOOD, World, dag, slot_of, task

DAYS = pack_slots(map(slot_of, range(1, 6)))


def balances(**rules):
    return dag(task("load"), task("balance", "load", **rules), schedule=daily().to_data(), id="ledger")


def order_of(world):
    """The days in the order in which their balance began."""
    begun = []
    while world.alive:
        key = next(iter(world.alive))
        if key.task == "balance":
            begun.append(key.run.key)
        world.end(key.of.label, run=key.run)
    return begun


def test_s48_a_parallel_backfill_of_a_task_that_depends_on_the_past_is_refused():
    world = World(balances(depends_on_past=True))
    for order in ("parallel", "newest"):
        answer = world.ask(StartBackfill("ledger", DAYS, order=order, cap=5))
        assert not answer.ok
        assert answer.text == f"balance depends on the past: backfill it oldest first, not {order}"


def test_s48_asked_for_oldest_first_it_is_serialised_and_said_so():
    world = World(balances(depends_on_past=True))
    answer = world.ask(StartBackfill("ledger", DAYS, cap=5))
    assert answer.text.endswith("1 at once (balance depends on the past)")
    assert order_of(world) == [f"1970-01-0{day}" for day in range(2, 7)]


def test_s48_without_the_declaration_days_run_side_by_side():
    world = World(balances())
    assert world.ask(StartBackfill("ledger", DAYS, cap=5)).ok
    assert len(world.alive) == 5


def test_s48_a_day_waits_for_the_day_before_and_says_for_what():
    world = World(balances(depends_on_past=True))
    world.ask(StartBackfill("ledger", DAYS))
    world.play(lambda key: BOOM if key.run.key == "1970-01-03" else GOOD)
    third = list(world.store.runs)[2]
    assert world.run_state(third) == "held"
    assert world.why(run=third) == (
        "waits for balance of ledger@1970-01-03, which failed: `segue retry ledger@1970-01-03`"
    )

import pytest

from segue.engine.queue import may_be_ahead
from segue.model.commands import Launch
from segue.model.events import Capacity
from segue.model.limits import Limits
from segue.model.spec import Rules
from tests.unit.engine.driver import BOOM, SECOND, World, dag, mapped, task


def in_order(world: World) -> list[str]:
    """End attempts one at a time and say in which order they were started."""
    order = []
    while world.alive:
        key = next(iter(world.alive))
        order.append(key.of.label if key.run.dag == "d" else f"{key.run.dag}.{key.of.label}")
        world.end(key.of.label, run=key.run)
    return order


def test_no_more_attempts_are_alive_than_there_are_workers():
    world = World(dag(mapped("a", 9)), workers=2)
    world.trigger()
    assert world.labels == ["a[0]", "a[1]"]
    world.end("a[0]")
    assert world.labels == ["a[1]", "a[2]"]


def test_short_attempts_are_queued_ahead_as_deep_as_the_executor_takes_them():
    world = World(dag(mapped("a", 99)), workers=2, depth=4)
    world.trigger()
    assert len(world.alive) == 2 + 2 * 4
    assert all(launch.ahead for launch in world.of(Launch))


@pytest.mark.parametrize(
    "rules",
    [
        {"pool": "p"},
        {"resources": (("memory", 1),)},
        {"max_active": 5},
        {"idempotent": False},
        {"isolation": "fresh"},
        {"timeout": SECOND - 1},
    ],
)
def test_what_has_limits_of_its_own_is_not_queued_ahead(rules):
    assert not may_be_ahead(Rules(**rules))
    limits = Limits((("p", 9),), (("memory", 9),))
    world = World(dag(mapped("a", 9, **rules)), workers=2, depth=4, limits=limits)
    world.trigger()
    assert len(world.alive) == 2


def test_a_task_with_a_long_timeout_may_be_queued_ahead():
    assert may_be_ahead(Rules(timeout=SECOND))


def test_max_active_counts_across_runs():
    world = World(dag(mapped("a", 3, max_active=2)))
    first, second = world.trigger(), world.trigger()
    assert world.labels == ["a[0]", "a[1]"]
    world.end("a[0]", run=first)
    world.end("a[1]", run=first)
    assert {(key.run, key.index) for key in world.alive} == {(first, 2), (second, 0)}


def test_max_active_of_one_task_holds_back_no_other():
    world = World(dag(mapped("a", 3, max_active=1), mapped("b", 2)))
    world.trigger()
    assert world.labels == ["a[0]", "b[0]", "b[1]"]


def test_a_place_under_max_active_is_not_lost_with_a_cancelled_run():
    world = World(dag(task("slow"), task("a", max_active=1)), workers=1)
    runs = [world.trigger() for _ in range(3)]
    world.send(Capacity(9))
    assert world.labels == ["a", "slow", "slow", "slow"]
    world.send(Capacity(1))
    world.end("a", run=runs[0])
    world.cancel(runs[1])
    for run in runs:
        world.end("slow", run=run)
    assert world.attempt("a", runs[2])


def test_a_place_under_max_active_is_not_lost_with_a_cancelled_run_of_another_class():
    world = World(dag(task("a", max_active=1)))
    runs = [world.trigger() for _ in range(3)]
    world.make_scheduled(*runs)
    world.send(Capacity(0))
    world.end("a", run=runs[0])
    world.cancel(runs[1])
    world.send(Capacity(5))
    assert world.attempt("a", runs[2])


def test_max_active_tasks_limits_a_dag_and_not_its_neighbour():
    world = World(dag(mapped("a", 5), mapped("b", 5), max_active_tasks=3), dag(mapped("a", 2), id="e"))
    world.trigger("d")
    world.trigger("e")
    assert len([key for key in world.alive if key.run.dag == "d"]) == 3
    assert len([key for key in world.alive if key.run.dag == "e"]) == 2
    run = next(key.run for key in world.alive if key.run.dag == "d")
    world.end("a[1]", run=run)
    assert len([key for key in world.alive if key.run.dag == "d"]) == 3


def test_a_run_that_comes_while_the_limit_is_reached_gets_its_turn():
    world = World(dag(task("a"), max_active_tasks=1))
    runs = [world.trigger() for _ in range(3)]
    for run in runs:
        assert [key.run for key in world.alive] == [run]
        world.end("a", run=run)


def test_a_raised_limit_counts_at_once():
    world = World(dag(mapped("a", 5), max_active_tasks=1))
    world.trigger()
    world.define(dag(mapped("a", 5), max_active_tasks=4))
    assert len(world.alive) == 4


def test_a_raised_number_of_runs_counts_at_once():
    world = World(dag(task("a"), max_active_runs=1))
    world.trigger(), world.trigger()
    assert len(world.alive) == 1
    world.define(dag(task("a"), max_active_runs=2))
    assert len(world.alive) == 2


def test_higher_priority_goes_first_then_order_of_the_graph():
    tasks = task("late", "first"), task("first"), task("urgent", priority=5), task("low", priority=-1)
    world = World(dag(*tasks), workers=1)
    world.trigger()
    assert in_order(world) == ["urgent", "first", "late", "low"]


def test_dags_take_turns():
    world = World(dag(mapped("a", 4)), dag(mapped("a", 2), id="e"), workers=1)
    world.trigger("d"), world.trigger("e")
    assert in_order(world) == ["a[0]", "e.a[0]", "a[1]", "e.a[1]", "a[2]", "a[3]"]


def test_an_older_run_of_a_dag_goes_before_a_newer_one():
    world = World(dag(task("a"), task("b", "a")), workers=1)
    first, second = world.trigger(), world.trigger()
    world.end("a", run=first)
    assert [key.run for key in world.alive] == [first]
    world.end("b", run=first)
    assert [key.run for key in world.alive] == [second]


def test_the_head_of_the_line_is_not_overtaken_while_it_waits_for_a_worker():
    tasks = task("big", priority=1, idempotent=False), task("x", priority=2), task("small")
    world = World(dag(*tasks), workers=1, depth=9)
    world.trigger()
    assert world.labels == ["x"]


def test_what_was_asked_for_by_name_goes_before_a_schedule():
    world = World(dag(task("a"), task("b", "a")), dag(task("a"), id="e"), workers=1)
    scheduled = world.trigger("d")
    world.make_scheduled(scheduled)
    by_name = world.trigger("e")
    world.end("a", run=scheduled)
    assert [key.run for key in world.alive] == [by_name]


def test_a_retry_delay_takes_no_worker():
    world = World(dag(task("a", retries=1), task("b", "x"), task("x")), workers=1)
    world.trigger()
    world.end("a", outcome=BOOM)
    assert world.labels == ["x"]


def test_fewer_workers_take_effect_as_attempts_end():
    world = World(dag(mapped("a", 9)), workers=4)
    world.trigger()
    world.send(Capacity(1))
    for label in ("a[0]", "a[1]", "a[2]"):
        world.end(label)
        assert len(world.alive) <= 4
    assert world.labels == ["a[3]"]

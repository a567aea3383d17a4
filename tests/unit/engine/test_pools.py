"""Pools, resources and the order of classes, as runs meet them."""

from __future__ import annotations

import pytest

from segue.model.acts import SetPool, SetSecret
from segue.model.changes import AttemptMoved, PoolSet, Quarantined, SecretSet
from segue.model.commands import Launch
from segue.model.events import Capacity, Followed, LostCause, Value
from segue.model.limits import Limits
from segue.model.spec import DagSpec
from tests.unit.engine.driver import BOOM, World, dag, mapped, task

LIMITS = Limits((("p", 2), ("q", 1)), (("memory", 10_000_000_000), ("gpu", 2)))


def world_of(*specs: DagSpec, limits: Limits = LIMITS, workers: int = 100, depth: int = 0) -> World:
    return World(*specs, workers=workers, depth=depth, limits=limits)


def set_pool(world: World, name: str, slots: int | None) -> str:
    answer = world.ask(SetPool(name, slots))
    assert answer is not None
    return answer.text if answer.ok else f"refused: {answer.text}"


# ------------------------------------------------------------------------------------------------------------- slots
def test_a_pool_lets_as_many_run_as_it_has_slots_across_dags():
    world = world_of(dag(mapped("a", 3, pool="p")), dag(mapped("a", 3, pool="p"), id="e"))
    world.trigger("d"), world.trigger("e")
    assert len(world.alive) == 2
    world.play()
    assert not world.alive
    assert world.run_state() == "success"


def test_an_attempt_takes_its_weight_from_queued_to_its_end():
    world = world_of(dag(task("heavy", pool="p", slots=2), task("light", pool="p", priority=-1)))
    world.trigger()
    assert world.labels == ["heavy"]
    assert world.why("light") == "waits for room in pool p: it asks for 1, 2 of 2 slots are in use"
    world.start("heavy")
    assert world.labels == ["heavy"]
    world.end("heavy")
    assert world.labels == ["light"]


@pytest.mark.parametrize("outcome", [Value(b"v"), BOOM])
def test_every_end_gives_the_slot_back(outcome):
    world = world_of(dag(task("a", pool="q"), task("b", pool="q")))
    world.trigger()
    world.end("a", outcome=outcome)
    assert world.labels == ["b"]


def test_an_attempt_that_is_lost_or_waits_to_be_retried_has_no_slot():
    world = world_of(dag(task("a", pool="q", retries=1), task("b", pool="q"), task("c", pool="q")))
    world.trigger()
    world.end("a", outcome=BOOM)
    assert world.labels == ["b"]
    world.lose("b", LostCause.SIGNAL)
    assert world.labels == ["c"]


def test_a_cancelled_run_gives_its_slots_back_with_its_attempts():
    world = world_of(dag(task("a", pool="q")))
    first, second = world.trigger(), world.trigger()
    world.cancel(first)
    assert [key.run for key in world.alive] == [first]
    world.end("a", run=first)
    assert [key.run for key in world.alive] == [second]


@pytest.mark.parametrize("moment", ["queued", "running", "ended"])
def test_slots_are_what_attempts_are_alive_also_after_a_crash(moment):
    world = world_of(dag(mapped("a", 5, pool="p")))
    world.trigger()
    if moment == "running":
        world.start("a[0]")
    if moment == "ended":
        world.end("a[0]")
    before = world.labels
    world.restart()
    assert world.labels == before
    assert len(world.alive) == 2
    world.play()
    assert world.run_state() == "success"
    assert all(not gate.used for gate in world.engine._board.queue._gates.values())


def test_a_dag_that_is_quarantined_holds_no_slots():
    world = world_of(dag(task("a", pool="q")), dag(task("a", pool="q"), id="e"))
    bad, good = world.trigger("d"), world.trigger("e")
    assert [key.run for key in world.alive] == [bad]
    world.send(world.word("a", Followed(None), run=bad))  # what no child says
    assert world.of(Quarantined)
    assert [key.run for key in world.alive] == [good]


# ------------------------------------------------------------------------------------------------- what never runs
def test_a_task_that_asks_for_more_than_the_pool_has_never_runs_and_says_so():
    world = world_of(dag(task("a", pool="p", slots=3), task("b", pool="p")))
    world.trigger()
    assert world.labels == ["b"]
    assert world.why("a") == "never runs: it asks for 3 slots of pool p, which has 2; `segue pool set p 3`"
    world.end("b")
    assert world.labels == []
    assert set_pool(world, "p", 3) == "pool p has 3 slots"
    assert world.labels == ["a"]


def test_a_pool_that_does_not_exist_is_named_until_somebody_makes_it():
    world = world_of(dag(task("a", pool="lake", slots=2)))
    world.trigger()
    assert world.why("a") == "never runs: there is no pool lake; `segue pool set lake 2` makes it"
    assert world.why() == world.why("a")
    world.restart()
    assert set_pool(world, "lake", 2) == "pool lake has 2 slots"
    assert world.labels == ["a"]
    assert world.of(PoolSet)[0].slots == 2
    world.restart()
    assert world.labels == ["a"], "the pool is in the snapshot"


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ((("memory", 20_000_000_000),), "it asks for 20 GB of memory, there are 10 GB in all ([tool.segue.resources])"),
        ((("gpu", 3),), "it asks for 3 of gpu, there are 2 in all ([tool.segue.resources])"),
        ((("gpu", 1), ("tape", 1)), "it asks for 1 of tape, which [tool.segue.resources] does not name"),
    ],
)
def test_a_resource_that_is_not_there_or_too_small_never_runs(resources, why):
    world = world_of(dag(task("a", resources=resources), task("b", resources=(("gpu", 1),))))
    world.trigger()
    assert world.labels == ["b"]
    assert world.why("a") == f"never runs: {why}"


# --------------------------------------------------------------------------------------------------------- set pool
def test_a_smaller_pool_starts_nothing_until_there_is_room():
    world = world_of(dag(mapped("a", 6, pool="p")), limits=Limits((("p", 4),)))
    world.trigger()
    assert len(world.alive) == 4
    set_pool(world, "p", 2)
    world.end("a[0]")
    world.end("a[1]")
    assert world.labels == ["a[2]", "a[3]"]
    world.end("a[2]")
    assert world.labels == ["a[3]", "a[4]"]


def test_a_larger_pool_counts_at_once():
    world = world_of(dag(mapped("a", 6, pool="q")))
    world.trigger()
    set_pool(world, "q", 4)
    assert len(world.alive) == 4


def test_a_pool_without_slots_stops_what_is_in_it():
    world = world_of(dag(task("a", pool="p")))
    set_pool(world, "p", 0)
    world.trigger()
    assert world.labels == []
    set_pool(world, "p", 1)
    assert world.labels == ["a"]


def test_a_pool_that_is_removed_goes_back_to_the_settings_or_is_gone():
    world = world_of(dag(task("a", pool="lake")))
    set_pool(world, "p", 9)
    assert set_pool(world, "p", None) == "pool p has 2 slots, as the settings say"
    set_pool(world, "lake", 1)
    assert set_pool(world, "lake", None) == "pool lake is removed"
    assert set_pool(world, "lake", None) == "refused: there is no pool lake"
    world.trigger()
    assert world.labels == []


@pytest.mark.parametrize(
    ("name", "slots", "words"),
    [
        ("p", -1, "pool p cannot have -1 slots"),
        ("p", 2**63, "1000000 are the most"),
        ("a b", 1, "'a b' cannot name a pool"),
        ("", 1, "cannot name a pool"),
    ],
)
def test_nonsense_is_refused(name, slots, words):
    world = world_of()
    assert words in set_pool(world, name, slots)
    assert not world.of(PoolSet)


def test_a_secret_is_kept_and_removed_by_the_owner():
    world = world_of()
    assert world.ask(SetSecret("secret", "key", b"x", "k1")).text == "secret key is kept"
    (kept,) = world.of(SecretSet)
    assert (kept.name, kept.sealed, kept.key, kept.actor) == ("key", b"x", "k1", "ana")
    assert world.ask(SetSecret("connection", "shop", None)).text == "connection shop is removed"


# ------------------------------------------------------------------------------------------------------- starvation
def test_ten_thousand_tasks_before_a_full_pool_hide_nothing():
    """Catalogue 52, at its worst: they stand in the same run, come first, and are tasks of their own."""
    crowd = (task(f"t{at}", pool="q", priority=9) for at in range(10_000))
    world = world_of(dag(*crowd, task("free", pool="p"), task("plain")))
    world.trigger()
    assert world.labels == ["free", "plain", "t0"]
    world.end("t0")
    assert world.labels == ["free", "plain", "t1"]


def test_a_full_pool_keeps_no_other_task_from_being_queued_ahead():
    world = world_of(dag(mapped("a", 3, pool="q", priority=9), mapped("b", 5)), workers=2, depth=2)
    world.trigger()
    assert world.labels == ["a[0]", "b[0]", "b[1]", "b[2]", "b[3]", "b[4]"]


def test_dags_share_a_pool_in_turn():
    world = world_of(dag(mapped("a", 3, pool="q")), dag(mapped("a", 3, pool="q"), id="e"))
    world.trigger("d"), world.trigger("e")
    order = []
    while world.alive:
        (key,) = world.alive
        order.append(key.run.dag)
        world.end(key.of.label, run=key.run)
    assert order == ["d", "e", "d", "e", "d", "e"]


def test_dags_share_workers_in_turn_whatever_their_pools():
    limits = Limits((("p", 9), ("q", 9)))
    specs = dag(mapped("a", 2, pool="p")), dag(mapped("a", 2), id="e"), dag(mapped("a", 2, pool="q"), id="f")
    world = world_of(*specs, limits=limits, workers=0)
    for name in "def":
        world.trigger(name)
    world.send(Capacity(6))
    assert [one.key.run.dag for one in world.of(Launch)] == ["d", "e", "f", "d", "e", "f"]


def test_inside_a_dag_priority_counts_across_pools():
    tasks = task("low"), task("middle", priority=2), task("high", pool="p", priority=5)
    world = world_of(dag(*tasks), workers=0)
    world.trigger()
    world.send(Capacity(2))
    assert [one.key.task for one in world.of(Launch)] == ["high", "middle"]


def test_memory_is_counted_and_given_back():
    world = world_of(dag(mapped("a", 5, resources=(("memory", 4_000_000_000),))))
    world.trigger()
    assert world.labels == ["a[0]", "a[1]"]
    assert world.why("a[2]") == "waits for memory: it asks for 4 GB, 8 GB of 10 GB are in use"
    world.end("a[0]")
    assert world.labels == ["a[1]", "a[2]"]


def test_what_waits_for_memory_says_so_where_it_is_kept_for_another():
    heavy = task("heavy", pool="p", resources=(("memory", 9_000_000_000),), priority=5)
    light = mapped("light", 2, resources=(("memory", 2_000_000_000),))
    world = world_of(dag(light, heavy), workers=0)
    world.trigger()
    world.send(Capacity(100))
    assert world.labels == ["heavy"]
    world = world_of(dag(task("first", priority=9, resources=(("memory", 2_000_000_000),)), light, heavy))
    world.trigger()
    assert world.labels == ["first"]
    assert world.why("light[0]") == "waits for memory: it asks for 2 GB, and 9 GB are kept for a task before it"


# ------------------------------------------------------------------------------------------------------------ classes


def test_a_backfill_leaves_one_slot_of_a_pool_of_four_and_one_worker_of_four():
    spec = dag(mapped("a", 9, pool="big"), id="d"), dag(mapped("a", 9), id="e")
    world = world_of(*spec, limits=Limits((("big", 4),)), workers=0)
    world.make_of_class(2, world.trigger("d"))
    world.send(Capacity(100))
    assert len(world.alive) == 3
    assert world.why("a[3]", run=world.last_run) == "waits for room in pool big: it asks for 1, 3 of 3 slots are in use"
    world = world_of(*spec, limits=Limits((("big", 4),)), workers=0, depth=3)
    world.make_of_class(2, world.trigger("e"))
    world.send(Capacity(4, 3))
    assert len(world.alive) == 3
    assert world.why("a[3]") == "waits for a free worker (3 of 4 busy, 1 kept free of backfills)"
    world.trigger("e")
    assert len(world.alive) > 3, "what is asked for by name finds the free one"


def test_of_three_slots_or_workers_none_is_kept():
    world = world_of(dag(mapped("a", 9, pool="small")), limits=Limits((("small", 3),)), workers=0)
    world.make_of_class(2, world.trigger())
    world.send(Capacity(3))
    assert len(world.alive) == 3


def test_without_a_reserve_backfills_may_use_all():
    limits = Limits((("big", 4),), backfill_reserve=0)
    world = world_of(dag(mapped("a", 9, pool="big")), dag(mapped("a", 99), id="e"), limits=limits, workers=0)
    world.make_of_class(2, world.trigger())
    world.send(Capacity(4))
    assert len(world.alive) == 4
    assert world.why("a[5]").startswith("waits for room in pool big")
    world = world_of(dag(mapped("a", 99)), limits=limits, workers=0)
    world.make_of_class(2, world.trigger())
    world.send(Capacity(4, 2))
    assert len(world.alive) == 12
    assert world.why("a[50]") == "waits for a free worker (4 of 4 busy)"


def test_a_backfill_that_needs_the_reserved_slot_says_that_it_never_runs():
    world = world_of(dag(task("a", pool="big", slots=4)), limits=Limits((("big", 4),)), workers=0)
    world.make_of_class(2, world.trigger())
    world.send(Capacity(9))
    assert world.labels == []
    assert world.why("a") == "never runs in a backfill: it asks for 4 slots of pool big, backfills may use 3 of 4"


def test_by_name_goes_before_scheduled_and_scheduled_before_backfill():
    world = world_of(*[dag(mapped("a", 2, pool="q"), id=name) for name in "def"], workers=0)
    runs = [world.trigger(name) for name in "def"]
    world.make_of_class(2, runs[0])
    world.make_of_class(1, runs[1])
    world.send(Capacity(1))
    order = []
    while world.alive:
        (key,) = world.alive
        order.append(key.run.dag)
        world.end(key.of.label, run=key.run)
    assert order == ["f", "f", "e", "e", "d", "d"]


def test_at_every_commit_no_more_attempts_are_alive_than_a_pool_has_slots():
    world = world_of(dag(mapped("a", 7, pool="p"), task("b", pool="p", slots=2), task("c", "b", pool="p")))
    world.trigger()
    world.play()
    used = 0
    for one in world.history:
        if isinstance(one, AttemptMoved):
            weight = 2 if one.key.task == "b" else 1
            used += weight if one.old is None else -weight
            assert 0 <= used <= 2
    assert used == 0

"""Pauses, an owner that is drained, and runs that are not kept any longer."""

from __future__ import annotations

import pytest
from msgspec import structs

from segue.engine.core import Engine
from segue.model.acts import Drain, PauseDags, UnpauseDags
from segue.model.changes import Quarantined, RunsForgotten, TimingSet
from segue.model.commands import Launch
from segue.model.errors import Conflict
from segue.model.events import Expired, LostCause
from segue.model.ids import Instant
from segue.model.moment import datetime_at
from segue.model.why import Why
from tests.unit.engine.driver import BOOM, DAY, World, dag, task, wanted


def pause(world: World, *names: str, **more: object):
    return world.ask(PauseDags(names or ("d",), **more))


def unpause(world: World, *names: str, **more: object):
    return world.ask(UnpauseDags(names or ("d",), **more))


def quarantined(world: World, name: str) -> None:
    """A fault of ours has stopped a DAG, and the owner has begun anew since."""
    with world.writer.transaction(world.epoch) as transaction:
        transaction.apply([Quarantined(name, Why("failed", ("boom",)), Instant(world.now))])
    world.restart()


# ---------------------------------------------------------------------------------------------------------------- hard
def test_a_soft_pause_lets_runs_in_flight_finish():
    world = World(dag(task("a"), task("b", "a")))
    world.trigger()
    assert pause(world).text == "d is paused"
    world.play()
    assert world.run_state() == "success"


def test_a_hard_pause_dispatches_nothing_and_says_so_until_it_is_lifted():
    world = World(dag(task("a"), task("b", "a")))
    world.trigger()
    assert pause(world, hard=True).text == "d is paused hard"
    world.end("a")
    assert world.alive == {}
    assert world.why("b") == "DAG d is paused hard: `segue unpause d`"
    assert world.why() == "DAG d is paused hard: `segue unpause d`"
    world.restart()
    assert world.alive == {}
    unpause(world)
    assert world.labels == ["b"]


def test_a_hard_pause_holds_retries_and_what_people_ask_for():
    world = World(dag(task("a", retries=1)))
    world.trigger()
    pause(world, hard=True)
    world.end("a", outcome=BOOM)
    world.wait(3_600)
    world.trigger()
    assert world.alive == {}
    unpause(world)
    assert world.labels == ["a", "a"]


@pytest.mark.parametrize("lift", [unpause, pause])
def test_what_was_queued_when_its_owner_ended_is_launched_after_the_hard_pause(lift):
    world = World(dag(task("a"), task("b")), dag(task("a"), id="other"))
    run, _ = world.trigger(), world.trigger("other")
    pause(world, hard=True)
    world.restart()
    assert [key.run.dag for key in world.alive] == ["other"]
    world.wait(60)
    lift(world)
    assert [key.of.label for key in world.alive if key.run == run] == ["a", "b"]
    world.play()
    assert world.run_state(run) == "success"


def test_a_run_that_is_cancelled_under_a_hard_pause_launches_nothing_of_what_was_queued():
    world = World(dag(task("a")))
    world.trigger()
    pause(world, hard=True)
    world.restart()
    world.cancel()
    assert world.run_state() == "cancelled"
    unpause(world)
    assert world.of(Launch) == []


def test_what_ran_when_its_owner_ended_is_asked_about_also_under_a_hard_pause():
    world = World(dag(task("a")))
    world.trigger()
    world.start("a")
    pause(world, hard=True)
    world.restart()
    world.lose("a", LostCause.OWNER)
    assert world.alive == {} and world.state("a") == "up_for_retry"
    unpause(world)
    assert world.labels == ["a"]


@pytest.mark.parametrize("began", [True, False])
def test_a_hook_that_is_owed_waits_for_the_end_of_a_hard_pause(began):
    world = World(dag(task("a", hooks=("failure",))))
    world.trigger()
    world.end("a", outcome=BOOM)
    if began:
        world.start("a!failure")
    pause(world, hard=True)
    world.restart()
    assert world.alive == {}
    unpause(world)
    assert world.labels == ["a!failure"]


# ------------------------------------------------------------------------------------------------------------ put back
@pytest.mark.parametrize("braked", [True, False])
def test_a_dag_that_a_store_which_was_put_back_does_not_know_stands_still_while_all_others_do(braked):
    world = World(dag(task("a")), planning=True)
    pause(world, hard=True)
    world.take_over(structs.replace(world.writer.snapshot(None), braked=braked))
    world.define(dag(task("a"), id="new"))
    assert world.store.dags["new"].timing.hard is braked
    unpause(world)
    world.define(dag(task("a"), id="newer"))
    assert world.store.dags["newer"].timing.hard is False


def test_a_hard_pause_of_one_dag_stops_no_other():
    world = World(dag(task("a")), dag(task("a"), id="other"))
    pause(world, hard=True)
    world.trigger()
    world.trigger("other")
    assert [key.run.dag for key in world.alive] == ["other"]


@pytest.mark.parametrize(
    ("hard", "said"),
    [
        (False, "d@manual-x is queued (its DAG is paused; `segue unpause d`)"),
        (True, "d@manual-x is queued (its DAG is paused hard: nothing of it begins; `segue unpause d`)"),
    ],
)
def test_a_manual_run_of_a_paused_dag_says_so(hard, said):
    world = World(dag(task("a")))
    pause(world, hard=hard)
    assert world.ask(wanted()).text == said


def test_a_hard_pause_becomes_soft_when_it_is_asked_for_so():
    world = World(dag(task("a")))
    pause(world, hard=True)
    world.trigger()
    pause(world)
    assert world.labels == ["a"]


def test_a_run_of_a_dag_that_is_paused_hard_can_be_cancelled():
    world = World(dag(task("a")))
    pause(world, hard=True)
    world.trigger()
    world.cancel()
    assert world.run_state() == "cancelled"


# --------------------------------------------------------------------------------------------------------------- words
def test_a_pause_says_who_and_why_and_until_when():
    world = World(dag(task("a")))
    answer = pause(world, reason="the source is down", until=Instant(world.now + DAY))
    assert answer.text == f"d is paused until {datetime_at(world.now + DAY, 'UTC'):%Y-%m-%d %H:%M} UTC"
    (change,) = world.of(TimingSet)
    assert str(change.why) == "ana paused it: the source is down"
    assert (change.actor, change.timing.paused, change.timing.until) == ("ana", True, world.now + DAY)


def test_many_dags_are_named_in_short():
    names = tuple(f"d{n}" for n in range(8))
    world = World(*(dag(task("a"), id=name) for name in names))
    assert pause(world, *names).text == "d0, d1, d2, d3, d4, 3 more are paused"
    assert unpause(world, *names).text == "d0, d1, d2, d3, d4, 3 more go on"


def test_a_pause_of_an_unknown_dag_pauses_none():
    world = World(dag(task("a")))
    answer = pause(world, "d", "nobody")
    assert (answer.ok, answer.text) == (False, "there is no DAG nobody")
    assert not world.of(TimingSet)


def test_a_pause_of_a_renamed_dag_names_the_new_one():
    world = World(dag(task("a")))
    world.define(dag(task("a"), id="new", renamed_from="d"))
    assert pause(world).text == "there is no DAG d: it is called new now"


def test_a_pause_of_nothing_is_refused():
    assert world_answer(PauseDags(())).text == "no DAG is named"
    assert world_answer(UnpauseDags(())).text == "no DAG is named"


def world_answer(act):
    return World(dag(task("a"))).ask(act)


def test_a_pause_cannot_end_in_the_past():
    world = World(dag(task("a")))
    answer = pause(world, until=Instant(world.now))
    assert (answer.ok, answer.text) == (False, "a pause cannot end in the past: 1972-09-27 00:00 UTC")


def test_what_is_not_paused_goes_on_as_it_did():
    world = World(dag(task("a")))
    assert unpause(world).text == "d goes on"
    assert not world.of(TimingSet)


# ---------------------------------------------------------------------------------------------------------- quarantine
@pytest.mark.parametrize("paused", [False, True])
def test_an_unpause_lifts_a_quarantine(paused):
    world = World(dag(task("a")))
    if paused:
        pause(world)
    quarantined(world, "d")
    with pytest.raises(Conflict, match="quarantined DAG d is read anew"):
        unpause(world)
        world.send()
    world.restart()
    assert world.store.dags["d"].quarantined is None
    assert not world.store.dags["d"].timing.paused
    world.trigger()
    assert world.labels == ["a"]


# --------------------------------------------------------------------------------------------------------------- drain
def test_a_drained_owner_lets_what_runs_end_and_begins_nothing():
    world = World(dag(task("a"), task("b", "a")))
    world.trigger()
    assert world.ask(Drain()).text == "nothing begins any more"
    assert world.engine.draining
    world.end("a")
    assert world.alive == {}
    assert world.why("b") == "the owner is being drained: nothing begins until `segue drain --off`"
    assert world.ask(Drain(on=False)).text == "it goes on"
    assert world.labels == ["b"]


def test_the_next_owner_is_not_drained():
    world = World(dag(task("a")))
    world.ask(Drain())
    world.restart()
    assert isinstance(world.engine, Engine)
    assert not world.engine.draining


# --------------------------------------------------------------------------------------------------------------- prune
def test_runs_that_have_ended_are_forgotten_and_those_in_memory_never():
    world = World(dag(task("a")))
    old = world.trigger()
    world.play()
    living = world.trigger()
    world.send(Expired((old, living)))
    assert world.of(RunsForgotten) == [RunsForgotten((old,), Instant(world.now))]
    assert old not in world.store.runs
    assert living in world.store.runs


def test_where_all_are_in_memory_nothing_is_forgotten():
    world = World(dag(task("a")))
    living = world.trigger()
    world.send(Expired((living,)))
    assert not world.changes

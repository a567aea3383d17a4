"""Tasks that start runs of other DAGs: one run each, whatever happens to them."""

import pytest

from segue.model.acts import TriggerRun
from segue.model.changes import RunCreated
from segue.model.commands import Launch
from segue.model.events import LostCause, Request, StartsRun
from segue.model.ids import RunKey, manual_key, started_by
from segue.model.spec import ParamSpec
from segue.model.value import decode, encode
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task

PARAMS = (ParamSpec("n", "int"), ParamSpec("env", "str", encode("prod"), (encode("prod"), encode("dev"))))


def started(*tasks, **options) -> tuple[World, RunKey]:
    world = World(dag(*(tasks or (task("start"),))), dag(task("a"), id="other", **options))
    return world, world.trigger()


def child_of(world: World) -> RunKey:
    return next(one.row.run for one in world.history if isinstance(one, RunCreated) and one.row.run.dag == "other")


def starts(world: World, label: str = "start", dag: str = "other", **more) -> None:
    """The task says that it starts a run; the loop has asked the store what it knows."""
    request = started_by(world.attempt(label, world.last_run).of)
    outcome = StartsRun(dag, **more)
    world.end(
        label,
        outcome=StartsRun(
            dag, outcome.params, outcome.wait, world.writer.facts(TriggerRun(dag, manual_key(request)), request)
        ),
    )


def test_a_task_that_starts_a_run_is_done_with_it():
    world, run = started()
    starts(world)
    child = child_of(world)
    assert child.key == manual_key(started_by(next(iter(world.store.attempts[run].values())).key.of))
    assert world.state("start") == "success"
    assert decode(world.row("start").inline) == str(child)
    view = world.view(child)
    assert (view.row.reason, view.row.actor, view.row.klass) == (f"started by {run}/start", "ana", 0)
    assert world.run_state() == "success"


def test_a_task_that_waits_holds_no_attempt_and_ends_with_the_run():
    world, _ = started()
    starts(world, wait=True)
    child = child_of(world)
    assert world.state("start") == "deferred"
    assert world.why("start") == f"waits for {child}"
    assert world.labels == ["a"]
    world.end("a", run=child)
    assert world.state("start") == "success"
    assert world.run_state() == "success"


def test_a_run_that_fails_fails_the_task_that_waits_for_it():
    world, _ = started()
    starts(world, wait=True)
    child = child_of(world)
    world.end("a", run=child, outcome=BOOM)
    assert world.run_state() == "failed"
    ((label, reason),) = world.view().culprits
    assert (label, reason) == (
        "start",
        f"run {child}, which it started, has ended as failed: `segue retry {child}` first",
    )


def test_another_attempt_finds_the_run_that_was_started():
    world, _ = started()
    starts(world, wait=True)
    child = child_of(world)
    world.restart()
    assert world.labels == ["a", "start"]
    starts(world, wait=True)
    assert world.state("start") == "deferred"
    world.end("a", run=child)
    assert world.state("start") == "success"
    assert len([one for one in world.history if isinstance(one, RunCreated)]) == 2


def test_an_owner_that_does_not_drive_the_started_run_takes_it_up():
    world, run = started()
    starts(world, wait=True)
    child = child_of(world)
    world.restart(run)
    assert world.labels == ["start"]
    starts(world, wait=True)
    assert world.labels == ["a"]
    world.end("a", run=child)
    assert world.run_state() == "success"


@pytest.mark.parametrize(("outcome", "state"), [(GOOD, "success"), (BOOM, "failed")])
def test_another_attempt_finds_that_the_run_has_ended(outcome, state):
    world, run = started()
    starts(world, wait=True)
    child = child_of(world)
    world.restart(child)
    world.end("a", run=child, outcome=outcome)
    world.restart(run)
    starts(world, wait=True)
    assert world.state("start") == state


def test_a_retry_after_the_started_run_was_mended_succeeds():
    world, run = started()
    starts(world, wait=True)
    child = child_of(world)
    world.end("a", run=child, outcome=BOOM)
    world.retry(run=child)
    world.end("a", run=child)
    world.retry(run=run)
    starts(world, wait=True)
    assert world.run_state() == "success"


def test_a_lost_attempt_starts_nothing():
    world, _ = started()
    world.lose("start", LostCause.WORKER)
    assert [one for one in world.history if isinstance(one, RunCreated) and one.row.run.dag == "other"] == []


def test_items_of_a_map_wait_each_for_its_own():
    world, _ = started(mapped("start", 2))
    starts(world, "start[0]", wait=True)
    starts(world, "start[1]", wait=True)
    first, second = [one.row.run for one in world.history if isinstance(one, RunCreated) and one.row.run.dag == "other"]
    world.end("a", run=second)
    assert world.states("start[0]", "start[1]") == ["deferred", "success"]
    world.end("a", run=first)
    assert world.run_state() == "success"


def test_cancelling_stops_the_wait_and_leaves_the_started_run():
    world, run = started()
    starts(world, wait=True)
    child = child_of(world)
    world.cancel()
    assert world.run_state() == "cancelled"
    world.end("a", run=child)
    assert world.run_state(child) == "success"
    assert world.run_state(run) == "cancelled"


def test_a_run_that_is_being_stopped_starts_none():
    world, _ = started()
    world.start("start")
    world.cancel()
    starts(world)
    assert world.state("start") == "cancelled"
    assert world.of(Launch) == []


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("none", {}, "there is no DAG none"),
        ("other", {}, "DAG other needs n: params={'n': …}"),
        ("other", {"n": 1, "m": 2}, "DAG other has no param 'm': it has n, env"),
        ("other", {"n": 1, "env": "test"}, "param 'env' of DAG other cannot be 'test'"),
    ],
)
def test_what_cannot_be_started_fails_the_task_at_once(name, given, said):
    world, _ = started(task("start", retries=3), params=PARAMS)
    starts(world, dag=name, params=encode(given))
    assert world.state("start") == "failed"
    assert said in str(world.row("start").why)


def test_a_secret_param_cannot_be_given_by_a_task():
    world, _ = started(params=(ParamSpec("token", "str", secret=True),))
    starts(world, params=encode({"token": "t"}))
    assert "param 'token' of DAG other is secret" in str(world.row("start").why)


def test_what_is_given_and_what_has_a_default_is_enough():
    world, _ = started(params=PARAMS)
    starts(world, params=encode({"n": 1}))
    assert world.view(child_of(world)).row.params == encode({"n": 1})


def test_a_key_that_is_taken_gets_the_next_number():
    world, _ = started()
    key = manual_key(started_by(world.attempt("start").of))
    world.ask(TriggerRun("other", key))
    starts(world)
    children = [one.row.run for one in world.history if isinstance(one, RunCreated) and one.row.run.dag == "other"]
    assert [child.n for child in children] == [1, 2]


def test_a_key_that_was_taken_in_the_same_turn_gets_the_next_number():
    world, _ = started()
    key = manual_key(started_by(world.attempt("start").of))
    taken = Request("r", "ana", TriggerRun("other", key))
    world.send(taken, world.word("start", StartsRun("other")))
    children = [one.row.run for one in world.history if isinstance(one, RunCreated) and one.row.run.dag == "other"]
    assert [child.n for child in children] == [1, 2]


def test_a_task_that_waits_is_left_alone_when_its_run_is_derived_anew():
    world, run = started(task("start"), task("b"))
    starts(world, wait=True)
    world.end("b", outcome=BOOM)
    assert world.retry("b", run=run).ok
    assert world.states("start", "b") == ["deferred", "queued"]

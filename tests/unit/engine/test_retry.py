import pytest

from segue.model.acts import CancelRun, MarkTask, RerunRun, RetryRun
from segue.model.changes import Answered, TaskMoved
from segue.model.events import Capacity, Expired, Held, LostCause, Request, Skipped, Value
from tests.unit.engine.driver import BOOM, NOBODY, World, dag, mapped, task


def failed() -> World:
    """a → b → c, b failed; d skipped by itself; e after d; clean whatever happens."""
    clean = task("clean", "c", trigger_rule="all_done")
    world = World(dag(task("a"), task("b", "a"), task("c", "b"), task("d"), task("e", "d"), clean))
    world.trigger(day=1)
    world.end("a")
    world.end("b", outcome=BOOM)
    world.end("d", outcome=Skipped())
    world.end("clean")
    assert world.run_state() == "failed"
    return world


def test_retry_opens_what_failed_and_leaves_green_tasks_green():
    world = failed()
    answer = world.retry()
    assert (answer.ok, answer.text) == (True, "d@day-1 goes on: 2 tasks again, round 2")
    assert world.states("a", "b", "c", "d", "e", "clean") == [
        "success", "queued", "pending", "skipped", "skipped", "success",
    ]  # fmt: skip
    assert (world.run_state(), world.view().round, world.view().ended) == ("running", 2, None)
    world.end("b")
    world.end("c")
    assert world.run_state() == "success"
    assert world.slot(1).state.value == "fresh"


def test_retry_opens_skipped_tasks_below_a_failed_one():
    world = World(dag(task("a"), task("x"), task("c", "a", "x", trigger_rule="all_failed")))
    world.trigger()
    world.end("x")
    world.end("a", outcome=BOOM)
    assert world.state("c") == "skipped"
    world.retry()
    assert world.state("c") == "skipped"
    moved = [one.task for one in world.of(TaskMoved) if one.new.value == "pending"]
    assert moved == ["a", "c"]


def test_retry_of_a_task_opens_every_descendant_that_has_ended():
    world = failed()
    world.retry("a")
    assert world.states("a", "b", "c", "clean") == ["queued", "pending", "pending", "pending"]
    assert world.states("d", "e") == ["skipped", "skipped"]


def test_retry_of_a_task_alone_opens_that_task():
    world = failed()
    world.retry("b", only=True)
    world.end("b")
    assert world.states("b", "c", "clean") == ["success", "upstream_failed", "success"]
    assert world.run_state() == "success"


def test_retry_takes_tasks_items_and_whole_maps():
    world = World(dag(mapped("m", 3)))
    world.trigger()
    world.end("m[0]", "m[1]", "m[2]")
    world.retry("m[1]")
    assert world.labels == ["m[1]"]
    world.end("m[1]")
    world.retry("m")
    assert world.labels == ["m[0]", "m[1]", "m[2]"]


@pytest.mark.parametrize("label", ["z", "a[0]", "m[3]", "m[x]", "", "a]"])
def test_retry_of_what_does_not_exist_is_refused(label):
    world = World(dag(task("a"), mapped("m", 3)))
    run = world.trigger()
    assert world.retry(label).text == f"{run} has no task {label}"


def test_retry_of_a_task_that_has_not_ended_is_refused():
    world = World(dag(task("a")))
    world.trigger()
    assert world.retry("a").text == "a has not ended: it is queued"


def test_retry_of_a_run_where_nothing_failed_is_refused():
    world = World(dag(task("a")))
    run = world.trigger()
    assert world.retry().text == f"nothing to retry: no task of {run} has failed"
    world.end("a")
    assert not world.retry().ok


def test_retry_of_a_running_run_opens_its_failed_tasks_in_the_same_round_of_the_run():
    world = World(dag(task("a"), task("b")))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.retry()
    assert (world.labels, world.view().round, world.row("a").round) == (["a", "b"], 1, 2)


def test_retry_of_a_run_with_a_newer_one_is_refused_unless_forced():
    world = failed()
    first = world.last_run
    world.trigger(day=1)
    assert world.retry(run=first).text == (
        "d@day-1.2 is newer for this interval (--force retries the older one all the same)"
    )
    assert world.retry(run=first, force=True).ok
    assert world.run_state(first) == "running"
    assert not world.view(first).placed


def test_retry_of_a_run_of_which_another_is_made_in_the_same_turn_is_refused():
    world = failed()
    run = world.last_run
    world.send(Request("r", "ana", RerunRun(run)), Request("s", "ben", RetryRun(run)))
    made, refused = (one for one in world.changes if isinstance(one, Answered))
    assert (made.ok, refused.ok) == (True, False)
    assert refused.text.startswith("d@day-1.2 is newer for this interval")


def test_a_retried_run_waits_for_a_place_before_runs_that_have_not_begun():
    world = World(dag(task("a"), max_active_runs=1))
    first = world.trigger(day=5)
    world.end("a", outcome=BOOM)
    second, third = world.trigger(day=1), world.trigger(day=2)
    world.retry(run=first)
    assert not world.view(first).placed
    world.end("a", run=second)
    assert world.view(first).placed
    assert world.run_state(third) == "queued"


def test_an_interrupted_run_goes_on_by_retry_and_nothing_accepted_is_lost():
    world = World(dag(task("a"), task("b", "a"), task("c", "b")))
    world.trigger(day=1)
    world.end("a")
    world.start("b")
    world.restart(NOBODY)
    answer = world.retry()
    assert answer.text == "d@day-1 goes on: what was interrupted, round 1"
    world.lose("b", LostCause.OWNER)
    world.end("b")
    world.end("c")
    assert (world.run_state(), world.states("a", "b", "c")) == ("success", ["success"] * 3)


@pytest.mark.parametrize(
    ("second", "left"),
    [
        (CancelRun, []),
        (lambda run: MarkTask(run, "b", "failed", "x"), ["x"]),
        (lambda run: RetryRun(run, ("a",), only=True), ["a", "x"]),
    ],
)
def test_what_is_asked_in_the_turn_that_recalls_a_run_counts_before_its_attempts_are_launched(second, left):
    world = World(dag(task("a"), task("b", "a"), task("x")))
    run = world.trigger()
    world.end("a")
    world.restart(NOBODY)
    world.send(Request("one", "ana", RetryRun(run)), Request("two", "ana", second(run)))
    assert world.labels == left


def test_an_interrupted_run_keeps_the_place_it_holds():
    world = World(dag(task("a"), max_active_runs=1))
    first = world.trigger(day=1)
    world.restart(NOBODY)
    world.retry()
    world.trigger(day=2)
    assert [key.run for key in world.alive] == [first]


def test_a_task_whose_upstream_is_opened_while_it_runs_waits_for_it_before_its_next_attempt():
    world = World(dag(task("a"), task("b", "a", retries=1)))
    world.trigger()
    world.end("a")
    world.retry("a", only=True)
    world.end("b", outcome=BOOM)
    world.wait(1000)
    assert world.labels == ["a"]
    world.end("a")
    assert world.labels == ["b"]
    world.end("b")
    assert world.run_state() == "success"


@pytest.mark.parametrize("ends", [("a", "b"), ("b", "a")])
def test_a_task_whose_upstream_is_opened_and_fails_is_not_tried_again(ends):
    world = World(dag(task("a"), task("b", "a", retries=1)))
    world.trigger()
    world.end("a")
    world.retry("a", only=True)
    for label in ends:
        world.end(label, outcome=BOOM)
    assert (world.states("a", "b"), world.run_state()) == (["failed", "upstream_failed"], "failed")


def test_a_delay_goes_on_when_something_else_is_retried():
    world = World(dag(task("a", retries=1), task("b"), task("c")))
    world.trigger()
    world.end("b", outcome=BOOM)
    world.end("a", outcome=BOOM)
    world.wait(10)
    world.retry()
    world.wait(19)
    assert world.labels == ["b", "c"]
    world.wait(1)
    assert world.labels == ["a", "b", "c"]


def test_an_attempt_that_ends_in_the_turn_of_a_retry_has_one_next_attempt():
    world = World(dag(task("a", retries=1), task("b")))
    world.trigger()
    world.end("b", outcome=BOOM)
    world.send(Request("r", "ana", RetryRun(world.last_run)), world.word("a", BOOM))
    world.wait(60)
    assert world.labels == ["a", "b"]
    assert world.attempt("a").number == 2


def test_a_held_run_of_which_nothing_failed_has_nothing_to_retry():
    world = World(dag(mapped("a", 0)))
    world.trigger()
    assert world.run_state() == "held"
    assert not world.retry().ok
    world.restart(NOBODY)
    assert "a is held: a person decides" in world.retry().text
    assert world.run_state() == "held"


def test_a_run_whose_owner_died_before_it_could_publish_what_was_released_goes_on():
    world = World(dag(task("a")))
    world.trigger()
    world.end("a", outcome=Held("empty", "no rows", Value(b"none"), b"files"))
    world.send(Capacity(0))
    assert world.release("a").ok
    world.restart(NOBODY)
    assert world.retry().text == "d@manual-0 goes on: what was interrupted, round 1"
    world.end("a")
    assert world.run_state() == "success"


def test_a_run_that_is_retried_in_the_turn_in_which_it_would_be_removed_is_kept():
    world = World(dag(task("a")))
    run = world.trigger()
    world.end("a", outcome=BOOM)
    world.send(Expired((run,)), Request("r", "ana", RetryRun(run)))
    world.end("a")
    assert world.run_state() == "success"


def test_an_interrupted_run_goes_on_also_where_what_failed_cannot_be_opened_yet():
    world = World(dag(mapped("a", 2), mapped("b", "a", trigger_rule="all_done")))
    world.trigger()
    world.end("a[0]")
    world.end("a[1]", outcome=BOOM)
    world.start("b[0]")
    world.restart(NOBODY)
    assert world.retry().text == "d@manual-0 goes on: what was interrupted, round 1"
    world.lose("b[0]", LostCause.OWNER)
    world.end("b[0]")
    assert world.run_state() == "failed"
    assert world.retry().ok
    world.end("a[1]")
    world.end("b[0]", "b[1]")
    assert world.run_state() == "success"

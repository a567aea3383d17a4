"""Setup and teardown: s makes what a and b use and t takes away."""

import pytest
from msgspec import structs

from segue.model.commands import Adopt, Cancel, Kill, Launch
from segue.model.events import Followed, LostCause, Skipped, Value
from tests.unit.engine.driver import BOOM, GOOD, NOBODY, STOPPED, World, dag, mapped, task

SETUP = task("s", kind="setup")
WORK = (task("a", "s"), task("b", "a"))
TEARDOWN = task("t", "s", "b", kind="teardown")
PLAIN = (SETUP, *WORK, TEARDOWN)


def started(*tasks, **options) -> World:
    world = World(dag(*(tasks or PLAIN), **options))
    world.trigger(day=1)
    return world


def ended(**outcomes) -> World:
    """A run of the plain DAG that has ended, with some outcomes other than good."""
    world = started()
    world.play(lambda key: outcomes.get(key.task, GOOD))
    return world


def test_a_teardown_runs_after_all_that_uses_what_its_setup_made():
    world = started()
    assert world.labels == ["s"]
    world.end("s")
    assert world.labels == ["a"]
    assert world.why("t") == "takes down what its setup made when b (pending), a (queued) has ended"
    world.end("a")
    world.end("b")
    assert world.labels == ["t"]
    world.end("t")
    assert world.run_state() == "success"


def test_a_teardown_runs_whatever_happened_between():
    world = ended(a=BOOM)
    assert world.states(*"sabt") == ["success", "failed", "upstream_failed", "success"]
    assert (world.run_state(), world.view().culprits) == ("failed", (("a", "boom"),))


def test_a_teardown_without_a_setup_that_succeeded_is_skipped():
    world = ended(s=BOOM)
    assert world.states(*"sabt") == ["failed", "upstream_failed", "upstream_failed", "skipped"]
    assert str(world.row("t").why) == "nothing to take down: no setup of it (s) succeeded"


def test_one_setup_that_succeeded_is_enough():
    tasks = (SETUP, task("s2", kind="setup"), task("a", "s", "s2"), task("t", "s", "s2", "a", kind="teardown"))
    world = started(*tasks)
    world.end("s", outcome=BOOM)
    world.end("s2")
    assert (world.state("a"), world.labels) == ("upstream_failed", ["t"])


def test_a_rule_that_is_met_early_does_not_wait_for_the_setup():
    tasks = (SETUP, task("x"), task("a", "s"), task("b", "a", "x", trigger_rule="one_success"), TEARDOWN)
    world = started(*tasks)
    world.end("x")
    assert world.labels == ["b", "s"]
    world.end("b")
    world.end("s")
    assert world.labels == ["a"]


def test_a_failing_teardown_leaves_the_state_of_the_run_alone():
    world = ended(t=BOOM)
    assert (world.state("t"), world.run_state(), world.view().culprits) == ("failed", "success", ())
    world.retry()
    assert world.labels == ["t"]


def test_a_teardown_is_no_leaf():
    world = ended(b=Skipped())
    assert (world.run_state(), world.slot(1).state.value) == ("success", "skipped")


def test_a_branch_that_goes_elsewhere_does_not_keep_a_teardown_from_running():
    fork = task("fork", "s", kind="branch")
    world = started(SETUP, fork, task("x", "fork"), task("t", "s", "fork", "x", kind="teardown"))
    world.end("s")
    world.end("fork", outcome=Followed(()))
    assert (world.state("x"), world.labels) == ("skipped", ["t"])


# ------------------------------------------------------------------------------------------------------------- stopping
def test_cancel_ends_the_work_and_runs_the_teardown():
    world = started()
    world.end("s")
    world.cancel()
    assert world.states(*"sabt") == ["success", "queued", "cancelled", "pending"]
    assert world.why("t") == "takes down what its setup made when a (queued) has ended"
    world.end("a", outcome=STOPPED)
    assert world.labels == ["t"]
    assert (world.why(), world.why("t")) == ("is being cancelled", "is queued behind other work of a worker")
    world.end("t")
    assert (world.states(*"abt"), world.run_state()) == (["cancelled", "cancelled", "success"], "cancelled")


def test_cancel_now_runs_no_teardown():
    world = started()
    world.end("s")
    world.cancel(now=True)
    assert [type(one) for one in world.commands] == [Kill]
    world.end("a", outcome=STOPPED)
    assert (world.state("t"), world.run_state()) == ("cancelled", "cancelled")


def test_cancel_now_after_cancel_stops_the_teardown_too():
    world = started()
    world.end("s")
    world.cancel()
    world.end("a", outcome=STOPPED)
    world.cancel()
    assert not world.of(Cancel)
    world.cancel(now=True)
    assert [one.key.task for one in world.of(Kill)] == ["t"]
    world.restart()
    assert world.labels == []
    assert (world.state("t"), world.view().stop) == ("cancelled", "now")
    assert world.run_state() == "cancelled"


def test_a_teardown_that_runs_is_not_cancelled():
    world = started()
    for label in "sab":
        world.end(label)
    world.start("t")
    world.cancel()
    assert not world.of(Cancel)
    world.restart()
    assert [type(one) for one in world.outstanding] == [Adopt]
    world.end("t")
    assert (world.state("t"), world.run_state()) == ("success", "cancelled")


def test_cancel_before_the_setup_succeeded_runs_no_teardown():
    world = started(max_active_runs=1)
    waiting = world.trigger(day=2)
    world.cancel(waiting)
    assert (world.state("t", waiting), world.run_state(waiting)) == ("skipped", "cancelled")


def test_a_teardown_under_cancel_is_retried_and_found_again():
    world = started(SETUP, task("a", "s"), task("t", "s", "a", kind="teardown", retries=1, idempotent=True))
    world.end("s")
    world.start("a")
    world.cancel()
    world.restart()
    world.end("a", outcome=BOOM)
    world.restart()
    assert type(world.alive[world.attempt("t")]) is Launch
    world.start("t")
    world.lose("t", LostCause.SIGNAL)
    world.wait(10)
    world.end("t", outcome=BOOM)
    assert world.state("t") == "up_for_retry"
    world.restart()
    world.wait(30)
    world.may_start("t")
    assert world.commands[0].yes
    world.end("t", outcome=STOPPED)
    assert world.state("t") == "up_for_retry"
    world.wait(5)
    world.end("t")
    assert (world.states("a", "t"), world.run_state()) == (["failed", "success"], "cancelled")


def test_a_parked_run_takes_its_place_again_for_its_teardown():
    held = mapped("m", 0, after=("s",))
    world = started(SETUP, held, task("t", "s", "m", kind="teardown"), max_active_runs=1)
    world.end("s")
    first, second = world.last_run, world.trigger(day=2)
    assert (world.run_state(first), world.run_state(second)) == ("held", "running")
    world.cancel(first)
    assert (world.states("m", "t", run=first), world.run_state(first)) == (["cancelled", "pending"], "held")
    world.restart()
    assert world.states("m", "t", run=first) == ["cancelled", "pending"]
    assert world.labels == ["s"]
    world.end("s", run=second)
    world.end("t", run=first)
    assert (world.run_state(first), world.run_state(second)) == ("cancelled", "held")


def test_an_interrupted_run_is_cancelled_with_its_teardown():
    world = started()
    world.end("s")
    world.end("a")
    world.restart(NOBODY)
    world.cancel()
    assert (world.state("b"), world.labels) == ("cancelled", ["t"])


# ---------------------------------------------------------------------------------------------------------------- retry
def test_a_retry_makes_the_environment_again():
    world = ended(b=BOOM)
    assert world.retry().text == "d@day-1 goes on: 3 tasks again, round 2"
    assert (world.states(*"sabt"), world.labels) == (["queued", "success", "pending", "pending"], ["s"])
    assert world.why("b") == "waits for s (queued)"
    world.restart()
    assert world.labels == ["s"]
    world.end("s")
    assert world.labels == ["b"]
    world.end("b")
    world.end("t")
    assert (world.run_state(), world.row("t").round, world.row("a").round) == ("success", 2, 1)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (BOOM, "upstream_failed", "upstream s failed"),
        (Skipped(), "skipped", "rule all_success cannot be met: a success, s skipped"),
    ],
)
def test_what_lies_in_an_environment_that_cannot_be_made_again_does_not_run(outcome, state, reason):
    world = ended(b=BOOM)
    world.retry()
    world.end("s", outcome=outcome)
    assert (world.states("b", "t"), str(world.row("b").why)) == ([state, "skipped"], reason)


def test_what_lies_in_an_environment_that_cannot_be_made_again_does_not_wait_for_its_list():
    each = mapped("m", "l", after=("a", "o"), trigger_rule="one_success")
    world = started(SETUP, task("o"), task("l"), task("a", "s"), each, task("t", "s", "m", kind="teardown"))
    world.cancel()
    world.play(lambda key: STOPPED)
    world.retry()
    world.end("o")
    world.end("s", outcome=BOOM)
    assert (world.labels, world.state("m")) == (["l"], "upstream_failed")


def test_a_rule_that_runs_after_failures_runs_after_that_of_its_setup():
    world = started(SETUP, WORK[0], task("b", "a", trigger_rule="all_done"), TEARDOWN)
    world.play(lambda key: BOOM if key.task == "b" else GOOD)
    world.retry()
    world.end("s", outcome=BOOM)
    assert world.labels == ["b"]


def test_a_task_that_waits_for_nothing_does_not_wait_for_its_environment():
    world = started(SETUP, WORK[0], task("b", "a", trigger_rule="always"), TEARDOWN)
    world.end("b", outcome=BOOM)
    world.play()
    world.retry()
    assert world.labels == ["b", "s"]


def test_a_retry_while_the_environment_exists_makes_none():
    world = started(SETUP, *WORK, task("c", "s"), task("t", "s", "b", "c", kind="teardown"))
    world.end("s")
    world.end("a", outcome=BOOM)
    world.retry("a")
    assert world.states(*"sabct") == ["success", "queued", "pending", "queued", "pending"]


def test_a_retry_while_the_environment_is_taken_away_waits():
    world = started()
    world.end("s")
    world.end("a", outcome=BOOM)
    text = "t takes away what it needs: ask again when that has ended"
    assert [world.retry("a").text, world.retry().text, world.mark("a", "success").text] == [text] * 3
    world.restart(NOBODY)
    assert world.retry().text == "d@day-1 goes on: what was interrupted, round 1"


def test_a_setup_that_is_opened_alone_is_taken_down_again():
    world = ended()
    world.retry("s", only=True)
    world.play()
    assert [world.row(label).round for label in "sabt"] == [2, 1, 1, 2]


def test_a_teardown_is_retried_alone():
    world = ended()
    world.retry("t")
    assert (world.labels, world.row("s").round) == (["t"], 1)


def test_a_mark_that_lets_work_go_on_makes_the_environment_again():
    world = ended(a=BOOM)
    world.mark("a", "success")
    assert (world.labels, world.states(*"abt")) == (["s"], ["success", "pending", "pending"])
    world.play()
    assert world.run_state() == "success"


def test_environments_inside_each_other_are_made_again_from_the_outside():
    inner = (task("s2", "s", kind="setup"), task("a", "s2"), task("t2", "s2", "a", kind="teardown"))
    world = started(SETUP, *inner, task("t", "s", "t2", kind="teardown"))
    world.play(lambda key: BOOM if key.task == "a" else GOOD)
    world.retry()
    order = []
    while world.alive:
        order.append(world.labels)
        world.end(*world.labels)
    assert order == [["s"], ["s2"], ["a"], ["t2"], ["t"]]


def test_a_setup_whose_list_is_being_mapped_over_is_not_opened():
    world = started(*PLAIN, mapped("m", "s"))
    world.end("s", outcome=Value(b"list", length=1))
    world.end("a", outcome=BOOM)
    world.end("t")
    assert world.labels == ["m[0]"]
    assert world.retry("a").text == "m has not ended: wait for it, or cancel the run first"
    assert world.mark("a", "success").ok
    assert world.states(*"sabt") == ["success", "success", "upstream_failed", "success"]
    world.end("m[0]")
    world.retry()
    assert world.labels == ["s"]


def test_a_group_is_opened_with_all_inside():
    inside = [structs.replace(task(name), group="g") for name in ("g.a", "g.b")]
    deep = structs.replace(task("g.h.c", "g.a"), group="g.h")
    world = started(*inside, deep, task("z", tags=("late",)), task("w", "z"))
    world.end("g.a", "g.b")
    assert world.retry("group:g").text == "g.h.c has not ended: it is queued"
    world.end("g.h.c")
    world.end("z", outcome=BOOM)
    assert world.retry("group:none").text == "d@day-1 has no task group:none"
    assert world.retry("group:g.h").text == "d@day-1 goes on: 1 task again, round 2"
    world.end("g.h.c")
    assert world.retry("group:g").text == "d@day-1 goes on: 3 tasks again, round 3"
    world.play()
    assert world.retry("tag:late", "g.?").text == "d@day-1 goes on: 5 tasks again, round 4"

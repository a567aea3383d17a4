from itertools import permutations, product

import pytest

from segue.model.events import Followed, Skipped
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task

ENDS = {"success": GOOD, "failed": BOOM, "skipped": Skipped()}


def test_skip_spreads_through_all_success_and_not_through_all_done():
    world = World(dag(task("a"), task("b", "a"), task("c", "b"), task("d", "b", trigger_rule="all_done")))
    world.trigger()
    world.end("a", outcome=Skipped())
    assert world.states("b", "c", "d") == ["skipped", "skipped", "queued"]
    assert str(world.row("b").why) == "rule all_success cannot be met: a skipped"


def test_a_task_below_a_failure_is_upstream_failed_and_says_of_whom():
    world = World(dag(task("a"), task("b"), task("c", "a", "b")))
    world.trigger()
    world.end("b", outcome=BOOM)
    assert (world.state("c"), str(world.row("c").why)) == ("upstream_failed", "upstream b failed")


def test_a_rule_that_waits_for_nothing_runs_at_once():
    world = World(dag(task("a"), task("b", "a", trigger_rule="always")))
    world.trigger()
    assert world.labels == ["a", "b"]


@pytest.mark.parametrize("rule", ["one_success", "one_failed", "one_done"])
def test_a_rule_that_wants_one_runs_before_all_have_ended(rule):
    world = World(dag(task("a"), task("b"), task("c", "a", "b", trigger_rule=rule)))
    world.trigger()
    world.end("a", outcome=BOOM if rule == "one_failed" else GOOD)
    assert world.labels == ["b", "c"]
    world.end("c")
    world.end("b")
    assert world.state("c") == "success"


def test_the_standing_of_many_upstream_tasks_is_told_in_short():
    ups = tuple("abcde")
    world = World(dag(*map(task, ups), mapped("m", 2), task("z", *ups, "m", trigger_rule="none_skipped")))
    world.trigger()
    world.end("a", outcome=Skipped())
    told = str(world.row("z").why)
    assert told == "rule none_skipped cannot be met: a skipped, b queued, c queued, and 3 more"


def test_the_standing_of_a_mapped_upstream_task_is_told_folded():
    world = World(dag(task("a"), mapped("m", 2), task("z", "m", "a", trigger_rule="none_skipped")))
    world.trigger()
    world.end("m[0]", outcome=Skipped())
    assert str(world.row("z").why) == "rule none_skipped cannot be met: a queued, m (mapped)"


@pytest.mark.parametrize(
    "rule", ["all_success", "none_failed", "one_success", "one_done", "all_failed", "none_skipped"]
)
def test_the_outcome_never_depends_on_the_order_of_events(rule):
    for outcomes in product(ENDS, repeat=3):
        seen = set()
        for order in permutations(range(3)):
            world = World(dag(task("a"), task("b"), task("c"), task("z", "a", "b", "c", trigger_rule=rule)))
            world.trigger()
            for at in order:
                world.end("abc"[at], outcome=ENDS[outcomes[at]])
            seen.add("run" if "z" in world.labels else world.state("z"))
        assert len(seen) == 1, (rule, outcomes, seen)


# ------------------------------------------------------------------------------------------------ branch, short-circuit
def forked(kind="branch", rule="all_success"):
    below = (task("b", "f"), task("c", "f", trigger_rule=rule), task("d", "b", "f"), task("e", "c"))
    world = World(dag(task("f", kind=kind), *below))
    world.trigger()
    return world


def test_a_branch_skips_what_it_did_not_choose_and_what_only_follows_from_that():
    world = forked()
    world.end("f", outcome=Followed(("c",)))
    assert world.states("b", "c", "d", "e") == ["skipped", "queued", "skipped", "pending"]
    assert str(world.row("b").why) == "branch f did not choose it"


def test_a_branch_does_not_skip_what_lies_downstream_of_its_choice():
    world = forked()
    world.end("f", outcome=Followed(("b",)))
    assert world.states("b", "c", "d", "e") == ["queued", "skipped", "pending", "skipped"]
    world.end("b")
    assert world.labels == ["d"]


def test_a_branch_that_chooses_nothing_skips_all():
    world = forked()
    world.end("f", outcome=Followed(()))
    assert world.states("b", "c", "d", "e") == ["skipped"] * 4
    assert world.run_state() == "success"


def test_a_branch_decides_before_the_rule_of_a_task_below_it():
    world = forked(rule="all_done")
    world.end("f", outcome=Followed(("b",)))
    assert world.state("c") == "skipped"


def test_a_task_that_waits_for_nothing_does_not_wait_for_a_branch():
    world = forked(rule="always")
    assert world.labels == ["c", "f"]
    world.end("f", outcome=Followed(("b",)))
    assert world.state("c") == "queued"


def test_a_failed_branch_fails_what_lies_below_by_rule():
    world = forked()
    world.end("f", outcome=BOOM)
    assert world.states("b", "c") == ["upstream_failed", "upstream_failed"]


def test_a_short_circuit_lets_cleaning_up_run():
    world = World(dag(task("s", kind="short_circuit"), task("b", "s"), task("c", "b", trigger_rule="all_done")))
    world.trigger()
    world.end("s", outcome=Followed(()))
    assert world.states("b", "c") == ["skipped", "queued"]


def test_a_short_circuit_that_lets_through_skips_nothing():
    world = World(dag(task("s", kind="short_circuit"), task("b", "s")))
    world.trigger()
    world.end("s")
    assert world.labels == ["b"]


@pytest.mark.parametrize(
    "rule", ["all_success", "one_success", "none_failed_min_one_success", "one_failed", "all_done"]
)
@pytest.mark.parametrize("chosen", [("z",), ("y",), ()])
@pytest.mark.parametrize("other", ENDS)
def test_a_task_below_a_branch_ends_alike_in_either_order(rule, chosen, other):
    seen = set()
    for order in ("fa", "af"):
        world = World(dag(task("f", kind="branch"), task("a"), task("y", "f"), task("z", "a", "f", trigger_rule=rule)))
        world.trigger()
        for name in order:
            world.end(name, outcome=Followed(chosen) if name == "f" else ENDS[other])
        seen.add("run" if "z" in world.labels else world.state("z"))
    assert len(seen) == 1, seen


def test_one_of_two_branches_that_did_not_choose_it_skips_a_task_before_the_other_has_ended():
    world = World(dag(task("f", kind="branch"), task("g", kind="branch"), task("y", "f"), task("z", "f", "g")))
    world.trigger()
    world.end("f", outcome=Followed(("y",)))
    assert world.state("z") == "skipped"

import pytest

from segue.model.changes import Collapsed, Expanded
from segue.model.commands import Given, Launch, Many, Missing, Stored
from segue.model.events import Skipped, Value
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task


def items(length: int) -> Value:
    return Value(b"list", length=length)


def launched(world: World, label: str) -> Launch:
    return world.alive[world.attempt(label)]


def test_a_map_runs_once_for_each_item_of_a_list_known_at_run_time():
    world = World(dag(task("a"), mapped("b", "a"), task("c", data=("b",))))
    world.trigger()
    world.end("a", outcome=items(3))
    assert world.of(Expanded)[0].length == 3
    assert world.labels == ["b[0]", "b[1]", "b[2]"]
    assert launched(world, "b[2]").inputs == (Given(items(3)),)
    assert launched(world, "b[2]").picks == (2,)
    world.end("b[2]", "b[0]", "b[1]")
    assert launched(world, "c").inputs == (Many("b", 3),)
    world.end("c")
    assert world.run_state() == "success"


def test_a_list_written_in_the_file_needs_no_upstream():
    world = World(dag(mapped("b", 2)))
    world.trigger()
    assert world.labels == ["b[0]", "b[1]"]
    assert (launched(world, "b[1]").inputs, launched(world, "b[1]").picks) == ((), (1,))


def test_zip_pairs_lists_of_equal_length():
    world = World(dag(task("a"), mapped("b", "a", 2)))
    world.trigger()
    world.end("a", outcome=items(2))
    assert launched(world, "b[1]").picks == (1, 1)


def test_zip_of_lists_of_other_lengths_fails_naming_both():
    world = World(dag(task("a"), task("c"), mapped("b", "a", "c"), task("d", "b")))
    world.trigger()
    world.end("a", outcome=items(2))
    world.end("c", outcome=items(3))
    assert world.states("b", "d") == ["failed", "upstream_failed"]
    assert str(world.row("b").why) == "cannot be expanded: lengths differ: a has 2, c has 3"
    assert world.view().culprits == (("b", "cannot be expanded: lengths differ: a has 2, c has 3"),)


def test_a_product_crosses_lists_and_the_last_turns_fastest():
    world = World(dag(task("a"), mapped("b", "a", 3, mode="product")))
    world.trigger()
    world.end("a", outcome=items(2))
    assert [launched(world, f"b[{at}]").picks for at in range(6)] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_more_items_than_are_allowed_fail_naming_the_number():
    world = World(dag(mapped("b", 1000, 101, mode="product")))
    world.trigger()
    assert str(world.row("b").why) == "cannot be expanded: 101000 items, 100000 are allowed"


def test_a_map_over_what_is_no_list_fails():
    world = World(dag(task("a"), mapped("b", "a", 2)))
    world.trigger()
    world.end("a")
    assert str(world.row("b").why) == "cannot be expanded: a gave no list"


def test_a_map_over_nothing_is_held_and_parks_its_run():
    world = World(dag(task("a"), mapped("b", "a"), task("c", "b")))
    world.trigger(day=1)
    world.end("a", outcome=items(0))
    assert world.states("b", "c") == ["held", "pending"]
    assert (world.run_state(), world.view().placed, world.slot(1).state.value) == ("held", False, "held")
    assert str(world.row("b").why) == "nothing to map over: a gave no items"


@pytest.mark.parametrize("empty", ["ok", "warn"])
def test_a_map_over_nothing_is_skipped_where_that_is_allowed(empty):
    world = World(dag(task("a"), mapped("b", "a", empty=empty), task("c", data=("b",), trigger_rule="all_done")))
    world.trigger()
    world.end("a", outcome=items(0))
    assert world.state("b") == "skipped"
    assert launched(world, "c").inputs == (Many("b", 0),)


def test_a_map_over_a_map_waits_for_all_items_and_takes_the_successful_ones():
    world = World(dag(mapped("a", 3), mapped("b", "a", trigger_rule="all_done"), task("c", data=("a", "b"))))
    world.trigger()
    world.end("a[0]")
    world.end("a[2]")
    assert world.labels == ["a[1]"]
    world.end("a[1]", outcome=BOOM)
    assert world.labels == ["b[0]", "b[1]"]
    assert launched(world, "b[1]").inputs == (Stored("a", 2),)
    assert launched(world, "b[1]").picks == (-1,)


def test_a_map_over_a_map_that_expanded_to_nothing_has_no_items():
    world = World(dag(mapped("a", 0, empty="ok"), mapped("b", "a", empty="ok", trigger_rule="all_done")))
    world.trigger()
    assert (world.states("a", "b"), world.run_state()) == (["skipped", "skipped"], "success")


def test_a_map_crossed_with_itself_is_given_the_whole_list():
    world = World(dag(mapped("a", 2), mapped("b", "a", "a", mode="product")))
    world.trigger()
    world.end("a[0]", "a[1]")
    assert launched(world, "b[1]").inputs == (Many("a", 2),)
    assert launched(world, "b[1]").picks == (0, 1)
    assert launched(world, "b[3]").inputs == (Stored("a", 1),)
    assert launched(world, "b[3]").picks == (-1, -1)


@pytest.mark.parametrize("rule", ["always", "one_success", "none_skipped"])
def test_a_map_waits_for_its_lists_whatever_its_rule(rule):
    world = World(dag(task("a"), task("g"), mapped("b", "a", after=("g",), trigger_rule=rule)))
    world.trigger()
    world.end("g")
    assert world.labels == ["a"]
    world.end("a", outcome=items(1))
    assert world.labels == ["b[0]"]


def test_items_count_one_by_one_for_the_rules_below():
    world = World(dag(mapped("a", 3), task("one", "a", trigger_rule="one_failed"), task("all", "a")))
    world.trigger()
    world.end("a[1]", outcome=BOOM)
    assert world.states("one", "all") == ["queued", "upstream_failed"]
    assert str(world.row("all").why) == "upstream a[1] failed"


def test_a_consumer_is_told_which_items_gave_nothing():
    world = World(dag(mapped("a", 4), task("c", data=("a",), trigger_rule="all_done")))
    world.trigger()
    world.end("a[0]", "a[3]")
    world.end("a[1]", outcome=BOOM)
    world.end("a[2]", outcome=Skipped())
    assert launched(world, "c").inputs == (Many("a", 4, (1, 2)),)


def test_a_consumer_that_runs_early_is_told_what_is_there_by_then():
    world = World(dag(mapped("a", 2), task("c", data=("a",), trigger_rule="one_success")))
    world.trigger()
    world.end("a[1]")
    assert launched(world, "c").inputs == (Many("a", 2, (0,)),)


def test_values_travel_with_the_launch_where_they_are_small_and_missing_ones_are_named():
    world = World(
        dag(task("a"), task("b"), task("c"), task("z", data=("a", "b", "c"), trigger_rule="all_done")),
    )
    world.trigger()
    big = Value(bytes(513))
    for label, outcome in (("a", GOOD), ("b", big), ("c", BOOM)):
        world.end(label, outcome=outcome)
    assert launched(world, "z").inputs == (Given(GOOD), Stored("b"), Missing("c", world.row("c").state))


def test_items_below_a_failure_that_came_later_do_not_run():
    world = World(dag(task("g"), mapped("b", 3, after=("g",), max_active=1)))
    world.trigger()
    world.end("g")
    world.retry("g", only=True)
    world.end("b[0]", outcome=BOOM)
    world.end("g", outcome=BOOM)
    assert world.states("b[0]", "b[1]", "b[2]") == ["failed", "upstream_failed", "upstream_failed"]
    assert world.run_state() == "failed"


# ------------------------------------------------------------------------------------------------------------ reopening
def failed_map(rule: str = "all_success") -> World:
    world = World(dag(task("a"), mapped("b", "a", trigger_rule=rule), task("c", data=("b",))))
    world.trigger()
    world.end("a", outcome=items(3))
    world.end("b[0]", "b[2]")
    world.end("b[1]", outcome=BOOM)
    return world


def test_a_map_is_retried_item_by_item():
    world = failed_map()
    world.retry()
    assert world.labels == ["b[1]"]
    world.end("b[1]")
    assert world.labels == ["c"]


def test_a_map_whose_list_is_retried_is_expanded_anew_and_its_attempts_go_on_counting():
    world = failed_map()
    world.retry("b[1]")
    world.end("b[1]", outcome=BOOM)
    world.retry("a")
    assert world.of(Collapsed)[0].round == 3
    world.end("a", outcome=items(2))
    assert world.attempt("b[0]").number == 3
    assert launched(world, "b[1]").round == 3
    world.end("b[0]", "b[1]")
    world.end("c")
    assert world.run_state() == "success"


def test_a_map_that_is_expanded_anew_counts_on_after_a_crash_in_between():
    world = failed_map()
    world.retry("a")
    world.restart()
    world.end("a", outcome=items(2))
    world.restart()
    assert world.attempt("b[0]").number == 2
    world.end("b[0]", "b[1]")
    world.end("c")
    assert world.run_state() == "success"


def test_items_of_a_new_expansion_that_are_not_run_say_their_round():
    world = World(dag(task("a"), task("g"), mapped("b", "a", after=("g",), max_active=1)))
    world.trigger()
    world.end("a", outcome=items(1))
    world.end("g")
    world.end("b[0]")
    world.retry("a")
    world.end("a", outcome=items(2))
    world.cancel()
    assert (world.row("b[1]").state.value, world.row("b[1]").round) == ("cancelled", 2)


def test_the_list_of_a_map_under_way_cannot_be_retried():
    world = World(dag(task("a"), mapped("b", "a")))
    world.trigger()
    world.end("a", outcome=items(2))
    answer = world.retry("a")
    assert (answer.ok, answer.text) == (False, "b has not ended: wait for it, or cancel the run first")


def test_maps_over_maps_are_all_expanded_anew():
    world = World(dag(task("a"), mapped("b", "a"), mapped("c", "b")))
    world.trigger()
    world.end("a", outcome=items(1))
    world.end("b[0]")
    world.end("c[0]", outcome=BOOM)
    world.retry("a")
    assert [one.task for one in world.of(Collapsed)] == ["b", "c"]
    world.end("a", outcome=items(2))
    world.end("b[0]", "b[1]")
    assert world.labels == ["c[0]", "c[1]"]


def test_a_map_that_could_not_be_expanded_is_retried():
    world = World(dag(task("a"), mapped("b", "a")))
    world.trigger()
    world.end("a")
    world.retry("a")
    world.end("a", outcome=items(1))
    world.end("b[0]")
    assert world.run_state() == "success"


def test_a_map_held_for_an_empty_list_is_expanded_anew_when_the_list_is_made_again():
    world = World(dag(task("a"), mapped("b", "a"), task("c"), mapped("h", "c")))
    world.trigger()
    world.end("a", "c", outcome=Value(b"v", length=0))
    assert world.run_state() == "held"
    assert world.retry("a").ok
    world.end("a", outcome=Value(b"v", length=2))
    world.end("b[0]", "b[1]")
    assert world.states("a", "b[0]", "b[1]", "h") == ["success", "success", "success", "held"]

"""What `rerun --failed` and `rerun --from` take over: the plan by itself, then runs made by it."""

from __future__ import annotations

import pytest
from msgspec import structs

from segue.engine.reuse import MAX_TAKEN, ReusePlan, plan_reuse, with_kept_results
from segue.model.acts import RerunRun
from segue.model.changes import AttemptMoved, Expanded, RunCreated, TaskMoved
from segue.model.errors import Refused
from segue.model.events import Followed, Request, Skipped, Value
from segue.model.ids import AttemptKey, Instant
from segue.model.images import RunImage
from segue.model.limits import Limits
from segue.model.spec import DagSpec, ParamSpec, TaskSpec
from segue.model.value import encode
from segue.resolve.graph import Graph
from tests.unit.engine.driver import BOOM, GOOD, World, dag, mapped, task

THREE = Value(b"v", length=3)


def ended(spec: DagSpec, *failing: str, **more: object) -> World:
    """A world in which one run has ended; these tasks or items failed."""
    world = World(spec)
    world.trigger(**more)
    world.play(lambda key: BOOM if key.of.label in failing else THREE)
    return world


def image_of(world: World) -> RunImage:
    found = world.writer.facts(RerunRun(world.last_run), "x").run
    assert found is not None
    return found


def plan(world: World, new: DagSpec | None = None, *cut: str, proven: bool = True, params: bytes = b"") -> ReusePlan:
    old = image_of(world)
    return plan_reuse(old, new or old.spec, params, cut, proven=proven)


def reasons(found: ReusePlan) -> dict[str, str]:
    return {name: str(why) for name, why in found.runs}


def edited(spec: DagSpec, **tasks: dict[str, object]) -> DagSpec:
    """The spec with fields of these tasks replaced; what belongs to their rules goes there."""
    own = {*TaskSpec.__struct_fields__}

    def edit(one: TaskSpec) -> TaskSpec:
        wanted = tasks.get(one.id, {})
        rules = {name: value for name, value in wanted.items() if name not in own}
        fields = {name: value for name, value in wanted.items() if name in own}
        return structs.replace(one, rules=structs.replace(one.rules, **rules), **fields)

    return structs.replace(spec, tasks=tuple(map(edit, spec.tasks)))


ETL = dag(task("extract"), task("clean", data=("extract",)), task("load", "clean"), task("audit", "extract"))


# ------------------------------------------------------------------------------------------------------------ the plan
def test_green_tasks_with_green_upstream_are_taken_over_and_the_rest_runs():
    found = plan(ended(ETL, "clean"))
    assert found.reused == ("extract", "audit")
    assert reasons(found) == {"clean": "it was failed", "load": "it was upstream_failed"}
    assert (found.new, found.gone, found.changed, found.expanded) == ((), (), (), ())
    assert found.summary == "2 reused, 2 run, 0 new, 0 gone"


def test_a_changed_function_runs_with_all_that_is_below_it():
    found = plan(ended(ETL, "audit"), edited(ETL, clean={"function": "new"}))
    assert found.reused == ("extract",)
    assert reasons(found) == {
        "clean": "its function has changed",
        "load": "upstream clean runs",
        "audit": "it was failed",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"arguments": "x=2"}, "its arguments have changed"),
        ({"kind": "branch"}, "its kind changed"),
        ({"trigger_rule": "all_done"}, "its trigger rule changed"),
        ({"connections": ("shop",)}, "its connections changed"),
        ({"secrets": ("key",)}, "its secrets changed"),
        ({"mapped": mapped("x", "extract").mapped}, "what it maps over changed"),
        ({"data": (), "after": ("extract",)}, "its upstream tasks are others"),
        ({"after": ("audit",)}, "its upstream tasks are others"),
    ],
)
def test_what_makes_another_result_runs_and_says_why(change, reason):
    found = plan(ended(ETL, "load"), edited(ETL, clean=change))
    assert reasons(found)["clean"] == reason


@pytest.mark.parametrize(
    "change",
    [
        {"pool": "p", "slots": 2},
        {"timeout": 5},
        {"priority": 3},
        {"owner": "ana"},
        {"tags": ("x",)},
        {"doc": "x"},
        {"line": 7},
        {"group": "g"},
        {"resources": (("memory", 5),)},
        {"allow_failure": True},
    ],
)
def test_what_makes_no_other_result_does_not_count(change):
    found = plan(ended(ETL, "load"), edited(ETL, clean=change))
    assert found.reused == ("extract", "clean", "audit")


def test_a_connection_said_in_another_order_is_the_same():
    spec = dag(task("a", connections=("x", "y")), task("b", "a"))
    assert plan(ended(spec, "b"), edited(spec, a={"connections": ("y", "x")})).reused == ("a",)


def test_new_and_gone_tasks_are_named():
    new = dag(task("extract"), task("clean", data=("extract",)), task("check", "clean"), task("load", "clean", "check"))
    found = plan(ended(ETL), new)
    assert (found.new, found.gone) == (("check",), ("audit",))
    assert found.reused == ("extract", "clean")
    assert reasons(found) == {"load": "its upstream tasks are others"}


def test_a_task_marked_success_has_no_value_and_runs():
    world = ended(ETL, "clean")
    world.mark("clean", "success")
    world.play()
    assert world.states("clean", "load") == ["success", "success"]
    assert reasons(plan(world)) == {"clean": "it was marked success by hand", "load": "upstream clean runs"}


def test_a_task_whose_result_is_gone_runs():
    old = image_of(ended(ETL, "load"))
    without = tuple(structs.replace(one, inline=None) if one.task == "clean" else one for one in old.tasks)
    found = plan_reuse(structs.replace(old, tasks=without), ETL, b"")
    assert reasons(found)["clean"] == "its result is gone"
    assert found.reused == ("extract", "audit")


def test_results_that_retention_may_have_removed_are_gone():
    """Those in the storage, wherever a value refers to it; what lies in the row goes with the row."""
    world = World(ETL)
    world.trigger()
    values = {"extract": b"v", "clean": encode({"table": "values/d/r/clean/-/1-ab"})}
    world.play(
        lambda key: BOOM if key.task == "load" else Value(values.get(key.task), None if key.task in values else b"r")
    )
    old = image_of(world)
    assert old.ended is not None
    young = with_kept_results(old, Instant(old.ended + 9), 10)
    assert (young, plan_reuse(young, ETL, b"").reused) == (old, ("extract", "clean", "audit"))
    found = plan_reuse(with_kept_results(old, Instant(old.ended + 10), 10), ETL, b"")
    assert found.reused == ("extract",)
    assert reasons(found) == {
        "clean": "its result is gone", "load": "it was failed", "audit": "its result is gone",
    }  # fmt: skip


def test_a_rerun_runs_what_retention_may_have_removed():
    world = World(ETL)
    world.trigger()
    world.play(lambda key: BOOM if key.task == "load" else Value(None, b"r"))
    world.now = Instant(world.now + Limits().results)
    assert "0 reused" in world.rerun(failed=True).text


def test_a_run_that_was_cut_off_before_its_tasks_began_runs_them():
    world = World(ETL)
    world.trigger()
    world.end("extract")
    world.cancel()
    world.play()
    old = structs.replace(image_of(world), tasks=image_of(world).tasks[:1])
    assert reasons(plan_reuse(old, ETL, b""))["load"] == "it was pending"


def test_a_held_task_runs():
    world = World(dag(task("a"), mapped("b", "a")))
    world.trigger()
    world.end("a", outcome=Value(b"v", length=0))
    assert world.state("b") == "held"
    assert reasons(plan(world)) == {"b": "it was held"}


# ---------------------------------------------------------------------------------------------------------- the words
def test_the_tasks_that_from_names_run_with_all_below_and_others_are_taken_over_although_they_differ():
    found = plan(ended(ETL), edited(ETL, extract={"function": "new"}), "clean", proven=False)
    assert found.reused == ("extract", "audit")
    assert found.changed == ("extract",)
    assert reasons(found) == {"clean": "--from names it", "load": "upstream clean runs"}


def test_from_a_group_means_all_its_tasks():
    spec = edited(ETL, clean={"group": "g"}, audit={"group": "g"})
    assert [name for name, _ in plan(ended(spec), None, "group:g", proven=False).runs] == ["clean", "load", "audit"]


def test_what_from_leaves_must_be_green_all_the_same():
    assert reasons(plan(ended(ETL, "audit"), None, "load", proven=False)) == {
        "load": "--from names it",
        "audit": "it was failed",
    }


def test_failed_and_from_together_run_what_either_runs():
    found = plan(ended(ETL), edited(ETL, audit={"function": "new"}), "clean")
    assert [name for name, _ in found.runs] == ["clean", "load", "audit"]


def test_from_a_task_that_is_not_there_is_refused():
    with pytest.raises(Refused, match="--from nix: there is no such task"):
        plan(ended(ETL), None, "nix")


# --------------------------------------------------------------------------------------------------------- the params
def with_param(default: object, name: str = "n") -> DagSpec:
    return structs.replace(ETL, params=(ParamSpec(name, "int", encode(default)),))


@pytest.mark.parametrize("proven", [True, False])
def test_with_other_params_nothing_is_taken_over(proven):
    world = ended(with_param(1), "load", params=encode({"n": 2}))
    found = plan(world, None, "load", params=encode({"n": 3}), proven=proven)
    assert found.reused == ()
    assert reasons(found)["extract"] == "params have changed: n"


def test_a_changed_default_is_another_value_where_nothing_was_given():
    world = ended(with_param(1), "load")
    assert plan(world, with_param(2)).reused == ()
    assert plan(world, with_param(True)).reused == (), "1 and True are not the same"
    assert plan(world, with_param(1)).reused == ("extract", "clean", "audit")


def test_a_default_that_is_given_is_the_same_value():
    world = ended(with_param(1), "load")
    assert plan(world, params=encode({"n": 1})).reused == ("extract", "clean", "audit")
    assert plan(world, with_param(5), params=encode({"n": 1})).reused == ("extract", "clean", "audit")


def test_a_param_that_came_or_went_is_a_change():
    world = ended(with_param(1), "load")
    assert reasons(plan(world, with_param(1, "m")))["extract"] == "params have changed: m, n"


def test_params_that_cannot_be_read_are_a_change():
    found = plan(ended(with_param(1), "load"), params=b"\xff")
    assert reasons(found)["extract"] == "params have changed: they cannot be read"


# ----------------------------------------------------------------------------------------------- branches and skipped
FORK = dag(
    task("pick", kind="branch"),
    task("left", "pick"),
    task("right", "pick"),
    task("join", "left", "right", trigger_rule="none_failed"),
    task("end", "join"),
)


def chosen(*failing: str, ids: tuple[str, ...] = ("left",)) -> World:
    world = World(FORK)
    world.trigger()
    world.play(lambda key: Followed(ids, GOOD) if key.task == "pick" else BOOM if key.task in failing else GOOD)
    return world


def test_a_choice_is_taken_over_with_what_it_skipped():
    found = plan(chosen("end"))
    assert found.reused == ("pick", "left", "right", "join")
    assert [(one.task, one.state.value, one.followed) for one in found.taken[:3]] == [
        ("pick", "success", ("left",)),
        ("left", "success", None),
        ("right", "skipped", None),
    ]


def test_a_skipped_task_that_never_began_may_have_other_code():
    assert "right" in plan(chosen("end"), edited(FORK, right={"function": "new"})).reused


def test_a_task_that_skipped_itself_may_not():
    world = World(FORK)
    world.trigger()
    world.play(
        lambda key: Followed(("left",), GOOD) if key.task == "pick" else Skipped("x") if key.task == "left" else GOOD
    )
    assert world.states("left", "join") == ["skipped", "success"]
    assert "left" in plan(world).reused
    assert reasons(plan(world, edited(FORK, left={"function": "new"}))) == {
        "left": "its function has changed",
        "join": "upstream left runs",
        "end": "upstream join runs",
    }


def test_a_branch_whose_choice_does_not_follow_it_any_more_runs():
    new = dag(FORK.tasks[0], FORK.tasks[2], task("left"), *FORK.tasks[3:])
    assert reasons(plan(chosen("end"), new))["pick"] == "it chose left, which does not follow it any more"
    without = dag(FORK.tasks[0], FORK.tasks[2])
    assert reasons(plan(chosen("end"), without))["pick"] == "it chose left, which does not follow it any more"


def test_what_a_failure_had_skipped_is_decided_again():
    spec = dag(task("a"), task("alarm", "a", trigger_rule="one_failed"), task("b", "a"))
    found = plan(ended(spec, "b"), edited(spec, a={"function": "new"}))
    assert reasons(found)["alarm"] == "upstream a runs"
    assert "alarm" in plan(ended(spec, "b")).reused


# -------------------------------------------------------------------------------------------------------------- mapped
FAN = dag(task("list"), mapped("item", "list"), task("sum", data=("item",)), task("free", "list"))


def test_a_mapped_task_is_taken_over_item_by_item():
    found = plan(ended(FAN, "item[1]"))
    assert [(one.task, one.index) for one in found.taken] == [
        ("list", None), ("item", 0), ("item", 2), ("free", None),
    ]  # fmt: skip
    assert found.expanded == (("item", 3),)
    assert found.reused == ("list", "free")
    assert reasons(found) == {"item": "1 of its 3 items run", "sum": "it was upstream_failed"}


def test_one_item_that_runs_is_enough_for_all_below_it():
    spec = dag(task("list"), mapped("item", "list", allow_failure=True), task("sum", "item", trigger_rule="all_done"))
    assert reasons(plan(ended(spec, "item[1]"))) == {"item": "1 of its 3 items run", "sum": "upstream item runs"}


def test_a_mapped_task_that_is_done_is_taken_over_whole():
    found = plan(ended(FAN, "sum"))
    assert found.reused == ("list", "item", "free")
    assert found.expanded == (("item", 3),)


def test_a_mapped_task_with_other_code_is_expanded_anew():
    found = plan(ended(FAN, "sum"), edited(FAN, item={"function": "new"}))
    assert found.expanded == ()
    assert reasons(found)["item"] == "its function has changed"


def test_items_below_a_list_that_runs_are_not_taken_over():
    found = plan(ended(FAN, "item[1]"), edited(FAN, list={"function": "new"}))
    assert (found.taken, found.expanded) == ((), ())
    assert reasons(found)["item"] == "upstream list runs"


def test_a_mapped_task_of_which_no_item_is_good_is_expanded_anew():
    found = plan(ended(FAN, "item[0]", "item[1]", "item[2]"))
    assert (found.expanded, found.reused) == ((), ("list", "free"))
    assert reasons(found)["item"] == "3 of its 3 items run"


def test_an_item_that_was_marked_runs():
    world = ended(FAN, "item[1]")
    world.mark("item[1]", "success")
    assert reasons(plan(world))["item"] == "1 of its 3 items run"


def test_a_list_of_another_length_in_the_file_is_another_map():
    old, new = (dag(mapped("item", length), task("end", "item")) for length in (2, 3))
    assert reasons(plan(ended(old, "end"), new))["item"] == "what it maps over changed"


@pytest.mark.parametrize(("items", "fits"), [(MAX_TAKEN - 2, True), (MAX_TAKEN - 1, False)])
def test_more_than_one_run_may_take_over_is_refused(items, fits):
    old = image_of(ended(FAN, "sum"))
    done = next(one for one in old.tasks if one.index == 0)
    rows = (structs.replace(done, index=at) for at in range(items))
    kept = (structs.replace(one, expanded=one.expanded and items) for one in old.tasks if one.index is None)
    old = structs.replace(old, tasks=(*kept, *rows))
    if fits:
        assert len(plan_reuse(old, FAN, b"").taken) == MAX_TAKEN
    else:
        with pytest.raises(Refused, match="100001 tasks and items would be taken over, 100000 are allowed"):
            plan_reuse(old, FAN, b"")


# ------------------------------------------------------------------------------------------------------------- renamed
def test_a_renamed_task_and_what_names_it_keep_their_results():
    old = dag(
        task("load"),
        TaskSpec("clean", data=("load",), arguments="rows=@load"),
        mapped("each", "load"),
        task("end", "clean"),
    )
    new = dag(
        TaskSpec("fetch", renamed_from="load"),
        TaskSpec("clean", data=("fetch",), arguments="rows=@fetch"),
        mapped("each", "fetch"),
        task("end", "clean"),
    )
    found = plan(ended(old, "end"), new)
    assert found.reused == ("fetch", "clean", "each")
    assert (found.new, found.gone) == ((), ())
    assert found.taken[0].task == "fetch"


def test_a_name_that_only_begins_like_the_renamed_task_is_left_alone():
    old = dag(task("a"), task("ab"), TaskSpec("c", data=("a", "ab"), arguments="x=@a, y=@ab"), task("end", "c"))
    new = dag(
        TaskSpec("b", renamed_from="a"), task("ab"),
        TaskSpec("c", data=("b", "ab"), arguments="x=@b, y=@ab"), task("end", "c"),
    )  # fmt: skip
    assert "c" in plan(ended(old, "end"), new).reused


def test_a_renamed_choice_goes_by_its_new_name():
    new = edited(FORK, left={"id": "west", "renamed_from": "left"}, join={"after": ("west", "right")})
    found = plan(chosen("end"), new)
    assert found.taken[0].followed == ("west",)
    assert found.reused == ("pick", "west", "right", "join")


def test_a_name_that_is_still_there_was_not_renamed():
    old = dag(task("a"), task("b", "a"))
    found = plan(ended(old, "b"), dag(task("a"), TaskSpec("new", renamed_from="a"), task("b", "a")))
    assert found.new == ("new",)


def test_a_former_name_that_nobody_knows_makes_a_new_task():
    found = plan(ended(dag(task("a"))), dag(TaskSpec("new", renamed_from="old")))
    assert (found.new, found.gone) == (("new",), ("a",))


# ------------------------------------------------------------------------------------------------------------ setups
CLUSTER = dag(
    task("start", kind="setup"),
    task("one", "start"),
    task("two", data=("one",)),
    task("stop", "start", "two", kind="teardown"),
    task("report", "two"),
)


def test_a_green_setup_runs_again_for_what_runs_inside_and_green_tasks_inside_stay_green():
    found = plan(ended(CLUSTER, "two"))
    assert found.reused == ("one",)
    assert reasons(found) == {
        "start": "two needs it",
        "two": "it was failed",
        "stop": "upstream two runs",
        "report": "it was upstream_failed",
    }


def test_a_setup_stays_where_nothing_inside_runs():
    assert reasons(plan(ended(CLUSTER, "report"))) == {"report": "it was failed"}


def test_a_failed_teardown_runs_alone():
    assert reasons(plan(ended(CLUSTER, "stop"))) == {"stop": "it was failed"}


def test_a_changed_setup_makes_all_inside_run():
    found = plan(ended(CLUSTER, "report"), edited(CLUSTER, start={"function": "new"}))
    assert [name for name, _ in found.runs] == ["start", "one", "two", "stop", "report"]


def test_what_maps_over_a_setup_that_runs_again_runs():
    spec = dag(
        task("start", kind="setup"),
        mapped("item", "start"),
        task("end", "item"),
        task("stop", "start", "end", kind="teardown"),
    )
    found = plan(ended(spec, "end"))
    assert reasons(found)["item"] == "upstream start runs"


def test_a_setup_inside_another_wakes_it_too():
    spec = dag(
        task("outer", kind="setup"),
        task("inner", "outer", kind="setup"),
        task("work", "inner"),
        task("undo", "inner", "work", kind="teardown"),
        task("close", "outer", "undo", kind="teardown"),
    )
    found = plan(ended(spec, "work"))
    assert reasons(found)["inner"] == "work needs it"
    assert "needs it" in reasons(found)["outer"]


def test_a_setup_below_one_that_runs_again_is_no_longer_the_same_environment():
    spec = dag(
        task("first", kind="setup"),
        task("user", "first"),
        task("undo", "first", "user", kind="teardown"),
        task("between", "first"),
        task("second", "between", kind="setup"),
        task("bad", "second"),
        task("good", "second"),
        task("close", "second", "bad", "good", kind="teardown"),
    )
    found = reasons(plan(ended(spec, "user", "bad")))
    assert (found["second"], found["good"]) == ("upstream between runs", "upstream second runs")


def test_a_graph_that_is_there_already_is_used():
    world = ended(ETL, "clean")
    assert plan_reuse(image_of(world), ETL, b"", graph=Graph(ETL)) == plan(world)


# ---------------------------------------------------------------------------------------------------------- real runs
def test_a_failed_task_is_fixed_and_only_what_failed_runs():
    world = ended(ETL, "clean")
    old = world.last_run
    world.define(edited(ETL, clean={"function": "fixed"}))
    answer = world.rerun(failed=True)
    assert (answer.ok, answer.text) == (True, "d@manual-0.2 is queued: 2 reused, 2 run, 0 new, 0 gone")
    world.last_run = answer.run
    assert world.labels == ["clean"]
    assert world.states("extract", "audit") == ["success", "success"]
    assert world.row("extract").reused_from == str(old)
    assert world.row("clean").reused_from is None
    launch = world.alive[world.attempt("clean")]
    assert launch.inputs[0].value.inline == b"v", "the value of the old run"
    world.play()
    assert world.run_state() == "success"
    assert {key.of.label for key in begun(world, answer.run)} == {"clean", "load"}


def begun(world: World, run) -> list[AttemptKey]:
    return [
        one.key for one in world.history if isinstance(one, AttemptMoved) and one.old is None and one.key.run == run
    ]


def test_all_that_is_taken_over_is_in_the_transaction_that_makes_the_run():
    world = ended(FAN, "item[1]")
    world.rerun(failed=True)
    kinds = [type(one) for one in world.changes if isinstance(one, RunCreated | Expanded | TaskMoved)]
    assert kinds[:6] == [RunCreated, Expanded, *[TaskMoved] * 4]


def test_the_items_that_are_left_run_with_their_numbers_and_what_follows_sees_all():
    world = ended(FAN, "item[1]")
    world.last_run = world.rerun(failed=True).run
    assert world.labels == ["item[1]"]
    world.restart()
    assert world.labels == ["item[1]"]
    world.end("item[1]")
    assert world.alive[world.attempt("sum")].inputs[0].items == 3
    world.play()
    assert world.run_state() == "success"


def test_a_choice_that_was_taken_over_still_counts_after_a_restart():
    world = chosen("left")
    world.last_run = world.rerun(failed=True).run
    world.restart()
    assert world.labels == ["left"]
    assert world.state("right") == "skipped"
    world.play()
    assert world.states("join", "end") == ["success", "success"]


def test_a_run_that_was_made_by_a_rerun_can_be_rerun():
    world = ended(ETL, "clean")
    world.last_run = world.rerun(failed=True).run
    world.play(lambda key: BOOM)
    world.last_run = world.rerun(failed=True).run
    assert world.labels == ["clean"]
    assert world.row("extract").reused_from is not None


def test_a_task_that_was_taken_over_can_be_retried_by_name():
    world = ended(ETL, "clean")
    world.last_run = world.rerun(failed=True).run
    world.play()
    assert world.retry("audit").ok
    assert world.labels == ["audit"]
    world.play()
    assert world.run_state() == "success"


def test_with_from_the_cut_runs():
    world = ended(ETL)
    answer = world.rerun(cut=("load",))
    world.last_run = answer.run
    assert world.labels == ["load"]
    assert world.view().row.reason == "rerun of d@manual-0 --from load"


def test_nothing_to_run_is_refused():
    world = ended(ETL)
    answer = world.rerun(failed=True)
    assert not answer.ok
    assert answer.text.startswith("nothing to run: all tasks of d@manual-0 are done and unchanged")


def test_a_task_that_came_is_enough_to_run():
    world = ended(dag(task("a")))
    world.define(dag(task("a"), task("b", "a")))
    world.last_run = world.rerun(failed=True).run
    assert world.labels == ["b"]


def test_a_word_that_names_nothing_refuses_the_rerun_and_stops_nothing():
    world = World(ETL)
    world.trigger()
    assert not world.rerun(cut=("nix",), replace=True).ok
    assert world.view().cancel_at is None


def test_with_replace_what_is_green_so_far_is_taken_over():
    world = World(ETL)
    world.trigger(day=3)
    world.end("extract")
    answer = world.rerun(failed=True, replace=True)
    assert answer.ok
    assert answer.text.endswith(": 1 reused, 3 run, 0 new, 0 gone")


def test_the_same_rerun_asked_for_twice_is_one_and_another_is_another():
    world = ended(ETL, "clean")
    first = world.rerun(failed=True).run
    assert world.rerun(failed=True, run=world.last_run).run == first
    assert world.rerun(cut=("clean",), run=world.last_run).run != first


def test_a_rerun_is_of_the_class_by_name():
    world = World(ETL)
    world.trigger(day=3)
    world.make_scheduled(world.last_run)
    world.play(lambda key: BOOM)
    world.last_run = world.rerun(failed=True).run
    assert world.view().row.klass == 0


def test_of_a_run_that_the_store_does_not_know_yet_nothing_can_be_taken_over():
    world = World(ETL)
    run = world.trigger()
    asked = Request("late", "ana", RerunRun(run, failed=True, replace=True))
    (answer,) = world.engine.step(Instant(world.now), [asked]).changes
    assert (answer.ok, answer.text) == (False, f"{run} has done nothing yet that could be taken over")

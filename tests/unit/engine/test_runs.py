from segue.model.changes import RunCreated, RunMoved
from segue.model.commands import Launch
from segue.model.events import Request, Skipped
from segue.model.images import Snapshot
from tests.unit.engine.driver import BOOM, GOOD, NOBODY, STOPPED, World, dag, task, wanted


def test_a_run_whose_tasks_succeed_succeeds_in_order():
    world = World(dag(task("a"), task("b", "a"), task("c", data=("b",))))
    world.trigger()
    assert world.run_state() == "running"
    for name in "abc":
        assert world.labels == [name]
        world.end(name)
    assert world.run_state() == "success"
    assert str(world.view().why) == "every task is done"


def test_a_failed_task_fails_its_run_and_names_its_culprit():
    world = World(dag(task("a"), task("b", "a"), task("clean", "b", trigger_rule="all_done")))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.end("clean")
    assert world.states("a", "b", "clean") == ["failed", "upstream_failed", "success"]
    assert world.run_state() == "failed"
    assert world.view().culprits == (("a", "boom"),)


def test_a_culprit_is_a_failed_task_with_no_failed_upstream():
    world = World(dag(task("a"), task("b", "a", trigger_rule="all_done"), task("x")))
    world.trigger()
    world.play(lambda key: BOOM)
    assert [name for name, _ in world.view().culprits] == ["a", "x"]


def test_a_failure_that_is_allowed_leaves_the_run_green():
    world = World(dag(task("a", allow_failure=True), task("b", "a", trigger_rule="all_done")))
    world.trigger()
    world.end("a", outcome=BOOM)
    world.end("b")
    assert world.state("a") == "failed"
    assert world.run_state() == "success"


def test_an_allowed_failure_excuses_no_other_failure():
    world = World(dag(task("a", allow_failure=True), task("b", "a", trigger_rule="all_done")))
    world.trigger()
    world.play(lambda key: BOOM)
    assert world.view().culprits == (("b", "boom"),)


def test_a_run_whose_every_leaf_was_skipped_shows_its_slot_as_skipped():
    world = World(dag(task("a"), task("b", "a")))
    world.trigger(day=3)
    world.end("a", outcome=Skipped("nothing new"))
    assert world.states("a", "b") == ["skipped", "skipped"]
    assert str(world.row("a").why) == "nothing new"
    assert (world.run_state(), world.slot(3).state.value) == ("success", "skipped")


def test_a_slot_shows_the_state_of_its_run():
    world = World(dag(task("a")))
    for day, outcome, shown in ((1, GOOD, "fresh"), (2, BOOM, "failed")):
        world.trigger(day=day)
        assert world.slot(day).state.value == "running"
        world.end("a", outcome=outcome)
        assert world.slot(day).state.value == shown


def test_a_run_takes_its_place_with_its_first_attempt():
    world = World(dag(task("a")), workers=0)
    world.trigger()
    assert (world.run_state(), world.view().placed, world.labels) == ("queued", False, [])
    world.capacity = type(world.capacity)(1)
    world.send(world.capacity)
    assert (world.run_state(), world.view().placed, world.labels) == ("running", True, ["a"])


def test_a_launch_names_its_run_and_its_round():
    world = World(dag(task("a"), file="f.py", location="home", timezone="Europe/Rome"))
    run = world.trigger(day=2, params=b"p")
    (launch,) = world.of(Launch)
    assert (launch.brief.run, launch.brief.bundle, launch.brief.file, launch.brief.params) == (run, "b", "f.py", b"p")
    assert (launch.round, launch.tries, launch.task.id) == (1, 0, "a")


def test_a_trigger_of_an_unknown_dag_is_refused():
    answer = World().ask(wanted("nope"))
    assert (answer.ok, answer.text) == (False, "there is no DAG nope")


def test_a_dag_without_tasks_is_not_run():
    answer = World(dag()).ask(wanted())
    assert (answer.ok, answer.text) == (False, "DAG d has no tasks")


def test_the_same_request_twice_is_one_run():
    world = World(dag(task("a")))
    first = world.ask(wanted(), id="same")
    assert world.ask(wanted(), id="same") is None
    assert first.ok
    assert len(world.store.runs) == 1


def test_the_same_request_twice_in_one_turn_is_one_run():
    world = World(dag(task("a")))
    request = Request("same", "ana", wanted())
    world.send(request, request)
    assert len(world.of(RunCreated)) == 1


def test_equal_triggers_of_a_slot_fold_into_one_run():
    world = World(dag(task("a")))
    first = world.trigger(day=1)
    answer = world.ask(wanted(day=1))
    assert (answer.run, answer.text) == (first, "d@day-1 is already asked for")


def test_triggers_of_a_slot_with_other_params_are_two_runs_and_the_second_waits():
    world = World(dag(task("a"), max_active_runs=5))
    first = world.trigger(day=1)
    second = world.trigger(day=1, params=b"other")
    assert (second.n, world.run_state(second)) == (2, "queued")
    assert world.why(run=second) == "waits: d@day-1 is running for the same interval"
    world.end("a", run=first)
    assert world.run_state(second) == "running"


def test_triggers_without_interval_are_runs_of_their_own():
    world = World(dag(task("a")))
    assert world.trigger() != world.trigger()
    assert world.labels == ["a", "a"]


def test_two_triggers_of_a_slot_in_one_turn_get_numbers_of_their_own():
    world = World(dag(task("a")))
    world.send(Request("p", "ana", wanted(day=1, params=b"p")), Request("q", "ana", wanted(day=1, params=b"q")))
    assert [str(one.row.run) for one in world.of(RunCreated)] == ["d@day-1", "d@day-1.2"]


def test_replace_cancels_the_active_run_of_the_slot_first():
    world = World(dag(task("a")))
    first = world.trigger(day=1)
    second = world.trigger(day=1, replace=True)
    assert world.run_state(second) == "queued"
    world.end("a", outcome=STOPPED, run=first)
    assert (world.run_state(first), world.run_state(second)) == ("cancelled", "running")


def test_a_run_waits_for_the_place_that_an_interrupted_run_holds():
    world = World(dag(task("a")))
    world.trigger(day=1)
    world.restart(NOBODY)
    answer = world.ask(wanted(day=1))
    assert not answer.ok
    assert "d@day-1 was interrupted" in answer.text


def test_as_many_runs_hold_a_place_as_are_allowed_and_the_oldest_waits_least():
    world = World(dag(task("a"), schedule=("calendar", "daily", 0, 0), max_active_runs=2))
    late, early, middle = (world.trigger(day=day) for day in (9, 1, 5))
    assert [world.run_state(run) for run in (late, early, middle)] == ["running", "running", "queued"]
    early_too = world.trigger(day=2)
    assert "2 of 2 runs of d are active (max_active_runs)" in world.why(run=middle)
    world.end("a", run=late)
    assert (world.run_state(early_too), world.run_state(middle)) == ("running", "queued")


def test_a_scheduled_dag_runs_one_interval_at_a_time():
    world = World(dag(task("a"), schedule=("calendar", "daily", 0, 0)))
    first, second = world.trigger(day=1), world.trigger(day=2)
    assert (world.run_state(first), world.run_state(second)) == ("running", "queued")


def test_a_run_that_waits_for_a_retry_keeps_its_place():
    world = World(dag(task("a", retries=1), max_active_runs=1))
    world.trigger(day=1)
    world.end("a", outcome=BOOM)
    second = world.trigger(day=2)
    assert world.run_state(second) == "queued"


def test_rerun_makes_a_new_run_of_the_slot_with_the_newest_code():
    world = World(dag(task("a")))
    first = world.trigger(day=1, params=b"p")
    world.end("a")
    world.define(dag(task("a"), task("b", "a")))
    answer = world.rerun()
    assert (answer.run.n, world.view(answer.run).row.version) == (2, 2)
    assert world.view(answer.run).row.slot == world.view(first).row.slot
    assert world.view(answer.run).row.params == b"p"
    assert world.view(answer.run).row.reason == "rerun of d@day-1"


def test_rerun_takes_other_params_where_they_are_given():
    world = World(dag(task("a")))
    world.trigger(params=b"p")
    world.end("a")
    assert world.view(world.rerun(params=b"q").run).row.params == b"q"


def test_equal_reruns_fold_into_one_run():
    world = World(dag(task("a")))
    world.trigger()
    world.end("a")
    first = world.rerun()
    again = world.rerun()
    assert (again.run, again.ok) == (first.run, True)
    assert len(world.store.runs) == 2


def test_rerun_of_a_live_run_is_refused_unless_it_is_replaced():
    world = World(dag(task("a")))
    first = world.trigger()
    assert "has not ended" in world.rerun().text
    second = world.rerun(replace=True).run
    world.end("a", outcome=STOPPED, run=first)
    world.end("a", run=second)
    assert (world.run_state(first), world.run_state(second)) == ("cancelled", "success")


def test_rerun_with_replace_takes_up_an_interrupted_run_to_cancel_it():
    world = World(dag(task("a")))
    first = world.trigger(day=1)
    world.restart(NOBODY)
    second = world.rerun(replace=True).run
    assert (world.run_state(first), world.run_state(second)) == ("cancelled", "running")


def test_rerun_of_an_unknown_run_is_refused():
    world = World(dag(task("a")))
    run = world.trigger()
    answer = world.rerun(run._replace(n=7))
    assert (answer.ok, answer.text) == (False, f"there is no run {run}.7")


def test_rerun_works_for_a_dag_that_memory_does_not_have():
    world = World(dag(task("a")))
    world.trigger()
    world.end("a")
    world.take_over(Snapshot(world.store.fence_key))
    assert world.rerun().ok


def test_a_new_version_does_not_touch_live_runs():
    world = World(dag(task("a"), task("b", "a")))
    run = world.trigger()
    world.define(dag(task("z")), bundle="other")
    world.end("a", run=run)
    (launch,) = world.of(Launch)
    assert (launch.task.id, launch.brief.bundle) == ("b", "b")
    assert world.view(run).row.version == 1
    world.trigger()
    assert world.view().row.version == 2


def test_a_run_moves_as_often_as_it_has_something_to_say():
    world = World(dag(task("a")))
    world.trigger()
    world.end("a")
    moves = [(one.old.value, one.new.value) for one in world.history if isinstance(one, RunMoved)]
    assert moves == [("queued", "running"), ("running", "success")]


def test_an_idle_engine_writes_nothing_and_asks_for_nothing():
    world = World(dag(task("a")))
    world.trigger()
    world.send()
    assert (world.changes, world.commands, world.wake_at) == ([], [], None)

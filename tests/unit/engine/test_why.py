from segue.model.events import LostCause
from tests.unit.engine.driver import BOOM, NOBODY, World, dag, mapped, task


def started(*tasks, workers=100, **options) -> World:
    world = World(dag(*tasks, **options), workers=workers)
    world.trigger(day=1)
    return world


def test_what_the_engine_does_not_hold_has_no_reason():
    world = started(task("a"), mapped("m", 2))
    assert world.engine.why(NOBODY) is None
    assert world.engine.why(world.last_run._replace(n=5)) is None
    assert world.engine.why(world.last_run, "z") is None
    assert world.engine.why(world.last_run, "m", 2) is None


def test_a_task_waits_for_upstream_and_names_what_is_left():
    world = started(task("a"), mapped("m", 3), task("p"), task("q"), task("z", "a", "m", "p", "q"))
    world.end("m[1]")
    assert world.why("z") == "waits for a (queued), 2 of m, p (queued), and 1 more"


def test_a_mapped_task_waits_for_its_list():
    world = started(task("a"), task("g"), mapped("m", "a", after=("g",), trigger_rule="one_success"))
    world.end("g")
    assert world.why("m") == "waits for a (queued)"


def test_a_queued_and_a_running_task_say_so():
    world = started(task("a"))
    assert world.why("a") == "is queued behind other work of a worker"
    world.start("a")
    assert world.why("a") == "is running, attempt 1"
    assert world.why() == "is running: 1 attempts are alive"


def test_a_task_waits_for_its_delay():
    world = started(task("a", retries=3))
    world.end("a", outcome=BOOM)
    world.wait(10)
    world.send()
    assert world.why("a") == "waits 20.0 s before attempt 2 of 4"
    assert world.why() == "waits 20.0 s before attempt 2 of 4"


def test_a_lost_task_waits_too():
    world = started(task("a"))
    world.lose("a", LostCause.SIGNAL)
    assert world.why("a") == "waits 10.0 s after it was lost"


def test_a_task_waits_for_a_worker():
    world = started(task("a"), task("b"), workers=1)
    assert world.why("b") == "waits for a free worker (1 of 1 busy)"


def test_no_more_workers_are_called_busy_than_there_are():
    world = World(dag(mapped("a", 9)), workers=1, depth=2)
    world.trigger()
    assert world.why("a[8]") == "waits for a free worker (1 of 1 busy)"


def test_a_task_waits_for_a_limit_of_its_own_or_of_its_dag():
    world = started(mapped("a", 2, max_active=1), mapped("b", 4), max_active_tasks=3)
    assert world.why("a[1]") == "waits: 1 of 1 runs of task a are active (max_active)"
    assert world.why("b[3]") == "waits: 3 of 3 tasks of DAG d are active (max_active_tasks)"


def test_a_run_without_place_and_its_tasks_name_the_runs_that_hold_it():
    world = started(task("a"), max_active_runs=1)
    second = world.trigger(day=2)
    text = "waits: 1 of 1 runs of d are active (max_active_runs): d@day-1"
    assert (world.why(run=second), world.why("a", second)) == (text, text)


def test_a_held_task_says_what_it_waits_for_and_so_do_its_run_and_what_lies_below():
    world = started(mapped("a", 0), task("b", "a"))
    text = "is held: nothing to map over: x0 gave no items; `segue release d@day-1 a --reason …` lets it go, "
    assert world.why("a") == f"{text}`segue reject …` fails it"
    assert world.why() == "is held: a"
    assert world.why("b") == "waits for a (held)"


def test_a_cancelled_run_and_its_tasks_say_so():
    world = started(task("a"))
    world.cancel()
    assert (world.why(), world.why("a")) == ("is being cancelled", "is being cancelled")


def test_an_ended_task_says_how():
    world = started(task("a"), mapped("m", 1), task("b"))
    world.end("a", outcome=BOOM)
    world.end("m[0]")
    assert world.why("a") == "has ended: failed"
    assert world.why("m[0]") == "has ended: success"
    assert world.why("m") == "has ended: all its items have ended"


def test_a_mapped_task_speaks_for_its_first_item_under_way():
    world = started(mapped("m", 2))
    world.end("m[0]")
    world.start("m[1]")
    assert world.why("m") == "is running, attempt 1"


def test_asking_why_changes_nothing():
    world = started(task("a"), mapped("m", 3, max_active=1), task("b", "a"), workers=1)
    before = [world.why(label) for label in ("a", "m", "m[2]", "b")]
    assert [world.why(label) for label in ("a", "m", "m[2]", "b")] == before
    world.send()
    assert world.changes == []

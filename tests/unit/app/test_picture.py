from segue.app.picture import Picture
from segue.model.changes import Collapsed, Expanded, RunCreated, RunMoved, Spawned, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow, Step
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.views import RunDetail, RunView, TaskView
from segue.model.why import Why

S = TaskState
RUN = RunKey("d", "2026-04-01", 1)
MAPPED = MapSpec("zip", (Over("x", "a"),))
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("m", data=("a",), mapped=MAPPED), TaskSpec("z", data=("m",))))


def created(run=RUN):
    return RunCreated(RunRow(run, "r1", 1), Instant(0))


def run_moved(old, new, at, **more):
    return RunMoved(RUN, old, new, Instant(at), Why("dispatched"), **more)


def moved(task, old, new, at, index=None, **more):
    return TaskMoved(RUN, task, index, old, new, Instant(at), more.pop("why", Why("done")), **more)


def pictured(*changes):
    picture = Picture({"d": SPEC})
    picture.apply((created(), *changes))
    return picture.runs[RUN]


def test_a_new_run_waits_whole():
    run = pictured()
    assert run.state is RunState.QUEUED
    assert run.tally == {S.PENDING: 3}


def test_a_call_of_a_flow_is_one_more_task():
    step = Step(TaskSpec("load#1"), "flows:load", b"", None, b"")
    run = pictured(Spawned(RUN, 1, step, Instant(1)), moved("load#1", S.PENDING, S.QUEUED, 5))
    assert (run.tasks["load#1"].state, run.tasks["load#1"].place) == (S.QUEUED, 3)
    assert +run.tally == {S.PENDING: 3, S.QUEUED: 1}


def test_a_task_shows_when_its_code_began_and_ended():
    run = pictured(
        moved("a", S.PENDING, S.QUEUED, 5), moved("a", S.QUEUED, S.RUNNING, 9), moved("a", S.RUNNING, S.SUCCESS, 20)
    )
    task = run.tasks["a"]
    assert (task.state, task.started, task.ended) == (S.SUCCESS, 9, 20)
    assert +run.tally == {S.SUCCESS: 1, S.PENDING: 2}


def test_a_task_that_began_and_ended_within_a_turn_shows_when_it_began():
    run = pictured(moved("a", S.QUEUED, S.SUCCESS, 20, began=Instant(7)))
    assert (run.tasks["a"].started, run.tasks["a"].ended) == (7, 20)


def test_retries_are_counted_and_say_why():
    run = pictured(
        moved("a", S.QUEUED, S.UP_FOR_RETRY, 20, began=Instant(7), tries=1, why=Why("failed", ("disk on fire",)))
    )
    task = run.tasks["a"]
    assert (task.retries, task.attempt, task.note) == (1, 2, "disk on fire")
    assert "a" in run.lively


def test_a_mapped_task_counts_its_items():
    run = pictured(
        Expanded(RUN, "m", 3, 1, Instant(1)),
        moved("m", S.PENDING, S.QUEUED, 5, 0),
        moved("m", S.QUEUED, S.RUNNING, 6, 0),
        moved("m", S.PENDING, S.QUEUED, 6, 1),
        moved("m", S.QUEUED, S.SUCCESS, 8, 1, began=Instant(7)),
    )
    task = run.tasks["m"]
    assert task.counts == {S.RUNNING: 1, S.SUCCESS: 1, S.PENDING: 1}
    assert (task.state, task.size, task.ended) == (S.RUNNING, 3, None)
    assert +run.tally == {S.RUNNING: 1, S.SUCCESS: 1, S.PENDING: 3}


def test_a_mapped_task_shows_the_worst_end_of_its_items():
    ends = [moved("m", S.QUEUED, state, 9, k, began=Instant(5)) for k, state in enumerate((S.SUCCESS, S.FAILED))]
    task = pictured(Expanded(RUN, "m", 2, 1, Instant(1)), *ends).tasks["m"]
    assert (task.state, task.ended) == (S.FAILED, 9)


def test_a_map_over_nothing_is_one_task():
    run = pictured(Expanded(RUN, "m", 0, 1, Instant(1)), moved("m", S.PENDING, S.SKIPPED, 2))
    assert run.tasks["m"].state is S.SKIPPED
    assert +run.tally == {S.SKIPPED: 1, S.PENDING: 2}


def test_a_mapped_task_that_is_expanded_anew_forgets_its_items():
    run = pictured(
        Expanded(RUN, "m", 2, 1, Instant(1)),
        moved("m", S.QUEUED, S.SUCCESS, 9, 0, began=Instant(5)),
        Collapsed(RUN, "m", 2, Instant(20)),
    )
    assert run.tasks["m"].counts is None
    assert +run.tally == {S.PENDING: 3}


def test_a_run_that_ends_keeps_its_culprits():
    run = pictured(
        run_moved(RunState.QUEUED, RunState.RUNNING, 2, started=Instant(2)),
        run_moved(RunState.RUNNING, RunState.FAILED, 9, ended=Instant(9), culprits=(("a", "boom"),)),
    )
    assert (run.state, run.started, run.ended, run.culprits) == (RunState.FAILED, 2, 9, (("a", "boom"),))
    assert run.over


def test_a_run_that_is_retried_runs_again():
    run = pictured(
        run_moved(RunState.RUNNING, RunState.FAILED, 9, ended=Instant(9)),
        moved("a", S.FAILED, S.PENDING, 10),
        run_moved(RunState.FAILED, RunState.RUNNING, 10),
    )
    assert (run.state, run.ended, run.over) == (RunState.RUNNING, None, False)
    assert run.tasks["a"].state is S.PENDING


def test_runs_of_other_dags_are_passed_over():
    other = RunKey("other", "k", 1)
    picture = Picture({"d": SPEC})
    picture.apply([created(other), TaskMoved(other, "a", None, S.PENDING, S.QUEUED, Instant(1), Why("ready"))])
    assert picture.runs == {}


def test_a_run_that_the_store_has_is_taken_as_it_stands():
    picture = Picture({})
    tasks = (
        TaskView("a", None, S.SUCCESS, started=Instant(1), ended=Instant(3)),
        TaskView("m", None, S.PENDING, expanded=2),
        TaskView("m", 0, S.SUCCESS, started=Instant(4), ended=Instant(5)),
        TaskView("m", 1, S.FAILED, started=Instant(3), ended=Instant(8)),
        TaskView("z", None, S.UPSTREAM_FAILED),
    )
    picture.open(RunDetail(RunView(7, RunRow(RUN, "r", 1), RunState.FAILED), SPEC, tasks))
    run = picture.runs[RUN]
    assert +run.tally == {S.SUCCESS: 2, S.FAILED: 1, S.UPSTREAM_FAILED: 1}
    mapped = run.tasks["m"]
    assert (mapped.state, mapped.started, mapped.ended) == (S.FAILED, 3, 8)

from msgspec import structs

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.show.usual import Usual
from tests.unit.show.known import Known

SECOND = 1_000_000
NOW = Instant(1_000 * SECOND)
RUN = RunKey("orders", "2026-04-01", 1)
SPEC = DagSpec("orders", (TaskSpec("extract"), TaskSpec("load", data=("extract",))))
USUAL = {"orders": {"extract": [10 * SECOND] * 3, "load": [5 * SECOND] * 3}}


def task(name, state=TaskState.SUCCESS, took=None, **more):
    started = Instant(NOW - 100 * SECOND)
    ended = None if took is None else Instant(started + took * SECOND)
    return TaskView(name, None, state, started=started, ended=ended, **more)


def run(took=None, state=RunState.SUCCESS):
    started = Instant(NOW - 100 * SECOND)
    ended = None if took is None else Instant(started + took * SECOND)
    return RunView(7, RunRow(RUN, "r", 1), state, started=started, ended=ended, placed_at=started)


def usual(*tasks, spans=USUAL, view=None):
    attempt = AttemptView(AttemptKey(RUN, "extract", None, 1), AttemptState.RUNNING, 1, NOW)
    detail = RunDetail(view or run(), SPEC, tasks, (attempt,))
    home = Known({"orders": SPEC}, {}, spans, {str(RUN): detail})
    return Usual(home, NOW), detail


def test_a_task_over_three_times_its_usual_duration_is_told_while_it_runs_and_after():
    found, detail = usual(task("extract", TaskState.RUNNING), task("load", TaskState.FAILED, 16))
    assert dict(found.tasks(detail)) == {"extract": "10.0 × its usual 10.0 s", "load": "3.2 × its usual 5.0 s"}


def test_a_task_that_keeps_to_its_time_waits_or_was_taken_over_is_not():
    tasks = task("extract", TaskState.SUCCESS, 30), task("load", TaskState.UP_FOR_RETRY, 50)
    found, detail = usual(*tasks)
    assert not list(found.tasks(detail))
    found, detail = usual(
        task("extract", TaskState.SUCCESS, 90, reused_from="orders@1"), TaskView("load", None, TaskState.PENDING)
    )
    assert not list(found.tasks(detail))


def test_of_a_run_that_runs_its_tasks_are_looked_at():
    found, _ = usual(task("extract", TaskState.RUNNING), view=run(state=RunState.RUNNING))
    assert found.run(run(state=RunState.RUNNING)) == "extract: 10.0 × its usual 10.0 s"
    quick, _ = usual(task("extract", TaskState.SUCCESS, 3))
    assert quick.run(run(state=RunState.RUNNING)) == ""


def test_of_a_run_that_has_ended_the_whole_is():
    found, _ = usual()
    assert found.run(run(46)) == "3.1 × its usual 15.0 s"
    assert found.run(run(45)) == ""
    assert found.run(RunView(7, RunRow(RUN, "r", 1), RunState.QUEUED)) == ""


def test_the_time_for_which_a_run_was_parked_does_not_count():
    found, _ = usual()
    parked = structs.replace(run(99), spent=46 * SECOND, placed_at=None)
    assert found.run(parked) == "3.1 × its usual 15.0 s"
    assert found.run(structs.replace(parked, spent=20 * SECOND)) == ""


def test_the_history_of_a_dag_is_asked_for_once():
    found, _ = usual()
    for _ in range(5):
        found.run(run(46))
    assert found._reading.asked == 1


def test_what_has_rarely_succeeded_has_nothing_usual():
    rare, _ = usual(spans={"orders": {"extract": [10 * SECOND] * 3, "load": [5 * SECOND] * 2}})
    assert rare.run(run(99)) == ""

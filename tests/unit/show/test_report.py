import msgspec

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.show.report import summarise
from segue.show.views.runs import run_item, run_whole

SECOND = 1_000_000
RUN = RunKey("d", "2026-04-01", 2)
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("m"), TaskSpec("z")))
VIEW = RunView(
    41, RunRow(RUN, "r", 3, slot=(Instant(0), Instant(86_400 * SECOND)), created=Instant(SECOND)), RunState.FAILED,
    culprits=(("m[1]", "ValueError: bad row"),), started=Instant(2 * SECOND), ended=Instant(9 * SECOND),
)  # fmt: skip
TASKS = (
    TaskView("a", None, TaskState.SUCCESS, started=Instant(2 * SECOND), ended=Instant(3 * SECOND)),
    TaskView("m", None, TaskState.PENDING, expanded=2),
    TaskView("m", 0, TaskState.SUCCESS, started=Instant(3 * SECOND), ended=Instant(4 * SECOND)),
    TaskView("m", 1, TaskState.FAILED, started=Instant(4 * SECOND), ended=Instant(9 * SECOND)),
    TaskView("z", None, TaskState.UPSTREAM_FAILED),
)


def attempt(task, index, number, state, round=1, began=1):
    return AttemptView(AttemptKey(RUN, task, index, number), state, round, Instant(1), began, text="why not")


DETAIL = RunDetail(
    VIEW, SPEC, TASKS,
    (
        attempt("a", None, 1, AttemptState.SUCCESS), attempt("m", 0, 1, AttemptState.SUCCESS),
        attempt("m", 1, 1, AttemptState.FAILED), attempt("m", 1, 2, AttemptState.LOST, began=None),
        attempt("m", 1, 3, AttemptState.FAILED),
    ),
)  # fmt: skip


def test_a_run_as_json_has_the_names_that_scripts_rely_on():
    told = msgspec.json.decode(msgspec.json.encode(run_whole(DETAIL)))
    assert told["run_id"] == "d@2026-04-01.2" and told["dag_id"] == "d"
    assert (told["state"], told["seconds"]) == ("failed", 7.0)
    assert (told["started_at"], told["ended_at"]) == ("1970-01-01T00:00:02Z", "1970-01-01T00:00:09Z")
    assert told["culprits"] == [{"task_id": "m", "map_index": 1, "reason": "ValueError: bad row"}]


def test_each_task_and_each_item_is_one_entry():
    entries = {(one["task_id"], one["map_index"]): one for one in msgspec.to_builtins(run_whole(DETAIL))["tasks"]}
    assert list(entries) == [("a", None), ("m", 0), ("m", 1), ("z", None)]
    assert entries["m", 1]["state"] == "failed" and entries["m", 1]["seconds"] == 5.0
    assert entries["z", None].items() >= {
        "task_id": "z", "map_index": None, "state": "upstream_failed", "attempts": 0, "started_at": None,
        "ended_at": None, "seconds": None, "why": None,
    }.items()  # fmt: skip


def test_attempts_counts_those_whose_code_began():
    entries = {(one.task_id, one.map_index): one.attempts for one in run_whole(DETAIL).tasks}
    assert entries == {("a", None): 1, ("m", 0): 1, ("m", 1): 2, ("z", None): 0}


def test_a_listed_run_has_no_tasks():
    row = msgspec.to_builtins(run_item(VIEW))
    assert row["run_id"] == "d@2026-04-01.2" and row["created_at"] == "1970-01-01T00:00:01Z"
    assert "tasks" not in row


def test_a_summary_names_the_slowest_task_the_retries_and_the_culprits():
    told = summarise(DETAIL)
    assert told.slowest == ("m[1]", 5 * SECOND)
    assert (told.retries, told.length) == (1, 7 * SECOND)
    assert told.tasks == {TaskState.SUCCESS: 2, TaskState.FAILED: 1, TaskState.UPSTREAM_FAILED: 1}
    (culprit,) = told.culprits
    assert (culprit.label, culprit.reason, culprit.attempts) == ("m[1]", "ValueError: bad row", 2)


def test_a_first_attempt_of_a_new_round_is_no_retry():
    first, second = attempt("a", None, 1, AttemptState.FAILED), attempt("a", None, 2, AttemptState.SUCCESS, round=2)
    assert summarise(RunDetail(VIEW, SPEC, TASKS, (first, second))).retries == 0


def test_a_run_that_never_began_has_no_length():
    waiting = RunDetail(RunView(1, RunRow(RUN, "r", 1), RunState.QUEUED), SPEC)
    assert summarise(waiting).length is None and summarise(waiting).slowest is None
    assert run_whole(waiting).seconds is None

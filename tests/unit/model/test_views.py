from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, MapSpec, Over, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView

RUN = RunKey("d", "2026-04-01", 1)
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("m", mapped=MapSpec("zip", (Over("x", None, 2),))), TaskSpec("z")))
VIEW = RunView(1, RunRow(RUN, "r", 1), RunState.RUNNING)


def attempt(task, index, number, began):
    return AttemptView(AttemptKey(RUN, task, index, number), AttemptState.FAILED, 1, Instant(1), began=began)


def test_a_run_tells_every_task_also_those_that_have_no_row():
    detail = RunDetail(VIEW, SPEC, (TaskView("a", None, TaskState.SUCCESS),))
    assert VIEW.run == RUN
    assert [(entry.task, entry.index, entry.state.value) for entry in detail.entries()] == [
        ("a", None, "success"), ("m", None, "pending"), ("z", None, "pending"),
    ]  # fmt: skip
    assert detail.counts() == {TaskState.SUCCESS: 1, TaskState.PENDING: 2}


def test_a_mapped_task_is_told_by_its_items_once_it_is_expanded():
    rows = (TaskView("m", None, TaskState.PENDING, expanded=2), TaskView("m", 1, TaskState.FAILED))
    entries = RunDetail(VIEW, SPEC, rows).entries()
    assert [(entry.index, entry.state.value) for entry in entries if entry.task == "m"] == [
        (0, "pending"), (1, "failed"),
    ]  # fmt: skip


def test_an_attempt_counts_as_begun_when_its_code_began():
    attempts = (attempt("a", None, 1, Instant(5)), attempt("a", None, 2, Instant(9)), attempt("m", 0, 1, None))
    assert RunDetail(VIEW, SPEC, (), attempts).begun() == {("a", None): 2}

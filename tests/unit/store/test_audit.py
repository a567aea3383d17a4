"""The audit must be able to fail: each row here contradicts another."""

import pytest

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow
from segue.model.state import AttemptState, RunState, SlotState, TaskState
from segue.model.views import AttemptView, EventView, RunView, SlotView, TaskView
from segue.store.audit import compare, fold, validate_state

RUN = RunKey("d", "k", 1)
NOW = Instant(1)
SLOT = (Instant(0), Instant(1))


class Rows:
    def __init__(self, runs=(), tasks=(), attempts=(), events=(), kept=(), slots=(), backfills=()):
        self.run_rows = lambda: runs
        self.task_rows = lambda: tasks
        self.attempt_rows = lambda: attempts
        self.event_rows = lambda: events
        self.state_rows = lambda: kept
        self.slot_rows = lambda: slots
        self.backfill_rows = lambda: backfills


def run_in(state, **facts):
    return RunView(1, RunRow(RUN, "ask", 1), state, **facts)


def run_of_slot(n=1, placed=False, **facts):
    return RunView(n, RunRow(RunKey("d", "k", n), "ask", 1, slot=SLOT, **facts), RunState.QUEUED, placed=placed)


def slot_row(last="d@k", good=None, slot=None):
    return SlotView("d", slot or SLOT, SlotState.FRESH, last, good, 1)


def attempt(number=1, state=AttemptState.RUNNING, index=None, task="t", kind="user"):
    return (1, AttemptView(AttemptKey(RUN, task, index, number), state, 1, NOW, kind=kind))


def event(seq, kind, old, new, task=None, index=None, attempt=None):
    return EventView(seq, NOW, 1, kind, "d", RUN, task, index, attempt, old, new)


RUNNING = run_in(RunState.RUNNING)
TASK = (1, TaskView("t", None, TaskState.RUNNING))
LOG = (
    event(1, "run", None, "queued"),
    event(2, "run", "queued", "running"),
    event(3, "task", "pending", "queued", "t", attempt=1),
    event(4, "task", "queued", "running", "t", attempt=1),
)


def test_rows_that_belong_together_pass():
    rows = Rows([RUNNING], [TASK], [attempt()], LOG)
    assert validate_state(rows) == []
    assert compare(rows) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (Rows((), [TASK]), "task t[None] has no run 1"),
        (Rows((), (), [attempt()]), "has no run 1"),
        (Rows([RUNNING], (), [attempt()]), "has no task"),
        (Rows([RUNNING], [TASK], [attempt(1), attempt(2)]), "2 attempts of"),
        (Rows([run_in(RunState.SUCCESS)], [TASK], [attempt()]), "is running, its run is success"),
        (Rows([run_in(RunState.FAILED)]), "failed without a culprit"),
        (Rows([RUNNING], [TASK], kept=[(1, "u", None, "job")]), "state job of u[None] has no task 1"),
        (Rows([RUNNING], [TASK], [attempt(task="u!failure", kind="hook")]), "has no task"),
        (Rows([RUNNING], [TASK], [attempt(n, task="t!failure", kind="hook") for n in (1, 2)]), "2 attempts of"),
        (Rows([run_in(RunState.SUCCESS)], [TASK], [attempt(kind="publish")]), "is running, its run is success"),
        (Rows([run_of_slot(backfill=3)]), "d@k has no backfill 3"),
        (Rows([run_of_slot(n, kind="scheduled") for n in (1, 2)]), "2 scheduled runs of"),
        (Rows([run_of_slot(n, placed=True) for n in (1, 2)]), "2 runs hold the place of"),
        (Rows([run_of_slot()], slots=[slot_row(slot=(Instant(1), Instant(2)))]), "names d@k, a run of"),
        (Rows(slots=[slot_row("", "d@k")]), "was good and had no run"),
    ],
)
def test_an_orphan_is_found(rows, said):
    assert any(said in problem for problem in validate_state(rows))


def test_a_slot_outlives_its_runs():
    assert validate_state(Rows([run_of_slot(2)], slots=[slot_row("d@k.2", "d@k"), slot_row("")])) == []


def test_attempts_of_items_that_are_gone_are_history():
    assert validate_state(Rows([RUNNING], [TASK], [attempt(state=AttemptState.FAILED, index=3)])) == []


def test_a_hook_belongs_to_its_task_or_its_dag_and_outlives_the_run():
    ended = run_in(RunState.SUCCESS)
    hooks = [attempt(task=task, kind="hook") for task in ("t!success", "!success")]
    assert validate_state(Rows([ended], [TASK], hooks, kept=[(1, "t", None, "job")])) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (Rows([RUNNING], (), (), ()), "its events say nothing"),
        (Rows([run_in(RunState.HELD)], [TASK], (), LOG), "is held, its events say running"),
        (Rows([RUNNING], [(1, TaskView("t", None, TaskState.QUEUED))], (), LOG), "is queued, its events say running"),
        (Rows([RUNNING], [TASK, (1, TaskView("u", None, TaskState.QUEUED))], (), LOG), "its events say None"),
        (Rows([RUNNING], (), (), LOG), "has no row, its events say running"),
        (Rows([RUNNING], [TASK], (), LOG[:3] + LOG[2:]), "event 3 moves"),
        (Rows([RUNNING], [TASK], (), LOG[:2] + LOG[1:]), "event 2 moves"),
    ],
)
def test_a_log_that_tells_another_story_is_found(rows, said):
    assert any(said in problem for problem in compare(rows))


def test_the_log_tells_the_newest_attempt_of_each_task():
    assert fold(LOG)[RUN].attempts == {("t", None): 1}

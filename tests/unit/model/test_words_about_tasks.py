"""Small derived words: labels, roles, limits."""

import re

from segue.model.errors import StepFailed
from segue.model.ids import AttemptKey, Instant, RunKey, hook_id
from segue.model.images import RunRow
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.version import VERSION
from segue.model.views import AttemptView, RunDetail, RunView, TaskView

RUN = RunKey("shop", "2026-04-01", 1)


def test_a_task_and_an_item_are_written_as_people_do():
    assert TaskView("load", None, TaskState.SUCCESS).label == "load"
    assert TaskView("load", 3, TaskState.SUCCESS).label == "load[3]"


def test_the_attempts_of_hooks_are_told_apart():
    own, hook = (
        AttemptView(AttemptKey(RUN, task, None, 1), AttemptState.SUCCESS, 1, Instant(0), kind=kind)
        for task, kind in (("load", "user"), (hook_id("load", "failure"), "hook"))
    )
    detail = RunDetail(RunView(1, RunRow(RUN, "r", 1), RunState.FAILED), DagSpec("shop"), (), (own, hook))
    assert detail.hooks == (hook,)


def test_a_dag_tells_the_roles_of_its_tasks():
    spec = DagSpec("shop", (TaskSpec("load", Rules(role="source")), TaskSpec("clean")))
    assert spec.roles == {"load": "source"}


def test_a_task_tells_the_memory_it_asks_for():
    assert Rules(resources=(("gpu", 1), ("memory", 2_000))).memory == 2_000
    assert Rules().memory is None


def test_a_step_that_failed_names_itself_and_the_reason():
    error = StepFailed("load#3", "no such table")
    assert (str(error), error.step, error.reason) == ("load#3 failed: no such table", "load#3", "no such table")


def test_the_version_is_one():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", VERSION)

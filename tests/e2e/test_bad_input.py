"""Tasks that misbehave, as a person meets them: `segue run`, its exit code, what it says, and what it leaves."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from segue.model.events import OWN_CAUSES
from segue.model.state import AttemptState, TaskState
from segue.model.views import AttemptView, RunDetail
from tests.e2e.commands import Project
from tests.unit.run.driver import alive

LOG_LIMIT = 1_000_000


class Told:
    """What one run of a DAG came to."""

    def __init__(self, project: Project, dag: str) -> None:
        done = project.segue("run", f"troubles.py:{dag}")
        self.folder, self.home = project.folder, project.home
        self.code, self.said = done.returncode, done.stdout
        project.check_nothing_is_left()
        self.detail: RunDetail = project.detail(f"{dag}@latest")

    def culprit(self, task: str) -> str:
        """Why a task failed the run; a person is told the same."""
        [reason] = [reason for label, reason in self.detail.run.culprits if label == task]
        assert "".join(reason.split()) in "".join(self.said.split()), self.said
        return reason

    def attempt(self, task: str) -> AttemptView:
        """The only attempt of a task."""
        [attempt] = [attempt for attempt in self.detail.attempts if attempt.key.task == task]
        return attempt

    def state(self, task: str) -> TaskState:
        return next(view.state for view in self.detail.tasks if view.task == task)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("bad") / "p", "troubles.py", workers=4, grace="500ms", log_limit=LOG_LIMIT)


@pytest.fixture(scope="module")
def troubles(project: Project) -> Iterator[Told]:
    yield Told(project, "troubles")


def test_a_run_with_bad_tasks_fails_and_names_each_of_them_and_no_other(troubles: Told) -> None:
    assert troubles.code == 1
    assert {label for label, _ in troubles.detail.run.culprits} == {
        "gives_lambda", "gives_socket", "gives_itself", "gives_half_a_pair",
        "leaves", "ignores_term", "kills_its_group",
    }  # fmt: skip
    assert "Traceback" not in troubles.said


@pytest.mark.parametrize(
    ("task", "path", "kind"),
    [
        ("gives_lambda", 'result["rows"][1]', "of type function"),
        ("gives_socket", "result[0]", "of type socket"),
        ("gives_itself", 'result[0]["again"]', "list"),
        ("gives_half_a_pair", 'result["name"]', "surrogate"),
    ],
)
def test_an_unstorable_value_fails_without_retry_and_says_where_it_stands_and_what_it_is(
    troubles: Told, task: str, path: str, kind: str
) -> None:
    assert troubles.attempt(task).cause == "unstorable"
    assert path in troubles.culprit(task) and kind in troubles.culprit(task)


def test_a_task_that_exits_0_without_a_result_has_failed(troubles: Told) -> None:
    assert (troubles.attempt("leaves").state, troubles.attempt("leaves").exit_code) == (AttemptState.LOST, 0)
    assert "exit code 0 and no result" in troubles.culprit("leaves")


def test_a_task_that_ignores_term_is_gone_after_its_timeout_and_grace(troubles: Told) -> None:
    assert troubles.attempt("ignores_term").state is AttemptState.TIMED_OUT
    assert "timeout of 500 ms" in troubles.culprit("ignores_term")
    assert not alive(int((troubles.folder / "ignores_term.pid").read_text()))


def test_children_that_a_task_leaves_are_killed_and_noted_and_the_task_stays_good(troubles: Told) -> None:
    assert troubles.state("leaves_children") is TaskState.SUCCESS
    assert troubles.attempt("leaves_children").notes == ("left 2 processes behind: killed",)
    children = (troubles.folder / "children.pid").read_text().split()
    assert len(children) == 2 and not any(alive(int(child)) for child in children)


def test_processes_that_are_still_forking_are_all_killed(troubles: Told) -> None:
    assert troubles.state("breeds") is TaskState.SUCCESS
    [note] = troubles.attempt("breeds").notes
    assert note.startswith("left ") and note.endswith(" behind: killed")


def test_a_task_that_holds_the_interpreter_is_not_taken_for_dead(troubles: Told) -> None:
    assert troubles.attempt("holds_the_interpreter").state is AttemptState.SUCCESS


def test_a_task_that_kills_its_process_group_kills_itself_alone(troubles: Told) -> None:
    attempt = troubles.attempt("kills_its_group")
    assert (attempt.state, attempt.cause, attempt.signal) == (AttemptState.LOST, "signal", 9)
    assert "killed by signal 9" in troubles.culprit("kills_its_group")


def test_a_flood_of_output_is_kept_within_its_limit_with_its_beginning_and_its_end(troubles: Told) -> None:
    attempt = troubles.attempt("floods")
    assert attempt.state is AttemptState.SUCCESS and attempt.log is not None
    log: Path = troubles.home / "logs" / attempt.log
    assert log.stat().st_size < 1.1 * LOG_LIMIT
    lines = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert lines[0]["msg"] == "x" * 9_999
    assert lines[-1]["msg"] == "the last words"
    assert any("cut" in line["msg"] for line in lines)


def test_poison_takes_nothing_from_the_innocents_beside_it(project: Project) -> None:
    """200 innocents that may not be lost even once share 4 workers with 12 tasks that kill theirs."""
    told = Told(project, "poisoned")
    assert told.code == 1
    states = Counter((view.task, view.state) for view in told.detail.tasks if view.index is not None)
    assert states == {("innocent", TaskState.SUCCESS): 200, ("poison", TaskState.FAILED): 12}
    assert {label.partition("[")[0] for label, _ in told.detail.run.culprits} == {"poison"}
    lost = [view for view in told.detail.attempts if view.state is AttemptState.LOST]
    assert len([view for view in lost if view.key.task == "poison" and view.cause in OWN_CAUSES]) == 12
    assert all(view.cause not in OWN_CAUSES for view in lost if view.key.task == "innocent")

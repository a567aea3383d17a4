"""`t.run_dag` with real processes: one run started, driven to its end, whoever is killed."""

from pathlib import Path

from segue.model.state import RunState
from segue.model.views import RunQuery, RunView
from tests.e2e.commands import Project

FILE = """
import os
import signal
from pathlib import Path

from segue import Context, Params, dag, flow, task, tasks as t


class What(Params):
    n: int
    word: str = "none"


@task
def use(p: What, context: Context) -> int:
    if p.n == 13:
        raise ValueError("13")
    if p.n == 7 and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getppid(), signal.SIGKILL) if p.word == "owner" else os.kill(os.getpid(), signal.SIGKILL)
    return p.n


@dag(params=What)
def other() -> None:
    use()


@task
def after(run: str) -> str:
    return run


@dag(params={"n": 1})
def waits(n: int) -> None:
    after(t.run_dag("other", {"n": n, "word": "{{ dag_id }}"}, wait=True))


@dag
def starts() -> None:
    after(t.run_dag("other", {"n": 2}))


@dag
def wrong() -> None:
    t.run_dag("nowhere")


@flow
def looped() -> int:
    return len({t.run_dag("other", {"n": n}, wait=True) for n in range(3)})
"""


def project_in(folder: Path) -> Project:
    project = Project(folder, workers=2)
    project.write("starting.py", FILE)
    return project


def runs_of(project: Project, dag: str) -> list[RunView]:
    with project.reader() as reader:
        return list(reader.runs(RunQuery(dag=dag)))


def test_a_started_run_is_driven_and_waited_for(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    done = project.segue("run", "starting.py:waits")
    assert done.returncode == 0, done.stdout
    (other,) = runs_of(project, "other")
    assert other.state is RunState.SUCCESS
    assert other.row.reason == f"started by {runs_of(project, 'waits')[0].run}/run_dag"
    done = project.segue("run", "starting.py:starts")
    assert done.returncode == 0, done.stdout
    assert [view.state for view in runs_of(project, "other")] == [RunState.SUCCESS] * 2


def test_a_started_run_that_fails_is_named_and_mended_first(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    failed = project.run_json("run", "starting.py:waits", "--param", "n=13")
    assert failed["exit_code"] == 1
    (other,) = runs_of(project, "other")
    assert f"run {other.run}, which it started, has ended as failed" in failed["culprits"][0]["reason"]


def test_a_worker_killed_in_the_started_run_starts_no_other(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    done = project.segue("run", "starting.py:waits", "--param", "n=7")
    assert done.returncode == 0, done.stdout
    assert len(runs_of(project, "other")) == 1


def test_a_dag_that_does_not_exist_is_named(tmp_path: Path) -> None:
    failed = project_in(tmp_path).run_json("run", "starting.py:wrong")
    assert failed["culprits"][0]["reason"] == "there is no DAG nowhere"


def test_a_flow_starts_runs_too(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    done = project.segue("run", "starting.py:looped")
    assert done.returncode == 0, done.stdout
    assert [view.state for view in runs_of(project, "other")] == [RunState.SUCCESS] * 3

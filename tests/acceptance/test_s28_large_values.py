"""S28: a 500 MB value between tasks is stored by reference; a path and a count pass; an unstorable value is refused."""

import shutil
from collections.abc import Iterator

import pytest

from segue.model import value as values
from segue.model.state import AttemptState, TaskState
from segue.model.views import RunDetail
from tests.e2e.commands import Project

SIZE = 500_000_000
REFUSED = 'result["rows"][1]["open"]'

LARGE = f"""
from pathlib import Path
from segue import Retry, dag, task

@task
def make() -> bytes:
    return bytes({SIZE})

@task
def measure(data: bytes) -> int:
    return len(data)

@task
def place(count: int) -> Path:
    path = Path("made.txt").resolve()
    path.write_text(str(count))
    return path

@task
def read(path: Path) -> str:
    return path.read_text()

@task(retry=Retry(3, delay="10ms"))
def refuse(count: int) -> dict:
    return {{"rows": [count, {{"open": lambda: count}}]}}

@dag
def large():
    count = measure(make())
    read(place(count))
    refuse(count)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("large"))
    project.write("large.py", LARGE)
    yield project
    shutil.rmtree(project.home)


@pytest.fixture(scope="module")
def said(project: Project) -> str:
    done = project.segue("run", "large.py")
    assert done.returncode == 1, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def detail(project: Project, said: str) -> RunDetail:
    return project.detail("large@latest")


def test_s28_half_a_gigabyte_passes_by_reference_and_the_database_stays_small(project: Project, detail: RunDetail):
    made = next(view for view in detail.tasks if view.task == "make")
    assert made.inline is None and made.ref is not None
    stored = [path.stat().st_size for path in (project.home / "storage").rglob("*") if path.is_file()]
    assert max(stored) >= SIZE
    assert sum(path.stat().st_size for path in project.home.glob("segue.db*")) < 20_000_000


def test_s28_a_count_and_a_path_pass_inline(project: Project, detail: RunDetail):
    rows = {view.task: view for view in detail.tasks}
    assert values.decode(rows["measure"].inline) == SIZE
    assert values.decode(rows["place"].inline) == project.folder.resolve() / "made.txt"
    assert values.decode(rows["read"].inline) == str(SIZE)
    assert [name for name, view in rows.items() if view.ref is not None] == ["make"]


def test_s28_what_cannot_be_stored_is_refused_once_with_type_and_path(said: str, detail: RunDetail):
    [attempt] = [attempt for attempt in detail.attempts if attempt.key.task == "refuse"]
    assert (attempt.state, attempt.cause) == (AttemptState.FAILED, "unstorable")
    assert REFUSED in attempt.text and "function" in attempt.text
    assert REFUSED in " ".join(said.split())
    assert {view.task for view in detail.tasks if view.state is TaskState.FAILED} == {"refuse"}

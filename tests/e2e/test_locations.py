"""Locations: a second interpreter, with another version of a library, beside the first."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from segue.model.version import VERSION
from tests.e2e.commands import Project

LIGHT = ("msgspec", "cronsim", "tzdata", "segue")
OURS = {*LIGHT, "ledgers", "__main__"}
FILE = """
import json, sys, time
from pathlib import Path
from segue import current, dag, task

@task
def report():
    import ledgers
    modules = sorted({{name.partition(".")[0] for name in sys.modules}})
    said = {{"library": ledgers.VERSION, "python": sys.executable, "modules": modules}}
    if {granted!r}:
        said["host"] = current().connection({granted!r}).host
    Path("{name}.json").write_text(json.dumps(said))
    Path("{name}.here").touch()
    while not Path("{other}.here").exists():
        if not Path("both").exists():
            raise RuntimeError("alone")
        time.sleep(0.01)

@dag(id="{name}")
def reported():
    report()
"""


def make_interpreter(folder: Path, *packages: str) -> Path:
    """An environment with these packages of ours, and version 2 of a library."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (place,) = folder.glob("lib/python3*/site-packages")
    for name in packages:
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(spec.origin).parent, place / name, ignore=ignored)
    (place / "ledgers.py").write_text('VERSION = "2.0"\n')
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install segue` makes of a fresh environment."""
    return make_interpreter(tmp_path_factory.mktemp("venvs") / "finance", *LIGHT)


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 1 of the library, where this interpreter finds it."""
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "ledgers.py").write_text('VERSION = "1.0"\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "libraries"))


def make_project(folder: Path, python: object, granted: str = "") -> Project:
    """A project with DAG `sales` here and DAG `books` in location finance."""
    made = Project(folder / "project")
    settings = f'[locations.finance]\npath = "finance/dags"\npython = "{python}"\n'
    (made.folder / "segue.toml").write_text(settings + (f'connections = ["{granted}"]\n' if granted else ""))
    (made.folder / "finance" / "dags").mkdir(parents=True)
    made.write("sales.py", FILE.format(name="sales", other="books", granted=""))
    made.write("finance/dags/books.py", FILE.format(name="books", other="sales", granted=granted))
    return made


def said(made: Project, name: str) -> dict:
    return json.loads((made.folder / f"{name}.json").read_text())


def fail_alone(made: Project) -> None:
    """Run each DAG while the other is not there; from now on each waits for the other."""
    for file in ("sales.py", "finance/dags/books.py"):
        done = made.segue("run", file)
        assert done.returncode == 1 and "alone" in done.stdout, done.stdout
        for mark in made.folder.glob("*.here"):
            mark.unlink()
    (made.folder / "both").touch()


def test_two_interpreters_work_side_by_side_each_with_its_own_version_of_a_library(tmp_path: Path, interpreter: Path):
    made = make_project(tmp_path, interpreter)
    checked = made.segue("check")
    assert checked.returncode == 0 and "2 files, 2 DAGs good" in checked.stdout, checked.stdout
    fail_alone(made)
    done = made.segue("retry", "--state", "failed")
    assert done.returncode == 0, done.stdout
    sales, books = said(made, "sales"), said(made, "books")
    assert (sales["library"], books["library"]) == ("1.0", "2.0")
    assert (sales["python"], books["python"]) == (sys.executable, str(interpreter))
    made.check_nothing_is_left()


def test_a_location_needs_the_light_distribution_and_imports_nothing_else(tmp_path: Path, interpreter: Path):
    made = make_project(tmp_path, interpreter)
    made.segue("run", "finance/dags/books.py")
    loaded = {name for name in said(made, "books")["modules"] if not name.startswith(("_dagfile", "_sysconfigdata"))}
    assert {"msgspec", "segue"} <= loaded
    assert loaded - sys.stdlib_module_names - OURS == set()


def test_what_a_location_grants_its_tasks_need_not_declare(tmp_path: Path, interpreter: Path):
    made = make_project(tmp_path, interpreter, granted="ledger")
    assert "there is no connection 'ledger'" in made.segue("check").stdout
    assert made.segue("connection", "add", "ledger", "postgresql://user:word@books.example/x").returncode == 0
    made.segue("run", "finance/dags/books.py")
    assert said(made, "books")["host"] == "books.example"


def broken_interpreter(kind: str, folder: Path) -> tuple[Path, str]:
    """An interpreter that does not work, and what is said of it."""
    path = folder / "broken" / "bin" / "python"
    path.parent.mkdir(parents=True)
    match kind:
        case "gone":
            return path, f"there is no {path}"
        case "dangling":
            path.symlink_to(folder / "python3.99")
            return path, f"{path} cannot be started, what it leads to is gone"
        case "not executable":
            path.write_text("#!/bin/sh\n")
            return path, f"{path} is not executable"
        case "old":
            path.write_text('#!/bin/sh\necho "Unknown option: -P" >&2\necho "usage: python [option]" >&2\nexit 2\n')
            path.chmod(0o755)
            return path, f"{path} is no Python 3.11 or newer"
        case "no interpreter":
            path.symlink_to("/bin/true")
            return path, f"{path} ended with exit status 0"
        case "without segue":
            path = make_interpreter(folder / "bare")
            return path, f"{path} has no segue: install Segue there, `{path} -m pip install segue=={VERSION}`"
        case "without msgspec":
            path = make_interpreter(folder / "half", "segue", "cronsim", "tzdata")
            return path, f"{path} has no msgspec"
        case _:
            path = make_interpreter(folder / "other", *LIGHT)
            (own,) = path.parents[1].glob("lib/python3*/site-packages/segue/model/version.py")
            own.write_text(own.read_text().replace(VERSION, "9.9"))
            return path, f"its Segue is 9.9 (protocol 2), the owner's {VERSION}"


KINDS = (
    "gone", "dangling", "not executable", "old", "no interpreter", "without segue", "without msgspec", "other version"
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_interpreter_that_does_not_work_is_an_error_of_its_locations_files_alone(tmp_path: Path, kind: str):
    python, sentence = broken_interpreter(kind, tmp_path)
    made = make_project(tmp_path, python)
    checked = made.segue("check", "--json")
    files = {Path(one["file"]).name: one for one in json.loads(checked.stdout)["files"]}
    assert checked.returncode == 1
    assert [one["dag"] for one in files["sales.py"]["dags"]] == ["sales"]
    (problem,) = files["books.py"]["problems"]
    assert problem["message"].startswith("location finance: ") and sentence in problem["message"]


@pytest.mark.parametrize("kind", ["gone", "other version"])
def test_an_interpreter_that_broke_since_fails_its_locations_attempts_with_the_reason(
    tmp_path: Path, interpreter: Path, kind: str
):
    made = make_project(tmp_path, interpreter)
    fail_alone(made)
    (made.folder / "books.here").touch()
    python, sentence = broken_interpreter(kind, tmp_path)
    settings = made.folder / "segue.toml"
    settings.write_text(settings.read_text().replace(str(interpreter), str(python)))
    done = made.segue("retry", "--state", "failed")
    assert done.returncode == 1, done.stdout
    states = {name: made.detail(f"{name}@latest").run for name in ("sales", "books")}
    assert states["sales"].state == "success", done.stdout
    ((_, reason),) = states["books"].culprits
    assert states["books"].state == "failed"
    assert reason.startswith("location finance: ") and sentence in reason
    made.check_nothing_is_left()


def test_a_run_whose_location_left_the_settings_says_so(tmp_path: Path, interpreter: Path):
    made = make_project(tmp_path, interpreter)
    made.segue("run", "finance/dags/books.py")
    (made.folder / "segue.toml").write_text("")
    done = made.segue("retry", "books@latest")
    assert done.returncode == 1
    assert "location finance: the settings name no such location" in done.stdout

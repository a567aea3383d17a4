"""Locations: a second interpreter, with other versions of a library, beside the first."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import segue
from segue.model.version import VERSION
from segue.run.executors.settings import ExecutorSettings
from tests.e2e.commands import Project
from tests.structure.test_modules import HEAVY

LIGHT = ("msgspec", "cronsim", "tzdata")
REPORT = """
import sys
from segue import dag, task

@task
def report():
    import ledgers
    return {"library": ledgers.VERSION, "python": sys.executable, "modules": sorted(sys.modules)}

@dag(id="%s")
def reported():
    report()
"""


def make_interpreter(folder: Path, light: tuple[str, ...] = LIGHT, ledgers: str = "2.0") -> Path:
    """An environment as `pip install segue` leaves it, and version 2 of a library."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in light:
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, packages / name)
    if light:
        assert segue.__file__ is not None
        source = Path(segue.__file__).parent
        shutil.copytree(source, packages / "segue", ignore=shutil.ignore_patterns("__pycache__"))
    (packages / "ledgers.py").write_text(f'VERSION = "{ledgers}"\n')
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_interpreter(tmp_path_factory.mktemp("venvs") / "finance")


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Version 1 of the library, where this interpreter finds it."""
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "ledgers.py").write_text('VERSION = "1.0"\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "libraries"))
    yield


def project(folder: Path, python: object, **more: object) -> Project:
    """A project with one DAG here and one in location finance."""
    made = Project(folder / "project", locations={})
    keys = {"path": "finance/dags", "python": str(python), **more}
    lines = [f"{key} = {value!r}\n" for key, value in keys.items()]
    (made.folder / "segue.toml").write_text("".join(["[locations.finance]\n", *lines]))
    (made.folder / "finance" / "dags").mkdir(parents=True)
    made.write("sales.py", REPORT % "sales")
    made.write("finance/dags/books.py", REPORT % "books")
    return made


def reported(made: Project, dag: str) -> dict:
    detail = made.detail(f"{dag}@latest")
    return detail


def test_two_interpreters_run_their_files_side_by_side_each_with_its_own_version_of_a_library(
    tmp_path: Path, interpreter: Path, libraries: None
):
    made = project(tmp_path, interpreter)
    checked = made.segue("check")
    assert checked.returncode == 0 and "2 files, 2 DAGs good" in checked.stdout, checked.stdout
    for file in ("sales.py", "finance/dags/books.py"):
        done = made.segue("run", file)
        assert done.returncode == 0, done.stdout
    print(made.segue("show", "books@latest", "--json").stdout)
    assert 0

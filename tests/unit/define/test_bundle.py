"""Snapshots of a folder by content."""

import os
import subprocess
from pathlib import Path

import pytest

from segue.define import bundle
from segue.define.bundle import Snapshots, dag_files, project_root
from segue.model.errors import DefinitionError

IGNORES = """
# a comment
*.csv
!keep.csv
/only_here.txt
build/
docs/**/draft.md
**/deep/*.log
a?c.txt
[xy]z.txt
[!a]q.txt
\\#hash.txt
with space.txt   
data/**
/top/middle
"""
NAMES = [
    "x.csv", "keep.csv", "only_here.txt", "sub/only_here.txt", "build/one.py", "sub/build/one.py", "docs/draft.md",
    "docs/a/b/draft.md", "docs/a/other.md", "deep/x.log", "one/two/deep/x.log", "deep/sub/x.log", "abc.txt", "ac.txt",
    "xz.txt", "bz.txt", "aq.txt", "bq.txt", "#hash.txt", "with space.txt", "data/raw/x", "data.py", "top/middle/x",
    "top/x", "sub/top/middle/x", "sub/.gitignore", "sub/local.txt", "sub/deeper/local.txt", "local.txt", "sub/un.csv",
]  # fmt: skip


def _write(root: Path, names: dict[str, str]) -> None:
    for name, text in names.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    _write(root, {"pyproject.toml": "", "dags/orders.py": "import lib\n", "lib.py": "x = 1\n", "sql/q.sql": "select 1"})
    return root


@pytest.fixture
def shelf(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "bundles")


def _held(taken: bundle.Bundle) -> set[str]:
    return {path.relative_to(taken.folder).as_posix() for path in taken.folder.rglob("*") if path.is_file()}


def test_a_bundle_holds_the_project_of_its_file(project, shelf):
    taken = shelf.take(project / "dags/orders.py")
    assert _held(taken) == {"pyproject.toml", "dags/orders.py", "lib.py", "sql/q.sql"}
    assert (taken.root, taken.file) == (project, "dags/orders.py")
    assert project_root(project / "dags/orders.py") == project


def test_equal_content_is_one_bundle_wherever_it_lies(project, shelf, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", project, copy], check=True)
    assert shelf.take(project / "lib.py").digest == shelf.take(copy / "lib.py").digest


def test_any_changed_file_makes_another_bundle_and_the_old_one_stays(project, shelf):
    old = shelf.take(project / "lib.py")
    (project / "sql/q.sql").write_text("select 2")
    new = shelf.take(project / "lib.py")
    assert new.digest != old.digest
    assert (old.folder / "sql/q.sql").read_text() == "select 1"
    assert (new.folder / "sql/q.sql").read_text() == "select 2"


def test_unchanged_files_are_hard_links_to_the_previous_bundle(project, shelf):
    old = shelf.take(project / "lib.py")
    (project / "sql/q.sql").write_text("select 2")
    new = shelf.take(project / "lib.py")
    assert (new.folder / "lib.py").stat().st_ino == (old.folder / "lib.py").stat().st_ino
    assert (new.folder / "lib.py").stat().st_ino != (project / "lib.py").stat().st_ino


def test_a_file_in_a_bundle_is_read_only_and_stays_executable(project, shelf):
    (project / "run.sh").write_text("#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)
    taken = shelf.take(project / "lib.py")
    assert (taken.folder / "run.sh").stat().st_mode & 0o777 == 0o500
    assert (taken.folder / "lib.py").stat().st_mode & 0o777 == 0o400


def test_the_executable_bit_is_content(project, shelf):
    before = shelf.take(project / "lib.py").digest
    (project / "lib.py").chmod(0o755)
    assert shelf.take(project / "lib.py").digest != before


@pytest.mark.parametrize("folder", [".git", ".venv", "node_modules", "__pycache__", ".segue"])
def test_some_folders_are_never_in_a_bundle(project, shelf, folder):
    _write(project, {f"{folder}/x": "", f"sub/{folder}/x": ""})
    assert not any(folder in name for name in _held(shelf.take(project / "lib.py")))


@pytest.mark.parametrize("mark", ["CACHEDIR.TAG", "pyvenv.cfg", "owner.json"])
def test_caches_environments_and_homes_are_not_in_a_bundle(project, shelf, mark):
    _write(project, {f"other/{mark}": "", "other/x": ""})
    assert not any(name.startswith("other") for name in _held(shelf.take(project / "lib.py")))


def test_gitignore_is_respected_as_git_does(project, shelf):
    """Compared with git itself."""
    _write(project, dict.fromkeys(NAMES, "") | {".gitignore": IGNORES, "sub/.gitignore": "local.txt\n!un.csv\n"})
    subprocess.run(["git", "init", "-q", project], check=True)
    command = ["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert _held(shelf.take(project / "lib.py")) == {name for name in listed.split("\0") if name}


def test_the_dag_file_itself_is_always_in_it(project, shelf):
    _write(project, {".gitignore": "dags/\n"})
    assert "dags/orders.py" in _held(shelf.take(project / "dags/orders.py"))


def test_a_lone_file_brings_the_local_modules_it_imports(tmp_path, shelf):
    lone = tmp_path / "lone"
    _write(lone, {
        "dag.py": "import one\ndef f():\n    from pack import two\n", "one.py": "import os, three\n", "three.py": "",
        "pack/__init__.py": "from . import four\n", "pack/two.py": "", "pack/four.py": "",
        "other.py": "", "data.csv": "",
    })  # fmt: skip
    held = _held(shelf.take(lone / "dag.py"))
    assert held == {"dag.py", "one.py", "three.py", "pack/__init__.py", "pack/two.py", "pack/four.py"}


def test_a_folder_with_too_many_bytes_is_refused_and_the_biggest_files_are_named(project, shelf):
    with (project / "big.bin").open("wb") as stream:
        os.truncate(stream.fileno(), bundle.MAX_BYTES)
    with pytest.raises(DefinitionError, match=r"50 MB, 50 are the most: .*big.bin \(50.0 MB\)"):
        shelf.take(project / "lib.py")


def test_a_folder_with_too_many_files_is_refused(project, shelf):
    for number in range(bundle.MAX_FILES - 4):
        (project / str(number)).touch()
    (project / "dags/orders.py").unlink()
    shelf.take(project / "lib.py")
    (project / "one").touch()
    (project / "more").touch()
    with pytest.raises(DefinitionError, match="10,001 files"):
        shelf.take(project / "lib.py")


def test_what_a_killed_writer_left_is_swept_and_is_no_bundle(project, shelf):
    digest = shelf.take(project / "lib.py").digest
    subprocess.run(["rm", "-rf", shelf.folder], check=True)
    ended = subprocess.Popen(["true"])
    ended.wait()
    half = shelf.folder / f".{digest}.{ended.pid}"
    half.mkdir(parents=True)
    (half / "lib.py").write_text("half")
    (shelf.folder / f".files.{ended.pid}").touch()
    taken = shelf.take(project / "lib.py")
    assert (taken.folder / "lib.py").read_text() == "x = 1\n"
    assert {path.name for path in shelf.folder.iterdir()} == {digest, f"{digest}.files"}


def test_dag_files_are_found_by_reading(project):
    _write(project, {"dags/a.py": "from segue import dag\n", "dags/b.py": "import os\n", ".venv/c.py": "segue dag"})
    assert dag_files(project) == [project / "dags/a.py"]
    assert dag_files(project / "dags") == [project / "dags/a.py"]

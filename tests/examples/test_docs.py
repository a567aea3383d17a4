"""What README and docs show is loaded and run; the tables in them list what there is, no more and no less.

A Python block whose first line is `# name.py` is a file. The files of a page lie in one folder; `test_*.py` are run.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.app.settings import Settings, read_settings
from segue.cli.main import VERBS
from segue.cli.output import Code
from segue.define.loading import load_file
from segue.define.options import TASK_LATER, NamedDagOptions, TaskOptions
from segue.testing import execute_dag

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\w+\.py)\n")


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


def files(page: Path) -> dict[str, str]:
    return {found[1]: block for block in blocks(page) if (found := NAME.match(block))}


def pages_with(kind: str) -> list[str]:
    """Pages that show a DAG file, or a file of tests."""
    tests = kind == "tests"
    return [
        str(page.relative_to(ROOT)) for page in PAGES
        if any(name.startswith("test_") is tests for name in files(page))
    ]  # fmt: skip


@pytest.fixture
def imports() -> Iterator[None]:
    """What a DAG file imports is forgotten afterwards."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("_dagfile_"):
            del sys.modules[name]


def written(page: str, folder: Path) -> Path:
    (folder / "segue.toml").touch()
    for name, text in files(ROOT / page).items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("page", pages_with("dags"))
def test_every_dag_file_shown_loads_without_error_or_finding(page: str, tmp_path: Path, imports: None):
    written(page, tmp_path)
    for file in sorted(tmp_path.glob("*.py")):
        if not file.name.startswith("test_"):
            loaded = load_file(file, tmp_path)
            assert (loaded.errors, loaded.findings) == ([], []), file.name
            assert loaded.specs, file.name


@pytest.mark.parametrize("page", pages_with("tests"))
def test_every_test_shown_passes(page: str, tmp_path: Path):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SEGUE_", "PYTEST_", "COV"))}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, cwd=written(page, tmp_path), env=env, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in PAGES])
def test_every_python_block_is_python(page: str):
    for block in blocks(ROOT / page):
        ast.parse(block)


def test_the_first_dag_of_the_readme_runs(tmp_path: Path, imports: None):
    written("README.md", tmp_path)
    result = execute_dag("orders", date="2026-04-01", path=tmp_path)
    assert (result.state, result.value("total")) == ("success", 201)


# -------------------------------------------------------------------------------------------------------------- tables
def first_cells(page: str, head: str) -> set[str]:
    """The code words in the first column of the table whose first heading is `head`."""
    text = (ROOT / page).read_text()
    table = re.search(rf"^\| {re.escape(head)} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"{page} has no table {head!r}"
    return {word for row in table[1].splitlines() for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def refused() -> str:
    return (ROOT / "docs/writing-dags.md").read_text().split("## Not available yet")[1]


@pytest.mark.parametrize(
    ("head", "names", "later"),
    [("option of a task", TaskOptions.__annotations__, TASK_LATER),
     ("option of a DAG", NamedDagOptions.__annotations__, frozenset())],
)  # fmt: skip
def test_options_are_listed_or_said_to_be_refused(head: str, names: dict[str, object], later: frozenset[str]):
    assert first_cells("docs/writing-dags.md", head) == set(names) - later
    assert {name for name in later if not re.search(rf"\b{name}\b", refused())} == set()


def test_every_command_is_listed():
    words = {word.split()[1] for word in first_cells("docs/operating.md", "command")}
    assert words == set(VERBS)


def test_every_exit_code_is_listed():
    assert first_cells("docs/operating.md", "exit code") == {str(int(code)) for code in Code}


def test_every_setting_is_listed_with_its_default(tmp_path: Path):
    settings: Settings = read_settings(tmp_path, {})
    assert first_cells("docs/operating.md", "setting") == set(type(settings.keys).__struct_fields__)
    text = (ROOT / "docs/operating.md").read_text()
    for name in ("dags", "queue_ahead", "log_limit", "definition_memory"):
        shown = re.search(rf"^\| `{name}` \| `([^`]+)`", text, re.MULTILINE)
        assert shown and ast.literal_eval(shown[1].replace(",", "")) == getattr(settings.keys, name), name


def test_every_code_of_lint_is_listed():
    sources = [path.read_text() for path in (ROOT / "src/segue/define").glob("lint*.py")]
    codes = {code for text in sources for code in re.findall(r'Seen\("(\w+)"', text)}
    named = {"empty", "join", "retry", "teardown"}
    assert {one for one in named if f'"{one}")' in (ROOT / "src/segue/define/lint.py").read_text()} == named
    assert first_cells("docs/writing-dags.md", "code") == codes | named


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []

"""What STYLE asks of every module, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SRC.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(), path) for name, path in MODULES.items()}
LAZY_ROOMS = ("segue.cli", "segue.airflow")
HEAVY = {
    "aiohttp", "alembic", "anyio", "asyncio", "duckdb", "fastapi", "multiprocessing", "numpy", "pandas", "polars",
    "psutil", "pyarrow", "pydantic", "rich", "sqlalchemy", "sqlite3", "starlette", "typer", "uvicorn",
}  # fmt: skip


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _exported(tree: ast.Module) -> set[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return set(ast.literal_eval(node.value))
    return None


def _unexported_imports() -> Iterator[str]:
    for importer, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                names = {alias.name for alias in node.names if f"{node.module}.{alias.name}" not in MODULES}
                for name in sorted(names - (_exported(TREES[node.module]) or set())):
                    yield f"{importer} takes {name} from {node.module}, whose __all__ has no such name"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_at_most_400_lines(name: str):
    assert len(MODULES[name].read_text().splitlines()) <= 400


@pytest.mark.parametrize("name", MODULES)
def test_a_function_has_at_most_60_lines(name: str):
    sizes = {node.name: node.end_lineno - node.lineno + 1 for node in _functions(TREES[name])}
    assert {function: size for function, size in sizes.items() if size > 60} == {}


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(LAZY_ROOMS)])
def test_a_function_imports_nothing(name: str):
    inner = (node for function in _functions(TREES[name]) for node in ast.walk(function))
    assert [node.lineno for node in inner if isinstance(node, ast.Import | ast.ImportFrom)] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_no_dumping_ground(name: str):
    assert name.rpartition(".")[2] not in {"utils", "util", "helpers", "common", "manager", "base", "misc"}


def test_broad_excepts_stand_only_around_foreign_code():
    assert {name for name, path in MODULES.items() if "BLE001" in path.read_text()} == {
        "segue.app.probing",
        "segue.define.foretelling",
        "segue.define.futures",
        "segue.define.loading",
        "segue.engine.core",
        "segue.run.children.attempt",
        "segue.run.children.definition",
        "segue.run.children.forkserver",
        "segue.run.children.outcome",
        "segue.run.children.voice",
        "segue.run.executors.reader",
        "segue.show.api.entrance",
        "segue.testing.calls",
        "segue.testing.world.shrink",
    }


def test_a_module_takes_only_what_another_exports():
    assert list(_unexported_imports()) == []


def test_import_segue_is_lean():
    loaded = _python("import sys, segue; segue.__all__; print(*sys.modules)").split()
    assert {name for name in loaded if name.partition(".")[0] in HEAVY} == set()


def test_every_public_name_has_a_docstring():
    code = "import segue; print(*(n for n in segue.__all__ if callable(o := getattr(segue, n)) and not o.__doc__))"
    assert _python(code).split() == []


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

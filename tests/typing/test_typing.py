"""The public typing holds under mypy strict and pyright strict: exactly the planted errors, and types as wanted."""

import asyncio
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from segue import DefinitionError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
USE = (HERE / "use.py").read_text().splitlines()
WANTED = {number for number, line in enumerate(USE, 1) if "# WANT ERROR" in line}
TYPES = {number: line.partition("# WANT TYPE ")[2] for number, line in enumerate(USE, 1) if "# WANT TYPE" in line}
BUILTINS = re.compile(r"\bbuiltins\.|\btyping\.|\bsegue\.define\.nodes\.")


def _mypy(folder: Path, *names: str, strict: bool = True) -> list[tuple[str, int, str, str]]:
    """(file, line, severity, message) of all that mypy says."""
    (folder / "mypy.ini").write_text(f"[mypy]\nstrict = {strict}\nmypy_path = {ROOT / 'src'}\n")
    command = [sys.executable, "-m", "mypy", "--output", "json", "--no-error-summary", *(HERE / name for name in names)]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    said = map(json.loads, run.stdout.splitlines())
    return [(Path(one["file"]).name, one["line"], one["severity"], one["message"]) for one in said]


def _pyright(folder: Path, *names: str, mode: str = "strict") -> list[tuple[str, int, str, str]]:
    for name in names:  # pyright includes only what lies below its configuration
        shutil.copy(HERE / name, folder)
    config = {"extraPaths": [str(ROOT / "src")], "pythonVersion": "3.11", "typeCheckingMode": mode}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", folder, "--pythonpath", sys.executable]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    said = json.loads(run.stdout)["generalDiagnostics"]
    return [
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["severity"], one["message"]) for one in said
    ]


CHECKERS = pytest.mark.parametrize("check", [_mypy, _pyright], ids=["mypy", "pyright"])


@CHECKERS
def test_strict_finds_exactly_the_planted_errors_and_the_wanted_types(check, tmp_path: Path):
    said = check(tmp_path, "use.py", "sample.py")
    errors = {(file, line) for file, line, severity, _ in said if severity == "error"}
    assert errors == {("use.py", line) for line in WANTED}, "\n".join(map(str, said))
    for line, kind in TYPES.items():
        told = [BUILTINS.sub("", text) for _, at, severity, text in said if at == line and severity != "error"]
        assert any(kind in text for text in told), (line, kind, told)


@CHECKERS
def test_half_annotated_code_is_left_in_peace(check, tmp_path: Path):
    loosely = {_mypy: {"strict": False}, _pyright: {"mode": "basic"}}[check]
    said = check(tmp_path, "loose.py", **loosely)
    assert [one for one in said if one[2] == "error"] == []


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"typing_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "test"), [("loose", "test_it"), ("sample", "test_extract"), ("use", "test_plain_calls")]
)
def test_what_type_checks_also_runs(name: str, test: str):
    getattr(_module(name), test)()


def test_what_type_checks_also_runs_asynchronously():
    asyncio.run(_module("use").test_async())


def test_half_annotated_code_also_traces():
    assert _module("loose").d.task_ids == ["fetch", "show", "done", "count", "few", "end", "one", "first", "second"]


def test_the_planted_errors_are_errors_at_run_time_where_python_can_see_them():
    use = _module("use")
    with pytest.raises(DefinitionError, match="write retry="):
        use.transform.with_options(retries=4)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        use.transform()

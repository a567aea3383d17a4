import os
from pathlib import Path

import pytest

from tests.run_stages import run_again, run_command, run_commands


def _pytest(tmp_path: Path, source: str) -> tuple[int, int]:
    (tmp_path / "test_it.py").write_text(source)
    return run_command(["pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)])


def test_each_test_of_a_stage_is_counted(tmp_path: Path):
    assert _pytest(tmp_path, "def test_a(): pass\ndef test_b(): pass\ndef test_c(): assert False\n") == (2, 1)


def test_a_broken_fixture_counts_as_failed(tmp_path: Path):
    assert _pytest(tmp_path, "def test_a(): pass\ndef test_b(unknown): pass\n") == (1, 1)


def test_a_file_that_does_not_load_counts_as_failed(tmp_path: Path):
    assert _pytest(tmp_path, "import nothing_of_that_name\n") == (0, 1)


def test_a_stage_without_tests_counts_as_failed(tmp_path: Path):
    assert _pytest(tmp_path, "") == (0, 1)


def test_a_command_that_is_no_test_counts_as_one():
    assert run_command(["python", "-c", "pass"]) == (1, 0)
    assert run_command(["python", "-c", "raise SystemExit(3)"]) == (0, 1)


def test_commands_of_the_page_run_beside_the_others_and_are_told_of_after_them(tmp_path: Path, capfd):
    """Each waits for the other at a pipe, for less than a minute."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    meet = f"import signal; signal.alarm(50); open({str(pipe)!r}, %r).close(); print(%r)"
    code = ["python", "-c", meet % ("r", "code")]
    page = ["python", "-c", meet % ("w", "page") + "; raise SystemExit(3)", "hatch_build.py"]
    assert list(run_commands([page, code])) == [(code, (1, 0)), (page, (0, 1))]
    said = capfd.readouterr().out.splitlines()
    assert said.index("code") < said.index("page")


@pytest.mark.parametrize(("source", "healed"), [("assert mark.exists()", 1), ("raise AssertionError", 0)])
def test_what_failed_on_real_processes_runs_once_more_alone(tmp_path: Path, source: str, healed: int):
    """The first time leaves a mark behind, so the second can pass."""
    mark = tmp_path / "mark"
    text = f"""
from pathlib import Path
mark = Path({str(mark)!r})
def test_good(): pass
def test_other():
    there = mark.exists()
    mark.touch()
    if not there: assert False
    {source}
"""
    (tmp_path / "test_it.py").write_text(text)
    command = ["pytest", "-q", f"--rootdir={tmp_path}", "-o", f"cache_dir={tmp_path / 'cache'}", str(tmp_path)]
    assert run_command(command) == (1, 1)
    assert len(run_again(command)) == healed

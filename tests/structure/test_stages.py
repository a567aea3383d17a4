from pathlib import Path

from tests.run_stages import run_command


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

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from segue import dag, task
from segue.define.context import RunContext
from segue.testing import FakeClock, Result
from segue.testing.pytest_plugin import fake_clock, segue_context, segue_execute, segue_home, segue_run

__all__ = ["fake_clock", "segue_context", "segue_execute", "segue_home", "segue_run"]


@task
def big() -> bytes:
    return bytes(100_000)


@dag
def plugged() -> None:
    big()


def test_a_run_keeps_its_values_in_the_folder_of_the_test(segue_run: Callable[..., Result], tmp_path: Path) -> None:
    assert len(segue_run(plugged).value("big")) == 100_000
    assert [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_dag_can_be_run_by_its_id(segue_execute: Callable[..., Result]) -> None:
    assert segue_execute("plugged").tasks == {"big": "success"}


def test_contexts_and_clocks_are_at_hand(segue_context: Callable[..., RunContext], fake_clock: FakeClock) -> None:
    assert segue_context("2026-04-01").ds == "2026-04-01"
    assert fake_clock.now() > 0


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_DATABASE_URL", "postgresql://production/segue")


def test_what_a_test_starts_uses_a_home_of_its_own(elsewhere: None, segue_home: Path, tmp_path: Path) -> None:
    (tmp_path / "plugged.py").write_text("from segue import dag, task\n@task\ndef one(): ...\n@dag\ndef own(): one()\n")
    command = [sys.executable, "-m", "segue", "run", str(tmp_path / "plugged.py")]
    subprocess.run(command, check=True, capture_output=True)
    assert (segue_home / "segue.db").exists() and segue_home.is_relative_to(tmp_path)


def test_the_plugin_loads_nothing_until_a_fixture_is_asked_for() -> None:
    code = "import sys, segue.testing.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('segue')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['segue', 'segue.testing', 'segue.testing.pytest_plugin']"

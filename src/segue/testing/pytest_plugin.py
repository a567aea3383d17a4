"""Fixtures for tests of pipelines; pytest finds them by the entry point `segue`.

Every pytest of the environment imports this module, so it loads nothing of the product until a fixture is asked for.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from segue import testing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.define.context import RunContext
    from segue.testing import FakeClock, Result

__all__ = ["fake_clock", "segue_context", "segue_execute", "segue_home", "segue_run"]


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that goes only when it is told to."""
    return testing.FakeClock()


@pytest.fixture
def segue_context() -> Callable[..., RunContext]:
    """Makes contexts: `segue_context("2026-04-01")`."""
    return testing.context


@pytest.fixture
def segue_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: whatever `segue` the test starts uses it, and no other setting `SEGUE_*` holds."""
    for name in [name for name in os.environ if name.startswith("SEGUE_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "segue-home"
    monkeypatch.setenv("SEGUE_HOME", str(home))
    return home


@pytest.fixture
def segue_run(tmp_path: Path) -> Callable[..., Result]:
    """Runs a DAG in process, `segue_run(dag, date="2026-04-01")`; its storage lies in the test's own folder."""
    return partial(testing.run, folder=tmp_path / "segue-storage")


@pytest.fixture
def segue_execute(tmp_path: Path) -> Callable[..., Result]:
    """Runs a DAG by its id, `segue_execute("daily_etl", params={…})`; its storage lies in the test's own folder."""
    return partial(testing.execute_dag, folder=tmp_path / "segue-storage")

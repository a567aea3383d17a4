"""Fixtures for tests of pipelines; pytest finds them by the entry point `segue`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from segue.define.context import RunContext
from segue.testing.clock import FakeClock
from segue.testing.contexts import context
from segue.testing.running import Result, execute_dag, run

__all__ = ["fake_clock", "segue_context", "segue_execute", "segue_run"]


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that goes only when it is told to."""
    return FakeClock()


@pytest.fixture
def segue_context() -> Callable[..., RunContext]:
    """Makes contexts: `segue_context("2026-04-01")`."""
    return context


@pytest.fixture
def segue_run(tmp_path: Path) -> Callable[..., Result]:
    """Runs a DAG in process, `segue_run(dag, date="2026-04-01")`; its storage lies in the test's own folder."""
    return partial(run, folder=tmp_path / "segue-storage")


@pytest.fixture
def segue_execute(tmp_path: Path) -> Callable[..., Result]:
    """Runs a DAG by its id, `segue_execute("daily_etl", params={…})`; its storage lies in the test's own folder."""
    return partial(execute_dag, folder=tmp_path / "segue-storage")

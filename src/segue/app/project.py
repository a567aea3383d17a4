from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from segue.app.settings import FILES
from segue.model.errors import EnvironmentFault, Refused

__all__ = ["make_project"]

_PROJECT: Final = """[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["segue[up]"]

[tool.segue]
dags = "dags"

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]

[[tool.pyright.executionEnvironments]]
root = "dags"
# `extract() >> load()` is an order, not an expression whose value was forgotten.
reportUnusedExpression = false
"""

_SETTINGS: Final = 'dags = "dags"\n'

_DAG: Final = '''"""Orders of one day: fetched, cleaned, written to one file a day."""

import json
from pathlib import Path

from segue import Interval, Retry, daily, dag, injected, task

OUTPUT = Path("data")


@task(retry=Retry(3, delay="10s"))
def extract(interval: Interval = injected) -> list[dict]:
    """Stands for a call of your source: the same day always gives the same orders."""
    day = interval.date.day
    return [{"order": n, "amount": (n * day) % 97 - 5} for n in range(1, 21)]


@task
def clean(orders: list[dict]) -> list[dict]:
    good = [order for order in orders if order["amount"] > 0]
    print(f"{len(orders) - len(good)} of {len(orders)} orders have no amount")
    return good


@task
def load(orders: list[dict], interval: Interval = injected) -> int:
    """One file a day, replaced whole: running a day again changes nothing."""
    OUTPUT.mkdir(exist_ok=True)
    fresh = OUTPUT / f".{interval.ds}.json"
    fresh.write_text(json.dumps(orders))
    fresh.replace(OUTPUT / f"{interval.ds}.json")
    return len(orders)


@dag(schedule=daily(at="02:00"), start="2026-01-01", tags=["example"])
def daily_orders() -> None:
    load(clean(extract()))
'''

_TEST: Final = """from dags.daily_orders import clean, daily_orders, extract
from segue import Interval
from segue.testing import run


def test_a_day_always_gives_the_same_orders():
    assert extract(Interval("2026-04-01")) == extract(Interval("2026-04-01"))


def test_orders_without_an_amount_are_left_out():
    assert clean([{"order": 1, "amount": 0}, {"order": 2, "amount": 5}]) == [{"order": 2, "amount": 5}]


def test_the_whole_day_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(daily_orders, date="2026-04-01").state == "success"
    assert (tmp_path / "data" / "2026-04-01.json").exists()
"""

_IGNORED: Final = ".segue/\n.venv/\n__pycache__/\ndata/\n"


def make_project(folder: Path) -> list[Path]:
    """Write a project that runs, with a test, into a folder; gives the files in the order to read them.

    Where the folder has a project already its file stays as it is.

    Raises:
        Refused: one of the files is there already; nothing was written.
        EnvironmentFault: the folder cannot be written.
    """
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "pipelines"
    files = {
        folder / "dags" / "daily_orders.py": _DAG,
        folder / "tests" / "test_daily_orders.py": _TEST,
        folder / "pyproject.toml": _PROJECT.format(name=name),
        folder / ".gitignore": _IGNORED,
    }
    if (folder / "pyproject.toml").exists() and not (folder / FILES[0]).exists():
        files = {path: text for path, text in files.items() if path.parent != folder}
        files[folder / FILES[0]] = _SETTINGS
    there = [path for path in files if path.exists()]
    if there:
        names = ", ".join(str(path.relative_to(folder)) for path in there)
        raise Refused(f"{folder} has {names} already, nothing was written: name an empty folder, `segue init DIR`")
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    except OSError as why:
        raise EnvironmentFault(f"{folder} cannot be written: {why.strerror or why}") from None
    return list(files)

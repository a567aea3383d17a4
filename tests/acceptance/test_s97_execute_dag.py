"""S97: `execute_dag("daily_etl", params={…, "env": "test"})` runs end to end against isolated storage."""

import json
import sqlite3
from pathlib import Path

import pytest

from segue.testing import execute_dag

FILE = """
import json, sqlite3
from pathlib import Path
from segue import Interval, Params, dag, daily, injected, task

class Settings(Params):
    target: str
    env: str = "prod"

@task
def extract(interval: Interval = injected) -> list[dict]:
    return [{"day": interval.ds, "amount": n} for n in (3, 4, 5)]

@task
def transform(rows: list[dict], params: Settings = injected) -> str:
    folder = Path(params.target, params.env)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clean.json").write_text(json.dumps([row for row in rows if row["amount"] > 3]))
    return str(folder)

@task
def load(folder: str) -> int:
    rows = json.loads(Path(folder, "clean.json").read_text())
    with sqlite3.connect(Path(folder, "warehouse.db")) as db:
        db.execute("create table orders (day text, amount int)")
        db.executemany("insert into orders values (:day, :amount)", rows)
    db.close()
    return len(rows)

@dag(params=Settings)
def daily_etl(target: str, env: str):
    load(transform(extract()))
"""


def test_s97_a_pipeline_runs_end_to_end_and_touches_nothing_but_what_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, target, home = tmp_path / "project", tmp_path / "target", tmp_path / "home"
    project.mkdir()
    (project / "daily_etl.py").write_text(FILE)
    monkeypatch.setenv("SEGUE_HOME", str(home))
    monkeypatch.chdir(project)

    result = execute_dag("daily_etl", params={"target": str(target), "env": "test"}, date="2026-04-01")

    assert result.state == "success"
    assert result.value("load") == 2
    assert json.loads((target / "test" / "clean.json").read_text())[0]["day"] == "2026-04-01"
    db = sqlite3.connect(target / "test" / "warehouse.db")
    assert db.execute("select sum(amount) from orders").fetchone() == (9,)
    db.close()
    assert not home.exists()
    assert not (project / ".segue").exists()

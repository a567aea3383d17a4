"""S83: environment blocks (source, parallelism, sample) select behaviour without a change of code.

And trap T16: `config[env]` and `f"s3://{env}-…"` in a DAG function work, because `env` is known when it is traced.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from segue.define.loading import load_file

SETTINGS = """
[env.dev]
sample = 0.01

[env.prod]
sample = 1.0
"""
FILE = """
from segue import dag, task

config = {
    "dev": {"source": "s3://dev-data/", "parallelism": 4},
    "prod": {"source": "s3://prod-data/", "parallelism": 100},
}

@task
def read(source, path, sample):
    print("reading", source, path, sample)

@task
def compare(): ...

@dag
def daily_etl(env="prod", sample=0.5):
    cfg = config[env]
    rows = read.with_options(max_active=cfg["parallelism"])(cfg["source"], f"s3://{env}-logs/", sample)
    if env == "dev":
        rows >> compare()
"""


def segue(folder: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "segue", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("words", "tasks", "said"),
    [
        (["--env", "dev"], ["read", "compare"], "reading s3://dev-data/ s3://dev-logs/ 0.01"),
        (["--env", "prod"], ["read"], "reading s3://prod-data/ s3://prod-logs/ 1.0"),
        ([], ["read"], "reading s3://prod-data/ s3://prod-logs/ 0.5"),
    ],
)
def test_s83_an_environment_selects_tasks_and_arguments(tmp_path: Path, words, tasks, said):
    (tmp_path / "segue.toml").write_text(SETTINGS)
    (tmp_path / "daily_etl.py").write_text(FILE)
    run = json.loads(segue(tmp_path, "run", "daily_etl.py", "--json", *words).splitlines()[-1])
    assert [one["task_id"] for one in run["tasks"]] == tasks
    assert said in segue(tmp_path, "logs", run["run_id"], "read")


@pytest.mark.parametrize(("env", "most"), [("dev", 4), ("prod", 100)])
def test_s83_an_environment_selects_how_much_runs_at_once(tmp_path: Path, env, most):
    (tmp_path / "daily_etl.py").write_text(FILE)
    [spec] = load_file(tmp_path / "daily_etl.py", tmp_path, values={"env": env}).specs
    assert spec.tasks[0].rules.max_active == most

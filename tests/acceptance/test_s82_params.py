"""S82: `Param(default, type, enum)` validates, gives a form, and manual runs can override date and environment.

And trap T9: `Param(default=None, type="string")` means that the trigger must give it.
"""

import json
import subprocess
import sys
from pathlib import Path

from segue.define.loading import load_file
from segue.model.params import param_views

FILE = """
from segue import Param, dag, task

@task
def read(path):
    print("reading", path)

@dag(
    params={
        "date": Param(default=None, type="string"),
        "env": Param(default="prod", enum=["dev", "staging", "prod"])
    }
)
def daily_etl(date, env):
    read(f"s3://{env}-data/trades/date={date}/")
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "daily_etl.py").write_text(FILE)
    command = [sys.executable, "-m", "segue", "run", "daily_etl.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_s82_a_run_by_hand_gives_date_and_environment(tmp_path: Path):
    done = run(tmp_path, "--param", "date=2026-04-01", "--param", "env=dev", "--json")
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout.splitlines()[-1])["run_id"]
    command = [sys.executable, "-m", "segue", "logs", run_id, "read"]
    log = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "reading s3://dev-data/trades/date=2026-04-01/" in log


def test_s82_a_value_that_is_not_allowed_makes_no_run(tmp_path: Path):
    done = run(tmp_path, "--param", "date=2026-04-01", "--param", "env=prd")
    assert done.returncode == 2
    assert "--param env=prd: one of dev, staging, prod is wanted" in done.stderr


def test_t09_a_default_of_none_that_does_not_fit_must_be_given(tmp_path: Path):
    done = run(tmp_path)
    assert done.returncode == 2
    assert "needs --param date=…" in done.stderr


def test_s82_params_give_a_form(tmp_path: Path):
    (tmp_path / "daily_etl.py").write_text(FILE)
    (spec,) = load_file(tmp_path / "daily_etl.py", tmp_path).specs
    day, env = param_views(spec)
    assert (day.name, day.required, dict(day.schema)) == ("date", True, {"type": "string"})
    assert (env.default, env.choices) == ("prod", ("dev", "staging", "prod"))

import json

import pytest

from segue.cli.main import main

FILE = """
from datetime import date, datetime
from segue import Interval, daily, dag, injected, task

@task
def extract(interval: Interval = injected):
    {code}

@dag(schedule=daily(), start="2026-04-01")
def sales():
    extract()
"""


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ('query = "SELECT * FROM orders WHERE day = CURRENT_DATE"', "CURRENT_DATE"),
        ("day = datetime.now().strftime('%Y-%m-%d')", "datetime.now()"),
        ("path = f's3://lake/date={date.today()}/'", "date.today()"),
    ],
)
def test_s46_the_clock_in_task_code_is_reported_with_the_logical_date_to_take(code, asked, tmp_path, capsys):
    (tmp_path / "sales.py").write_text(FILE.replace("{code}", code))
    assert main(["check", str(tmp_path), "--json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    (problem,) = file["problems"]
    assert (problem["code"], problem["line"], problem["task"]) == ("now", 7, "extract")
    assert asked in problem["message"]
    assert "interval" in problem["hint"]


@pytest.mark.parametrize(
    "code", ["path = f's3://lake/date={interval.ds}/'", "day = datetime.now()  # segue: ok[now] when it was loaded"]
)
def test_s46_the_logical_date_and_what_is_meant_are_not(code, tmp_path, capsys):
    (tmp_path / "sales.py").write_text(FILE.replace("{code}", code))
    assert main(["check", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["problems"] == []


def test_s46_it_reads_well_in_a_terminal(tmp_path, capsys):
    (tmp_path / "sales.py").write_text(FILE.replace("{code}", "return date.today()"))
    assert main(["check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "sales.py:7: warning[now]: date.today() in task extract asks the clock" in said.replace("\n", " ")

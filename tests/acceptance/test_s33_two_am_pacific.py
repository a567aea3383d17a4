import json

import pytest

from segue import daily
from segue.cli.main import main
from tests.acceptance.clocked import Clocked, times

PACIFIC = "America/Los_Angeles"


@pytest.mark.parametrize("schedule", [daily(at="02:00"), "0 2 * * *"])
@pytest.mark.parametrize(
    ("begin", "until", "expected"),
    [
        ("2026-03-06T12:00", "2026-03-09T12:00", ["03-07 02:00-0800", "03-08 03:00-0700", "03-09 02:00-0700"]),
        ("2026-10-30T12:00", "2026-11-02T12:00", ["10-31 02:00-0700", "11-01 02:00-0800", "11-02 02:00-0800"]),
    ],
    ids=["spring", "autumn"],
)
def test_s33_two_am_pacific_is_two_am_through_both_changes(schedule, begin, until, expected):
    """02:00 does not exist on 8 March: the run is made at the first instant after the gap."""
    world = Clocked(begin, schedule=schedule, timezone=PACIFIC)
    assert times(world.play_until(until), "%m-%d %H:%M%z") == expected


FILE = """
from datetime import datetime
from segue import dag, task

@task
def work(): ...

@dag(schedule="0 2 * * *", start=datetime(2026, 1, 1){zone})
def nightly():
    work()
"""


@pytest.mark.parametrize(("zone", "warned"), [("", True), (', timezone="America/Los_Angeles"', False)])
def test_s33_a_start_date_without_a_zone_gets_a_warning(zone, warned, tmp_path, capsys):
    (tmp_path / "nightly.py").write_text(FILE.format(zone=zone))
    assert main(["check", str(tmp_path), "--json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert [problem["code"] for problem in file["problems"]] == ["naive"] * warned

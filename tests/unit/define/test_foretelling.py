"""Timetables of a user's own in DAG files: named or written there, and what they foretell."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segue.model.moment import DAY, instant_of

NOW = instant_of(datetime(2026, 4, 1, 12, tzinfo=UTC))
FILE = """
from datetime import datetime, timedelta
from segue import Timetable, dag, task

class Days(Timetable):
    def __init__(self, step=1, last=None):
        self.step, self.last = step, last
    def next_tick(self, moment):
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        while day < moment or day.toordinal() % self.step:
            day += timedelta(days=1)
        return None if self.last and day.date().isoformat() > self.last else day

@task
def work(): ...
@dag(schedule={schedule}, {options})
def d(): work()
"""


def foretold(load, schedule: str = "Days()", options: str = "", now: int = NOW):
    loaded = load(FILE.format(schedule=schedule, options=options), now=now)
    assert loaded.errors == []
    (spec,) = loaded.specs
    return spec, loaded.foretold["d"]


def test_a_timetable_of_the_file_foretells_the_next_hundred_slots_and_some_that_are_over(load):
    spec, told = foretold(load)
    assert spec.schedule == ("custom", "Days", "Days(step=1, last=None)")
    ahead = [slot for slot in told.slots if slot[2] > NOW]
    assert len(ahead) == 100
    assert len(told.slots) - len(ahead) == 51
    assert told.until == told.slots[-1][1]
    assert all(one[1] == two[0] for one, two in zip(told.slots, told.slots[1:], strict=False))
    assert ahead[0] == (NOW - DAY // 2, NOW + DAY // 2, NOW + DAY // 2)


def test_slots_reach_a_year_ahead_where_that_is_less(load):
    _, told = foretold(load, "Days(30)", "delay='1h'")
    ahead = [slot for slot in told.slots if slot[2] > NOW]
    assert ahead[-1][2] > NOW + 366 * DAY >= ahead[-2][2]
    assert len(told.slots) - len(ahead) <= len(ahead) // 2 + 1
    assert ahead[0][2] == ahead[0][1] + DAY // 24


def test_a_timetable_that_ticks_every_minute_is_no_matter(load):
    text = FILE.format(schedule="Minutes()", options="").replace(
        "@task",
        """class Minutes(Timetable):
    def next_tick(self, moment):
        return moment + timedelta(seconds=-moment.timestamp() % 60)

@task""",
    )
    told = load(text, now=NOW).foretold["d"]
    assert len(told.slots) == 151
    assert told.slots[50][2] == NOW


def test_a_timetable_that_ends_has_no_until(load):
    _, told = foretold(load, "Days(last='2026-04-05')")
    assert len([slot for slot in told.slots if slot[2] > NOW]) == 4
    assert told.until is None
    assert foretold(load, "Days()", "end='2026-04-05'")[1].until is None


def test_nothing_before_the_start_is_foretold_and_all_since_it_for_a_catch_up(load):
    _, told = foretold(load, "Days()", "start='2026-03-30'")
    assert told.slots[0][0] == instant_of(datetime(2026, 3, 30, tzinfo=UTC))
    _, told = foretold(load, "Days()", "start='2025-03-01', catchup=True")
    assert told.slots[0][0] == instant_of(datetime(2025, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [("Days(0)", "ZeroDivisionError"), ("Days", "is a class: write Days()"), ("Timetable()", "says no next_tick"),
     ("'trading_days'", "no timetable of this name is installed")],
)  # fmt: skip
def test_a_timetable_that_fails_is_an_error_of_its_dag(load, schedule, reason):
    (error,) = load(FILE.format(schedule=schedule, options=""), now=NOW).errors
    assert reason in error.message
    assert (error.dag, error.line) == ("d", 16)


def test_other_timetables_foretell_nothing(load):
    loaded = load(FILE.format(schedule="'@daily'", options=""), now=NOW)
    assert loaded.foretold == {}


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory):
    """A distribution with timetables, beside the DAG file."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "exchange.py").write_text(
        "from segue import Timetable\nclass Open(Timetable):\n    def next_tick(self, moment):\n        return moment\n"
        "ready = Open()\nbroken = 3\n"
    )
    info = folder / "exchange-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: exchange\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[segue.timetables]\nexchange.open = exchange:Open\nready = exchange:ready\nbroken = exchange:broken\n"
    )
    sys.path.append(str(folder))
    yield
    sys.path.remove(str(folder))
    sys.modules.pop("exchange", None)


@pytest.mark.parametrize("name", ["exchange.open", "ready"])
def test_an_installed_timetable_is_found_by_its_name(load, installed, name):
    loaded = load(FILE.format(schedule=repr(name), options=""))
    assert loaded.errors == []
    assert loaded.specs[0].schedule == ("custom", "Open", "Open()")


def test_an_entry_point_that_leads_to_something_else_is_an_error(load, installed):
    (error,) = load(FILE.format(schedule="'broken'", options="")).errors
    assert "leads to exchange:broken, which is no Timetable: 3" in error.message
    (error,) = load(FILE.format(schedule="'open'", options="")).errors
    assert "broken, exchange.open, ready" in error.message

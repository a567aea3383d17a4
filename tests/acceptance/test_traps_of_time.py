"""Traps T2, T3, T6 and T17 of the sources' own snippets (T5 stands in `test_traps`)."""

from datetime import UTC, datetime

from segue import daily
from segue.define.loading import load_file
from tests.acceptance.clocked import Clocked, declared

FILE = """
from datetime import datetime
from segue import Interval, daily, dag, injected, task

@task
def orders(interval: Interval = injected):
    return f"date={interval.ds}"

@dag({options})
def nightly():
    orders()
"""


def codes(folder, options: str) -> list[str]:
    (folder / "nightly.py").write_text(FILE.replace("{options}", options))
    loaded = load_file(folder / "nightly.py", folder)
    assert loaded.errors == []
    return [finding.code for finding in loaded.findings]


def test_t02_the_logical_date_of_a_cron_run_is_the_start_of_an_interval_that_has_a_width():
    fired = Clocked("2024-01-15T09:00", schedule="0 0 * * *").play_until("2024-01-16T09:00")
    (run,) = fired
    assert (run.start, run.end) == (datetime(2024, 1, 15, tzinfo=UTC), datetime(2024, 1, 16, tzinfo=UTC))


def test_t03_catchup_is_off_unless_it_is_asked_for():
    assert declared(schedule="@daily", start="2020-01-01").catchup is False
    world = Clocked("2024-01-15T09:00", schedule="@daily", start="2020-01-01")
    assert [run.start for run in world.play_until("2024-01-16T09:00")] == [datetime(2024, 1, 15, tzinfo=UTC)]


def test_t03_a_catch_up_of_years_waits_for_a_person():
    world = Clocked("2024-01-15T09:00", schedule="@daily", start="2020-01-01", catchup=True)
    assert len(world.play_until("2024-01-16T09:00")) == 1
    assert world.proposed == 1_475


def test_t03_a_catch_up_of_days_is_run():
    world = Clocked("2024-01-15T09:00", schedule="@daily", start="2024-01-10", catchup=True)
    assert [run.start.day for run in world.play_until("2024-01-16T09:00")] == [10, 11, 12, 13, 14, 15]


def test_t06_two_am_pacific_with_a_naive_start_is_a_warning_that_names_the_zone_to_write(tmp_path):
    naive = 'schedule=daily(at="02:00"), start=datetime(2026, 1, 1), doc="Runs at 2 am Pacific."'
    assert sorted(codes(tmp_path, naive)) == ["naive", "zone"]
    assert codes(tmp_path, f'{naive}, timezone="America/Los_Angeles"') == []


def test_t06_in_its_zone_it_runs_at_two_am_there():
    fired = Clocked("2026-01-01T12:00", schedule="0 2 * * *", timezone="America/Los_Angeles").play_until(
        "2026-01-02T12:00"
    )
    assert [run.at.astimezone(UTC).hour for run in fired] == [10]


def test_t17_a_cron_interval_off_midnight_that_meets_dates_is_told_the_daily_to_write(tmp_path):
    assert codes(tmp_path, 'schedule="0 2 * * *", timezone="America/Los_Angeles"') == ["midnight"]
    assert codes(tmp_path, 'schedule=daily(at="02:00"), timezone="America/Los_Angeles"') == []


def test_t17_daily_at_two_covers_the_whole_day_before():
    (run,) = Clocked("2024-01-15T09:00", schedule=daily(at="02:00")).play_until("2024-01-16T09:00")
    assert (run.at, run.start, run.end) == tuple(
        datetime(2024, 1, day, hour, tzinfo=UTC) for day, hour in ((16, 2), (15, 0), (16, 0))
    )

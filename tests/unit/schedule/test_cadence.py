import pytest

from segue.schedule.cadence import calendar_for, is_finer_than_a_day, names_an_hour, ticks_off_midnight
from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, weekly
from segue.schedule.timetable import Cron, Once


@pytest.mark.parametrize(
    ("timetable", "finer"),
    [(cron("0 2 * * *"), False), (cron("0 2,14 * * *"), True), (cron("*/5 * * * *"), True), (cron("0 6 * * 1"), False),
     (every("23h"), False), (every("22h"), True), (hourly(), True), (daily(), False), (weekly(), False),
     (cron("0 6 * * 1-5") | cron("0 6 * * 6"), False), (cron("0 6 * * 1-5") | cron("0 9 * * 6"), True),
     (cron("0 6 * * *") | every("7d"), True), (listed(["2026-04-01", "2026-04-02"]), False),
     (listed(["2026-04-01", "2026-04-01T05"]), True), (Once(), False)],
)  # fmt: skip
def test_a_timetable_is_finer_than_a_day_where_two_slots_may_lie_in_one(timetable, finer):
    assert is_finer_than_a_day(timetable) is finer


def test_a_listed_day_of_23_hours_is_a_day():
    assert not is_finer_than_a_day(listed(["2026-03-08", "2026-03-09"]), "America/Los_Angeles")


@pytest.mark.parametrize(
    ("timetable", "off"),
    [(cron("0 2 * * *"), True), (cron("0 0 * * *"), False), (cron("0 * * * *"), False), (daily(at="02:00"), False)],
)
def test_a_cron_expression_of_days_may_tick_off_midnight(timetable, off):
    assert ticks_off_midnight(timetable) is off


@pytest.mark.parametrize(
    ("timetable", "named"),
    [(cron("0 2 * * *"), True), (cron("0 * * * *"), False), (every("1d"), False), (daily(), True),
     (weekly(at="02:00"), True), (hourly(at=":10"), False), (every("1d") | cron("0 2 * * *"), True)],
)  # fmt: skip
def test_a_timetable_names_hours_or_does_not(timetable, named):
    assert names_an_hour(timetable) is named


@pytest.mark.parametrize(
    ("expression", "instead"),
    [("30 2 * * *", daily(at="02:30")), ("0 6 * * 1", weekly("mon", at="06:00")), 
     ("0 6 * * 7", weekly("sun", at="06:00")),
     ("0 6 * * FRI", weekly("fri", at="06:00")), ("0 6 15 * *", monthly(15, at="06:00")), ("0 6 31 * *", None),
     ("0 6 * * 1-5", None), ("0 6 1 1 *", None)],
)  # fmt: skip
def test_a_cron_expression_has_a_calendar_timetable_that_is_due_with_it(expression, instead):
    assert calendar_for(Cron(expression)) == instead

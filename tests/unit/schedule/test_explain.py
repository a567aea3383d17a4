import pytest

from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, timetable_of, weekly
from segue.schedule.explain import explain
from segue.schedule.timetable import Cron, Timetable


class Lunar(Timetable):
    def tick(self, at, bounds):
        return None

    def __str__(self):
        return "lunar()"


@pytest.mark.parametrize(
    ("timetable", "text"),
    [
        (None, "runs when it is asked to; covers no interval"),
        (timetable_of("@once"), "runs once, when it is first enabled; covers no interval"),
        (hourly(at=":10"), "covers each hour of the clock; runs 10 min after it ends"),
        (daily(at="02:00"), "covers each calendar day; runs at 02:00 on the day after"),
        (weekly("sat"), "covers each week from Saturday; runs at 00:00 on the Saturday after"),
        (monthly(15, at="06:30"), "covers each month from day 15; runs at 06:30 on day 15 of the month after"),
        (cron("0 2 * * *"), "runs at 02:00 every day; covers the time since the tick before"),
        (every("15m"), "runs every 15 min; covers the time since the tick before"),
        (every("90m"), "runs every 1 h 30 min; covers the time since the tick before"),
        (
            every("1d", anchor="2026-04-01") | listed(["2026-04-01", "2026-05-01"]),
            "runs every 1 d from 2026-04-01 and at 2026-04-01, 2026-05-01; covers the time since the tick before",
        ),
        (Lunar(), "runs at the moments of lunar(); covers the time since the tick before"),
    ],
)
def test_a_timetable_says_what_it_covers_and_when_it_runs(timetable, text):
    assert explain(timetable) == text


def test_every_expression_has_words():
    for expression in ("*/15 8-18 * * MON-FRI", "0 0 29 2 *", "5,35 */2 1,15 * 0"):
        assert explain(Cron(expression)).startswith("runs ")

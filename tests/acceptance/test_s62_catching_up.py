"""S62: a pipeline needing 23 hours per day is told that it cannot catch up, one hour per day gets "24 days per day"."""

from segue.engine.forecast import estimate, outlook
from segue.model.moment import DAY, HOUR
from segue.model.spec import DagSpec, TaskSpec

PIPELINE = DagSpec("pipeline", (TaskSpec("extract"), TaskSpec("load", data=("extract",))))


def verdict(hours: int, cap: int = 1) -> str:
    usual = {"extract": [(hours - 1) * HOUR + HOUR // 2] * 20, "load": [HOUR // 2] * 20}
    return outlook(estimate(PIPELINE, usual), 365, cap, interval=DAY).verdict


def test_s62_twenty_three_hours_per_day_will_never_catch_up():
    assert verdict(23) == "will never catch up: 23 h per day at cap 1"


def test_s62_one_hour_per_day_catches_up_twenty_four_days_per_day():
    assert verdict(1) == "catches up 24 days per day"


def test_s62_a_year_of_history_takes_a_year_or_a_fortnight():
    for hours, days in ((23, 350), (1, 15)):
        usual = {"extract": [(hours - 1) * HOUR + HOUR // 2], "load": [HOUR // 2]}
        finish = outlook(estimate(PIPELINE, usual), 365, 1, interval=DAY).finish
        assert round(finish / DAY) == round(365 * hours / 24)
        assert abs(finish / DAY - days) < 1

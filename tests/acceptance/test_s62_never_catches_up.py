"""S62: a pipeline that needs 23 hours per day cannot catch up; one hour per day makes 24 days per day."""

import pytest

from segue.model.moment import parse_moment
from segue.model.spec import DagSpec, TaskSpec
from segue.model.timing import Foretold
from segue.schedule.declare import daily
from segue.show.backfilling import Wish, effects_of, plan_backfill

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [
        (1, "catches up 24 days per day"),
        (23, "will never catch up: 23 h per day at cap 1"),
        (2, "catches up 12 days per day"),
    ],
)
def test_s62_the_verdict_stands_before_the_backfill_begins(hours, verdict):
    spec = DagSpec("etl", (TaskSpec("load"),), daily().to_data())
    now = parse_moment("2026-10-20", "UTC")
    plan = plan_backfill(spec, Foretold(), (), Wish("2026-09", cap=1), now, lambda count: None)
    effects = effects_of(plan, {"load": [hours * HOUR]}, 4, 1)
    assert effects.outlook is not None
    assert (effects.outlook.verdict, effects.outlook.never) == (verdict, hours == 23)

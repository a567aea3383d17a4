from datetime import UTC, datetime, timedelta

import pytest

from segue import cron, daily
from tests.acceptance.clocked import Clocked


@pytest.mark.parametrize("schedule", ["@daily", "0 0 * * *", daily(), cron("0 0 * * *")])
def test_s42_the_run_that_fires_on_the_16th_covers_the_15th(schedule):
    fired = Clocked("2024-01-14T12:00", schedule=schedule).play_until("2024-01-16T12:00")
    last = fired[-1]
    assert last.at == datetime(2024, 1, 16, tzinfo=UTC)
    assert (last.start, last.end) == (datetime(2024, 1, 15, tzinfo=UTC), datetime(2024, 1, 16, tzinfo=UTC))


@pytest.mark.parametrize("schedule", ["@daily", daily(), daily(at="02:00")])
def test_s43_a_daily_dag_that_starts_on_the_first_runs_at_the_end_of_the_first(schedule):
    world = Clocked("2023-12-30T09:00", schedule=schedule, start="2024-01-01")
    assert world.play_until("2024-01-01T23:59") == []
    (fired,) = world.play_until("2024-01-02T12:00")
    assert fired.start == datetime(2024, 1, 1, tzinfo=UTC)
    assert timedelta() <= fired.at - datetime(2024, 1, 2, tzinfo=UTC) <= timedelta(hours=2)

"""S10: yesterday's run lasts past today's start: no overlap unless allowed, and the waiting run says why."""

from segue.model.ids import RunKey
from segue.schedule.declare import daily
from tests.acceptance.played import days_of
from tests.unit.engine.driver import DAY, World, dag, task

SLOW = dag(task("all"), id="slow", schedule=daily().to_data())


def test_s10_with_default_settings_today_waits_for_yesterday_and_says_so():
    world = World(SLOW, planning=True, now=1_000 * DAY + 1)
    world.send()
    world.wait(86_400)
    yesterday, today = RunKey("slow", "1972-09-27", 1), RunKey("slow", "1972-09-28", 1)
    assert world.run_state(yesterday) == "running"
    world.wait(86_400)
    assert (world.run_state(yesterday), world.run_state(today)) == ("running", "queued")
    assert str(yesterday) in world.why(run=today)
    world.end("all", run=yesterday)
    assert world.run_state(today) == "running"


def test_s10_in_a_month_no_two_runs_overlap_unless_that_is_allowed():
    played = days_of(SLOW, {"all": 30 * 60}, days=30)
    assert (played.peak, played.overlaps > 10) == (1, True)
    ends = [run.ended for run in played.runs if run.ended is not None]
    starts = [run.started for run in played.runs if run.started is not None]
    assert all(start >= end for start, end in zip(starts[1:], ends, strict=False))
    allowed = dag(task("all"), id="slow", schedule=daily().to_data(), max_active_runs=2)
    assert (days_of(allowed, {"all": 30 * 60}, days=30).peak, days_of(allowed, {"all": 30 * 60}).overlaps) == (2, 0)

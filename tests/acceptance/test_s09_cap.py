"""S09: a deploy with a start date of half a year ago never opens 180 connections."""

from msgspec import structs

from segue.model.ids import Instant
from segue.model.moment import DAY, parse_moment
from segue.model.state import RunState
from segue.model.timing import Timing
from segue.schedule.declare import daily
from segue.schedule.planner import generation_of
from tests.acceptance.played import START, days_of
from tests.unit.engine.driver import dag, task

BEGIN = parse_moment("2026-05-23", "UTC")
SHOP = dag(task("extract"), id="shop", schedule=daily().to_data(), start=BEGIN, catchup=True)


def test_s09_nothing_of_the_past_runs_unless_a_person_wants_it():
    unwanted = days_of(structs.replace(SHOP, catchup=False), {"extract": 30}, days=3)
    assert (len(unwanted.runs), unwanted.proposed, unwanted.peak) == (3, 0, 1)
    unconfirmed = days_of(SHOP, {"extract": 30}, days=3)
    assert (len(unconfirmed.runs), unconfirmed.proposed, unconfirmed.peak) == (3, 181, 1)


def test_s09_a_person_wants_it_and_the_source_sees_one_connection_at_a_time():
    confirmed = Timing(generation_of(SHOP), BEGIN, parse_moment("2026-11-20", "UTC"), Instant(START - DAY))
    caught_up = days_of(SHOP, {"extract": 30}, days=10, workers=200, timing=confirmed)
    assert (caught_up.peak, caught_up.count(RunState.SUCCESS)) == (1, 191)
    keys = [run.row.run.key for run in caught_up.runs]
    assert keys == sorted(keys) and len(set(keys)) == 191


def test_s09_the_limit_is_the_dags_own_to_raise():
    wide = structs.replace(SHOP, max_active_runs=4)
    confirmed = Timing(generation_of(wide), BEGIN, parse_moment("2026-11-20", "UTC"), Instant(START - DAY))
    assert days_of(wide, {"extract": 30}, days=2, workers=200, timing=confirmed).peak == 4

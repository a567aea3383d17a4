"""S01: ingest takes 150 minutes instead of 60 on Black Friday, and the report does not start until it has succeeded."""

from segue.model.events import Failure
from segue.model.state import RunState, TaskState
from segue.schedule.declare import daily
from tests.acceptance.played import days_of, lengths
from tests.acceptance.stage import play
from tests.unit.engine.driver import SECOND, dag, task

NIGHT = dag(
    task("ingest"), task("report", data=("ingest",)), id="night", schedule=daily().to_data(), deadline=3 * 3600 * SECOND
)


def test_s01_the_report_starts_when_ingest_has_succeeded_and_not_by_the_clock():
    played = play(NIGHT, {}, seconds={"ingest": 150 * 60, "report": 60})
    assert played.state is RunState.SUCCESS
    assert played.ended("ingest") - played.began("ingest") == 150 * 60 * SECOND
    assert played.began("report") >= played.ended("ingest")


def test_s01_the_report_never_starts_where_ingest_has_failed():
    played = play(NIGHT, {"ingest": [Failure("Timeout", "the shop is busy")]}, seconds={"ingest": 150 * 60})
    assert played.states == {"ingest": TaskState.FAILED, "report": TaskState.UPSTREAM_FAILED}
    assert played.attempts("report") == []


def test_s01_a_month_of_black_fridays_is_foretold():
    usual = days_of(NIGHT, {"ingest": 60, "report": 10})
    assert (lengths(usual), usual.late) == ({70.0}, ())
    busy = days_of(NIGHT, {"ingest": 60, "report": 10}, slow={"ingest": 2.5})
    assert (lengths(busy), busy.late, busy.count(RunState.SUCCESS)) == ({160.0}, (), 10)

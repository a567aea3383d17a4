"""S03: ingest takes five hours; the report waits and never reads partial data."""

from segue.model.state import RunState
from segue.schedule.declare import daily
from tests.acceptance.played import days_of, lengths
from tests.acceptance.stage import play
from tests.unit.engine.driver import SECOND, dag, task

NIGHT = dag(
    task("ingest"), task("report", data=("ingest",)), id="night", schedule=daily().to_data(), deadline=3 * 3600 * SECOND
)


def test_s03_the_report_waits_five_hours_and_gets_the_whole_result():
    played = play(NIGHT, {}, seconds={"ingest": 5 * 3600, "report": 60})
    assert played.state is RunState.SUCCESS
    assert played.began("report") >= played.ended("ingest") == played.began("ingest") + 5 * 3600 * SECOND
    assert len(played.attempts("ingest")) == len(played.attempts("report")) == 1


def test_s03_that_it_will_be_late_is_foretold_for_every_day():
    dag = days_of(NIGHT, {"ingest": 60, "report": 10}, slow={"ingest": 5.0})
    assert lengths(dag) == {310.0}
    assert [late.key for late in dag.late] == [f"2026-11-{day}" for day in range(20, 30)]
    assert {(late.ended or 0) - late.deadline for late in dag.late} == {130 * 60 * SECOND}

"""S11: six nightly jobs become one DAG; a two-hour extract delays the dashboard and does not corrupt it."""

from segue.model.state import RunState
from segue.schedule.declare import daily
from tests.acceptance.played import days_of, lengths
from tests.acceptance.stage import play
from tests.unit.engine.driver import dag, task

NIGHT = dag(
    task("sales"), task("crm"), task("clean_sales", data=("sales",)), task("clean_crm", data=("crm",)),
    task("join", data=("clean_sales", "clean_crm")), task("publish", data=("join",)),
    id="dashboard", schedule=daily(at="01:00").to_data(),
)  # fmt: skip
USUAL = {job.id: 10 for job in NIGHT.tasks}


def test_s11_each_job_starts_when_what_it_reads_is_whole():
    played = play(NIGHT, {}, seconds={"sales": 2 * 3600} | {job: 600 for job in USUAL if job != "sales"})
    assert played.state is RunState.SUCCESS
    for job in NIGHT.tasks:
        assert all(played.began(job.id) >= played.ended(up) for up in job.upstream)
    assert played.began("clean_crm") < played.ended("sales")


def test_s11_a_two_hour_extract_delays_every_night_by_as_much_and_runs_nothing_twice():
    assert lengths(days_of(NIGHT, USUAL)) == {40.0}
    slow = days_of(NIGHT, USUAL, slow={"sales": 12.0})
    assert (lengths(slow), slow.count(RunState.SUCCESS), slow.overlaps) == ({150.0}, 10, 0)

from datetime import datetime
from zoneinfo import ZoneInfo

from segue import Context, dag, daily, injected, task
from segue import tasks as t
from segue.testing import run

PACIFIC = ZoneInfo("America/Los_Angeles")
STARTS = ("logical_date", "execution_date", "data_interval_start", "scheduled_start_time")


@task
def names(context: Context = injected) -> dict[str, object]:
    wanted = (*STARTS, "ds", "data_interval_end", "partition_key", "scheduled_at")
    return {name: getattr(context, name) for name in wanted}


@dag(schedule=daily(at="02:00"), timezone="America/Los_Angeles")
def named() -> None:
    names()
    t.bash("echo {{ execution_date }} {{ ds }} {{ data_interval_end }} {{ partition_key }}", id="rendered")


def test_s44_every_name_of_the_date_is_there_and_means_the_same():
    result = run(named, date="2026-04-01")
    found = result.value("names")
    start, end = datetime(2026, 4, 1, tzinfo=PACIFIC), datetime(2026, 4, 2, tzinfo=PACIFIC)
    assert {found[name] for name in STARTS} == {start}
    assert all(found[name].utcoffset() == start.utcoffset() for name in STARTS)
    assert (found["ds"], found["partition_key"], found["data_interval_end"]) == ("2026-04-01", "2026-04-01", end)
    assert found["scheduled_at"] == end.replace(hour=2)
    assert result.value("rendered") == f"{start} 2026-04-01 {end} 2026-04-01"

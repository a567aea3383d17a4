from pathlib import Path

import pytest

from segue import Interval, dag, daily, injected, task
from segue import tasks as t
from segue.testing import run


@pytest.mark.parametrize("date", ["2024-01-15", "2026-04-01"])
def test_s47_a_path_by_date_has_the_logical_date_and_not_that_of_the_run(tmp_path: Path, date: str):
    @task
    def load(interval: Interval = injected) -> str:
        folder = tmp_path / f"date={interval.ds}"
        folder.mkdir()
        return folder.name

    @dag(schedule=daily(at="02:00"), timezone="America/Los_Angeles")
    def partitioned() -> None:
        load() >> t.bash(f"mkdir {tmp_path}/day={{{{ ds }}}}", id="shell")

    result = run(partitioned, date=date)
    assert result.value("load") == f"date={date}"
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"date={date}", f"day={date}"]

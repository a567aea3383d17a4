import pytest

from segue import Interval, injected, task
from segue.model.errors import SegueError
from segue.testing import FakeClock, context


def test_a_context_of_a_day() -> None:
    made = context("2026-04-01", params={"env": "test"}, timezone="America/Los_Angeles", attempt=2)
    assert made.ds == "2026-04-01"
    assert made.interval == Interval("2026-04-01", timezone="America/Los_Angeles")
    assert made.scheduled_at == made.interval.end
    assert made.params["env"] == "test"
    assert made.attempt == 2
    assert made.run_id == "dag@2026-04-01"


def test_a_context_without_a_date_has_no_interval() -> None:
    with pytest.raises(SegueError, match="interval"):
        _ = context().interval


def test_a_task_stays_a_function_that_a_context_can_be_given() -> None:
    @task
    def extract(interval: Interval = injected) -> str:
        return f"/data/{interval.ds}"

    assert extract(context("2026-04-01").interval) == "/data/2026-04-01"


def test_a_fake_clock_goes_when_it_is_told_and_never_back() -> None:
    clock = FakeClock("2026-04-01")
    start = clock.now()
    clock.sleep(1.5)
    assert clock.now() - start == 1_500_000
    clock.set("2026-03-01")
    assert clock.now() - start == 1_500_000
    clock.set("2026-04-02")
    assert clock.now() - start == 86_400_000_000

import pytest

from segue import every
from segue.model.acts import TriggerRun
from tests.acceptance.clocked import Clocked, times


@pytest.mark.parametrize(
    ("schedule", "until", "expected"),
    [
        ("@hourly", "2024-01-01T03:10", ["2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 03:00"]),
        ("@daily", "2024-01-03T12:00", ["2024-01-02 00:00", "2024-01-03 00:00"]),
        ("@midnight", "2024-01-03T12:00", ["2024-01-02 00:00", "2024-01-03 00:00"]),
        ("@weekly", "2024-01-15T12:00", ["2024-01-07 00:00", "2024-01-14 00:00"]),
        ("@monthly", "2024-03-15T12:00", ["2024-02-01 00:00", "2024-03-01 00:00"]),
        ("@yearly", "2026-03-15T12:00", ["2025-01-01 00:00", "2026-01-01 00:00"]),
        (every("6h"), "2024-01-01T19:00", ["2024-01-01 06:00", "2024-01-01 12:00", "2024-01-01 18:00"]),
        (every("90m", anchor="2024-01-01"), "2024-01-01T04:00", ["2024-01-01 01:30", "2024-01-01 03:00"]),
    ],
)
def test_s32_presets_and_fixed_periods_run_by_themselves(schedule, until, expected):
    assert times(Clocked("2024-01-01T00:30", schedule=schedule).play_until(until)) == expected


def test_s32_once_is_one_run_without_interval():
    (fired,) = Clocked("2024-01-01T00:30", schedule="@once").play_until("2025-01-01")
    assert (fired.start, fired.end) == (None, None)


def test_s32_a_dag_without_schedule_runs_when_it_is_asked_to():
    world = Clocked("2024-01-01T00:30")
    assert world.play_until("2024-02-01") == []
    world.ask(TriggerRun("d", "manual-1"))
    assert [(one.kind, one.start) for one in world.fired] == [("manual", None)]

import pytest

from tests.acceptance.clocked import Clocked, times

NIGHTS = [f"2024-01-{day:02} 00:00" for day in range(2, 16)]


@pytest.mark.parametrize(
    ("expression", "until", "expected"),
    [
        ("0 0 * * *", "2024-01-15T00:00", NIGHTS),
        ("0 * * * *", "2024-01-01T04:30", [f"2024-01-01 {hour:02}:00" for hour in range(1, 5)]),
        ("0 6 * * 1", "2024-01-31T00:00", [f"2024-01-{day:02} 06:00" for day in (1, 8, 15, 22, 29)]),
        ("0 0 1 1 *", "2026-06-01T00:00", ["2025-01-01 00:00", "2026-01-01 00:00"]),
        ("0 2 * * *", "2024-01-04T00:00", [f"2024-01-{day:02} 02:00" for day in (1, 2, 3)]),
        ("0 8 * * *", "2024-01-04T00:00", [f"2024-01-{day:02} 08:00" for day in (1, 2, 3)]),
        ("0 0 * * 0", "2024-01-31T00:00", [f"2024-01-{day:02} 00:00" for day in (7, 14, 21, 28)]),
        ("0 0 * * 7", "2024-01-31T00:00", [f"2024-01-{day:02} 00:00" for day in (7, 14, 21, 28)]),
    ],
)
def test_s31_an_expression_fires_as_the_chapters_say(expression, until, expected):
    """From the first of January 2024 on, a Monday, at half past midnight."""
    assert times(Clocked("2024-01-01T00:30", schedule=expression).play_until(until)) == expected

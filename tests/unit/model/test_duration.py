from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.duration import microseconds, seconds, show_duration


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("500ms", 0.5),
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86_400),
        ("1h30m", 5400),
        ("1d2h3m4s5ms", 93_784.005),
        ("0s", 0),
        (timedelta(minutes=1, microseconds=1), 60.000001),
    ],
)
def test_a_duration_is_read(written, length):
    assert seconds(written) == length


@pytest.mark.parametrize(
    "written", ["", "30", "1.5h", "30 s", "30m1h", "-1s", "1w", "s", "٣s", 30, None, 1.5, timedelta(-1), "36526d"]
)
def test_what_is_no_duration_is_refused_by_its_text_with_the_valid_spellings(written):
    with pytest.raises(ValueError, match="'1h30m'") as caught:
        microseconds(written)
    assert repr(written) in str(caught.value)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(36_525)))
def test_a_timedelta_is_read_to_the_microsecond(length):
    assert timedelta(microseconds=microseconds(length)) == length


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 ms"),
        (1_499, "1 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (1_400_000, "1.4 s"),
        (59_949_999, "59.9 s"),
        (59_950_000, "1 min 00 s"),
        (125_000_000, "2 min 05 s"),
        (3_599_500_000, "1 h 00 min"),
        (11_220_000_000, "3 h 07 min"),
        (86_399_500_000, "1 d 00 h"),
        (187_200_000_000, "2 d 04 h"),
    ],
)
def test_a_duration_is_shown_in_the_two_units_that_matter(length, text):
    assert show_duration(length) == text

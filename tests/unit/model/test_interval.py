import copy
import pickle
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.interval import Interval, parse_range, slot_key
from segue.model.moment import parse_moment

LA = "America/Los_Angeles"


def between(start: str, end: str, zone: str = LA) -> Interval:
    return Interval(start, end, timezone=zone)


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2026-04-01", "2026-04-02"),
        (date(2026, 4, 1), "2026-04-02"),
        ("2026-04", "2026-05"),
        ("2026-04-01T05", "2026-04-01T06:00"),
        ("2026-04-01T05:00-07:00", "2026-04-01T06:00"),
        (datetime(2026, 4, 1, 5), "2026-04-01T06:00"),  # noqa: DTZ001
        (datetime(2026, 4, 1, 5, tzinfo=UTC), "2026-03-31T23:00"),
    ],
)
def test_one_argument_is_a_day_a_month_or_an_hour(written, end):
    interval = Interval(written, timezone=LA)
    assert interval.end_instant == parse_moment(end, LA)
    assert interval.start_instant == parse_moment(written, LA)


@pytest.mark.parametrize("written", ["2026-04-01T05:30", datetime(2026, 4, 1, 5, 0, 1, tzinfo=UTC)])
def test_a_moment_off_the_hour_needs_a_second_end(written):
    with pytest.raises(ValueError, match="both ends"):
        Interval(written)


@pytest.mark.parametrize("end", ["2026-04-01", "2026-03-31"])
def test_an_interval_is_never_empty(end):
    with pytest.raises(ValueError, match="ends after it starts"):
        Interval("2026-04-01", end)
    with pytest.raises(ValueError, match="ends after it starts"):
        Interval("2011-12-30", timezone="Pacific/Apia")


def test_its_values_are_aware_and_in_the_zone():
    interval = Interval("2026-04-01", timezone=LA)
    assert interval.start == datetime(2026, 4, 1, tzinfo=ZoneInfo(LA))
    assert interval.start.utcoffset() == interval.end.utcoffset() == ZoneInfo(LA).utcoffset(datetime(2026, 4, 1))  # noqa: DTZ001
    assert interval.date == date(2026, 4, 1)
    assert interval.ds == "2026-04-01"
    assert interval.binds() == {
        "start": interval.start, "end": interval.end, "ds": "2026-04-01", "execution_date": interval.start,
    }  # fmt: skip


def test_it_is_a_value():
    one = Interval("2026-04-01", timezone=LA)
    twin = Interval.of(one.start_instant, one.end_instant, LA)
    assert one == twin and hash(one) == hash(twin)
    assert one == copy.deepcopy(one) == pickle.loads(pickle.dumps(one))
    assert one < Interval("2026-04-02", timezone=LA)
    assert one != Interval.of(one.start_instant, one.end_instant, "America/Vancouver")
    with pytest.raises(AttributeError):
        one.zone = "UTC"


@pytest.mark.parametrize(
    "interval",
    [
        Interval("2026-04-01"),
        Interval("2026-04"),
        Interval("2026-04-01T05"),
        Interval("2026-04-01T05", timezone="Etc/UTC"),
        Interval("2026-11-01", timezone=LA),
        Interval("2026-11-01T01", timezone=LA),
        between("2026-11-01T01:00-08:00", "2026-11-01T02:00"),
        between("2026-04-01T05:00:01", "2026-04-01T06:00:00.25"),
    ],
)
def test_its_repr_makes_it_again(interval):
    assert eval(repr(interval)) == interval


def test_the_repr_of_a_day_is_short():
    assert repr(Interval("2026-04-01")) == "Interval('2026-04-01')"
    assert repr(Interval("2026-04-01", timezone=LA)) == "Interval('2026-04-01', timezone='America/Los_Angeles')"


@pytest.mark.parametrize(
    ("interval", "key"),
    [
        (Interval("2026-04-01", timezone=LA), "2026-04-01"),
        (Interval("2026-03-08", timezone=LA), "2026-03-08"),
        (Interval("2026-11-01", timezone=LA), "2026-11-01"),
        (Interval("2018-11-04", timezone="America/Sao_Paulo"), "2018-11-04"),
        (Interval("2026-04", timezone=LA), "2026-04-01"),
        (between("2026-03-30", "2026-04-06"), "2026-03-30"),
        (between("2026-11-01", "2026-11-01T23:00"), "2026-11-01"),
        (between("2026-11-01", "2026-11-01T22:59"), "2026-11-01T00:00-07:00"),
        (between("2026-04-01T02:00", "2026-04-02T02:00"), "2026-04-01T02:00-07:00"),
        (Interval("2026-11-01T01", timezone=LA), "2026-11-01T01:00-07:00"),
        (between("2026-11-01T01:00-08:00", "2026-11-01T02:00"), "2026-11-01T01:00-08:00"),
        (Interval("2026-04-01T05"), "2026-04-01T05:00"),
        (Interval("2026-04-01T05", timezone="Etc/UTC"), "2026-04-01T05:00"),
        (Interval("2026-01-01T05", timezone="Europe/London"), "2026-01-01T05:00+00:00"),
        (between("2026-04-01T05:00:30", "2026-04-01T05:01:00", "UTC"), "2026-04-01T05:00:30"),
    ],
)
def test_its_key_is_a_date_for_a_local_day_or_longer_else_the_start_with_its_offset(interval, key):
    assert interval.key == key == slot_key(interval.start_instant, interval.end_instant, interval.zone)


@pytest.mark.parametrize(
    ("zone", "interval", "start"),
    [
        (LA, ("2026-04-02",), "2026-04-01"),
        (LA, ("2026-03-09",), "2026-03-08"),
        (LA, ("2026-11-02",), "2026-11-01"),
        (LA, ("2026-04",), "2026-03-01"),
        (LA, ("2026-01-01", "2027-01-01"), "2025-01-01"),
        (LA, ("2026-03-09", "2026-03-16"), "2026-03-02"),
        (LA, ("2026-03-15", "2026-04-15"), "2026-02-15"),
        (LA, ("2026-05-31", "2026-07-31"), "2026-03-31"),
        (LA, ("2026-03-31", "2026-05-31"), "2026-01-31"),
        (LA, ("2026-12-31", "2027-02-28"), "2026-11-02"),
        (LA, ("2026-04-01T02:00", "2026-04-02T02:00"), "2026-03-31T02:00"),
        (LA, ("2026-03-08T02:00", "2026-03-09T02:00"), "2026-03-07T02:00"),  # starts at 03:00: 02:00 does not exist
        (LA, ("2026-03-09T02:00", "2026-03-10T02:00"), "2026-03-08T03:00"),
        (LA, ("2026-03-07T02:00", "2026-03-08T02:00"), "2026-03-06T02:00"),
        (LA, ("2026-04-01T05",), "2026-04-01T04:00"),
        (LA, ("2026-11-01T01",), "2026-11-01T00:00"),
        (LA, ("2026-04-01T05:00", "2026-04-02T06:00"), "2026-03-31T04:00"),
        ("America/Sao_Paulo", ("2018-11-05",), "2018-11-04"),
        ("America/Sao_Paulo", ("2018-11-04",), "2018-11-03"),
        ("Pacific/Apia", ("2011-12-31",), "2011-12-29"),
        ("Pacific/Apia", ("2011-12-29",), "2011-12-28"),
    ],
)
def test_the_previous_interval_is_of_the_same_kind(zone, interval, start):
    one = Interval(*interval, timezone=zone)
    previous = one.previous()
    assert previous.start_instant == parse_moment(start, zone)
    assert (previous.end, previous.zone) == (one.start, zone)


def test_a_month_that_is_too_short_for_its_day_ends_on_its_last():
    assert between("2026-03-31", "2026-04-30").previous().date == date(2026, 3, 1)
    assert Interval("2026-03-31", "2026-05-31").previous().date == date(2026, 1, 31)
    assert Interval("2026-08-31", "2027-02-28").previous().date == date(2026, 3, 3)
    assert Interval("2026-01-30", "2026-03-30").previous().date == date(2025, 11, 30)
    assert Interval("2025-12-31", "2026-02-28T00:00").previous().end == datetime(2025, 12, 31, tzinfo=UTC)


@given(
    st.sampled_from([LA, "America/Sao_Paulo", "Pacific/Apia", "Asia/Tehran", "Europe/Berlin", "UTC"]),
    st.dates(date(2009, 1, 1), date(2020, 12, 31)),
)
def test_days_walked_backwards_are_the_days_of_the_calendar(zone, day):
    try:
        interval = Interval(day, timezone=zone)
    except ValueError:
        return  # the day Samoa left out
    previous = interval.previous()
    assert previous == Interval(previous.date, timezone=zone)
    assert previous.end == interval.start


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("2026-10-01..2026-10-31", ("2026-10-01", "2026-10-31")),
        ("2026-10-01...2026-10-31", ("2026-10-01", "2026-10-31")),
        ("2026-10 .. 2026-11", ("2026-10", "2026-11")),
        ("2026-10-01", ("2026-10-01", "2026-10-01")),
    ],
)
def test_a_range_has_two_ends(text, ends):
    assert parse_range(text) == ends


@pytest.mark.parametrize("text", ["", "..", "2026-10-01..", "..2026-10-01", "a..b..c"])
def test_a_range_that_lacks_an_end_is_refused(text):
    with pytest.raises(ValueError, match="both ends included"):
        parse_range(text)

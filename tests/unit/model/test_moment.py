from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from segue.model.moment import (
    DAY,
    HOUR,
    day_start,
    first_change,
    hour_end,
    instant_at,
    instant_of,
    iso_utc,
    parse_moment,
    parse_span,
    wall_at,
    zone_named,
)

LA = "America/Los_Angeles"


def utc(*parts: int) -> int:
    return instant_of(datetime(*parts, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-04", utc(2026, 4, 1, 7)),
        ("2026-04-01", utc(2026, 4, 1, 7)),
        (date(2026, 4, 1), utc(2026, 4, 1, 7)),
        ("2026-04-01T05", utc(2026, 4, 1, 12)),
        ("2026-04-01 05:30", utc(2026, 4, 1, 12, 30)),
        ("2026-04-01T05:30:10.5", utc(2026, 4, 1, 12, 30, 10, 500_000)),
        ("2026-04-01T05Z", utc(2026, 4, 1, 5)),
        ("2026-04-01T05:00+05:30", utc(2026, 3, 31, 23, 30)),
        (datetime(2026, 4, 1, 5), utc(2026, 4, 1, 12)),  # noqa: DTZ001
        (datetime(2026, 4, 1, 5, tzinfo=timezone(timedelta(hours=2))), utc(2026, 4, 1, 3)),
    ],
)
def test_a_moment_without_offset_is_wall_time_in_the_zone(written, instant):
    assert parse_moment(written, LA) == instant


@pytest.mark.parametrize(
    "written", ["", "today", "2026", "2026-13", "2026-02-30", "2026-04-01T25", "26-4-1", 20260401, None]
)
def test_what_is_no_moment_is_refused_by_its_text_with_the_accepted_forms(written):
    with pytest.raises(ValueError, match="2026-04-01T05:30") as caught:
        parse_moment(written, LA)
    assert repr(written) in str(caught.value)


@pytest.mark.parametrize("written", ["0999-12-31", "9000-01-01", date(1, 1, 1), datetime(9999, 12, 31, tzinfo=UTC)])
def test_years_that_cannot_be_searched_from_are_refused(written):
    with pytest.raises(ValueError, match="years 1000 to 8999"):
        parse_moment(written, LA)


@pytest.mark.parametrize("name", ["Pacific", "Mars/Olympus", "../etc/passwd", "", "America"])
def test_an_unknown_zone_is_refused_with_an_example(name):
    with pytest.raises(ValueError, match="IANA name") as caught:
        zone_named(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("2026-02", 28 * DAY),
        ("2026-03", 31 * DAY - HOUR),
        ("2026-12", 31 * DAY),
        ("2026-03-08", 23 * HOUR),
        ("2026-11-01", 25 * HOUR),
        (date(2026, 4, 1), DAY),
        ("2026-11-01T01", HOUR),
        ("2026-04-01T05:00", 1),
        (datetime(2026, 4, 1, tzinfo=UTC), 1),
    ],
)
def test_a_text_names_a_month_a_day_an_hour_or_an_instant(written, length):
    start, end = parse_span(written, LA)
    assert end - start == length


def test_a_wall_time_that_exists_twice_is_its_first_instant():
    assert parse_moment("2026-11-01T01:30", LA) == utc(2026, 11, 1, 8, 30)


def test_a_wall_time_that_does_not_exist_is_the_first_instant_after_the_gap():
    assert {parse_moment(f"2026-03-08T02:{minute}", LA) for minute in ("00", "30", "59")} == {utc(2026, 3, 8, 10)}


@pytest.mark.parametrize(
    ("zone", "day", "first", "length"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3), 23 * HOUR),  # midnight does not exist
        ("Asia/Tehran", date(2022, 3, 22), utc(2022, 3, 21, 20, 30), 23 * HOUR),
        ("America/Havana", date(2026, 11, 1), utc(2026, 11, 1, 4), 25 * HOUR),  # midnight exists twice
        ("America/St_Johns", date(2010, 11, 7), utc(2010, 11, 7, 2, 30), 25 * HOUR),  # and is followed by 23:01
        ("Australia/Lord_Howe", date(2026, 4, 5), utc(2026, 4, 4, 13), 24 * HOUR + HOUR // 2),
        ("Pacific/Apia", date(2011, 12, 29), utc(2011, 12, 29, 10), DAY),
        ("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10), 0),  # the day that was left out
    ],
)
def test_a_local_day_begins_at_the_first_instant_that_carries_its_date(zone, day, first, length):
    assert day_start(day, zone) == first
    assert day_start(day + timedelta(days=1), zone) - first == length


@pytest.mark.parametrize(
    ("written", "length"),
    [("2026-10-04T01", HOUR + HOUR // 2), ("2026-04-05T01", HOUR + HOUR // 2), ("2026-04-06T01", HOUR)],
)
def test_an_hour_ends_where_the_wall_clock_shows_a_full_hour(written, length):
    start = parse_moment(written, "Australia/Lord_Howe")
    end = hour_end(start, "Australia/Lord_Howe")
    assert wall_at(end, "Australia/Lord_Howe").minute == 0
    assert end - start in (length, HOUR)


def test_the_first_change_of_the_offset_is_found_to_the_microsecond_and_only_inside_the_stretch():
    change = utc(2026, 3, 8, 10)
    assert first_change(utc(2025, 12, 1), utc(2026, 12, 1), LA) == change
    assert first_change(change - 1, change, LA) == change
    assert first_change(change, utc(2026, 10, 1), LA) is None
    assert first_change(change, change, LA) is None


def test_wall_time_and_instant_agree_outside_gap_and_fold():
    wall = datetime(2026, 7, 1, 12, 34, 56, 789)  # noqa: DTZ001
    assert wall_at(instant_at(wall, LA), LA) == wall


def test_programs_read_instants_as_iso_8601_in_utc():
    assert iso_utc(instant_at(datetime(2026, 4, 1, 2), "Asia/Kolkata")) == "2026-03-31T20:30:00Z"  # noqa: DTZ001
    assert iso_utc(1) == "1970-01-01T00:00:00.000001Z"
    assert iso_utc(None) is None

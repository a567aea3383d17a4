from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.errors import UsageError
from segue.model.interval import slot_key
from segue.model.moment import DAY, HOUR, parse_moment
from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, timetable_of, weekly
from segue.schedule.slot import Bounds
from segue.schedule.slots import latest_complete, next_fires, slot_before, slot_of, slots_between

LA = "America/Los_Angeles"
OPEN = Bounds(zone=LA)


def at(text: str, zone: str = LA) -> int:
    return parse_moment(text, zone)


def keys(slots, zone: str = LA) -> list[str]:
    return [slot_key(slot.start, slot.end, zone) for slot in slots]


@pytest.mark.parametrize(
    ("timetable", "named", "key"),
    [
        (daily(at="02:00"), "2026-04-01", "2026-04-01"),
        (daily(at="02:00"), date(2026, 4, 1), "2026-04-01"),
        (daily(at="02:00"), datetime(2026, 4, 1, 7, tzinfo=UTC), "2026-04-01"),
        (cron("0 2 * * *"), "2026-04-01", "2026-04-01T02:00-07:00"),
        (weekly(), "2026-03-30", "2026-03-30"),
        (weekly(), "2026-03-30T00:00", "2026-03-30"),
        (monthly(), "2026-04", "2026-04-01"),
        (hourly(), "2026-11-01T01", "2026-11-01T01:00-07:00"),
        (hourly(), "2026-11-01T01:00-08:00", "2026-11-01T01:00-08:00"),
    ],
)
def test_a_date_names_the_slot_that_starts_in_it(timetable, named, key):
    assert keys([slot_of(timetable, OPEN, named)]) == [key]


def test_a_date_that_no_slot_starts_in_is_refused_with_the_slot_that_covers_it():
    with pytest.raises(UsageError, match="no slot of weekly.* starts at 2026-04-01: .* covers it is 2026-03-30"):
        slot_of(weekly(), OPEN, "2026-04-01")
    with pytest.raises(UsageError, match="covers it is 2011-12-29"):
        slot_of(daily(), Bounds(zone="Pacific/Apia"), "2011-12-30")


def test_a_date_of_a_timetable_without_slots_is_refused():
    with pytest.raises(UsageError, match="no slot of @once starts at 2026-04-01$"):
        slot_of(timetable_of("@once"), OPEN, "2026-04-01")
    with pytest.raises(UsageError, match="starts at 2027-04-01$"):
        slot_of(listed(["2026-04-01", "2026-05-01"]), OPEN, "2027-04-01")


def test_a_date_in_which_several_slots_start_is_refused_with_the_first_two():
    with pytest.raises(UsageError, match="2026-04-01T00:00-07:00 and 2026-04-01T01:00-07:00 first: name one, or A..B"):
        slot_of(hourly(), OPEN, "2026-04-01")


def test_a_date_outside_the_bounds_is_refused_with_the_bound():
    bounds = Bounds.of("2026-04-01", "2026-04-30", timezone=LA)
    with pytest.raises(UsageError, match="2026-03-31 lies before the DAG's start 2026-04-01 00:00:00-07:00"):
        slot_of(daily(), bounds, "2026-03-31")
    with pytest.raises(UsageError, match="2026-05-01 lies after the DAG's end 2026-05-01 00:00:00-07:00"):
        slot_of(daily(), bounds, "2026-05-01")
    with pytest.raises(UsageError, match="2026-03-31 00:00:00-07:00 lies before"):
        slot_of(daily(), bounds, at("2026-03-31"))
    with pytest.raises(UsageError, match="2026-03-31 lies before"):
        slot_of(weekly(), bounds, "2026-03-31")


@pytest.mark.parametrize("call", [slot_of, lambda *given: slots_between(*given, "2026-04-01")])
def test_what_is_no_date_is_refused(call):
    with pytest.raises(UsageError, match="'tuesday' is not a moment"):
        call(daily(), OPEN, "tuesday")


@pytest.mark.parametrize(
    ("timetable", "ends", "count"),
    [
        (daily(), ("2026-10-01", "2026-10-31"), 31),
        (daily(), ("2026-10", "2026-10"), 31),
        (daily(), ("2026-10", "2026-11"), 61),
        (hourly(), ("2026-10-01", "2026-10-31"), 31 * 24),
        (hourly(), ("2026-11-01", "2026-11-01"), 25),
        (hourly(), ("2026-03-08", "2026-03-08"), 23),
        (hourly(), ("2026-04-01T05", "2026-04-01T09"), 5),
        (hourly(), ("2026-04-01T05", "2026-04-01"), 19),
        (every("15m"), ("2026-04-01T05", "2026-04-01T09"), 20),
        (every("15m"), ("2026-04-01T05:00", "2026-04-01T09:00"), 17),
        (weekly(), ("2026-04-01", "2026-04-05"), 0),
        (cron("0 2 * * *"), ("2026-04-01", "2026-04-03"), 3),
        (listed(["2026-04-01", "2026-04-02", "2026-04-09"]), ("2026-01", "2026-12"), 2),
    ],
)
def test_a_range_names_slots_by_logical_date_both_ends_included(timetable, ends, count):
    assert len(list(slots_between(timetable, OPEN, *ends))) == count


def test_a_range_is_cut_at_the_end_of_the_dag_and_refused_before_its_start():
    bounds = Bounds.of("2026-04-10", "2026-04-20", timezone=LA)
    assert keys(slots_between(daily(), bounds, "2026-04-19", "2026-04-25")) == ["2026-04-19", "2026-04-20"]
    with pytest.raises(UsageError, match="2026-04-09 lies before the DAG's start 2026-04-10"):
        slots_between(daily(), bounds, "2026-04-09", "2026-04-12")


def test_a_day_that_contains_the_start_names_what_is_left_of_it():
    bounds = Bounds.of("2026-04-01T22:00", timezone=LA)
    assert len(list(slots_between(hourly(), bounds, "2026-04-01", "2026-04-01"))) == 2
    assert keys(slots_between(daily(), bounds, "2026-04-01", "2026-04-02")) == ["2026-04-02"]


def test_a_range_that_runs_backwards_is_refused():
    with pytest.raises(UsageError, match=r"2026-04-02\.\.2026-04-01 runs backwards"):
        slots_between(daily(), OPEN, "2026-04-02", "2026-04-01")


@pytest.mark.parametrize(
    ("timetable", "now", "key"),
    [
        (daily(), "2026-04-02T00:00", "2026-04-01"),
        (daily(), "2026-04-01T23:59", "2026-03-31"),
        (daily(at="02:00"), "2026-04-02T01:59", "2026-03-31"),
        (daily(at="02:00"), "2026-04-02T02:00", "2026-04-01"),
        (hourly(at=":10"), "2026-04-02T05:09", "2026-04-02T03:00-07:00"),
        (monthly(), "2026-04-20T05:09", "2026-03-01"),
        (cron("0 0 1 1 *"), "2026-04-20", "2025-01-01"),
        (cron("* * * * *"), "2026-04-20T12:34:56", "2026-04-20T12:33-07:00"),
        (every("90m"), "2026-04-20T12:34", "2026-04-20T10:00-07:00"),
        (listed(["2026-01-01", "2026-02-01", "2026-03-01"]), "2026-12-01", "2026-02-01"),
    ],
)
def test_the_latest_complete_slot_is_the_newest_that_is_due(timetable, now, key):
    bounds = Bounds.of("1990-01-01", timezone=LA)
    assert keys([latest_complete(timetable, bounds, at(now))]) == [key]


def test_a_delay_makes_the_latest_complete_slot_older():
    bounds = Bounds(zone=LA, delay=3 * DAY + HOUR)
    assert keys([latest_complete(daily(), bounds, at("2026-04-10"))]) == ["2026-04-05"]
    assert keys([latest_complete(daily(), bounds, at("2026-04-10T01:00"))]) == ["2026-04-06"]


def test_after_the_end_the_latest_complete_slot_stays_the_last():
    bounds = Bounds.of("2026-04-01", "2026-04-10", timezone=LA)
    assert keys([latest_complete(daily(), bounds, at("2026-12-01"))]) == ["2026-04-10"]


@pytest.mark.parametrize(
    ("timetable", "bounds"),
    [
        (daily(), Bounds.of("2026-04-10", timezone=LA)),
        (daily(), Bounds.of("2026-04-01T12:00", timezone=LA)),
        (daily(), Bounds.of("2026-04-01", timezone=LA)),
        (listed(["2026-05-01", "2026-06-01"]), OPEN),
        (timetable_of("@once"), OPEN),
    ],
)
def test_before_the_first_slot_is_due_none_is_complete(timetable, bounds):
    assert latest_complete(timetable, bounds, at("2026-04-01T23:00")) is None


def test_the_next_fires_are_the_slots_that_become_due_after_now():
    bounds = Bounds.of("2026-04-01", "2026-04-04", timezone=LA)
    assert keys(next_fires(daily(at="02:00"), bounds, at("2026-04-03T02:00"))) == ["2026-04-03", "2026-04-04"]
    assert keys(next_fires(daily(at="02:00"), bounds, at("2026-04-03T01:59"), 1)) == ["2026-04-02"]
    assert keys(next_fires(daily(), bounds, at("2020-01-01"), 2)) == ["2026-04-01", "2026-04-02"]
    assert next_fires(daily(), bounds, at("2027-01-01")) == ()
    assert next_fires(timetable_of("@once"), bounds, at("2026-04-01")) == ()


CRONS = [cron("*/15 2 * * *"), cron("0 0 31 * *")]
TIMETABLES = [daily(at="02:00"), weekly("sun"), monthly(3), hourly(), every("7h"), *CRONS]
ZONES = ["UTC", LA, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tehran", "America/Sao_Paulo", "Pacific/Apia"]
INSTANTS = st.integers(at("2008-01-01"), at("2022-01-01"))


@given(st.sampled_from(TIMETABLES), st.sampled_from(ZONES), INSTANTS)
def test_a_slot_is_named_by_its_first_instant(timetable, zone, now):
    bounds = Bounds.of("2000-01-01", timezone=zone)
    slot = latest_complete(timetable, bounds, now)
    assert slot_of(timetable, bounds, slot.start) == slot


@given(st.sampled_from(TIMETABLES), st.sampled_from(ZONES), INSTANTS)
def test_what_is_complete_and_what_comes_next_meet_at_now(timetable, zone, now):
    bounds = Bounds(zone=zone)
    latest = latest_complete(timetable, bounds, now)
    (following,) = next_fires(timetable, bounds, now, 1)
    assert latest.due <= now < following.due
    assert latest.end == following.start


@pytest.mark.parametrize(
    ("timetable", "start", "before"),
    [
        (daily(), "2026-04-01", ("2026-03-31", "2026-04-01")),
        (monthly(1), "2026-03-01", ("2026-02-01", "2026-03-01")),
        (cron("0 6 * * 1-5"), "2026-04-06T06:00", ("2026-04-03T06:00", "2026-04-06T06:00")),
        (hourly(), "2026-01-02T00:00", ("2026-01-01T23:00", "2026-01-02T00:00")),
        (daily(), "2026-01-01", None),
        (listed(["2026-02-01", "2026-02-03", "2026-02-10"]), "2026-02-03", ("2026-02-01", "2026-02-03")),
        (listed(["2026-02-01", "2026-02-03", "2026-02-10"]), "2026-02-01", None),
    ],
)
def test_the_slot_before_ends_where_a_slot_starts(timetable, start, before):
    bounds = Bounds.of("2026-01-01")
    found = slot_before(timetable, bounds, parse_moment(start, "UTC"))
    expected = None if before is None else tuple(parse_moment(one, "UTC") for one in before)
    assert (None if found is None else (found.start, found.end)) == expected

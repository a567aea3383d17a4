from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.errors import DefinitionError
from segue.model.interval import slot_key
from segue.model.moment import DAY, HOUR, LATEST, datetime_at, instant_of, parse_moment
from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, timetable_of, weekly
from segue.schedule.slot import Bounds, Slot
from segue.schedule.timetable import Cron, Timetable

LA = "America/Los_Angeles"


def first_slots(timetable: Timetable, bounds: Bounds, count: int) -> list[Slot]:
    slots: list[Slot] = []
    while len(slots) < count and (slot := timetable.after(slots[-1] if slots else None, bounds)):
        slots.append(slot)
    return slots


def shown(slot: Slot, zone: str = "UTC") -> tuple[str, str, str]:
    start, end, due = (datetime_at(at, zone).strftime("%Y-%m-%d %H:%M") for at in (slot.start, slot.end, slot.due))
    return start, end, due


@pytest.mark.parametrize(
    ("expression", "starts"),
    [
        ("0 0 * * *", ["2024-01-01 00:00", "2024-01-02 00:00"]),
        ("0 * * * *", ["2024-01-01 00:00", "2024-01-01 01:00"]),
        ("0 6 * * 1", ["2024-01-01 06:00", "2024-01-08 06:00"]),
        ("0 0 1 1 *", ["2024-01-01 00:00", "2025-01-01 00:00"]),
        ("0 2 * * *", ["2024-01-01 02:00", "2024-01-02 02:00"]),
        ("0 8 * * *", ["2024-01-01 08:00", "2024-01-02 08:00"]),
        ("0 0 * * 0", ["2024-01-07 00:00", "2024-01-14 00:00"]),
        ("0 0 * * 7", ["2024-01-07 00:00", "2024-01-14 00:00"]),
        ("0 0 * * SUN", ["2024-01-07 00:00", "2024-01-14 00:00"]),
        ("0 0 * * 5-7", ["2024-01-05 00:00", "2024-01-06 00:00", "2024-01-07 00:00", "2024-01-12 00:00"]),
        ("*/15 8-9 * * *", ["2024-01-01 08:00", "2024-01-01 08:15", "2024-01-01 08:30", "2024-01-01 08:45"]),
        ("0 0 13 * 5", ["2024-01-05 00:00", "2024-01-12 00:00", "2024-01-13 00:00"]),  # either day, as cron has it
        ("0 0 31 * *", ["2024-01-31 00:00", "2024-03-31 00:00", "2024-05-31 00:00"]),
        ("0 0 29 2 *", ["2024-02-29 00:00", "2028-02-29 00:00"]),
        ("30 12 1,15 1-2 *", ["2024-01-01 12:30", "2024-01-15 12:30", "2024-02-01 12:30", "2024-02-15 12:30"]),
        ("@hourly", ["2024-01-01 00:00", "2024-01-01 01:00"]),
        ("@weekly", ["2024-01-07 00:00", "2024-01-14 00:00"]),
        ("@monthly", ["2024-01-01 00:00", "2024-02-01 00:00"]),
        ("@yearly", ["2024-01-01 00:00", "2025-01-01 00:00"]),
    ],
)
def test_a_cron_expression_fires_as_the_chapters_say(expression, starts):
    slots = first_slots(cron(expression), Bounds.of("2024-01-01"), len(starts))
    assert [shown(slot)[0] for slot in slots] == starts


def test_a_leap_day_is_found_across_a_century_without_one():
    bounds = Bounds.of("2096-01-01")
    assert [shown(slot)[:2] for slot in first_slots(cron("0 0 29 2 *"), bounds, 2)] == [
        ("2096-02-29 00:00", "2104-02-29 00:00"),
        ("2104-02-29 00:00", "2108-02-29 00:00"),
    ]


def test_the_daily_run_that_fires_on_the_16th_covers_the_15th():
    january = first_slots(daily(), Bounds.of("2024-01-01"), 31)
    slot = next(slot for slot in january if shown(slot)[2] == "2024-01-16 00:00")
    assert shown(slot)[:2] == ("2024-01-15 00:00", "2024-01-16 00:00")
    assert slot_key(slot.start, slot.end, "UTC") == "2024-01-15"


@pytest.mark.parametrize("timetable", [daily(), cron("@daily"), every("1d")])
def test_a_daily_dag_that_starts_on_1_january_first_runs_at_its_end(timetable):
    slot = timetable.after(None, Bounds.of("2026-01-01", timezone=LA))
    assert shown(slot, LA) == ("2026-01-01 00:00", "2026-01-02 00:00", "2026-01-02 00:00")


@pytest.mark.parametrize(
    ("timetable", "slot"),
    [
        (daily(at="02:00"), ("2026-04-02 00:00", "2026-04-03 00:00", "2026-04-03 02:00")),
        (hourly(at=":10"), ("2026-04-01 11:00", "2026-04-01 12:00", "2026-04-01 12:10")),
        (weekly("mon", at="06:00"), ("2026-04-06 00:00", "2026-04-13 00:00", "2026-04-13 06:00")),
        (monthly(1, at="06:00"), ("2026-05-01 00:00", "2026-06-01 00:00", "2026-06-01 06:00")),
        (monthly(15), ("2026-04-15 00:00", "2026-05-15 00:00", "2026-05-15 00:00")),
        (cron("0 2 * * *"), ("2026-04-02 02:00", "2026-04-03 02:00", "2026-04-03 02:00")),
        (cron("0 6 * * 1-5"), ("2026-04-02 06:00", "2026-04-03 06:00", "2026-04-03 06:00")),
        (every("6h"), ("2026-04-01 10:30", "2026-04-01 16:30", "2026-04-01 16:30")),
        (every("6h", anchor="2030-01-01"), ("2026-04-01 12:00", "2026-04-01 18:00", "2026-04-01 18:00")),
        (listed(["2026-03", "2026-04-05", "2026-05"]), ("2026-04-05 00:00", "2026-05-01 00:00", "2026-05-01 00:00")),
    ],
)
def test_the_first_slot_is_the_first_whole_one_after_a_start_off_the_tick(timetable, slot):
    assert shown(timetable.after(None, Bounds.of("2026-04-01T10:30"))) == slot


def test_without_a_start_counting_begins_in_1970():
    assert shown(every("7d").after(None, Bounds())) == ("1970-01-01 00:00", "1970-01-08 00:00", "1970-01-08 00:00")


def test_friday_to_monday_is_one_slot_of_a_weekday_cron():
    slots = first_slots(cron("0 6 * * 1-5"), Bounds.of("2026-04-03"), 2)
    assert [shown(slot)[:2] for slot in slots] == [
        ("2026-04-03 06:00", "2026-04-06 06:00"),
        ("2026-04-06 06:00", "2026-04-07 06:00"),
    ]


def test_combined_timetables_run_from_the_last_tick_of_either():
    both = cron("0 6 * * 1-5") | cron("0 12 * * 6")
    slots = first_slots(both, Bounds.of("2026-04-03"), 3)
    assert [shown(slot)[0] for slot in slots] == ["2026-04-03 06:00", "2026-04-04 12:00", "2026-04-06 06:00"]


def test_delay_adds_to_at():
    slot = daily(at="02:00").after(None, Bounds.of("2026-04-01", delay="90m"))
    assert shown(slot)[2] == "2026-04-02 03:30"
    assert shown(hourly(at=":10").after(None, Bounds.of("2026-04-01", delay="1h")))[2] == "2026-04-01 02:10"
    assert shown(cron("0 2 * * *").after(None, Bounds.of("2026-04-01", delay="1h")))[2] == "2026-04-02 03:00"


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2026-04-03", "2026-04-03 18:00"),
        (date(2026, 4, 3), "2026-04-03 18:00"),
        ("2026-04", "2026-04-30 18:00"),
        ("2026-04-03T18", "2026-04-03 12:00"),
        ("2026-04-03T18:01", "2026-04-03 18:00"),
        (datetime(2026, 4, 3, tzinfo=UTC), "2026-04-02 18:00"),
    ],
)
def test_an_end_on_a_date_includes_its_slots_and_an_instant_does_not(end, last):
    assert shown(first_slots(every("6h"), Bounds.of("2026-04-01", end), 1000)[-1])[0] == last


def test_a_slot_that_starts_before_the_end_may_outlive_it():
    slots = first_slots(monthly(), Bounds.of("2026-03-01", "2026-04-10"), 9)
    assert [shown(slot)[:2] for slot in slots][-1] == ("2026-04-01 00:00", "2026-05-01 00:00")


def test_after_a_start_that_was_moved_the_slots_before_it_are_left_out():
    old = daily().after(None, Bounds.of("2026-01-01"))
    assert shown(daily().after(old, Bounds.of("2026-04-01")))[0] == "2026-04-01 00:00"


def test_after_a_slot_of_an_older_timetable_comes_the_first_whole_one():
    old = daily().after(None, Bounds.of("2026-01-01"))
    assert shown(cron("0 6 * * *").after(old, Bounds.of("2026-01-01")))[0] == "2026-01-02 06:00"


def test_once_has_no_slot_and_a_list_ends():
    assert timetable_of("@once").after(None, Bounds.of("2026-01-01")) is None
    assert len(first_slots(listed(["2026-04-01", "2026-04-02", "2026-04-09"]), Bounds(), 9)) == 2


def test_an_expression_that_never_matches_has_no_slot():
    for never in ("0 0 */31 * 1#2", "0 */5 */31 * 1#2"):
        assert Cron(never).after(None, Bounds.of("2026-01-01")) is None


def test_nothing_is_searched_beyond_the_last_year():
    assert every("1d").slot_from(LATEST, Bounds()) is None
    assert daily().slot_from(LATEST - DAY, Bounds()) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        {"start": "2026-04-02", "end": "2026-04-01"},
        {"start": "2026-04-01", "end": "2026-04-01T00"},
        {"start": "soon"},
        {"end": "late"},
        {"end": 20260401},
        {"timezone": "Pacific"},
        {"delay": "a while"},
    ],
)
def test_bounds_that_make_no_sense_are_refused(arguments):
    with pytest.raises(DefinitionError):
        Bounds.of(**arguments)


def test_a_naive_start_is_read_in_the_zone():
    assert Bounds.of("2026-04-01", timezone=LA).start == parse_moment("2026-04-01T07Z", "UTC")


TIMETABLES = [
    *map(cron, ["* * * * *", "*/15 2 * * *", "0 */2 * * *", "30 1,2 * * *", "0 6 * * 1-5", "0 0 31 * *", "0 0 29 2 *"]),
    every("7h"),
    every("1d", anchor="2020-02-29T02:30"),
    hourly(at=":10"),
    daily(at="02:00"),
    weekly("sun", at="00:30"),
    monthly(28),
    cron("0 2 * * *") | cron("30 */6 * * *") | every("5h"),
    listed([f"2018-{month:02}" for month in range(1, 13)]),
]
ZONES = [
    "UTC", LA, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tehran", "America/Sao_Paulo", "Pacific/Apia",
    "America/Havana", "America/St_Johns",
]  # fmt: skip


@given(
    st.sampled_from(TIMETABLES),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2005, 1, 1), datetime(2020, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["0s", "45m", "3d"]),
)
def test_slots_tile_time_and_fire_in_strictly_increasing_order(timetable, zone, start, delay):
    bounds = Bounds.of(start, timezone=zone, delay=delay)
    slots = first_slots(timetable, bounds, 8)
    assert all(slot.start >= instant_of(start) for slot in slots)
    assert all(slot.start < slot.end and slot.due >= slot.end + bounds.delay for slot in slots)
    assert all(one.end == other.start and one.due < other.due for one, other in pairwise(slots))


@given(st.sampled_from(ZONES), st.dates(date(2005, 1, 1), date(2020, 12, 31)))
def test_every_day_of_the_calendar_is_one_daily_slot(zone, day):
    bounds = Bounds.of(day, timezone=zone)
    one, other = first_slots(daily(), bounds, 2)
    left_out = zone == "Pacific/Apia" and day == date(2011, 12, 30)
    assert slot_key(one.start, one.end, zone) == ("2011-12-31" if left_out else day.isoformat())
    assert other.start - one.start in (23 * HOUR, DAY - HOUR // 2, DAY, DAY + HOUR // 2, 25 * HOUR)

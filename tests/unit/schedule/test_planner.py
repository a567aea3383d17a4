"""What the clock of a DAG asks of its timetable."""

from __future__ import annotations

import pytest
from msgspec import structs

from segue.model.ids import Instant
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule import planner
from segue.schedule.declare import cron, daily, every, hourly, listed, monthly
from segue.schedule.planner import CUSTOM, Clock, Told, generation_of
from segue.schedule.slot import Bounds, Slot

NOTHING = Foretold()
LA = "America/Los_Angeles"


def at(text: str, zone: str = "UTC") -> Instant:
    return parse_moment(text, zone)


def spec_of(timetable, **options) -> DagSpec:
    return DagSpec("d", schedule=timetable.to_data(), **options)


def clock_of(timetable, **options) -> Clock:
    return Clock(spec_of(timetable, **options), NOTHING)


@pytest.mark.parametrize(
    ("timetable", "options", "now", "stands"),
    [
        (daily(), {}, "2026-04-02T06:00", "2026-04-02"),
        (daily(at="02:00"), {}, "2026-04-02T01:00", "2026-04-02"),
        (daily(at="02:00"), {}, "2026-04-02T00:00", "2026-04-02"),
        (hourly(at=":10"), {}, "2026-04-02T05:05", "2026-04-02T05:00"),
        (cron("0 6 * * 1-5"), {}, "2026-04-04T12:00", "2026-04-03T06:00"),
        (monthly(), {}, "2026-04-15", "2026-04-01"),
        (every("1d"), {"start": at("2026-04-02T05:00")}, "2026-04-03T04:00", "2026-04-02T05:00"),
        (daily(), {"start": at("2027-01-01")}, "2026-04-02T06:00", "2027-01-01"),
        (daily(), {"delay": 5 * HOUR}, "2026-04-02T03:00", "2026-04-02"),
        (daily(), {"end": at("2026-03-01")}, "2026-04-02T06:00", "2026-04-02T06:00"),
        (listed(["2026-05-01", "2026-06-01"]), {}, "2026-04-02", "2026-05-01"),
    ],
)
def test_a_clock_that_begins_stands_at_the_slot_that_is_running_or_else_at_the_next(timetable, options, now, stands):
    assert clock_of(timetable, **options).present(at(now)) == at(stands)


def test_at_the_end_of_a_slot_the_next_one_is_running():
    assert clock_of(daily()).present(at("2026-04-02")) == at("2026-04-02")


def test_slots_are_due_from_an_instant_on_oldest_first():
    due = clock_of(daily(at="02:00")).due(at("2026-04-01"), at("2026-04-04T01:00"))
    assert [slot.start for slot in due] == [at("2026-04-01"), at("2026-04-02")]


def test_slots_between_two_instants_are_those_that_start_there_due_or_not():
    found = clock_of(daily(at="02:00"))
    assert [slot.start for slot in found.between(at("2026-04-01"), at("2026-04-03"))] == [
        at("2026-04-01"),
        at("2026-04-02"),
    ]


def test_slots_do_not_start_before_the_start_nor_at_the_end():
    clock = clock_of(daily(), start=at("2026-04-02"), end=at("2026-04-04"))
    assert [slot.start for slot in clock.due(Instant(0), at("2027-01-01"))] == [at("2026-04-02"), at("2026-04-03")]


def test_of_very_many_slots_the_first_and_the_newest_are_given(monkeypatch):
    monkeypatch.setattr(planner, "MOST", 3)
    clock = clock_of(hourly())
    begin = at("2026-04-01")
    assert [slot.start - begin for slot in clock.due(begin, at("2026-04-02"))] == [0, HOUR, 2 * HOUR, 23 * HOUR]
    assert [slot.start - begin for slot in clock.due(begin, at("2026-04-01T03:00"))] == [0, HOUR, 2 * HOUR]
    assert [slot.start - begin for slot in clock.between(begin, at("2026-04-02"))] == [0, HOUR, 2 * HOUR]


def test_what_was_asked_once_is_not_computed_again_and_little_of_it_is_kept():
    clock = clock_of(daily())
    first = clock.first(at("2026-04-01"))
    assert clock.first(at("2026-04-01")) is first
    for day in range(300):
        clock.first(Instant(at("2026-04-01") + day * DAY + 1))
    assert clock.first(at("2026-04-01")) is not first
    assert clock.first(at("2026-04-01")) == first


def test_a_dag_that_is_run_by_hand_has_no_slots():
    clock = Clock(DagSpec("d"), NOTHING)
    assert not clock.ticks
    assert clock.first(Instant(0)) is None
    assert clock.present(Instant(5)) == 5


def test_once_has_no_slots():
    clock = clock_of(cron("@once"))
    assert clock.once
    assert clock.ticks
    assert clock.first(Instant(0)) is None


# --------------------------------------------------------------------------------------------------------- generations
@pytest.mark.parametrize(
    "edit",
    [
        {"schedule": daily(at="03:00").to_data()},
        {"timezone": LA},
        {"start": 5},
        {"end": 5},
        {"catchup": True},
    ],
)
def test_schedule_zone_start_end_and_catchup_make_another_generation(edit):
    spec = spec_of(daily())
    assert generation_of(structs.replace(spec, **edit)) != generation_of(spec)


@pytest.mark.parametrize("edit", [{"doc": "x"}, {"missed": "skip"}, {"delay": 5}, {"max_active_runs": 3}])
def test_nothing_else_does(edit):
    spec = spec_of(daily())
    assert generation_of(structs.replace(spec, **edit)) == generation_of(spec)


def test_a_spec_that_was_decoded_has_the_same_generation():
    spec = spec_of(daily())
    assert generation_of(structs.replace(spec, schedule=list(spec.schedule))) == generation_of(spec)


# ------------------------------------------------------------------------------------------------------------ foretold
SLOTS = tuple((Instant(n * DAY), Instant(n * DAY + HOUR), Instant(n * DAY + 2 * HOUR)) for n in (1, 2, 5, 9))


def test_slots_of_a_timetable_of_the_users_own_are_those_foretold():
    clock = Clock(DagSpec("d", schedule=(CUSTOM, "x")), Foretold(SLOTS, Instant(9 * DAY + HOUR)))
    assert clock.ticks
    assert clock.first(Instant(2 * DAY + 1)) == Slot(*SLOTS[2])
    assert clock.first(Instant(9 * DAY + 1)) is None
    assert [slot.start // DAY for slot in clock.due(Instant(0), Instant(6 * DAY))] == [1, 2, 5]
    assert clock.present(Instant(2 * DAY + 30)) == 2 * DAY
    assert clock.present(Instant(3 * DAY)) == 5 * DAY
    assert clock.present(Instant(10 * DAY)) == 10 * DAY


def test_slots_foretold_end_with_the_dag():
    assert Told(SLOTS).slot_from(5 * DAY, Bounds(end=Instant(5 * DAY))) is None
    assert Told(SLOTS).tick(10 * DAY, Bounds()) is None
    assert str(Told(SLOTS)) == "custom"

"""Cron in zones, against an oracle that walks real minutes and reads the wall at each of them."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue.model.moment import HOUR, datetime_at, instant_of
from segue.schedule.declare import cron, daily, every, hourly
from segue.schedule.slot import Bounds

CHANGES = {
    ("America/New_York", "gap"): datetime(2026, 3, 8, 7, tzinfo=UTC),
    ("America/New_York", "fold"): datetime(2026, 11, 1, 6, tzinfo=UTC),
    ("Europe/Berlin", "gap"): datetime(2026, 3, 29, 1, tzinfo=UTC),
    ("Europe/Berlin", "fold"): datetime(2026, 10, 25, 1, tzinfo=UTC),
    ("Australia/Lord_Howe", "half-hour gap"): datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ("Australia/Lord_Howe", "half-hour fold"): datetime(2026, 4, 4, 15, tzinfo=UTC),
    ("Asia/Tehran", "midnight gap"): datetime(2022, 3, 21, 20, 30, tzinfo=UTC),
    ("Asia/Tehran", "fold before midnight"): datetime(2022, 9, 21, 19, 30, tzinfo=UTC),
    ("America/Sao_Paulo", "midnight gap"): datetime(2018, 11, 4, 3, tzinfo=UTC),
    ("America/Sao_Paulo", "fold before midnight"): datetime(2018, 2, 18, 2, tzinfo=UTC),
    ("America/Havana", "fold of midnight"): datetime(2026, 11, 1, 5, tzinfo=UTC),
    ("America/St_Johns", "fold just after midnight"): datetime(2010, 11, 7, 2, 31, tzinfo=UTC),
    ("Pacific/Apia", "a whole day left out"): datetime(2011, 12, 30, 10, tzinfo=UTC),
    ("Africa/Casablanca", "fold for Ramadan"): datetime(2026, 2, 15, 2, tzinfo=UTC),
}
MINUTE, HOURS = timedelta(minutes=1), timedelta(hours=1)
BEFORE, AFTER = timedelta(days=2), timedelta(days=3)


@cache
def minutes_around(change: datetime, zone: str) -> tuple[list[tuple[datetime, datetime]], list[datetime]]:
    """Each real minute with its wall, and the latest wall seen by then."""
    place, start = ZoneInfo(zone), change - BEFORE
    real = [start + n * MINUTE for n in range((BEFORE + AFTER) // MINUTE)]
    walls = [at.astimezone(place).replace(tzinfo=None, fold=0) for at in real]
    return list(zip(real, walls, strict=True)), list(accumulate(walls, max))


@dataclass(frozen=True)
class Expression:
    minute: str
    minutes: frozenset[int]
    hour: str
    hours: frozenset[int]

    def __str__(self) -> str:
        return f"{self.minute} {self.hour} * * *"

    def matches(self, wall: datetime) -> bool:
        return wall.minute in self.minutes and wall.hour in self.hours

    def ticks(self, change: datetime, zone: str) -> list[datetime]:
        real, reached = minutes_around(change, zone)
        if self.hour.startswith("*"):
            return [at for at, wall in real if self.matches(wall)]
        named = (reached[0] + n * MINUTE for n in range((reached[-1] - reached[0]) // MINUTE + 1))
        return sorted({real[bisect_left(reached, wall)][0] for wall in named if self.matches(wall)})


def field(size: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    every_one = frozenset(range(size))
    stars = st.sampled_from([1, 2, 3, 5, 7, 15]).map(
        lambda step: ("*" if step == 1 else f"*/{step}", frozenset(n for n in every_one if n % step == 0))
    )
    lists = st.sets(st.integers(0, size - 1), min_size=1, max_size=3).map(
        lambda some: (",".join(map(str, sorted(some))), frozenset(some))
    )
    ranges = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).map(
        lambda ends: (f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    return st.one_of(stars, lists, ranges)


expressions = st.builds(lambda minute, hour: Expression(*minute, *hour), field(60), field(24))
STAR_60, STAR_24 = frozenset(range(60)), frozenset(range(24))


@given(st.sampled_from(list(CHANGES)), expressions)
@example(("America/New_York", "gap"), Expression("*/15", frozenset({0, 15, 30, 45}), "2", frozenset({2})))
@example(("America/New_York", "fold"), Expression("*/30", frozenset({0, 30}), "1", frozenset({1})))
@example(("America/New_York", "fold"), Expression("*", STAR_60, "*", STAR_24))
@example(("Australia/Lord_Howe", "half-hour fold"), Expression("0", frozenset({0}), "*/2", frozenset(range(0, 24, 2))))
@example(("Pacific/Apia", "a whole day left out"), Expression("0", frozenset({0}), "6", frozenset({6})))
def test_a_cron_expression_fires_at_the_instants_an_exhaustive_walk_finds(where, expression):
    zone, change = where[0], CHANGES[where]
    timetable, bounds, expected = cron(str(expression)), Bounds(zone=zone), expression.ticks(change, zone)
    for begin in (change - BEFORE, change - 3 * HOURS, change - 7 * MINUTE, change):
        following = [at for at in expected if at >= begin][:30]
        found, at = [], instant_of(begin)
        for _ in following:
            found.append(datetime_at(timetable.tick(at, bounds), "UTC"))
            at = instant_of(found[-1]) + 1
        assert found == following


@pytest.mark.parametrize("where", CHANGES, ids=" ".join)
def test_from_every_instant_of_a_change_the_next_tick_is_the_same(where):
    zone, change = where[0], instant_of(CHANGES[where])
    bounds = Bounds(zone=zone)
    for timetable in (cron("30 * * * *"), cron("30 1 * * *"), hourly(), daily(), every("7h")):
        around = range(change - 2 * HOUR, change + 2 * HOUR, HOUR // 4)
        ticks = [timetable.tick(at, bounds) for at in around]
        assert ticks == sorted(ticks)
        assert all(tick >= at for tick, at in zip(ticks, around, strict=True))
        assert all(timetable.tick(tick, bounds) == tick for tick in ticks)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-03-06", "2026-03-07T02:00-08:00"),
        ("2026-03-07", "2026-03-08T03:00-07:00"),  # 02:00 does not exist
        ("2026-03-08", "2026-03-09T02:00-07:00"),
        ("2026-10-31", "2026-11-01T02:00-08:00"),
        ("2026-11-01", "2026-11-02T02:00-08:00"),
    ],
)
def test_2_am_pacific_is_2_am_through_both_changes(day, due):
    slot = daily(at="02:00").after(None, Bounds.of(day, timezone="America/Los_Angeles"))
    assert datetime_at(slot.due, "America/Los_Angeles").isoformat(timespec="minutes") == due


def test_every_1d_is_24_hours_and_daily_a_calendar_day():
    bounds = Bounds.of("2026-11-01", timezone="America/Los_Angeles")
    period, day = every("1d").after(None, bounds), daily().after(None, bounds)
    assert period.end - period.start == 24 * HOUR
    assert day.end - day.start == 25 * HOUR


def test_the_autumn_night_has_an_hourly_slot_more_and_the_spring_night_one_less():
    zone = "America/Los_Angeles"
    for day, count in (("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)):
        bounds = Bounds.of(day, day, timezone=zone)
        slot, slots = None, 0
        while slot := hourly().after(slot, bounds):
            slots += 1
        assert slots == count


def test_the_day_samoa_left_out_has_no_slot_and_no_hole():
    bounds = Bounds.of("2011-12-29", timezone="Pacific/Apia")
    first = daily().after(None, bounds)
    second = daily().after(first, bounds)
    assert [datetime_at(at, "Pacific/Apia").day for at in (first.start, second.start, second.end)] == [29, 31, 1]

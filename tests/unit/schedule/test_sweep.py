"""A sample of `make sweep`: timetables beside a scan of every minute around changes of twenty zones."""

from datetime import UTC, datetime

import pytest

from segue.schedule.slot import Bounds
from segue.schedule.timetable import Cron
from tests.sweep.comparing import differences, walked
from tests.sweep.walls import Expression, Window, changes, expressions, zones

FEW = 8
PUT_ON = 1_774_746_000  # 2026-03-29 01:00 UTC
ZONES = {
    "Africa/Cairo": 2014, "Africa/Casablanca": 2026, "Africa/Monrovia": 1972, "America/Asuncion": 2024,
    "America/Caracas": 2007, "America/Havana": 2026, "America/Los_Angeles": 2026, "America/New_York": 1974,
    "America/Sao_Paulo": 2018, "America/St_Johns": 2010, "Antarctica/Troll": 2026, "Asia/Gaza": 2026,
    "Asia/Kathmandu": 1985, "Asia/Pyongyang": 2015, "Asia/Tehran": 2022, "Australia/Lord_Howe": 2026,
    "Europe/Berlin": 2037, "Europe/Dublin": 1971, "Pacific/Apia": 2011, "Pacific/Kwajalein": 1993,
}  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_timetables_tick_where_a_scan_of_minutes_finds_it(zone):
    year = ZONES[zone]
    around = changes(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    assert around
    place = list(ZONES).index(zone)
    for change in around[-2:]:
        assert list(differences(Window(zone, change), slice(place % FEW, None, FEW))) == []


def test_the_whole_sweep_is_every_zone_and_two_hundred_expressions():
    assert len(expressions()) == len({one.text for one in expressions()}) == 200
    assert sum(one.text.startswith("*") and not one.frequent for one in expressions()) > 20
    assert len(zones()) > 300
    assert len({"America/New_York", "US/Eastern"}.intersection(zones())) == 1
    assert {2026, 1971} <= {datetime.fromtimestamp(at, UTC).year for at in changes("Europe/Dublin")}


class Late(Cron):
    """A timetable that is late by a minute from one instant on."""

    def tick(self, at: int, bounds: Bounds) -> int | None:
        found = super().tick(at, bounds)
        return found + 60_000_000 if found is not None and found >= PUT_ON * 1_000_000 else found


def test_a_sweep_tells_what_is_wrong():
    window, bounds = Window("Europe/Berlin", PUT_ON), Bounds(zone="Europe/Berlin")
    ticks = window.ticks(Expression("0 2 * * *", frozenset({0}), frozenset({2})))
    assert [datetime.fromtimestamp(at, UTC).hour for at in ticks] == [1, 1, 1, 0, 0]
    assert list(walked(window, Cron("0 2 * * *"), bounds, ticks)) == []
    (said,) = walked(window, Late("0 2 * * *"), bounds, ticks)
    assert f"{PUT_ON} was expected, not {PUT_ON + 60}" in said
    (said,) = walked(window, Cron("0 2 * * *"), bounds, ticks[:-1])
    assert "nothing was expected" in said

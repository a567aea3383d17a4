"""Timetables of a user's own: what they say, and what is left of them where they are not at hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from segue.model.errors import DefinitionError
from segue.model.moment import datetime_at, instant_of
from segue.schedule.declare import cron
from segue.schedule.explain import explain
from segue.schedule.slot import Bounds
from segue.schedule.timetable import Custom, Timetable, timetable_from_data

NOW = instant_of(datetime(2026, 4, 1, tzinfo=UTC))


class Weekdays(Timetable):
    """Midnight of days that are no holidays."""

    def __init__(self, *holidays: str) -> None:
        self._holidays = holidays

    def next_tick(self, moment: datetime) -> datetime | None:
        day = moment.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        day += timedelta(days=day < moment.replace(tzinfo=None))
        while day.isoweekday() > 5 or day.date().isoformat() in self._holidays:
            day += timedelta(days=1)
        return day


@dataclass(frozen=True, slots=True)
class Fixed(Timetable):
    at: object

    def next_tick(self, moment: datetime) -> datetime | None:
        return self.at


def test_a_timetable_of_ones_own_says_which_moment_comes_next_in_the_zone_of_the_dag():
    bounds = Bounds.of("2026-04-02", timezone="America/New_York")
    one, two = Weekdays("2026-04-03"), None
    slots = []
    for _ in range(3):
        two = one.after(two, bounds)
        slots.append([datetime_at(at, bounds.zone).isoformat() for at in (two.start, two.end, two.due)])
    assert slots[0] == ["2026-04-02T00:00:00-04:00", "2026-04-06T00:00:00-04:00", "2026-04-06T00:00:00-04:00"]
    assert [slot[0][:10] for slot in slots] == ["2026-04-02", "2026-04-06", "2026-04-07"]


def test_what_travels_of_it_is_its_name_and_how_it_is_declared():
    data = Weekdays("2026-04-03").to_data()
    assert data == ("custom", "Weekdays", "Weekdays(holidays=('2026-04-03',))")
    assert timetable_from_data(data) == Custom(*data[1:])
    assert timetable_from_data(data).to_data() == data
    assert timetable_from_data(data).tick(NOW, Bounds()) is None
    assert explain(timetable_from_data(data)) == (
        "runs at the moments of Weekdays(holidays=('2026-04-03',)); covers the time since the tick before"
    )


def test_how_it_is_declared_has_no_addresses_and_an_end():
    assert str(Fixed(None)) == "Fixed(at=None)"
    assert str(Fixed(object())) == "Fixed(at=<object object>)"
    assert len(str(Fixed("x" * 1000))) == 500


def test_it_may_end():
    assert Fixed(None).tick(NOW, Bounds()) is None


@pytest.mark.parametrize(
    ("timetable", "reason"),
    [(Timetable(), "Timetable says no next_tick"), (Fixed("2026-04-02"), "'2026-04-02', and no datetime"),
     (Fixed(datetime(2026, 3, 31, tzinfo=UTC)), "2026-03-31T00:00:00.00:00, which lies before it")],
)  # fmt: skip
def test_a_timetable_that_goes_nowhere_or_back_is_an_error(timetable, reason):
    with pytest.raises(DefinitionError, match=reason):
        timetable.tick(NOW, Bounds())


def test_it_does_not_combine():
    with pytest.raises(DefinitionError, match="does not combine"):
        cron("0 2 * * *") | Weekdays()

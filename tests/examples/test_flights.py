"""The example's tasks are plain functions: they are tried here on the real tables, without running anything."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from segue import Interval
from segue.testing import context

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"


@pytest.fixture(scope="module")
def flights():
    sys.path.insert(0, str(EXAMPLE))
    yield import_module("flights")
    sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="module")
def new_year(flights):
    return Interval("2026-01-01", timezone="America/New_York")


def test_every_flight_of_a_day_is_kept_cancelled_or_rejected_with_a_reason(flights, new_year):
    extracted = flights.extract_flights(new_year)
    parts = flights.clean(extracted)
    assert len(extracted) == 842
    assert {name: len(table) for name, table in parts.items()} == {"flights": 831, "cancelled": 4, "rejects": 7}
    assert set(parts["cancelled"]["reason"]) == {"never departed"}
    assert parts["rejects"]["reason"].notna().all()


def test_joining_the_weather_loses_and_doubles_no_flight(flights, new_year):
    kept = flights.clean(flights.extract_flights(new_year))["flights"]
    joined = flights.join_weather(kept, flights.extract_weather(new_year))
    assert len(joined) == len(kept)
    assert joined["temp"].notna().mean() > 0.9


def test_the_weather_of_a_day_is_the_local_day_in_utc(flights, new_year):
    hours = flights.extract_weather(new_year)["time_hour"]
    assert hours.min().isoformat() >= "2013-01-01T05:00:00+00:00"
    assert hours.max().isoformat() < "2013-01-02T05:00:00+00:00"


def test_the_summaries_count_every_flight(flights, new_year):
    kept = flights.clean(flights.extract_flights(new_year))["flights"]
    carriers = flights.per_carrier(kept)
    airports = flights.per_airport(kept, flights.fetch_airports(new_year, flights.FlightParams()))
    assert carriers["flights"].sum() == airports["flights"].sum() == len(kept)
    assert carriers["name"].notna().all()


def test_the_gate_refuses_a_day_that_does_not_add_up(flights, new_year):
    extracted = flights.extract_flights(new_year)
    parts = flights.clean(extracted)
    published = {name: len(table) for name, table in parts.items()}
    with pytest.raises(ValueError, match="rejects: 7 rows were to be published, 6 were"):
        flights.gate.fn(extracted, parts, published | {"rejects": 6}, None)


def test_a_day_without_rejects_is_a_good_day(flights):
    quiet = Interval("2026-01-05", timezone="America/New_York")
    extracted = flights.extract_flights(quiet)
    parts = flights.clean(extracted)
    assert parts["rejects"].empty
    published = {name: len(table) for name, table in parts.items()}
    assert flights.gate.fn(extracted, parts, published, context("2026-01-05"))["rejects"] == 0


def test_each_day_has_the_flights_of_the_same_day_of_2013(flights):
    leap_day = flights.extract_flights(Interval("2028-02-29", timezone="America/New_York"))
    assert set(leap_day["time_hour"].dt.tz_convert("America/New_York").dt.strftime("%m-%d")) == {"02-28"}
    assert set(leap_day["date"].astype(str)) == {"2028-02-29"}

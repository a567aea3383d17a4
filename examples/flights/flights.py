"""Flights of New York, day by day.

One daily DAG over the 336,776 flights of 2013 and the hourly weather: extract, clean, join, summarise, publish to
DuckDB and to partitioned Parquet, and a gate that counts everything once more. Every table is written by day and
replaced whole, so a day may be run again at any time and leaves one copy. What has happened on a day is what happened
on the same day of 2013, so that the schedule goes on for ever.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import pandas as pd
import source

from segue import Context, Interval, Params, Retry, dag, daily, injected, task
from segue.data import delete_then_insert, overwrite_partition

KEYS = ["carrier", "flight", "origin", "dest", "time_hour"]


class FlightParams(Params):
    """What a run may choose."""

    out: str = "out"
    """Folder of the published tables."""
    airports_url: str = ""
    """Where airports are served; empty: read from the installed package."""


# ------------------------------------------------------------------------------------------------------------ extract
@task(role="source")
def extract_flights(interval: Interval = injected) -> pd.DataFrame:
    """The flights that were scheduled to leave on this day."""
    return source.flights_of(source.in_2013(interval.date)).assign(date=interval.date)


@task(role="source")
def extract_weather(interval: Interval = injected) -> pd.DataFrame:
    """The weather of every hour of this day, at all three airports."""
    return source.weather_of(source.in_2013(interval.date))


@task(role="source", retry=Retry(3, delay="500ms", on=(OSError,)))
def fetch_airports(interval: Interval = injected, params: FlightParams = injected) -> list[dict[str, str]]:
    """Names of airports, from a server that is known to answer 503 now and then."""
    if not params.airports_url:
        return source.airports()
    with urlopen(f"{params.airports_url}/airports?day={interval.ds}", timeout=10) as answer:
        airports: list[dict[str, str]] = json.load(answer)
    return airports


# ---------------------------------------------------------------------------------------------------------- transform
@task(role="transform")
def clean(flights: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Standardise, and keep apart what was cancelled and what cannot be used, each with its reason."""
    flights = flights.assign(tailnum=flights["tailnum"].str.strip().str.upper())
    reason = pd.Series(pd.NA, index=flights.index, dtype="string")
    reason[flights["air_time"].isna()] = "no air time: diverted or not recorded"
    reason[flights["arr_time"].isna()] = "no arrival recorded"
    reason[flights.duplicated(KEYS)] = "recorded twice"
    cancelled = flights["dep_time"].isna()
    rejected = reason.notna() & ~cancelled
    return {
        "flights": flights[~cancelled & ~rejected].reset_index(drop=True),
        "cancelled": flights[cancelled].assign(reason="never departed").reset_index(drop=True),
        "rejects": flights[rejected].assign(reason=reason[rejected]).reset_index(drop=True),
    }


@task(role="transform")
def join_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Give every flight the weather at its origin in its scheduled hour (UTC); hours without a report stay empty."""
    columns = ["origin", "time_hour", "temp", "wind_speed", "precip", "visib"]
    return flights.merge(weather[columns], how="left", on=["origin", "time_hour"], validate="many_to_one")


@task(role="curated")
def per_carrier(flights: pd.DataFrame) -> pd.DataFrame:
    """Flights and mean delays of each carrier."""
    return _summary(flights, "carrier").merge(source.airlines(), how="left", on="carrier")


@task(role="curated")
def per_airport(flights: pd.DataFrame, airports: list[dict[str, str]]) -> pd.DataFrame:
    """Flights and mean delays of each destination."""
    names = pd.DataFrame(airports)[["faa", "name"]].rename(columns={"faa": "dest"})
    return _summary(flights, "dest").merge(names, how="left", on="dest")


def _summary(flights: pd.DataFrame, key: str) -> pd.DataFrame:
    return flights.groupby(key, as_index=False, sort=True).agg(
        flights=("flight", "size"),
        mean_dep_delay=("dep_delay", "mean"),
        mean_arr_delay=("arr_delay", "mean"),
        miles=("distance", "sum"),
    )


# ------------------------------------------------------------------------------------------------------------ publish
@task(max_active=1, role="consumer")
def publish(
    tables: dict[str, pd.DataFrame], interval: Interval = injected, params: FlightParams = injected
) -> dict[str, int]:
    """Replace this day in every table, in DuckDB and as Parquet; the number of rows of each."""
    out = Path(params.out)
    out.mkdir(parents=True, exist_ok=True)
    rows = {}
    for name, table in tables.items():
        dated = table.assign(date=interval.ds)
        rows[name] = delete_then_insert(out / "flights.duckdb", name, dated, where={"date": interval.ds})
        overwrite_partition(table, out / name, interval)
    return rows


@task(max_active=1)
def gate(
    extracted: pd.DataFrame,
    parts: dict[str, pd.DataFrame],
    published: dict[str, int],
    context: Context = injected,
) -> dict[str, int]:
    """Everything that came in has gone somewhere, and no key is empty; else the day is not good."""
    kept = {name: len(table) for name, table in parts.items()}
    if sum(kept.values()) != len(extracted):
        raise ValueError(f"{len(extracted)} flights came in, {kept} went on")
    for name, count in kept.items():
        if published[name] != count:
            raise ValueError(f"{name}: {count} rows were to be published, {published[name]} were")
    empty = parts["flights"][KEYS].isna().sum()
    if empty.any():
        raise ValueError(f"empty keys: {empty[empty > 0].to_dict()}")
    context.log.info("%d flights, %d cancelled, %d rejects", kept["flights"], kept["cancelled"], kept["rejects"])
    return kept


@dag(
    schedule=daily(at="06:00"),
    start="2026-01-01",
    timezone="America/New_York",
    max_active_runs=3,
    params=FlightParams,
    tags=["example"],
)
def flights() -> None:
    """Flights of New York, of each day."""
    extracted = extract_flights()
    parts = clean(extracted)
    joined = join_weather(parts["flights"], extract_weather())
    published = publish(
        {
            "flights": joined,
            "cancelled": parts["cancelled"],
            "rejects": parts["rejects"],
            "per_carrier": per_carrier(joined),
            "per_airport": per_airport(joined, fetch_airports()),
        }
    )
    gate(extracted, parts, published)

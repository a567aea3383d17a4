"""The weather at the three airports, hour by hour.

The service behind it answers one caller at a time, which the pool `weather_service` (see `segue.toml`) makes sure of
whatever else runs. When it is away it is away for hours: its run asks again after one, two and four, and those after it
wait for it.
"""

from __future__ import annotations

import pandas as pd
import source

from segue import Interval, Params, Retry, dag, hourly, injected, task
from segue.data import overwrite_partition


class WeatherParams(Params):
    """What a run may choose."""

    out: str = "out"
    """Folder of the published tables."""


@task(
    pool="weather_service",
    retry=Retry(3, delay="1h", backoff=2, max_delay="4h"),
    empty="ok",  # some hours were never observed
    role="source",
)
def fetch_hour(interval: Interval = injected) -> pd.DataFrame:
    """What was observed in this hour, at each airport."""
    day = source.weather_of(source.in_2013(interval.date))
    return day[day["hour"] == interval.start.hour].reset_index(drop=True)


@task(role="consumer")
def publish_hour(weather: pd.DataFrame, interval: Interval = injected, params: WeatherParams = injected) -> int:
    """Replace this hour, as Parquet."""
    overwrite_partition(weather, f"{params.out}/weather", interval)
    return len(weather)


@dag(schedule=hourly(at=":05"), timezone="America/New_York", params=WeatherParams, tags=["example"])
def weather() -> None:
    """The weather at the airports of New York, of each hour."""
    publish_hour(fetch_hour())

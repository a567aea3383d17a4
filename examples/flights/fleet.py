"""Which aircraft flew: seats and engines by carrier, day by day, from the register of another team."""

from __future__ import annotations

from typing import Any

import pandas as pd
import source

from segue import Interval, Params, Retry, dag, daily, injected, task
from segue.data import overwrite_partition


class FleetParams(Params):
    """What a run may choose."""

    out: str = "out"
    """Folder of the published tables."""


@task(retry=Retry(2, delay="1m"), role="source")
def fetch_planes() -> list[dict[str, Any]]:
    """The register of planes."""
    return source.planes()


@task(role="curated")
def seats_per_carrier(planes: list[dict[str, Any]], interval: Interval = injected) -> pd.DataFrame:
    """Flights of the day by carrier, with the seats that they offered; a plane that is not registered has none."""
    flown = source.flights_of(source.in_2013(interval.date))
    register = pd.DataFrame(planes)[["tailnum", "seats", "engines"]]
    joined = flown.merge(register, how="left", on="tailnum", validate="many_to_one")
    return joined.groupby("carrier", as_index=False, sort=True).agg(
        flights=("flight", "size"),
        seats=("seats", "sum"),
        unregistered=("seats", lambda seats: int(seats.isna().sum())),
    )


@task(role="consumer")
def publish_fleet(seats: pd.DataFrame, interval: Interval = injected, params: FleetParams = injected) -> int:
    """Replace this day, as Parquet."""
    overwrite_partition(seats, f"{params.out}/fleet", interval)
    return len(seats)


@dag(schedule=daily(at="07:00"), timezone="America/New_York", params=FleetParams, tags=["example"])
def fleet() -> None:
    """Seats offered by each carrier, of each day."""
    publish_fleet(seats_per_carrier(fetch_planes()))

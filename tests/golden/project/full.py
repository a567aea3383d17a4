"""A DAG that uses what came later to the language; its digests stand in `full.json`."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

from segue import Context, Dag, Param, Params, chain, dag, group, task


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Pull(Params):
    day: date = Param(description="Which day.")
    until: datetime | None = None
    rows: int = Param(100, minimum=1, maximum=1000)
    kind: str = Param("csv", enum=["csv", "json"], description="Format.")
    size: Size = Size.SMALL
    limits: list[int] = Param([1, 2])


def told(context: Context) -> None: ...


@task.setup(connections=["cloud"], on_cancel=told)
def cluster() -> str:
    return "c1"


@task.teardown(retry=2)
def no_cluster(name: str) -> None: ...


@task(resources={"memory": "512MiB", "gpu": 1}, secrets=["key"], outlets=["orders"], role="source", renamed_from="read")
def extract(name: str, customer: str) -> int:
    return len(name + customer)


@task(inlets=["orders"], on_failure=told, on_success=lambda: None)
def load(rows: list[int]) -> None: ...


@dag(params=Pull, timeout="2h", on_failure=told, renamed_from="pull", doc="All that came later.")
def full(day: str) -> None:
    name = cluster()
    with group("work") as work:
        with group("read"):
            rows = extract.with_options(item_name="{customer}").partial(name=name).map(["a", "b"])
        load(rows)
        load.with_options(id="again", group="more")([1])
    chain(name, work, no_cluster(name))


@task(depends_on_past=True, deadline="30m")
def total() -> int:
    return 1


with Dag("late", schedule="0 2 * * *", deadline="08:00", lookback=3, alerts=["slack:#ops"]) as late:
    total()

with Dag("later", schedule="@hourly", deadline="90m", defaults={"depends_on_past": True}) as later:
    total()

with Dag("dict", params={"day": Param(None, type="string"), "env": Param("prod", enum=["dev", "prod"]), "n": 1}) as d:
    load([1])

"""A DAG that uses what a spec can hold; its digests stand in `rich.json`."""

from __future__ import annotations

from typing import Literal, Optional

import parts

from segue import Dag, Interval, Params, Retry, chain, cross, dag, every, injected, task, weekly


class Settings(Params):
    env: Literal["dev", "prod"] = "prod"
    limits: dict[str, Optional[int]] = {}  # noqa: UP045 - both spellings
    ratio: float | None = 0.1


@task(retry=Retry(3, delay="30s", backoff=2, max_delay="10m", on=(ConnectionError, OSError)), pool="shop", slots=2)
def extract(table: str, interval: Interval = injected) -> list[dict[str, int]]:
    """Read a table.

    With more words.
    """
    return [{f"{table!r:>{len(table)}}": 1, f"{'nested'}": 2}]


@task(timeout="1h", isolation="fresh", tags=["heavy"])
def clean(rows: list[dict[str, int]], *more: object, **options: object) -> list[dict[str, int]]:
    return parts.cleaned(rows)


@task.branch
def choose(rows: list[dict[str, int]]) -> Literal["big", "small"] | None:
    return "big" if len(rows) > 10 else "small"


@task.short_circuit(idempotent=False, allow_failure=True)
def gate(n: int) -> bool:
    return n > 0


@task
def publish(*args: object, to: Optional[str] = None) -> None: ...  # noqa: UP045


@dag(schedule=weekly("mon", at="06:00"), timezone="America/Los_Angeles", start="2026-04-01", end="2026-12-31",
     params=Settings, defaults={"retry": 2, "priority": 3}, tags=["retail", "golden"], max_active_runs=2)  # fmt: skip
def rich(env, region="eu"):
    """All of it."""
    orders, shops = (extract.with_options(id=name)(name) for name in ("orders", "shops"))
    rows = clean(orders, {"a", "b", "c"}, frozenset({1, 2}), key={"x": 1.5, "y": (None, b"z")})
    picked = choose(rows)
    big, small = publish.with_options(id="big")(f"s3://{env}-{region}/"), publish.with_options(id="small")(env)
    picked >> [big, small]
    join = publish.with_options(id="join", trigger_rule="none_failed_min_one_success")(rows[0]["n"], [big, small])
    each = clean.with_options(id="each", max_active=4).partial(extra=[1, 2]).map(shops)
    grid = publish.with_options(id="grid").product(["a", "b"])
    chain(each, gate(7), join)
    cross([shops, orders], [grid])


with Dag("second", schedule=every("6h")) as second:
    task(lambda: [f"{x}" for x in range(3)], id="inline")()

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, reveal_type

from segue import (
    Context,
    Dag,
    Interval,
    Param,
    Params,
    Retry,
    Timetable,
    chain,
    cross,
    current,
    dag,
    flow,
    group,
    injected,
    task,
)  # fmt: skip
from segue import daily as every_day


class DailyParams(Params):
    env: Literal["dev", "prod"] = "prod"
    limit: int = Param(100, minimum=1)


@task(retry=Retry(3, delay="30s"), connections=["shop"])
def extract(interval: Interval = injected) -> str:
    return f"s3://raw/{interval.ds}"


@task
def transform(path: str) -> dict[str, int]:
    return {path: len(path)}


@task(pool="warehouse", timeout="1h")
def load(counts: dict[str, int], interval: Interval = injected, *, ctx: Context = injected) -> int:
    ctx.log.info("loading %s", interval.ds)
    return sum(counts.values())


@task
async def ping(url: str) -> bool:
    return bool(url)


@task
def wait_for_load() -> None: ...


@task
def notify() -> None:
    current().log.info("done")


@task.branch
def choose(n: int) -> Literal["load", "notify"]:
    return "load" if n else "notify"


@task.short_circuit
def any_rows(n: int) -> bool:
    return n > 0


@task.sensor(timeout="2h", poll="30s")
def landed(interval: Interval = injected) -> bool:
    return True


def told(context: Context) -> None:
    context.log.error("failed")


@task.setup(on_failure=told)
def cluster() -> str:
    return "cluster"


@task.teardown(on_cancel=lambda: None)
def no_cluster(name: str) -> None: ...


@task
def paths() -> list[str]:
    return []


@task
def merge(parts: list[dict[str, int]]) -> int:
    return len(parts)


@dag(schedule=every_day(at="02:00"), timezone="America/Los_Angeles", start="2026-04-01", params=DailyParams)
def daily() -> None:
    n = load(transform(extract()))
    wait_for_load() >> notify()  # pyright: ignore[reportUnusedExpression]
    [wait_for_load.with_options(id="wait2")(), landed()] >> n  # pyright: ignore[reportUnusedExpression]
    n >> [notify.with_options(id="mail")(), notify.with_options(id="page")()]  # pyright: ignore[reportUnusedExpression]
    chain(
        landed.with_options(id="landed2")(),
        extract.with_options(retry=5, id="again")(),
        [notify.with_options(id="text")(), wait_for_load.with_options(id="wait3")()],
    )
    cross([landed.with_options(id="landed3")()], [n])
    ping("https://x")
    choose(n)
    any_rows(n)
    found = paths()
    merge(transform.with_options(id="each").map(found))
    merge.with_options(id="merge2")(transform.with_options(id="each2").partial().map(path=found))


class EveryHour(Timetable):
    def next_tick(self, moment: datetime) -> datetime | None:
        return moment


@task(depends_on_past=True, deadline=timedelta(minutes=30))
def running_total() -> int:
    return 1


@dag(schedule=EveryHour(), deadline="08:00", lookback=2, alerts=["slack:#ops"], defaults={"depends_on_past": True})
def in_order() -> None:
    running_total()


@dag(timeout="2h", on_failure=lambda context: context.log.error(context.ds), on_success=told)
def grouped() -> None:
    name = cluster()
    with group("work") as work:
        chain(
            transform.with_options(resources={"memory": "2GB", "gpu": 1}, outlets=["counts"], secrets=["key"])(name),
            transform.with_options(id="each", item_name="{path}").map(["a", "b"]),
        )
    chain(name, work, no_cluster(name))
    work >> notify()  # pyright: ignore[reportUnusedExpression]
    [name] >> work >> [ping("x")]  # pyright: ignore[reportUnusedExpression]
    work.map([1])  # WANT ERROR: a group cannot be mapped


def planted() -> None:
    dag(lookback="2")  # WANT ERROR: str given to int
    task(depends_on_past="yes")  # WANT ERROR
    transform(transform.fn("x")["x"])  # WANT ERROR: int given to str
    transform(3)  # WANT ERROR
    transform()  # WANT ERROR
    load(transform(extract()), 4)  # WANT ERROR: int given to Interval
    transform.with_options(retries=4)  # WANT ERROR: unknown option


with Dag("generated", schedule="@daily") as d:
    for _name in ("a", "b"):
        load.with_options(id=f"load_{_name}")(transform.with_options(id=f"transform_{_name}")(_name))


def test_plain_calls() -> None:
    path: str = extract(Interval("2026-04-01"))
    assert path == "s3://raw/2026-04-01"
    assert extract(Interval("2026-04-01")).endswith("01")
    counts: dict[str, int] = transform("abc")
    assert counts["abc"] == 3
    assert transform("abc")["abc"] == 3
    exact = transform.fn("abc")
    assert exact == {"abc": 3}
    assert choose(0) == "notify"
    assert len(daily.tasks) == 22
    assert "extract" in daily.task_ids


async def test_async() -> None:
    assert await ping.fn("x")
    assert await ping("x")


@flow
def crawl(root: str) -> int:
    total = 0
    for path in [root, root + "b"]:
        counted: dict[str, int] = transform(path)
        total += sum(counted.values())
    futures = [transform.submit(path) for path in ("a", "bb")]
    transform.submit(3)  # WANT ERROR
    return total + len(futures[0].result())


def test_flow() -> None:
    total: int = crawl("a")
    assert total
    crawl(1)  # WANT ERROR


if TYPE_CHECKING:
    reveal_type(transform.submit("a").result())  # WANT TYPE dict[str, int]
    reveal_type(crawl("a"))  # WANT TYPE int
    reveal_type(transform.fn("abc"))  # WANT TYPE dict[str, int]
    reveal_type(choose.fn(1))  # WANT TYPE Literal
    reveal_type(ping.fn("x"))  # WANT TYPE Awaitable[bool]
    reveal_type(transform.map([]))  # WANT TYPE Node[Sequence[dict[str, int]]]

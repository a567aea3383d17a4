"""A day of a small shop: out of its database, cleaned, into a warehouse, and a report as a compressed file."""

import csv
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from segue import Context, Interval, Param, Params, Retry, chain, dag, daily, group, injected, task
from segue import tasks as t

Row = dict[str, Any]


class ShopParams(Params):
    folder: str = Param("reports", description="where reports go")
    smallest: int = Param(0, minimum=0, description="cents; smaller orders are left out")


def tell(context: Context) -> None:
    context.log.error("%s: the shop's day has failed", context.run_id)


def note_success(context: Context) -> None:
    Path(context.params["folder"], "last-good.txt").write_text(f"{context.ds}\n")


@task.setup
def make_workspace(interval: Interval = injected, params: ShopParams = injected) -> str:
    folder = Path(params.folder, f".draft-{interval.ds}")
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


@task.teardown
def remove_workspace(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@task(role="transform")
def clean(orders: list[Row], customers: list[Row], params: ShopParams = injected) -> list[Row]:
    countries = {one["id"]: one["country"] for one in customers}
    kept = [one for one in orders if one["cents"] >= params.smallest and one["customer"] in countries]
    return [{**one, "country": countries[one["customer"]]} for one in kept]


@task(role="transform")
def summarise(orders: list[Row], returns: list[Row]) -> list[Row]:
    back = {one["sale"] for one in returns}
    sales: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for one in orders:
        if one["id"] not in back:
            sales[one["product"]] += 1
            cents[one["product"]] += one["cents"]
    return [{"product": name, "sales": sales[name], "cents": cents[name]} for name in sorted(sales)]


@task(role="curated", connections=["warehouse"], retry=Retry(3, delay="1s"), timeout="1m")
def load(rows: list[Row], context: Context = injected) -> int:
    """Replace the day in one transaction, so that a repetition leaves the same rows."""
    day = context.ds
    with closing(sqlite3.connect(context.connection("warehouse").database, timeout=30)) as warehouse, warehouse:
        warehouse.execute("CREATE TABLE IF NOT EXISTS daily (day TEXT, product TEXT, sales INTEGER, cents INTEGER)")
        warehouse.execute("DELETE FROM daily WHERE day = ?", (day,))
        rows = [{**row, "day": day} for row in rows]
        warehouse.executemany("INSERT INTO daily VALUES (:day, :product, :sales, :cents)", rows)
    context.report(rows=len(rows))
    return len(rows)


@task(role="consumer")
def write_report(rows: list[Row], workspace: str, interval: Interval = injected, params: ShopParams = injected) -> str:
    """Written aside, then renamed: a reader sees the old report or the new one."""
    draft = Path(workspace, f"{interval.ds}.csv")
    with draft.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["product", "sales", "cents"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return str(draft.replace(Path(params.folder, draft.name)))


@dag(
    schedule=daily(), start="2026-04-01", params=ShopParams, timeout="1h", tags=["retail"], on_failure=tell,
    on_success=note_success,
)  # fmt: skip
def daily_shop(one_in: int = 1) -> None:
    with group("read"):
        orders = t.sql(
            "SELECT id, customer, placed, product, cents FROM orders "
            "WHERE placed >= :ds AND placed < date(:ds, '+1 day') AND id % :one_in = 0 ORDER BY id",
            connection="shop", parameters={"one_in": one_in}, id="orders", role="source",
        )  # fmt: skip
        customers = t.sql("SELECT id, country FROM customers", connection="shop", id="customers", role="source")
        returns = t.sql(
            "SELECT sale FROM returns WHERE returned = :ds", connection="shop", id="returns", role="source", empty="ok"
        )  # a day without returns is a good day
    workspace = make_workspace()
    summary = summarise(clean(orders, customers), returns)
    load(summary)
    report = write_report(summary, workspace)
    packed = t.bash('gzip -nf -- "$REPORT" && echo "$REPORT.gz"', env={"REPORT": report}, id="pack", role="consumer")
    chain(report, packed, remove_workspace(workspace))

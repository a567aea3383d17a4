"""S06: load run twice for one day leaves one copy, not two, in all downstream tables."""

import duckdb
import polars as pl
import pytest

from tests.e2e.commands import Project

ORDERS = """
from pathlib import Path

import pandas as pd

from segue import Interval, Params, dag, daily, injected, task
from segue.data import delete_then_insert, overwrite_partition


class Shop(Params):
    factor: int = 1


@task
def extract(interval: Interval = injected, shop: Shop = injected) -> pd.DataFrame:
    amounts = [shop.factor * interval.date.day * n for n in range(1, 6)]
    return pd.DataFrame({"date": interval.ds, "customer": ["a", "b", "a", "c", "b"], "amount": amounts})


@task(max_active=1)
def load(orders: pd.DataFrame, interval: Interval = injected) -> int:
    overwrite_partition(orders, "lake", interval)
    return delete_then_insert("shop.duckdb", "orders", orders, where={"date": interval.ds})


@task(max_active=1)
def summarise(rows: int, interval: Interval = injected) -> int:
    import duckdb

    with duckdb.connect("shop.duckdb") as database:
        question = "SELECT date, customer, sum(amount) AS amount FROM orders WHERE date = ? GROUP BY ALL"
        summary = database.execute(question, [interval.ds]).df()
    return delete_then_insert("shop.duckdb", "customers", summary, where={"date": interval.ds})


@dag(schedule=daily(), start="2026-04-01", params=Shop)
def orders():
    summarise(load(extract()))
"""
DAYS = ("2026-04-01", "2026-04-02")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """Two days are loaded, and the first once more."""
    project = Project(tmp_path_factory.mktemp("orders"))
    project.write("orders.py", ORDERS)
    for words in (("run", "orders.py", "--date", "..".join(DAYS)), ("rerun", "orders@2026-04-01")):
        done = project.segue(*words)
        assert done.returncode == 0, done.stdout
    return project


def rows(project: Project) -> dict[str, list[tuple]]:
    lake = pl.read_parquet(project.folder / "lake" / "**" / "*.parquet", hive_partitioning=True)
    with duckdb.connect(project.folder / "shop.duckdb") as database:
        tables = {
            name: database.execute(f"SELECT date, customer, amount FROM {name}").fetchall()
            for name in ("orders", "customers")
        }
    return tables | {"lake": [(str(day), *rest) for day, *rest in lake["date", "customer", "amount"].rows()]}


def expected(factor: int) -> dict[str, list[tuple]]:
    whole = [(day, who, factor * int(day[-1]) * n) for day in DAYS for n, who in enumerate("abacb", start=1)]
    sums = [(day, who, factor * int(day[-1]) * n) for day in DAYS for who, n in (("a", 4), ("b", 7), ("c", 4))]
    return {"orders": whole, "lake": whole, "customers": sums}


def test_s06_a_day_that_was_loaded_twice_is_there_once_in_all_tables(project: Project):
    with project.reader() as reader:
        assert sorted(str(view.run) for view in reader.runs()) == [
            "orders@2026-04-01", "orders@2026-04-01.2", "orders@2026-04-02",
        ]  # fmt: skip
    assert {name: sorted(found) for name, found in rows(project).items()} == {
        name: sorted(wanted) for name, wanted in expected(1).items()
    }


def test_s06_a_day_that_is_loaded_again_with_other_rows_holds_only_the_new_ones(project: Project):
    for day in DAYS:
        done = project.segue("run", "orders.py", "--date", day, "--param", "factor=10")
        assert done.returncode == 0, done.stdout
    assert {name: sorted(found) for name, found in rows(project).items()} == {
        name: sorted(wanted) for name, wanted in expected(10).items()
    }

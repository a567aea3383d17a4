"""How a project tests its DAG: functions, runs in process, a second run, and workers that are killed."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import shop

from segue.testing import context, kill_drill, run_twice

DAY, CLOSED = "2026-04-02", "2026-04-05"


def sold(warehouse: Path) -> list[tuple]:
    with closing(sqlite3.connect(warehouse)) as database:
        return database.execute("SELECT day, sum(sales) FROM daily GROUP BY day").fetchall()


def test_small_orders_and_strangers_are_left_out():
    orders = [{"id": one, "customer": one, "cents": one * 100} for one in (1, 2, 3)]
    kept = shop.clean(orders, [{"id": 1, "country": "de"}, {"id": 2, "country": "fr"}], shop.ShopParams(smallest=150))
    assert [(one["id"], one["country"]) for one in kept] == [(2, "fr")]


def test_what_came_back_is_not_sold():
    orders = [{"id": one, "product": "a", "cents": 100} for one in (1, 2)]
    assert shop.summarise(orders, [{"sale": 1}]) == [{"product": "a", "sales": 1, "cents": 100}]


def test_loading_a_day_again_replaces_it(places):
    with context(DAY, connections=places.connections) as attempt:
        shop.load([{"product": "a", "sales": 5, "cents": 1}])
        assert shop.load([{"product": "a", "sales": 6, "cents": 1}]) == 1
    assert sold(places.warehouse) == [(DAY, 6)]
    assert attempt.reports == [(1, None), (1, None)]


def test_a_day(segue_run, places):
    result = segue_run(shop.daily_shop, DAY, places.params, connections=places.connections)
    assert result.state == "success"
    assert sold(places.warehouse) == [(DAY, len(result.value("clean")))]
    with gzip.open(result.value("pack"), "rt") as report:
        assert len(report.readlines()) == 1 + result.value("load")
    assert not Path(result.value("make_workspace")).exists()
    assert (places.reports / "last-good.txt").read_text() == f"{DAY}\n"


def test_a_day_without_orders_is_held_and_loads_nothing(segue_run, places):
    result = segue_run(shop.daily_shop, CLOSED, places.params, connections=places.connections)
    assert result.state == "held"
    assert result.held == {"read.orders": "it returned 0 rows"}
    assert not places.warehouse.exists()


def test_in_dev_every_tenth_order_is_read_and_an_empty_day_is_only_noted(segue_run, places):
    given = {"connections": places.connections, "env": "dev"}
    assert len(segue_run(shop.daily_shop, DAY, places.params, **given).value("read.orders")) < 10
    assert segue_run(shop.daily_shop, CLOSED, places.params, **given).state == "success"


def test_the_teardown_runs_where_the_warehouse_is_away(segue_run, places):
    away = {**places.connections, "warehouse": f"sqlite:///{places.folder}/nowhere/warehouse.db"}
    result = segue_run(shop.daily_shop, DAY, places.params, connections=away)
    assert (result.state, result.tasks["load"], result.tasks["remove_workspace"]) == ("failed", "failed", "success")
    assert isinstance(result.raised["load"], sqlite3.OperationalError)


def test_a_day_can_be_repeated(places):
    outputs = [places.warehouse, places.reports]
    twice = run_twice(shop.daily_shop, DAY, places.params, connections=places.connections, outputs=outputs)
    assert twice.same, twice.differences


def test_killed_workers_and_owners_change_nothing(places):
    drill = kill_drill(
        Path(shop.__file__), DAY, places.params, kills=2, seed=3,
        outputs=[places.warehouse, places.reports], connections=places.connections,
    )  # fmt: skip
    assert len(drill.killed) == 2
    assert drill.same, drill

import sqlite3
from contextlib import closing
from pathlib import Path

from segue import Interval
from tests.e2e.commands import Project

FILE = """
from segue import dag, daily, task
from segue import tasks as t

@task
def tell(row):
    print("row", row["n"], row["day"], row["at"])

@dag(schedule=daily(), start="2026-04-01")
def sales():
    tell(t.sql(
        "SELECT count(*) AS n, :ds AS day, :execution_date AS at FROM orders WHERE ordered BETWEEN :start AND :end",
        connection="shop", fetch="one", id="count",
    ))
"""


def test_s45_the_names_of_the_interval_are_binds():
    assert set(Interval("2026-04-01").binds()) == {"start", "end", "ds", "execution_date"}
    assert Interval("2026-04-01").binds()["execution_date"] == Interval("2026-04-01").start


def test_s45_execution_date_is_bound_into_sql(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE orders (ordered TEXT)")
        days = ["2026-03-31 23:59:59", "2026-04-01 00:00:00+00:00", "2026-04-01 12:00:00", "2026-04-02 00:00:01"]
        shop.executemany("INSERT INTO orders VALUES (?)", [(day,) for day in days])
        shop.commit()
    project = Project(tmp_path)
    project.write("sales.py", FILE)
    assert project.segue("connection", "add", "shop", f"sqlite:///{tmp_path}/shop.db").returncode == 0
    done = project.segue("run", "sales.py", "--date", "2026-04-01")
    assert done.returncode == 0, done.stdout
    said = project.segue("logs", "sales@2026-04-01", "tell").stdout
    assert "row 2 2026-04-01 2026-04-01 00:00:00+00:00" in said

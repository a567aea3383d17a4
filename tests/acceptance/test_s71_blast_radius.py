"""S71: a DAG that fails does not block consumers that have nothing to do with it, and how far it reaches is shown."""

from pathlib import Path
from urllib.parse import quote

from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually

DAGS = """
from segue import dag, task

@task
def extract() -> int:
    return 1

@task
def load(rows: int) -> int:
    raise ValueError("the warehouse is closed")

@task
def report(rows: int) -> int:
    return rows

@task
def mail(rows: int) -> int:
    return rows

@dag
def sales():
    rows = extract()
    mail(rows)
    report(load(rows))

@task
def count() -> int:
    return 1

@dag
def stock():
    count()
"""


def test_s71_a_failing_dag_blocks_no_other_and_the_limits_of_the_cascade_are_shown(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("dags.py", DAGS)
    with served(project) as (_, server):
        made = server.post("/api/v1/dags/trigger", {"dags": ["sales", "stock"]}).json()["done"]
        sales, stock = (one["run_id"] for one in made)
        eventually(lambda: _run(server, sales)["state"] == "failed", "sales has failed")
        eventually(lambda: _run(server, stock)["state"] == "success", "stock does not wait for it")

        blast = server.get(f"/api/v1/runs/{quote(sales)}/blast").json()
        assert (blast["culprits"], blast["tasks"], blast["dags"]) == (["load"], ["report"], [])
        states = {
            one["task_id"]: one["state"] for one in server.get(f"/api/v1/runs/{quote(sales)}/tasks").json()["items"]
        }
        assert states == {"extract": "success", "mail": "success", "load": "failed", "report": "upstream_failed"}


def _run(server: Server, run: str) -> dict:
    return server.get(f"/api/v1/runs/{quote(run)}").json()

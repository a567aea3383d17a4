"""Schemathesis: what the API says of itself, asked at random of a real server over a SQLite home."""

from pathlib import Path

from tests.e2e.commands import Project
from tests.e2e.fuzzing import Fuzz
from tests.e2e.served import served
from tests.e2e.standing import eventually
SHOP = """
from segue import Param, dag, daily, task

@task
def extract() -> list:
    return [1, 2, 3]

@task
def load(row: int) -> int:
    print("row", row)
    return row

@task
def check(rows: list, bad: bool) -> None:
    if bad:
        raise ValueError("the warehouse is closed")

@dag(params={"bad": Param(False)}, tags=["retail"])
def shop(bad):
    check(load.map(extract()), bad)

@dag(schedule=daily(at="02:00"), start="2026-04-01")
def nightly():
    extract()
"""

def test_no_route_fails_whatever_it_is_asked(tmp_path: Path) -> None:
    import time, sys, os
    project = Project(tmp_path / "home", workers=2)
    project.write("shop.py", SHOP)
    with served(project) as (one, server):
        def done():
            return sorted(r["state"] for r in server.get("/api/v1/runs").json()["items"])
        print(server.post("/api/v1/dags/trigger", {"dags": ["shop"]}).body)
        print(server.post("/api/v1/dags/trigger", {"dags": ["shop"], "params": {"bad": True}}).body)
        print(server.post("/api/v1/dags/nightly/backfills", {"range": "2026-04-01..2026-04-03"}).body)
        eventually(lambda: all(s in ("success", "failed") for s in done()) and len(done()) >= 2)
        runs = [one["run_id"] for one in server.get("/api/v1/runs").json()["items"]]
        attempts = [str(one["attempt_id"]) for run in runs for one in server.get(f"/api/v1/runs/{run}/attempts").json()["items"]]
        bf = ["1"]
        print(runs, attempts, bf)
        began = time.monotonic()
        fuzz = Fuzz(server, int(os.environ.get("EX", 5)), {"run": runs, "runs": runs, "dag": ["shop", "nightly"], "dags": ["shop", "nightly"], "attempt": attempts, "backfill": bf, "backfills": bf, "name": ["one", "two"]})
        fuzz.run()
        print(time.monotonic() - began)
        for n, c in fuzz.statuses.items(): print(n, dict(c))
        print("\n".join(fuzz.wrong))
        print(one.said[-3000:])
        print(server.get("/api/v1/session").status)

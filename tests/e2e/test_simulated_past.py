"""A past that was only simulated, as people meet it: on the page's interface, and as what a real owner goes on from."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.e2e.standing import eventually

SHOP = """
from segue import Interval, Retry, daily, dag, every, injected, task

@task
def extract(interval: Interval = injected) -> list[str]:
    return [interval.ds]

@task
def load(rows: list[str]) -> int:
    return len(rows)

@dag(schedule=daily(at="00:00"), start="2026-01-01")
def orders() -> None:
    load(extract())

@task(retry=Retry(3, delay="20h", max_delay="20h"))
def ask() -> int:
    return 1

@dag(schedule=every("1h"))
def prices() -> None:
    ask()

@task
def sum_up() -> int:
    return 1

@task
def mail(total: int) -> int:
    return total

@dag(schedule=daily())
def report() -> None:
    mail(sum_up())
"""
FAULTS = ("--fault", "fail=prices/ask:1@3h", "--fault", "fail=report/sum_up:1@24h")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=4)
    project.write("shop.py", SHOP)
    return project


def test_an_owner_goes_on_from_a_simulated_past_in_earnest(shop):
    words = ("simulate", "--write", "--days", "5", *FAULTS, "--backfill", "orders:2026-02@2m", "--seed", "1")
    told = json.loads(shop.segue(*words, "--json").stdout)
    assert {dag["dag_id"]: dag["failed"] for dag in told["dags"]} == {"orders": 0, "prices": 0, "report": 1}
    assert told["dags"][0]["success"] < 5 + 28
    with served(shop) as (_, server):
        eventually(lambda: backfill_of(server)["state"] == "done", "the end of the backfill")
        assert (backfill_of(server)["over"], backfill_of(server)["runs"]) == (28, {"success": 28})
        (failed,) = [one for one in server.get("/api/v1/overview").json()["attention"] if one["sort"] == "failed"]
        assert failed["dag_id"] == "report"
        (waiting,) = server.get("/api/v1/runs?dag=prices&state=queued").json()["items"]
        why = server.get(f"/api/v1/runs/{waiting['run_id']}/why").json()["why"]
        assert why.startswith("waits: 1 of 1 runs of prices are active (max_active_runs): prices@")
        (attempt,) = server.get(f"/api/v1/runs/{failed['run_id']}/attempts").json()["items"]
        (first, _) = server.get(f"/api/v1/attempts/{attempt['attempt_id']}/log").json()["lines"]
        assert first["msg"] == "simulated: shop.py was not run"
        assert shop.segue("retry", failed["run_id"]).returncode == 0
        eventually(lambda: shop.detail(failed["run_id"]).run.state == "success", "the retried run")
        sent = server.get("/api/v1/alerts").json()["items"]
        assert {target["state"] for alert in sent for target in alert["deliveries"]} == {"silenced"}
    with shop.reader() as reader:
        lost = [attempt for _, attempt in reader.attempt_rows() if attempt.cause == "owner"]
        assert {attempt.key.task for attempt in lost} <= {"extract"}
    shop.check_nothing_is_left()


def backfill_of(server):
    (backfill,) = server.get("/api/v1/backfills").json()["items"]
    return backfill


def test_what_was_only_played_is_not_taken_for_a_result(shop):
    shop.segue("simulate", "--write", "--days", "2", "--until", "2026-04-10", "--seed", "1")
    done = shop.segue("retry", "orders@2026-04-08", "load", "--force")
    assert done.returncode == 1
    assert "the store has no result of extract" in done.stdout

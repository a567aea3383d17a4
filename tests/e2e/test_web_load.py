"""Fifty clients beside a running backfill: nobody is turned away, and the backfill goes on."""

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually

CLIENTS = 50
SECONDS = 8
YEARS = """
from segue import daily, dag, task

@task
def extract() -> int:
    print("a line")
    return 1

@task
def load(rows: int) -> int:
    return rows

@dag(schedule=daily(), start="1990-01-01", max_active_runs=4)
def years() -> None:
    load(extract())
"""
LOOKS = (
    "/overview", "/dags", "/runs?limit=50", "/dags/years", "/dags/years/grid?limit=100", "/dags/years/graph",
    "/dags/years/trend", "/dags/years/slots?when=1991-02", "/runs/years@latest", "/runs/years@latest/tasks",
    "/backfills", "/runs/years@latest/why", "/attempts/1/log", "/resources", "/alerts", "/audit",
    "/audit/access", "/session",
)  # fmt: skip


def client(server: Server, number: int, end: float) -> Counter[int]:
    """One page after the other on one connection; every tenth client acts as well."""
    statuses: Counter[int] = Counter()
    told = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
    pages = islice(cycle(LOOKS), number, None)
    with closing(http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)) as line:
        while time.monotonic() < end:
            line.request("GET", f"/api/v1{next(pages)}", headers=told)
            statuses[_ended(line)] += 1
            if number % 10 == 0:
                line.request("PUT", f"/api/v1/pools/pool_{number}", json.dumps({"slots": statuses.total()}), told)
                statuses[_ended(line)] += 1
    return statuses


def _ended(line: http.client.HTTPConnection) -> int:
    answer = line.getresponse()
    body = answer.read()
    assert answer.status < 500, (answer.status, body)
    return answer.status


def over(server: Server) -> int:
    """So many intervals of the backfill are good."""
    found = server.get("/api/v1/backfills/1")
    assert found.status == 200, found
    return int(found.json()["runs"].get("success", 0))


def test_fifty_clients_and_a_backfill_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    project = Project(tmp_path / "shop", workers=2)
    project.write("years.py", YEARS)
    with served(project) as (one, server):
        made = server.post("/api/v1/dags/years/backfills", {"range": "1990-01-01..1999-12-31", "cap": 4})
        assert made.status == 200, made.body
        one.await_runs("years", 1)
        before = over(server)
        end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CLIENTS) as many:
            asked = [many.submit(client, server, number, end) for number in range(CLIENTS)]
            statuses = sum((one.result() for one in asked), Counter())
        assert set(statuses) <= {200, 202}, statuses
        eventually(lambda: over(server) > before, "more of the backfill")
        assert server.get("/readyz").status == 200
        assert one.end() == 0
    logs = [path.read_text(errors="replace") for path in (project.home / "logs").rglob("*") if path.is_file()]
    assert logs
    for text in (one.said, *logs):
        assert "database is locked" not in text and "Traceback" not in text, text
    project.check_nothing_is_left()

"""S90: rerun, mark success, pause and trigger, as the page does it: over HTTP, and with what a person sees of it."""

from pathlib import Path
from urllib.parse import quote

from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually

SHOP = """
from pathlib import Path
from segue import dag, daily, task

@task
def extract() -> int:
    return 20

@task
def load(rows: int) -> int:
    if not Path("mended").exists():
        raise ValueError("the warehouse is closed")
    return rows

@task
def report(rows: int) -> None:
    Path("reported").touch()

@dag(schedule=daily(at="02:00"), start="2026-04-01")
def shop():
    report(load(extract()))
"""


def test_s90_rerun_mark_success_pause_and_trigger(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("shop.py", SHOP)
    with served(project) as (_, admin):
        server = admin.as_role("operator", "shop")

        made = _act(
            server, "/dags/trigger", {"dags": ["shop"], "date": "2026-04-01..2026-04-02", "reason": "month end"}
        )
        first, second = (one["run_id"] for one in made["done"])
        assert _ended(server, first) == _ended(server, second) == "failed"

        plan = _act(server, "/runs/retry", {"select": {"dag": "shop", "states": ["failed"]}, "dry_run": True})
        assert plan["total"] == 2
        assert plan["causes"][0]["count"] == 2 and "the warehouse is closed" in plan["causes"][0]["text"]

        _act(server, "/runs/mark", {"runs": [first], "task": "load", "state": "success", "reason": "loaded by hand"})
        eventually(lambda: _task(server, first, "report") != "upstream_failed", "what follows is decided again")

        (tmp_path / "mended").touch()
        preview = _act(server, "/runs/rerun", {"runs": [second], "failed": True, "dry_run": True})
        assert preview["reuse"][0]["reused"] == ["extract"]
        again = _act(server, "/runs/rerun", {"runs": [second], "failed": True})["done"][0]["run_id"]
        assert again != second
        assert _ended(server, again) == "success"
        assert (tmp_path / "reported").exists()

        _act(server, "/dags/pause", {"dags": ["shop"], "reason": "stock-taking"})
        assert server.get("/api/v1/dags/shop").json()["paused"]
        _act(server, "/dags/unpause", {"dags": ["shop"]})

        rows = admin.get("/api/v1/audit?limit=50").json()["items"]
        acts = [one["act"] for one in rows if one["ok"]][::-1]
        assert [act for act in acts if act in ("TriggerRun", "MarkTask", "RerunRun", "PauseDags", "UnpauseDags")] == [
            "TriggerRun", "TriggerRun", "MarkTask", "RerunRun", "PauseDags", "UnpauseDags",
        ]  # fmt: skip
        assert len({one["actor"] for one in rows if one["act"] in acts}) == 1


def _act(server: Server, path: str, body: dict) -> dict:
    answer = server.post(f"/api/v1{path}", body)
    assert answer.status == 200, answer
    return answer.json()


def _ended(server: Server, run: str) -> str:
    def state() -> str:
        return str(server.get(f"/api/v1/runs/{quote(run)}").json()["state"])

    eventually(lambda: state() in ("success", "failed"), run)
    return state()


def _task(server: Server, run: str, task: str) -> str:
    tasks = server.get(f"/api/v1/runs/{quote(run)}/tasks").json()["items"]
    return next(one["state"] for one in tasks if one["task_id"] == task)

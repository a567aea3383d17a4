"""What the web server costs: pages over a million task rows, a load beside a backfill, the live stream.

The server is the real one, `segue up` with its web child (on PostgreSQL `segue scheduler` and `segue web`), asked over
HTTP from another process. Nothing here is an assertion.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx2

from bench.million import MAPPED, WIDE, fill
from bench.owner import cpu_of, wait
from segue.app.access import opened_keeper
from segue.app.clock import SystemClock
from segue.app.settings import read_settings
from segue.client import Client
from segue.model.access import Grant, Role
from segue.model.api.acts import NewBackfill, PutPool
from segue.model.errors import SegueError
from segue.run.processes import descendants, resident
from tests.postgres_server import binaries, running_server

__all__ = ["History", "Load", "Stream", "history", "live", "load", "served"]

DAG = """
from segue import daily, dag, task

@task
def extract() -> int:
    return 1

@task
def clean(rows: int) -> int:
    return rows

@dag(schedule=daily(), start="1990-01-01", max_active_runs=8)
def years() -> None:
    clean(clean.with_options(id="first")(extract()))
"""


@dataclass(frozen=True)
class Served:
    """A server, its processes, and somebody who may do everything."""

    url: str
    token: str
    home: Path
    processes: tuple[subprocess.Popen[bytes], ...]

    @property
    def web(self) -> int:
        """Process id of the web server."""
        pids = [pid for process in self.processes for pid in (process.pid, *descendants(process.pid))]
        for pid in pids:
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"segue.app.web" in words or words.split(b"\0")[3:4] == [b"web"]:
                    return pid
        raise SystemExit("there is no web server")

    def client(self) -> Client:
        return Client(self.url, self.token, timeout=60)


@contextmanager
def served(folder: Path, database: str = "") -> Iterator[Served]:
    """Start a server on the home in a folder; on PostgreSQL a scheduler and a web process."""
    env = {**os.environ, "SEGUE_HOME": str(folder / ".segue"), "SEGUE_WEB_PORT": "0", "SEGUE_WEB_HOST": "127.0.0.1"}
    env |= {"SEGUE_DATABASE_URL": database} if database else {}
    (folder / "segue.toml").touch()
    (folder / "years.py").write_text(DAG)
    verbs = ("scheduler", "web") if database else ("up",)
    place = folder / ".segue" / "web.json"
    place.unlink(missing_ok=True)
    processes = []
    with (folder / "said").open("wb") as said:
        for verb in verbs:
            words = [sys.executable, "-m", "segue", verb]
            processes.append(subprocess.Popen(words, cwd=folder, env=env, stdout=said, stderr=said))
        try:
            wait(place.exists)
            settings = read_settings(folder, env)
            os.environ |= {"SEGUE_DATABASE_URL": database} if database else {}
            with opened_keeper(settings, lambda text: None) as keeper:
                now = SystemClock().now()
                name = f"bench{now}"
                keeper.people.add_user(name, [Grant(Role.ADMIN)], "a very long password of a bench", "bench", now)
                token = keeper.people.add_token(name, "bench", Grant(Role.ADMIN), 1, name, now)[0]
            os.environ.pop("SEGUE_DATABASE_URL", None)
            one = Served(json.loads(place.read_bytes())["url"], token, folder / ".segue", tuple(processes))
            wait(lambda: _answers(one))
            yield one
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def _answers(one: Served) -> bool:
    with one.client() as client, suppress(SegueError):
        client.dags.overview()
        return True
    return False


# ------------------------------------------------------------------------------------------------------------- history
@dataclass(frozen=True)
class History:
    """Seconds of one question: p50 and p99."""

    what: str
    half: float
    last: float


QUESTIONS = {
    "runs": "/runs?limit=50",
    "runs, failed": "/runs?state=failed&limit=50",
    "runs of a DAG": f"/runs?dag={WIDE}&limit=50",
    "runs by error": "/runs?error=*Connection*&limit=50",
    "DAGs": "/dags?retired=true&limit=100",
    "overview": "/overview",
    "grid of 365 x 200": f"/dags/{WIDE}/grid?limit=365",
    "graph of a run": f"/runs/{WIDE}@latest/graph",
    "tasks of a run, 10,000 items": f"/runs/{MAPPED}@latest/tasks?limit=200",
    "trend": f"/dags/{WIDE}/trend",
    "slots": f"/dags/{WIDE}/slots",
    "events": f"/dags/{WIDE}/events?limit=100",
    "alerts": "/alerts",
    "audit": "/audit",
    "backfills": "/backfills",
}


def history(repeats: int = 100, rows: int = 1_000_000) -> list[History]:
    """How long pages take over a year of history, over HTTP, one after the other."""
    found = []
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name:
        folder = Path(name)
        with served(folder):
            pass  # a home of its own, whose database is then exchanged
        fill(folder / ".segue" / "segue.db", rows)
        with served(folder) as one, httpx2.Client(headers={"Authorization": f"Bearer {one.token}"}, timeout=60) as line:
            for what, path in QUESTIONS.items():
                spans = []
                for _ in range(repeats + 1):
                    began = time.perf_counter()
                    answer = line.get(f"{one.url}/api/v1{path}")
                    spans.append(time.perf_counter() - began)
                    assert answer.status_code == 200, f"{path}: {answer.text}"
                found.append(History(what, statistics.median(spans[1:]), _p99(spans[1:])))
    return found


def _p99(spans: list[float]) -> float:
    return statistics.quantiles(spans, n=100, method="inclusive")[98]


# ---------------------------------------------------------------------------------------------------------------- load
@dataclass(frozen=True)
class Load:
    """What clients saw beside a backfill, in seconds; `turns` is the p99 of the scheduler's turns, as it tells it."""

    requests: int
    half: float
    last: float
    turns: float
    failed: int
    locked: int
    runs: int


_ASKED = (
    "/overview", "/runs?limit=50", "/runs?state=running", "/dags", "/dags/years", "/dags/years/grid?limit=60",
    "/dags/years/slots?when=1990-01", "/runs/years@latest", "/runs/years@latest/graph", "/backfills", "/alerts",
    "/resources", "/next",
)  # fmt: skip


def load(clients: int = 50, seconds: float = 600.0, database: str = "") -> Load:
    """So many clients that each ask once a second, beside a backfill of thousands of runs."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name, served(Path(name), database) as one:
        with one.client() as client:
            wait(lambda: any(dag.dag_id == "years" for dag in client.dags.list().items))
            client.acting.start_backfill("years", NewBackfill("1990-01-01..2016-12-31", cap=8))
            wait(lambda: len(client.runs.list().items) > 0)
        spans, failed = asyncio.run(_ask_all(one, clients, seconds))
        with one.client() as client:
            runs = client.standing.backfills().items[0].over
        turns = _turns(one)
        said = b"".join(path.read_bytes() for path in (Path(name) / "said", *one.home.glob("logs/segue-*")))
        return Load(
            len(spans), statistics.median(spans), _p99(spans), turns, failed, said.count(b"database is locked"), runs
        )


async def _ask_all(one: Served, clients: int, seconds: float) -> tuple[list[float], int]:
    spans: list[float] = []
    failed = 0
    dice = random.Random(7)
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {one.token}"}, limits=limits, timeout=60) as line:

        async def ask() -> None:
            nonlocal failed
            end = time.monotonic() + seconds
            await asyncio.sleep(dice.random())
            while time.monotonic() < end:
                began = time.perf_counter()
                answer = await line.get(f"{one.url}/api/v1{dice.choice(_ASKED)}")
                spans.append(time.perf_counter() - began)
                failed += answer.status_code >= 500
                await asyncio.sleep(max(0.0, 1.0 - spans[-1]))

        await asyncio.gather(*(ask() for _ in range(clients)))
    return spans, failed


def _turns(one: Served) -> float:
    """p99 of the turns, by the upper bound of its bucket."""
    text = httpx2.get(f"{one.url}/metrics", headers={"Authorization": f"Bearer {one.token}"}).text
    buckets: dict[float, float] = defaultdict(float)
    for row in text.splitlines():
        if row.startswith("segue_scheduler_turn_seconds_bucket"):
            bound = row.partition('le="')[2].partition('"')[0]
            buckets[float("inf") if bound == "+Inf" else float(bound)] = float(row.rpartition(" ")[2])
    whole = max(buckets.values(), default=0.0)
    return next((bound for bound, count in sorted(buckets.items()) if count >= 0.99 * whole), float("nan"))


# ---------------------------------------------------------------------------------------------------------------- live
@dataclass(frozen=True)
class Stream:
    """Seconds from the answer after a commit to the event; CPU share and bytes of idle listeners."""

    half: float
    last: float
    idle: float
    bytes_each: float


def live(listeners: int = 500, seconds: float = 60.0, database: str = "") -> Stream:
    """The live stream: how soon a commit is heard, and what listeners cost who hear nothing."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name, served(Path(name), database) as one:
        with one.client() as client:
            wait(lambda: any(dag.dag_id == "years" for dag in client.dags.list().items))
        spans = _heard(one)
        time.sleep(5)
        bare, size = _cpu(one.web, seconds), resident(one.web)
        host, _, port = one.url.partition("://")[2].partition(":")
        lines = []
        for _ in range(listeners):
            line = socket.create_connection((host, int(port)))
            line.sendall(
                f"GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {one.token}\r\n\r\n".encode()
            )
            lines.append(line)
        for line in lines:
            while b"event: open" not in line.recv(65_536):
                pass
        busy, more = _cpu(one.web, seconds), resident(one.web)
        for line in lines:
            line.close()
        return Stream(statistics.median(spans), _p99(spans), busy - bare, (more - size) / listeners)


def _cpu(pid: int, seconds: float) -> float:
    before = cpu_of([pid])
    time.sleep(seconds)
    return (cpu_of([pid]) - before) / seconds


def _heard(one: Served, times: int = 50) -> list[float]:
    heard: dict[str, float] = {}
    ready: list[bool] = []

    def listen() -> None:
        with one.client() as client, suppress(SegueError):
            for kind, event in client.follow():
                ready.append(True)
                if kind == "pool" and not isinstance(event, int):
                    heard[str(event.new)] = time.perf_counter()

    Thread(target=listen, daemon=True).start()
    wait(lambda: ready)
    spans = []
    with one.client() as client:
        for number in range(times):
            client.acting.set_pool(f"pool{number}", PutPool(1))
            answered = time.perf_counter()
            wait(lambda name=f"pool{number}": name in heard)  # type: ignore[misc]
            spans.append(max(0.0, heard[f"pool{number}"] - answered))
    return spans


def main() -> None:
    """Print everything, on both stores where there is a PostgreSQL."""
    for row in history():
        print(f"{row.what:32} p50 {row.half * 1e3:7.1f} ms  p99 {row.last * 1e3:7.1f} ms", flush=True)
    print(live(), load(), sep="\n", flush=True)
    if binaries() is not None:
        with running_server() as server:
            print(live(database=server.url(server.new_database())), flush=True)
            print(load(seconds=60, database=server.url(server.new_database())), flush=True)


if __name__ == "__main__":
    main()

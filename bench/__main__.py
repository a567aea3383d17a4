"""Measure Segue against the bare limits of this machine, and write `bench/RESULTS.md`.

Every figure comes from the real command (`segue run --json` on a fresh home, SQLite with `synchronous=FULL`, the
process executor), in turns with the bare limit it is compared with. Nothing here is an assertion.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench import owner, page, web
from bench.bare import command_cost, durable_commit, pool_rate, pool_round_trip, python_pass
from bench.memory import bytes_per_task
from tests.postgres_server import binaries, running_server

HERE = Path(__file__).parent
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, the ratios of each repetition, and what they should be."""

    what: str
    mode: str
    budget: str
    ratios: tuple[float, ...]
    figure: str
    met: bool | None

    def __str__(self) -> str:
        middle = statistics.median(self.ratios)
        spread = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}"
        verdict = {True: "met", False: "**missed**", None: "-"}[self.met]
        cells = (self.what, self.mode, self.budget, f"**{middle:.2f}** ({spread})", self.figure, verdict)
        return f"| {' | '.join(cells)} |"


def segue_run(
    dag: str, tasks: int, mode: str = "shared", *, tree: Path = HERE.parent, database: str = ""
) -> dict[str, float]:
    """Run one DAG of `shapes.py` on a fresh home.

    Args:
        dag: its function.
        tasks: how many it has.
        mode: isolation of its tasks.
        tree: the checkout whose code runs.
        database: the address of an empty PostgreSQL database; SQLite where it is empty.

    Returns:
        `seconds` from first dispatch to end, and `wall` of the whole command, both in seconds.
    """
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as home:
        env = {
            **os.environ,
            "SEGUE_HOME": str(Path(home) / "home"),
            "SEGUE_WORKERS": str(WORKERS),
            "PYTHONPATH": str(tree / "src"),
            "BENCH_DAG": dag,
            "BENCH_TASKS": str(tasks),
            "BENCH_ISOLATION": mode,
        }
        if database:
            env["SEGUE_DATABASE_URL"] = database
        shapes = Path(home) / "shapes.py"  # a file of its own: else the bundle is the whole checkout, which grows
        shutil.copy(tree / "bench" / "dags" / "shapes.py", shapes)
        command = [sys.executable, "-m", "segue", "run", f"{shapes}:{dag}", "--json"]
        begun = time.perf_counter()
        done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
        wall = time.perf_counter() - begun
    if done.returncode:
        told = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{told}")
    return {"seconds": float(json.loads(done.stdout.splitlines()[-1])["seconds"]), "wall": wall}


def fan_out(repeats: int) -> Iterator[Row]:
    """10,000 no-op tasks against the bare pool."""
    for dag, mode, tasks in (("fan_out", "shared", 10_000), ("declared", "shared", 10_000), ("fan_out", "fresh", 500)):
        ratios, rates = [], []
        for _ in range(repeats):
            bare = pool_rate(10_000, WORKERS)
            rates.append(tasks / segue_run(dag, tasks, mode)["seconds"])
            ratios.append(rates[-1] / bare)
        budget = ">= 1.0 x pool" if mode == "shared" else "(a process a task)"
        met = statistics.median(ratios) >= 1.0 if mode == "shared" else None
        what = f"{tasks:,} no-op tasks, {'mapped' if dag == 'fan_out' else 'declared one by one'}"
        yield Row(what, mode, budget, tuple(ratios), f"{statistics.median(rates):,.0f} tasks/s", met)


def hops(repeats: int) -> Iterator[Row]:
    """A chain of 100, per hop, against one pool round trip and one durable commit."""
    for mode, tasks in (("shared", 100), ("fresh", 30)):
        ratios, costs = [], []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                bare = pool_round_trip() + durable_commit(Path(folder))
            costs.append(segue_run("hops", tasks, mode)["seconds"] / tasks)
            ratios.append(costs[-1] / bare)
        met = statistics.median(ratios) <= 2.0 if mode == "shared" else None
        budget = "<= 2 x (round trip + commit)" if mode == "shared" else "(a process a task)"
        figure = f"{statistics.median(costs) * 1e3:.2f} ms"
        yield Row(f"chain of {tasks}, per hop", mode, budget, tuple(ratios), figure, met)


def scale(repeats: int) -> Iterator[Row]:
    """Cost per task in a run of 100,000 against a run of 1,000."""
    ratios, costs = [], []
    for _ in range(max(1, repeats // 2)):
        small = statistics.median(segue_run("fan_out", 1_000)["seconds"] / 1_000 for _ in range(3))
        costs.append(segue_run("fan_out", 100_000)["seconds"] / 100_000)
        ratios.append(costs[-1] / small)
    figure = f"{statistics.median(costs) * 1e6:.0f} µs a task"
    met = statistics.median(ratios) <= 1.2
    yield Row("100,000 tasks in one run vs 1,000", "shared", "<= 1.2 x", tuple(ratios), figure, met)


def memory(_: int) -> Iterator[Row]:
    """Bytes of the engine per pending task, spec and graph included."""
    for what, declared in (("mapped", False), ("declared one by one", True)):
        size = bytes_per_task(100_000, declared=declared)
        what = f"engine memory per pending task, {what}"
        yield Row(what, "-", "<= 512 bytes", (size / 512,), f"{size:.0f} bytes", size <= 512)


def year_of_runs(tree: Path = HERE.parent) -> float:
    """Seconds a task of a backfill of 365 days, eight at once, from the first attempt to the end of the last.

    Args:
        tree: the checkout whose code runs.
    """
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        shutil.copy(tree / "bench" / "dags" / "shapes.py", folder)
        Path(folder, "segue.toml").write_text(f"workers = {WORKERS}\nbackfill_reserve = 0\n")
        words = ["backfill", "shapes.py:days", "2025-01-01..2025-12-31", "--cap", "8", "--yes", "--json"]
        env = {**os.environ, "PYTHONPATH": str(tree / "src")}
        subprocess.run([sys.executable, "-m", "segue", *words], cwd=folder, env=env, check=True, capture_output=True)
        with closing(sqlite3.connect(Path(folder, ".segue", "segue.db"))) as database:
            question = "SELECT (max(ended) - min(created)) / 1e6 / count(*) FROM attempts"
            return float(database.execute(question).fetchone()[0])


def backfill(repeats: int) -> Iterator[Row]:
    """A year of daily runs of three no-op tasks, eight at once."""
    ratios, rates = [], []
    for _ in range(repeats):
        bare = pool_rate(10_000, WORKERS)
        rates.append(1 / year_of_runs())
        ratios.append(rates[-1] / bare)
    met = statistics.median(ratios) >= 0.5
    what = "backfill of 365 daily runs x 3 no-op tasks, cap 8"
    yield Row(what, "shared", ">= 0.5 x pool", tuple(ratios), f"{statistics.median(rates):,.0f} tasks/s", met)


def standing(repeats: int) -> Iterator[Row]:
    """What an owner that stays costs, `segue up`."""
    ratios = [owner.turn(5_000) / owner.turn(50) for _ in range(repeats)]
    met = statistics.median(ratios) <= 1.2
    yield Row("a turn with 5,000 idle DAGs vs 50, engine", "-", "<= 1.2 x", tuple(ratios), "CPU", met)
    pairs = [owner.trigger_to_start() for _ in range(repeats)]
    ratios, taken = [one / bare for one, bare in pairs], statistics.median(one for one, _ in pairs)
    budget, met = "<= 5 x (round trip + commit + socket)", statistics.median(ratios) <= 5
    yield Row("trigger to start of the function", "shared", budget, tuple(ratios), f"{taken * 1e3:.1f} ms", met)
    times = [owner.restart() for _ in range(max(1, repeats // 2))]
    figure, met = f"{statistics.median(times):.2f} s", statistics.median(times) <= 3
    what = "loop killed with 10,000 queued tasks, until one begins"
    yield Row(what, "shared", "<= 3 s", tuple(one / 3 for one in times), figure, met)
    found = owner.idle()
    megabytes = f"{found['memory'] / 1e6:.0f} MB in all, {found['loop'] / 1e6:.0f} MB the loop"
    figure, met = f"{100 * found['cpu']:.3f} % of a core, {megabytes}", found["cpu"] <= 0.002
    yield Row("idle, 1,000 DAGs x 10 tasks, CPU", "-", "<= 0.2 %", (found["cpu"] / 0.002,), figure, met)
    wrote = found["written"]
    yield Row("idle, bytes written in a minute", "-", "0", (wrote,), f"{wrote:.0f} bytes", wrote == 0)


def postgres(repeats: int) -> Iterator[Row]:
    """The same DAGs on a PostgreSQL of this machine, each in turns with SQLite."""
    if binaries() is None:
        return
    with running_server() as server:
        for dag, tasks in (("fan_out", 10_000), ("declared", 10_000), ("hops", 100)):
            ratios, rates = [], []
            for _ in range(repeats):
                lite = segue_run(dag, tasks)["seconds"]
                rates.append(tasks / segue_run(dag, tasks, database=server.url(server.new_database()))["seconds"])
                ratios.append(rates[-1] * lite / tasks)
            what = f"{dag} of {tasks:,} tasks on PostgreSQL, beside SQLite"
            yield Row(what, "shared", "(stated)", tuple(ratios), f"{statistics.median(rates):,.0f} tasks/s", None)


def server(repeats: int) -> Iterator[Row]:
    """What the web server costs; a page is asked for twenty times as often as another bench is repeated."""
    for one in web.history(20 * repeats):
        what = f"API over 1,000,000 task rows: {one.what}"
        figure = f"p50 {one.half * 1e3:.0f} ms, p99 {one.last * 1e3:.0f} ms"
        yield Row(what, "-", "p99 <= 150 ms", (one.last / 0.15,), figure, one.last <= 0.15)
    yield from stream("SQLite", "")
    yield from busy("SQLite", "", 120.0 * repeats)
    if binaries() is not None:
        with running_server() as store:
            yield from stream("PostgreSQL", store.url(store.new_database()))
            yield from busy("PostgreSQL", store.url(store.new_database()), 12.0 * repeats)


def stream(store: str, database: str) -> Iterator[Row]:
    """The live stream."""
    found = web.live(database=database)
    figure = f"p50 {found.half * 1e3:.0f} ms, p99 {found.last * 1e3:.0f} ms"
    yield Row(f"commit to subscriber, {store}", "-", "<= 100 ms", (found.last / 0.1,), figure, found.last <= 0.1)
    figure = f"{100 * found.idle:.2f} % of a core, {found.bytes_each / 1024:.0f} KiB each"
    yield Row(f"500 idle subscribers, {store}", "-", "< 0.5 %", (found.idle / 0.005,), figure, found.idle < 0.005)


def busy(store: str, database: str, seconds: float) -> Iterator[Row]:
    """Fifty clients that each ask once a second, beside a backfill."""
    found = web.load(seconds=seconds, database=database)
    figure = (
        f"{found.requests:,} answers in {seconds:.0f} s: p50 {found.half * 1e3:.0f} ms, p99 {found.last * 1e3:.0f} ms; "
        f"{found.runs:,} runs made, p99 of a turn <= {found.turns * 1e3:.0f} ms; "
        f"{found.failed} answers of 5xx, {found.locked} x database is locked"
    )
    yield Row(f"50 clients beside a backfill, {store}", "-", "p99 <= 150 ms", (found.last / 0.15,), figure, None)


def pages(repeats: int) -> Iterator[Row]:
    """What a person sees, in a real browser."""
    for one in page.everything(repeats):
        spread = f"{min(one.values):.4g}-{max(one.values):.4g}"
        figure = f"{one.middle:.4g} {one.unit} ({spread})"
        ratios = tuple(value / (one.limit or one.middle) for value in one.values)
        yield Row(f"page: {one.what}", "-", one.budget, ratios, figure, one.middle <= one.limit if one.limit else None)


def start(repeats: int) -> Iterator[Row]:
    """What an import and a fresh home cost against `python -c pass`."""
    imports, firsts, helps, walls = [], [], [], []
    for _ in range(repeats):
        wall, cpu = python_pass()
        imports.append(command_cost([sys.executable, "-c", "import segue"], 10)[0] / wall)
        helps.append(command_cost([sys.executable, "-m", "segue", "run", "--help"], 5)[1] / cpu)
        walls.append(segue_run("one", 1)["wall"])
        firsts.append(walls[-1] / wall)
    met = statistics.median(imports) <= 4
    yield Row("`import segue`", "-", "<= 4 x `python -c pass`", tuple(imports), "wall time", met)
    yield Row("`segue run --help`, CPU", "-", "(stated)", tuple(helps), "multiple of `python -c pass`", None)
    figure = f"{statistics.median(walls):.2f} s"
    met = statistics.median(firsts) <= 60
    yield Row(
        "fresh home, whole `segue run` of one task", "shared", "<= 60 x `python -c pass`", tuple(firsts), figure, met
    )


BENCHES: dict[str, Callable[[int], Iterator[Row]]] = {
    "fan-out": fan_out, "chain": hops, "scale": scale, "backfill": backfill, "standing": standing, "postgres": postgres,
    "memory": memory, "start": start, "server": server, "page": pages,
}  # fmt: skip


def main() -> None:
    """Measure what is asked for; the whole set rewrites `RESULTS.md`."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which (all)")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    lines = [
        "| what | isolation | budget | ratio: median (spread) | figure | |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    for name in chosen.names or BENCHES:
        for row in BENCHES[name](chosen.repeats):
            lines.append(str(row))
            print(row, flush=True)
    if not chosen.names:
        versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        machine = f"{os.cpu_count()} cores, Linux {platform.release()}, {versions}"
        text = (HERE / "RESULTS.head.md").read_text()
        (HERE / "RESULTS.md").write_text(text.format(machine=machine, workers=WORKERS, table="\n".join(lines)))


if __name__ == "__main__":
    main()

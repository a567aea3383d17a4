"""What an owner that stays costs: idle, in a turn, until a triggered task starts, and when its loop is killed.

The owner is the real command, `segue up`, on a fresh home. Nothing here is an assertion.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bare import durable_commit, pool_round_trip
from segue.app.control_client import ControlClient, OwnerGone
from segue.engine.core import Engine
from segue.model.acts import TriggerRun
from segue.model.commands import Launch
from segue.model.definition import Defined, Definition
from segue.model.events import Capacity, Ended, Event, Known, Request, Value
from segue.model.ids import Instant, RunKey, manual_key
from segue.model.images import Snapshot
from segue.model.spec import DagSpec, TaskSpec, spec_digest
from segue.model.timing import SlotAsk, SlotFacts
from segue.model.value import decode
from segue.run.processes import descendants, resident
from segue.schedule.declare import daily
from segue.store.sqlite import SqliteReader

__all__ = ["Owner", "cpu_of", "idle", "restart", "running", "trigger_to_start", "turn", "wait"]

DAGS = Path(__file__).parent / "dags" / "owner.py"
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Owner:
    """A running `segue up`."""

    home: Path
    process: subprocess.Popen[bytes]

    @property
    def pids(self) -> list[int]:
        """All its processes."""
        return [self.process.pid, *sorted(descendants(self.process.pid))]

    def client(self) -> ControlClient:
        """A connection to its loop, as soon as there is one."""
        while True:
            try:
                return ControlClient(self.home / "owner.sock", PATIENCE)
            except OwnerGone:
                time.sleep(0.002)

    def reader(self) -> SqliteReader:
        """Its database."""
        return SqliteReader(self.home / "segue.db")


def wait(said: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not said():
        if time.monotonic() > end:
            raise SystemExit("it never came")
        time.sleep(0.01)


@contextmanager
def running(dags: int = 0, workers: int = 2) -> Iterator[Owner]:
    """An owner that has read its file: so many idle DAGs of ten tasks, and two that are triggered."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as name:
        folder = Path(name)
        (folder / "owner.py").write_bytes(DAGS.read_bytes())
        (folder / "segue.toml").write_text(f"workers = {workers}\ndefinition_timeout = '5m'\n")
        env = {**os.environ, "SEGUE_HOME": str(folder / ".segue"), "BENCH_DAGS": str(dags), "SEGUE_WEB_PORT": "0"}
        env["BENCH_LEDGER"] = str(folder / ".segue" / "ledger")
        process = subprocess.Popen(
            [sys.executable, "-m", "segue", "up"], cwd=folder, env=env, stdout=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        owner = Owner(folder / ".segue", process)
        try:
            owner.client().close()
            wait(lambda: known(owner) == dags + 2)
            yield owner
        finally:
            process.terminate()
            process.wait()


def known(owner: Owner) -> int:
    """How many DAGs its store has."""
    reader = owner.reader()
    try:
        return len(reader.dags())
    finally:
        reader.close()


def ask(client: ControlClient, dag: str) -> RunKey:
    """Trigger a DAG."""
    name = os.urandom(8).hex()
    reply = client.ask(Request(name, "bench", TriggerRun(dag, manual_key(name))))
    assert reply.run is not None, reply.text
    return reply.run


# ---------------------------------------------------------------------------------------------------------------- idle
def idle(dags: int = 1_000, seconds: float = 60.0) -> dict[str, float]:
    """CPU (share of a core), bytes written, and resident bytes of an owner with nothing due."""
    with running(dags) as owner:
        time.sleep(70)  # the definition child has left by then
        cpu, written = cpu_of(owner.pids), _written(owner.pids)
        time.sleep(seconds)
        sizes = {pid: resident(pid) for pid in owner.pids}
        loop = next(pid for pid in owner.pids if b"app.scheduler" in Path(f"/proc/{pid}/cmdline").read_bytes())
        return {
            "cpu": (cpu_of(owner.pids) - cpu) / seconds,
            "written": float(_written(owner.pids) - written),
            "memory": float(sum(sizes.values())),
            "loop": float(sizes[loop]),
        }


def cpu_of(pids: list[int]) -> float:
    """Seconds of CPU that processes have used."""
    ticks = 0
    for pid in pids:
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _written(pids: list[int]) -> int:
    lines = (line for pid in pids for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


# ---------------------------------------------------------------------------------------------------------------- turn
def turn(dags: int, runs: int = 200) -> float:
    """Seconds of a turn of the engine alone, with so many DAGs of ten tasks: the median over runs of one of them."""
    engine = Engine(Snapshot(b"key"), planning=True)
    now = Instant(1_750_000_000 * 1_000_000)
    specs = [
        DagSpec(f"d{at}", tuple(TaskSpec(f"t{task}") for task in range(10)), schedule=daily().to_data())
        for at in range(dags)
    ]
    files = [Defined("/", "f.py", tuple(Definition(one, spec_digest(one), "c", "b") for one in specs))]
    decision = engine.step(now, [Capacity(4, 64), *files])
    while decision.asks:
        decision = engine.step(now, [_answer(decision.asks)])
    spent = []
    for number in range(runs):
        now = Instant(now + 1_000)
        events: list[Event] = [Request(f"r{number}", "bench", TriggerRun("d0", f"manual-{number}"))]
        while events:
            begun = time.perf_counter_ns()
            decision = engine.step(now, events)
            spent.append(time.perf_counter_ns() - begun)
            events = [
                Ended(one.key, one.fence, now, now, Value(b"\xc0"))
                for one in decision.commands
                if isinstance(one, Launch)
            ]
    return statistics.median(spent) / 1e9


def _answer(asks: tuple[SlotAsk, ...]) -> Known:
    return Known(tuple(SlotFacts(one) for one in asks))


# ------------------------------------------------------------------------------------------------------------- trigger
def trigger_to_start(times: int = 50) -> tuple[float, float]:
    """Median seconds from a request to the first line of the task's code, and the bare sum it is compared with."""
    with running() as owner, tempfile.TemporaryDirectory() as folder:
        client, reader = owner.client(), owner.reader()
        found = []
        for at in range(times + 5):
            begun = time.time_ns()
            run = ask(client, "single")
            wait(lambda: reader.run(run).run.state == "success")  # noqa: B023
            [task] = reader.run(run).tasks
            if at >= 5:
                found.append((decode(task.inline) - begun) / 1e9)
        echoes = []
        for _ in range(times):
            begun = time.perf_counter()
            client.health()
            echoes.append(time.perf_counter() - begun)
        client.close()
        reader.close()
        bare = pool_round_trip() + durable_commit(Path(folder)) + statistics.median(echoes)
    return statistics.median(found), bare


# ------------------------------------------------------------------------------------------------------------- restart
def restart() -> float:
    """Seconds from SIGKILL of the loop until a task begins again, with 10,000 tasks waiting."""
    with running() as owner:
        client = owner.client()
        ask(client, "many")
        client.close()
        ledger = owner.home / "ledger"
        wait(lambda: ledger.exists() and len(ledger.read_text().split()) > 20)
        loop = next(pid for pid in owner.pids if b"app.scheduler" in Path(f"/proc/{pid}/cmdline").read_bytes())
        killed = time.time_ns()
        os.kill(loop, signal.SIGKILL)
        later: list[int] = []

        def begun() -> bool:
            later[:] = [at for at in map(int, ledger.read_text().split()) if at > killed + 20_000_000]
            return bool(later)

        wait(begun)
        owner.process.send_signal(signal.SIGTERM)
        owner.process.send_signal(signal.SIGTERM)
        return (later[0] - killed) / 1e9

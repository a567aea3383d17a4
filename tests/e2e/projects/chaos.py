"""A DAG of maps, chains and retries whose every attempt leaves a trace in a file that no product writes."""

import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue import Params, Retry, chain, current, dag, injected, task


class Chaos(Params):
    ledger: str = "ledger"
    """Folder of the ledger and of one lock a task."""
    pace: float = 0.03
    """Seconds that a task takes, on average."""
    width: int = 8


@contextmanager
def traced(params: Chaos) -> Iterator[str]:
    """Write to the ledger when the code begins and when it ends, durably; gives the token that the task returns.

    The lock goes with the process, whatever ends it: who does not get it runs beside a living attempt of the same task.
    """
    here, token = current(), secrets.token_hex(8)
    name = here.task_id if here.map_index is None else f"{here.task_id}[{here.map_index}]"
    line = {"run": here.run_id, "task": name, "attempt": here.attempt, "token": token, "pid": os.getpid()}
    folder = Path(params.ledger)
    with (folder / f"{here.run_id}-{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        append(folder, line | {"what": "begins", "alone": alone})
        time.sleep(random.expovariate(1 / params.pace))
        try:
            yield token
        except OSError:
            append(folder, line | {"what": "failed"})
            raise
        append(folder, line | {"what": "done"})


def append(folder: Path, line: dict[str, object]) -> None:
    target = os.open(folder / "ledger.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
    try:
        os.write(target, json.dumps(line).encode() + b"\n")
        os.fsync(target)
    finally:
        os.close(target)


@task(retry=Retry(0, lost=100))
def split(params: Chaos = injected) -> list[str]:
    with traced(params) as token:
        return [token] * params.width


@task(retry=Retry(0, lost=100))
def step(upstream: object = None, params: Chaos = injected) -> str:
    with traced(params) as token:
        return token


@task(retry=Retry(5, delay="50ms", max_delay="100ms", lost=100))
def flaky(upstream: object, params: Chaos = injected) -> str:
    """Fails twice, however often it is killed in between."""
    with traced(params) as token:
        here = current()
        lines = map(json.loads, (Path(params.ledger) / "ledger.jsonl").read_text().splitlines())
        mine = [one for one in lines if (one["run"], one["task"]) == (here.run_id, here.task_id)]
        if sum(one["what"] == "failed" for one in mine) < 2:
            raise ConnectionError("not yet")
        return token


@dag(params=Chaos)
def chaos() -> None:
    parts = split()
    second = step.with_options(id="second").map(step.with_options(id="first").map(parts))
    joined = step.with_options(id="joined")(second)
    alone = step.with_options(id="alone", isolation="fresh")(parts)
    shaky = flaky(alone)
    links = [step.with_options(id=f"link{n}")() for n in range(8)]
    once = step.with_options(id="once", idempotent=False, retry=0).map(parts)
    chain(*links, step.with_options(id="last")([joined, shaky, once]))

"""The trace that an attempt leaves in a file which no product writes."""

import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue import Params, current


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

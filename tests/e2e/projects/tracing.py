"""The trace that an attempt leaves in a file which no product writes."""

import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from segue import Context, Params, current


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


def kept(context: Context, params: Chaos, token: str) -> None:
    """Keep three values one after the other; say what was there before, and each once it is kept."""
    line = {"run": context.run_id, "task": context.task_id, "attempt": context.attempt, "pid": os.getpid()}
    folder = Path(params.ledger)
    append(folder, line | {"what": "finds", "token": context.state.get("job", "")})
    for value in (f"{token}-{n}" for n in range(3)):
        append(folder, line | {"what": "sets", "token": value})
        context.state.set("job", value)
        append(folder, line | {"what": "kept", "token": value})


def told(hook: str) -> Callable[[Context], None]:
    """A hook that writes down that it was called."""

    def tell(context: Context) -> None:
        time.sleep(random.expovariate(1 / context.params["pace"]))
        line = {"run": context.run_id, "task": f"{context.task_id}!{hook}", "attempt": context.attempt}
        append(
            Path(context.params["ledger"]), line | {"token": secrets.token_hex(8), "pid": os.getpid(), "what": "told"}
        )

    return tell


def append(folder: Path, line: dict[str, object]) -> None:
    target = os.open(folder / "ledger.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
    try:
        os.write(target, json.dumps(line).encode() + b"\n")
        os.fsync(target)
    finally:
        os.close(target)

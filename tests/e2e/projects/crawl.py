"""A flow over real files: a loop, an if, calls side by side, and a failure that is dealt with."""

import json
import os
import signal
from pathlib import Path

from segue import Context, Params, StepFailed, flow, task


class Where(Params):
    folder: str
    kill: str = ""


def _note(context: Context, p: Where) -> None:
    with (Path(p.folder) / "ledger").open("a") as file:
        file.write(f"{context.task_id}\n")
    if context.task_id == p.kill:
        seen = Path(p.folder) / "killed"
        if not seen.exists():
            seen.touch()
            os.kill(os.getpid(), signal.SIGKILL)


@task
def pages(context: Context, p: Where) -> list[str]:
    _note(context, p)
    return sorted(path.name for path in (Path(p.folder) / "pages").iterdir())


@task(max_active=4)
def read(name: str, context: Context, p: Where) -> dict[str, int]:
    _note(context, p)
    return json.loads((Path(p.folder) / "pages" / name).read_text())


@task
async def total(rows: list[dict[str, int]], context: Context, p: Where) -> int:
    _note(context, p)
    return sum(row["n"] for row in rows)


@flow(params=Where)
def crawl(p: Where) -> dict[str, int]:
    good, bad = [], 0
    for name in pages():
        try:
            row = read(name)
        except StepFailed:
            bad += 1
            continue
        if row["n"] > 1:
            good.append(row)
    futures = [read.submit("b.json") for _ in range(3)]
    return {"total": total(good), "again": total(futures), "bad": bad}


@task
def step(number: int, context: Context, p: Where) -> int:
    _note(context, p)
    return number


@flow(params=Where)
def climb(p: Where) -> int:
    reached = 0
    for number in range(100):
        reached += step(number)
    return reached

"""The DAGs of an owner that stays; how many there are comes from the environment."""

import os
import time
from pathlib import Path

from segue import dag, daily, task

DAGS = int(os.environ.get("BENCH_DAGS", "0"))
LEDGER = Path(os.environ.get("BENCH_LEDGER", "/dev/null"))


@task
def nothing(number: int = 0) -> int:
    return number


@task
def begins() -> int:
    return time.time_ns()


@task
def notes(number: int) -> None:
    with LEDGER.open("a") as stream:
        stream.write(f"{time.time_ns()}\n")
    time.sleep(0.2)


def declare(number: int) -> None:
    @dag(id=f"idle_{number}", schedule=daily(at="03:00"))
    def idle() -> None:
        for at in range(10):
            nothing.with_options(id=f"t{at}")(at)


for each in range(DAGS):
    declare(each)


@dag
def single() -> None:
    begins()


@dag
def many() -> None:
    notes.map(list(range(10_000)))

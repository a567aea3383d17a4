"""The DAGs that are measured; their size and isolation come from the environment."""

import os

from segue import chain, dag, task

SIZE = int(os.environ.get("BENCH_TASKS", "100"))
MODE = os.environ.get("BENCH_ISOLATION", "shared")


@task(isolation=MODE)
def nothing(number: int = 0) -> int:
    return number


@dag
def fan_out() -> None:
    nothing.map(list(range(SIZE)))


@dag
def declared() -> None:
    for number in range(SIZE):
        nothing.with_options(id=f"t{number}")(number)


@dag
def hops() -> None:
    chain(*(nothing.with_options(id=f"t{number}")() for number in range(SIZE)))


@dag
def one() -> None:
    nothing()

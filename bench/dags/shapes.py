"""The DAGs that are measured; which of them is large, how large, and its isolation come from the environment."""

import os

from segue import chain, dag, daily, task

SIZE = int(os.environ.get("BENCH_TASKS", "100"))
MEASURED = os.environ.get("BENCH_DAG", "")
MODE = os.environ.get("BENCH_ISOLATION", "shared")


def numbers(dag_id: str) -> range:
    """As many as the DAG has tasks; one where another DAG of this file is measured, so that it costs nothing."""
    return range(SIZE if MEASURED in ("", dag_id) else 1)


@task(isolation=MODE)
def nothing(number: int = 0) -> int:
    return number


@dag
def fan_out() -> None:
    nothing.map(list(numbers("fan_out")))


@dag
def declared() -> None:
    for number in numbers("declared"):
        nothing.with_options(id=f"t{number}")(number)


@dag
def hops() -> None:
    chain(*(nothing.with_options(id=f"t{number}")() for number in numbers("hops")))


@dag
def one() -> None:
    nothing()


@dag(schedule=daily(), start="2025-01-01")
def days() -> None:
    chain(*(nothing.with_options(id=f"t{number}")() for number in range(3)))

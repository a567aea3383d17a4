import asyncio

import pytest

from segue import Interval, UsageError, injected, task


@task(retry=3, timeout="1m")
def extract(table: str, interval: Interval = injected) -> str:
    return f"{table}/{interval.ds}"


@task
async def ping(url: str) -> bool:
    return url.startswith("https")


@task.branch
def choose(n: int) -> str:
    return "load" if n else "notify"


def test_s95_a_task_is_called_like_the_function_it_is():
    assert extract("orders", Interval("2026-04-01")) == "orders/2026-04-01"
    assert extract("orders", interval=Interval("2026-04-01")) == "orders/2026-04-01"
    assert choose(0) == "notify"


def test_s95_the_plain_function_is_there_too():
    assert extract.fn("orders", Interval("2026-04-01")) == "orders/2026-04-01"
    assert extract.__name__ == "extract"


def test_s95_an_async_task_is_a_coroutine_function():
    assert asyncio.run(ping.fn("https://x")) is True

    async def call() -> bool:
        return await ping("http://x")

    assert asyncio.run(call()) is False


def test_s95_called_without_what_a_run_would_give_it_says_what_to_pass():
    with pytest.raises(UsageError, match=r'pass interval=Interval\("2026-04-01"\), or .*with segue.testing.context'):
        extract("orders")


def test_s95_a_mapped_task_runs_over_a_list_as_python_would():
    @task
    def add(a: int, b: int = 0) -> int:
        return a + b

    assert add.map([1, 2], [10, 20]) == [11, 22]
    assert add.partial(b=5).map([1, 2]) == [6, 7]
    assert add.product([1, 2], [10, 20]) == [11, 21, 12, 22]

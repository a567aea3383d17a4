from segue import Interval, Retry, dag, daily, injected, task


@task(retry=Retry(3, delay="30s", backoff=2, max_delay="10m"), connections=["shop"])
def extract(interval: Interval = injected) -> str:
    return f"s3://raw/{interval.ds}"


@task
def transform(path: str) -> str: ...  # type: ignore[empty-body]


@task(pool="warehouse", timeout="1h", connections=["warehouse"], on_cancel=lambda context: context.state.get("job"))
def load(path: str, interval: Interval = injected) -> int: ...  # type: ignore[empty-body]


@task.teardown(trigger_rule="all_done")
def drop_cluster() -> None: ...


@dag(id="orders", schedule=daily(at="02:00"), timezone="America/Los_Angeles", start="2026-04-01", tags=["retail"])
def daily_orders() -> None:
    load(transform(extract()))


def test_extract() -> None:
    assert extract(Interval("2026-04-01")).startswith("s3://")
    assert daily_orders.get_task("transform").upstream_task_ids == {"extract"}

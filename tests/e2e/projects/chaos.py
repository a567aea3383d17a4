"""Maps, chains and retries; every attempt leaves a trace."""

import json
from pathlib import Path

from tracing import Chaos, traced

from segue import Retry, chain, current, dag, injected, task


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

"""Maps, chains, retries, kept state, hooks and a held result; every attempt leaves a trace."""

import json
from pathlib import Path

import pyarrow as pa
from tracing import Chaos, kept, told, traced

from segue import Context, Retry, chain, current, dag, injected, task
from segue.data import overwrite_partition

LOST = Retry(0, lost=100)


@task(retry=LOST)
def split(params: Chaos = injected) -> list[str]:
    with traced(params) as token:
        return [token] * params.width


@task(retry=LOST)
def step(upstream: object = None, params: Chaos = injected) -> str:
    with traced(params) as token:
        return token


@task(retry=Retry(5, delay="50ms", max_delay="100ms", lost=100), on_success=told("success"))
def flaky(upstream: object, params: Chaos = injected) -> str:
    """Fails twice, however often it is killed in between."""
    with traced(params) as token:
        here = current()
        lines = map(json.loads, (Path(params.ledger) / "ledger.jsonl").read_text().splitlines())
        mine = [one for one in lines if (one["run"], one["task"]) == (here.run_id, here.task_id)]
        if sum(one["what"] == "failed" for one in mine) < 2:
            raise ConnectionError("not yet")
        return token


@task(retry=LOST)
def keeps(context: Context, params: Chaos = injected) -> str:
    """Sets a few values and says so; whoever comes next must have the last that was said."""
    with traced(params) as token:
        kept(context, params, token)
        return token


@task(retry=LOST)
def nothing_new(context: Context, params: Chaos = injected) -> str:
    """Writes a partition and is held: readers see the old one until a person releases it."""
    with traced(params) as token:
        overwrite_partition(pa.table({"version": [token]}), Path(params.ledger) / "lake", "daily", keys="part")
        context.report(rows=0)
        return token


@dag(params=Chaos, on_success=told("success"))
def chaos() -> None:
    parts = split()
    second = step.with_options(id="second").map(step.with_options(id="first").map(parts))
    joined = step.with_options(id="joined")(second)
    alone = step.with_options(id="alone", isolation="fresh")(parts)
    shaky = flaky(alone)
    links = [step.with_options(id=f"link{n}")() for n in range(8)]
    once = step.with_options(id="once", idempotent=False, retry=0).map(parts)
    chain(*links, step.with_options(id="last")([joined, shaky, once, keeps()]))
    step.with_options(id="released")(nothing_new())

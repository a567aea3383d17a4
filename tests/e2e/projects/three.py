"""Three tasks in a row, one of them mapped; every attempt leaves a trace."""

from tracing import Chaos, traced

from segue import Retry, dag, injected, task


@task(retry=Retry(0))
def split(params: Chaos = injected) -> list[str]:
    with traced(params) as token:
        return [token] * params.width


@task
def step(upstream: object, params: Chaos = injected) -> str:
    with traced(params) as token:
        return token


@dag(params=Chaos)
def three() -> None:
    step.with_options(id="joined")(step.with_options(id="part").map(split()))

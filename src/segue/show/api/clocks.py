"""The clocks of DAGs, and the brake on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.acts import Act, Drain, PauseDags, UnpauseDags
from segue.model.api.acts import DrainOwner, PauseClocks, UnpauseClocks
from segue.model.api.outcomes import ObjectPlan, Outcome
from segue.show.api.asking import ANSWERS, ask, check_reason, errand, example_of, origin_of, rehearsed
from segue.show.api.reaching import Reach, Reached, check_choice
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.reading import Reading
from segue.show.selecting import meant_dags, read_until

__all__ = ["CLOCKS", "reached_dags"]

CLOCKS: Final = Routes("act on DAGs")
_ACTS: Final = {
    "needs": Role.OPERATOR,
    "responses": ANSWERS,
    "response_model": Outcome | ObjectPlan,
    "example": example_of("daily_orders", "daily_orders is paused"),
}


@CLOCKS.post("/dags/pause", asks=PauseClocks(select="tag:retail", until="18:00", reason="stock-taking"), **_ACTS)
def pause_dags(visit: Visiting, body: PauseClocks) -> Response:
    """Stop the clocks of DAGs; runs in flight finish, and what people ask for still runs."""
    check_reason(body.reason)
    until = None if body.until is None else read_until(body.until, visit.now, visit.doors.house.zone)
    return _act(visit, "pause", body, lambda dag: PauseDags((dag,), body.hard, until, body.reason))


@CLOCKS.post("/dags/unpause", asks=UnpauseClocks(("daily_orders",), run="latest"), **_ACTS)
def unpause_dags(visit: Visiting, body: UnpauseClocks) -> Response:
    """Let the clocks of DAGs go on."""
    return _act(visit, "unpause", body, lambda dag: UnpauseDags((dag,), body.run))


@CLOCKS.post(
    "/drain",
    asks=DrainOwner(),
    needs=Role.OPERATOR,
    of=Of.EVERYTHING,
    responses=ANSWERS,
    response_model=Outcome | ObjectPlan,
)
def drain(visit: Visiting, body: DrainOwner) -> Response:
    """Start nothing more, so that what runs comes to its end and the scheduler can be restarted."""
    if body.dry_run:
        alive = visit.doors.desk.health().alive
        return encoded(ObjectPlan("drain", ("everything",), notes=(f"{alive} attempts run",)))
    return ask(visit, [errand(visit, "everything", Drain(body.on))])


def _act(visit: Visit, verb: str, body: PauseClocks | UnpauseClocks, act: Callable[[str], Act]) -> Response:
    with visit.reading() as reading:
        reached = reached_dags(visit, reading, body.dags, body.select)
    errands = [errand(visit, dag, act(dag)) for dag in reached.objects]
    if body.dry_run:
        return rehearsed(
            visit, errands, reached.refused, reached.objects,
            lambda good, left, said: ObjectPlan(verb, tuple(one.object for one in good), left, tuple(said)),
        )  # fmt: skip
    reason = getattr(body, "reason", "")
    return ask(visit, errands, reached.refused, origin_of(visit, reason, reached.selection))


def reached_dags(visit: Visit, reading: Reading, names: Sequence[str], select: str | None) -> Reached[str]:
    """The DAGs that a body means and the caller may act on, by their present ids.

    Raises:
        UsageError: neither names nor a selection, both, or one that means nothing.
        NotFound: there is none, as far as the caller can see.
        Forbidden: none may be acted on.
    """
    check_choice(names, select is not None, "dags")
    reach = Reach(visit)
    if select is None:
        return reach.named("DAG", names, lambda name: reading.dag(name)[0].dag, str)
    return reach.selected(meant_dags(reading, [select], visit.seen()), str, str, select)

"""New runs of DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.acts import TriggerRun
from segue.model.api.acts import TriggerDags
from segue.model.api.outcomes import ObjectPlan, Outcome, Refusal
from segue.model.errors import UsageError
from segue.model.spec import DagSpec
from segue.model.views import DagView
from segue.show.api.asking import ANSWERS, Errand, ask, check_reason, example_of, id_for, origin_of, rehearsed
from segue.show.api.clocks import reached_dags
from segue.show.api.routing import Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.api.wording import plain
from segue.show.plans.triggering import Wanted, meant_slots, params_of, triggers_for

__all__ = ["TRIGGERING"]

TRIGGERING: Final = Routes("act on DAGs")


@TRIGGERING.post(
    "/dags/trigger",
    needs=Role.OPERATOR,
    responses=ANSWERS,
    response_model=Outcome | ObjectPlan,
    asks=TriggerDags(("daily_orders",), date="2026-04-01", reason="month end"),
    example=example_of("daily_orders@2026-04-01", "daily_orders@2026-04-01 is queued", "daily_orders@2026-04-01"),
)
def trigger_dags(visit: Visiting, body: TriggerDags) -> Response:
    """Run DAGs now: an interval by its date, a range of them, or the newest complete one."""
    check_reason(body.reason)
    with visit.reading() as reading:
        reached = reached_dags(visit, reading, body.dags, body.select)
        errands, refused, notes = list[Errand](), list(reached.refused), list[str]()
        for dag in reached.objects:
            try:
                errands += _errands(visit, *reading.declared(dag), body, notes)
            except UsageError as why:
                if len(reached.objects) == 1:
                    raise
                refused.append(Refusal(dag, plain(str(why))))
    if body.dry_run:
        return rehearsed(
            visit, errands, refused, reached.objects,
            lambda good, left, _: ObjectPlan("trigger", tuple(one.object for one in good), left, tuple(notes)),
        )  # fmt: skip
    return ask(visit, errands, refused, origin_of(visit, body.reason, reached.selection))


def _errands(visit: Visit, view: DagView, spec: DagSpec, body: TriggerDags, notes: list[str]) -> Iterator[Errand]:
    slots, named = meant_slots(spec, Wanted(body.date, body.interval), visit.now, view.foretold)
    notes += [plain(named)] if named else []
    params = params_of(spec, body.params, visit.doors.safe.seal_param)
    like = TriggerRun(spec.id, "", params=params, reason=body.reason, replace=body.replace)
    new_id = partial(_id_of, visit, spec.id)
    for request, act in triggers_for(spec, slots, like, new_id):
        yield Errand(_named(spec.id, "" if act.slot is None else act.key), request, act)


def _id_of(visit: Visit, dag: str, key: str) -> str:
    return id_for(visit, TriggerRun.__name__, _named(dag, key))


def _named(dag: str, key: str) -> str:
    return f"{dag}@{key}" if key else dag

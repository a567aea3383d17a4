from __future__ import annotations

from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.api.acts import SilenceAlerts, TryChannels
from segue.model.api.outcomes import ChannelTried, ObjectPlan, Outcome
from segue.model.errors import Forbidden, NotFound, UsageError
from segue.show.access.deciding import decide
from segue.show.api.asking import ANSWERS, ask, check_reason, errand, origin_of
from segue.show.api.reaching import Reach
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.plans.alerting import named_dags, silenced
from segue.show.reading import Reading

__all__ = ["SILENCES"]

SILENCES: Final = Routes("act on alerts")
_LONGEST: Final = 500


@SILENCES.post(
    "/alerts/silence",
    asks=SilenceAlerts("tag:retail", "18:00", "maintenance"),
    needs=Role.OPERATOR,
    responses=ANSWERS,
    response_model=Outcome | ObjectPlan,
)
def silence_alerts(visit: Visiting, body: SilenceAlerts) -> Response:
    """Send no alert about what a selection names until then."""
    check_reason(body.reason)
    if len(body.select) > _LONGEST:
        raise UsageError(f"body.select has {len(body.select):,} characters, {_LONGEST} are the most")
    with visit.reading() as reading:
        dags, select = _reached(visit, reading, body.select)
        act = silenced(reading, select, body.until, body.reason, visit.now, visit.doors.house.zone)
    if body.dry_run:
        return encoded(ObjectPlan("silence", tuple(dags)))
    return ask(visit, [errand(visit, body.select, act)], (), origin_of(visit, body.reason))


def _reached(visit: Visit, reading: Reading, select: str) -> tuple[list[str], str]:
    """The DAGs that a silence is about, and its selection.

    It would hold for DAGs to come as well: of whoever may not act on everything it names the DAGs of today one by one.
    """
    dags = named_dags(reading, select)
    if decide(visit.principal, Role.OPERATOR, None):
        return dags, select
    reach = Reach(visit)
    barred = {dag: reach.barred(dag) for dag in dags}
    found = [dag for dag, why in barred.items() if not isinstance(why, NotFound)]
    if not found or any(barred[dag] for dag in found):
        raise Forbidden(f"this needs the role {Role.OPERATOR} on every DAG that {select!r} names")
    return found, ",".join(found)


@SILENCES.post(
    "/alerts/test",
    asks=TryChannels(("oncall",)),
    example=(ChannelTried("oncall", True),),
    needs=Role.OPERATOR,
    of=Of.EVERYTHING,
)
def test_channels(visit: Visiting, body: TryChannels) -> tuple[ChannelTried, ...]:
    """Send a letter to channels, and say whether it has arrived."""
    if body.dry_run:
        return tuple(ChannelTried(name, True, "nothing was sent") for name in body.channels)
    told = visit.doors.channels.test(body.channels, visit.actor)
    return tuple(ChannelTried(name, not trouble, trouble) for name, trouble in told)

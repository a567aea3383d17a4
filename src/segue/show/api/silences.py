from __future__ import annotations

from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.api.acts import SilenceAlerts, TryChannels
from segue.model.api.outcomes import ChannelTried, ObjectPlan, Outcome
from segue.model.errors import Forbidden, UsageError
from segue.show.api.asking import ANSWERS, ask, check_reason, errand, origin_of
from segue.show.api.reaching import Reach
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.plans.alerting import named_dags, silenced

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
        dags = named_dags(reading, body.select)
        _check_reach(visit, body.select, dags)
        act = silenced(reading, body.select, body.until, body.reason, visit.now, visit.doors.house.zone)
    if body.dry_run:
        return encoded(ObjectPlan("silence", tuple(dags)))
    return ask(visit, [errand(visit, body.select, act)], (), origin_of(visit, body.reason))


def _check_reach(visit: Visit, select: str, dags: list[str]) -> None:
    """A silence holds for all that its selection names, so the caller needs the role on all of it."""
    reach = Reach(visit)
    if visit.seen() is not None and (not dags or any(reach.barred(dag) for dag in dags)):
        raise Forbidden(f"this needs the role {Role.OPERATOR} on every DAG that {select!r} names")


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

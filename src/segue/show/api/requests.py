from __future__ import annotations

from typing import Final

from segue.model.access import Role
from segue.model.api.outcomes import RequestState
from segue.model.errors import NotFound
from segue.model.moment import iso_utc
from segue.show.access.deciding import decide
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visiting

__all__ = ["REQUESTS"]

REQUESTS: Final = Routes("requests")
_EXAMPLE: Final = RequestState(
    "3f7a90c1d2b84e65a1f0c9d8e7b6a594", "dana", "CancelRun", True, "daily_orders@2026-04-01 is being cancelled",
    "2026-04-02T06:12:07Z", "daily_orders@2026-04-01",
)  # fmt: skip


@REQUESTS.get("/requests/{id}", needs=Role.VIEWER, of=Of.SELF, example=_EXAMPLE)
def request(visit: Visiting, id: str) -> RequestState:  # noqa: A002 - as the path has it
    """One request, and its answer where it has one; only for whoever asked and for admins."""
    state = _state(visit, id)
    if state is None or (state.actor != visit.actor and not decide(visit.principal, Role.ADMIN, None)):
        raise NotFound(f"you have made no request {id[:100]}")
    return state


def _state(visit: Visiting, id: str) -> RequestState | None:  # noqa: A002
    with visit.read() as reader:
        view = reader.request(id)
    if view is not None:
        at = None if view.answered is None else iso_utc(view.answered)
        run = None if view.run is None else str(view.run)
        return RequestState(view.request, view.actor, view.act, view.ok, view.text, at, run)
    asked = visit.doors.asked.find(id)
    return None if asked is None else RequestState(id, *asked)

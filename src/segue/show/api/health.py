"""What monitors and scripts ask first: whether the process answers, whether all is well, and what the API can do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response

from segue.model.access import Role
from segue.model.api.health import Part, Readiness
from segue.model.errors import SegueError
from segue.model.ids import Instant
from segue.model.moment import HOUR
from segue.show.access.deciding import decide
from segue.show.api.describing import described
from segue.show.api.problems import RETRY
from segue.show.api.routing import PREFIX, Of, Routes, encoded
from segue.show.api.visiting import Guesting, Visiting
from segue.show.doors import Doors, Health
from segue.show.views.metrics import CONTENT_TYPE, metrics

__all__ = ["HEALTH", "Examination", "examine", "metrics_routes"]

HEALTH: Final = Routes("health", prefix="")
_FRESH: Final = 1_000_000  # microseconds for which a finding is told again
_NEEDED: Final = ("scheduler", "store")
_TURN: Final = 5_000_000  # microseconds after which a turn is late


@HEALTH.get("/healthz", public=True)
async def liveness() -> Response:
    """Say that this process answers."""
    return encoded({"status": "ok"})


@HEALTH.get("/readyz", public=True, response_model=Readiness, responses={503: {"model": Readiness}})
async def readiness(request: Request, guest: Guesting) -> Response:
    """Say whether somebody schedules and the store can be read, part by part; 503 where not.

    Sentences are for those who may look at everything: they name processes, paths and files.
    """
    examination: Examination = request.app.state.examination
    found = await examination.look(guest.now)
    known = guest.principal is not None and decide(guest.principal, Role.VIEWER, None)
    told = found if known else _bare(found)
    answer = encoded(told, status=200 if found.ready else 503)
    if not found.ready:
        answer.headers["Retry-After"] = RETRY
    return answer


def _bare(found: Readiness) -> Readiness:
    return Readiness(found.ready, tuple(Part(part.name, part.ok) for part in found.parts))


def metrics_routes(*, public: bool) -> Routes:
    """The route of figures.

    Args:
        public: they need no token.
    """
    routes = Routes("health", prefix="")

    def show_metrics(guest: Guesting) -> Response:
        """What monitors read, in the text format of Prometheus."""
        doors = guest.doors
        with doors.library.read() as reader:
            sample = doors.sampling.sample(reader, guest.now, HOUR)
            text = metrics(reader, sample, doors.desk.health(), doors.machine, guest.now)
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    described = {200: {"description": "figures", "content": {"text/plain": {}}}}
    need: dict[str, Any] = {"public": True} if public else {"needs": Role.VIEWER, "of": Of.EVERYTHING}
    routes.get("/metrics", responses=described, response_model=None, **need)(show_metrics)
    return routes


@HEALTH.get(f"{PREFIX}/openapi.json", needs=Role.VIEWER, of=Of.SELF, include_in_schema=False)
async def openapi(request: Request, visit: Visiting) -> Response:
    """The API, described."""
    app: FastAPI = request.app
    if app.openapi_schema is None:
        app.openapi_schema = await run_sync(described, app.router.routes, app.state.cookie)
    return encoded(app.openapi_schema, visit.if_none_match)


def examine(doors: Doors) -> Readiness:
    """Look at every part.

    Args:
        doors: to the outside.
    """
    health = doors.desk.health()
    parts = (*_scheduler(health, doors.clock()), _store(doors), *doors.parts(), Part("web", True, "answers"))
    return Readiness(all(part.ok for part in parts if part.name in _NEEDED), parts)


def _scheduler(health: Health, now: Instant) -> Sequence[Part]:
    late = health.turned_at is not None and now - health.turned_at > _TURN
    detail = "its last turn is long ago" if health.leads and late else health.detail
    busy = f"{health.alive} of {health.workers} busy" if health.workers else ""
    scheduler = Part("scheduler", health.leads and not late, detail or f"leads: {health.place}")
    return scheduler, Part("workers", health.leads, busy if health.leads else "nobody gives them work")


def _store(doors: Doors) -> Part:
    try:
        with doors.library.read() as reader:
            reader.last_event()
    except SegueError as fault:
        return Part("store", False, str(fault))
    return Part("store", True, "can be read")


class Examination:
    """What was found last, told again to whoever asks within a second: strangers may ask, and asking costs.

    Args:
        doors: to the outside.
    """

    def __init__(self, doors: Doors) -> None:
        self._doors, self._lock = doors, asyncio.Lock()
        self._found: Readiness | None = None
        self._at = Instant(0)

    async def look(self, now: Instant) -> Readiness:
        """How all is."""
        async with self._lock:
            if self._found is None or now - self._at > _FRESH:
                self._found = await run_sync(examine, self._doors)
                self._at = self._doors.clock()
            return self._found

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from fastapi import FastAPI
from starlette.types import ASGIApp

from segue.model.version import VERSION
from segue.show.api.entrance import Entrance
from segue.show.api.problems import handle_problems
from segue.show.api.routing import PREFIX, Route, Routes
from segue.show.doors import Doors

__all__ = ["application"]


def application(
    doors: Doors, topics: Iterable[Routes], *, hosts: Collection[str], incident: Callable[[], str]
) -> ASGIApp:
    """The whole HTTP side.

    Args:
        doors: to the outside.
        topics: the routes.
        hosts: names under which the server may be called, in lower case, without port.
        incident: a number for a fault of ours, new at each call.

    Raises:
        RuntimeError: a route says nothing about who may use it.
    """
    api = FastAPI(
        title="Segue", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip
    handle_problems(api, incident)
    for topic in topics:
        api.router.routes.extend(topic.made())
    for route in api.router.routes:
        if not isinstance(route, Route):
            raise RuntimeError(f"route {route} says nothing about who may use it")
    return Entrance(api, lambda: api.router.routes, doors, hosts)

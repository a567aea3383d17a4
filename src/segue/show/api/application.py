from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from fastapi import FastAPI
from starlette.types import ASGIApp

from segue.model.version import VERSION
from segue.show.api.entrance import Entrance, cookie_name
from segue.show.api.health import Examination, metrics_routes
from segue.show.api.limits import Limits
from segue.show.api.pages import NOT_BUILT, Built
from segue.show.api.problems import Incidents, handle_problems
from segue.show.api.routing import Route, Routes, Threads
from segue.show.doors import Doors
from segue.show.live.hub import Hub

__all__ = ["application"]


def application(
    doors: Doors, topics: Iterable[Routes], hub: Hub, *, hosts: Collection[str], incident: Callable[[], str],
    open_metrics: bool = False, page: Built = NOT_BUILT,
) -> ASGIApp:  # fmt: skip
    """The whole HTTP side.

    Args:
        doors: to the outside.
        topics: the routes.
        hub: where streams have their news from; whoever serves the application runs it.
        hosts: names under which the server may be called, in lower case, without port.
        incident: a number for a fault of ours, new at each call.
        open_metrics: `/metrics` needs no token.
        page: the files of the page.

    Raises:
        RuntimeError: a route says nothing about who may use it.
    """
    api = FastAPI(
        title="Segue", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip
    api.state.hub, api.state.examination, api.state.cookie = hub, Examination(doors), cookie_name(doors.instance)
    api.state.page = page
    incidents = Incidents(incident)
    handle_problems(api, incidents)
    threads = Threads()
    for topic in (*topics, metrics_routes(public=open_metrics)):
        api.router.routes.extend(topic.made(threads))
    for route in api.router.routes:
        if not isinstance(route, Route):
            raise RuntimeError(f"route {route} says nothing about who may use it")
    return Limits(Entrance(api, tuple(api.router.routes), doors, hosts, incidents))

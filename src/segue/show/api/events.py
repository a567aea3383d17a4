from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from segue.model.access import Role
from segue.model.errors import UsageError
from segue.model.views import EventView
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visiting
from segue.show.live.stream import Leave, Stream
from segue.show.live.tape import Entry

__all__ = ["EVENTS"]

EVENTS: Final = Routes("events")
_WIDE: Final = 900.0  # seconds until who may hear everything is looked at again: a session nobody uses may have ended
_NARROW: Final = 20.0  # … and who may hear some DAGs: tags may have changed
_STREAM: Final = {200: {"description": "server-sent events", "content": {"text/event-stream": {}}}}


@EVENTS.get("/events", needs=Role.VIEWER, of=Of.SOME, responses=_STREAM, response_model=None)
def follow_events(
    request: Request,
    visit: Visiting,
    dag: Annotated[str | None, Query(description="only of this DAG", max_length=200)] = None,
    run: Annotated[str | None, Query(description="only of this run, as printed", max_length=500)] = None,
    last_event_id: Annotated[str | None, Header(description="number of the last event seen")] = None,
) -> Response:
    """Follow the event log as server-sent events.

    The id of each is its number; a stream that breaks goes on after `Last-Event-ID`. `open` comes first and says where
    the stream stands; `reset` says that events are missing, and that what is shown has to be read anew.
    """
    if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit()):
        raise UsageError(f"Last-Event-ID is the number of an event, not {last_event_id[:40]!r}")
    if dag is not None:
        visit.require(Role.VIEWER, dag)
        with visit.reading() as reading:
            dag = reading.dag(dag)[0].dag
    if run is not None:
        visit.require_run(Role.VIEWER, run)
        with visit.reading() as reading:
            run = str(reading.find(run).run)

    def rights() -> Leave | None:
        now = visit.doors.clock()
        principal = visit.doors.gate.still(visit.principal, now)
        if principal is None:
            return None
        seen = visit.seen_by(principal)
        longest = _WIDE if seen is None else _NARROW
        seconds = longest if principal.until is None else min(longest, (principal.until - now) / 1e6)
        return Leave(lambda entry: _fits(entry, dag, run) and (seen is None or entry.dag in seen), seconds)

    async def admit() -> Leave | None:
        return await run_in_threadpool(rights)

    async def read(after: int, limit: int) -> list[EventView]:
        return await run_in_threadpool(lambda: _read(visit, after, limit))

    seen = None if last_event_id is None else int(last_event_id[:18])
    return Stream(request.app.state.hub, admit, seen, read)


def _fits(entry: Entry, dag: str | None, run: str | None) -> bool:
    return (dag is None or entry.dag == dag) and (run is None or entry.run == run)


def _read(visit: Visiting, after: int, limit: int) -> list[EventView]:
    with visit.read() as reader:
        return list(reader.events(after, limit=limit))

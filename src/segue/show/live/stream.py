from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from segue.model.errors import EnvironmentFault
from segue.model.views import EventView
from segue.show.live.hub import Hub
from segue.show.live.tape import Entry, entry_of

__all__ = ["CATCH_UP", "Leave", "Stream"]

CATCH_UP: Final = 10_000
"""Events that are sent to whoever comes again; who is further behind is told to begin anew."""

_PORTION: Final = 500
_HEARTBEAT: Final = 30.0  # seconds after which an idle stream shows that it lives
_PATIENCE: Final = 20.0  # seconds that a reader may take for one portion
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Leave(NamedTuple):
    """What somebody may hear, and for how many seconds that holds if nobody's rights change."""

    wanted: Callable[[Entry], bool]
    seconds: float


class Stream(Response):
    """The event log as server-sent events, from a number on, until the reader goes or may not listen any more.

    It begins with an `open` event, whose id is where the stream stands; where events are missing between
    that and what the reader has seen (too far behind, or forgotten with their runs) with `reset` instead: what is on
    the page has to be read anew.

    Args:
        hub: where news come from.
        admit: says what may be heard, None where the reader may not listen (any more). It is asked at the beginning,
            whenever rights have changed, and when what it said holds no longer: a session or token that comes to its
            end changes nobody's rights.
        seen: number of the last event that the reader has, None for a new one.
        read: gives older events from the log.
    """

    def __init__(
        self, hub: Hub, admit: Callable[[], Awaitable[Leave | None]], seen: int | None,
        read: Callable[[int, int], Awaitable[Sequence[EventView]]],
    ) -> None:  # fmt: skip
        super().__init__()
        self._hub, self._admit, self._seen, self._read = hub, admit, seen, read
        self._wanted: Callable[[Entry], bool] | None = None
        self._generation, self._good_until = hub.generation, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one side ends it."""
        gone = asyncio.ensure_future(_gone(receive))
        sending = asyncio.ensure_future(self._serve(send))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, sending):
                task.cancel()
            with suppress(asyncio.CancelledError, TimeoutError, OSError):
                await sending

    async def _serve(self, send: Send) -> None:
        await self._hub.ready()
        bell = self._hub.bell()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await self._ask_again()
            position = None if self._wanted is None else await self._open(send, self._wanted)
            while position is not None and self._wanted is not None and not self._hub.closed:
                position = await self._go_on(send, position, bell, self._wanted)
        finally:
            self._hub.give_back(bell)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _open(self, send: Send, wanted: Callable[[Entry], bool]) -> int | None:
        """Bring the reader to the tape; the number where it stands."""
        last, seen = self._hub.tape.last, self._seen
        if seen is None:
            return await self._say(send, "open", last)
        if seen > last or last - seen > CATCH_UP:
            return await self._say(send, "reset", last)
        try:
            views = await self._read(seen, CATCH_UP + 1)
        except EnvironmentFault:
            return None
        views = [view for view in views if view.seq <= last]
        if len(views) != last - seen:
            return await self._say(send, "reset", last)
        await self._say(send, "open", seen)
        for at in range(0, len(views), _PORTION):
            entries = map(entry_of, views[at : at + _PORTION])
            await _bounded(send, b"".join(entry.wire for entry in entries if wanted(entry)))
        return last

    async def _say(self, send: Send, kind: str, number: int) -> int:
        await _bounded(send, f'id: {number}\nevent: {kind}\ndata: {{"seq": {number}}}\n\n'.encode())
        return number

    async def _go_on(
        self, send: Send, position: int, bell: asyncio.Event, wanted: Callable[[Entry], bool]
    ) -> int | None:
        """Send what is new, or wait for it; where the reader stands then, None where it is too slow."""
        bell.clear()
        if self._generation != self._hub.generation or _clock() >= self._good_until:
            await self._ask_again()
            return position
        tape = self._hub.tape
        if position < tape.floor:
            return None
        news, reached = tape.after(position, wanted, _PORTION)
        if news:
            await _bounded(send, news)
        if reached == position:
            await self._wait(send, bell)
        return reached

    async def _wait(self, send: Send, bell: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await bell.wait()
        except TimeoutError:
            await _bounded(send, b": alive\n\n")

    async def _ask_again(self) -> None:
        self._generation, began = self._hub.generation, _clock()
        leave = await self._admit()
        self._wanted = None if leave is None else leave.wanted
        self._good_until = began + (0.0 if leave is None else leave.seconds)


def _clock() -> float:
    """Seconds on the event loop's own clock, by which it waits."""
    return asyncio.get_running_loop().time()


async def _bounded(send: Send, body: bytes) -> None:
    """Send, but wait only so long for a reader that does not read."""
    if body:
        async with asyncio.timeout(_PATIENCE):
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

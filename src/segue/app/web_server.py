"""The HTTP server below the application: what it bounds on each connection, and how it begins and ends.

The library below bounds neither how long a client may take for its headers nor how long it may leave an answer unread,
and it reads on for as long as a client sends what nobody wants: so those clocks are kept here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import h11
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server

from segue.show.api.limits import HEADER_BYTES, HEADERS

__all__ = ["Bounds", "WebServer", "bind"]

_BACKLOG: Final = 512
_IDLE: Final = 15  # seconds that a connection is kept for the next request
_FAREWELL: Final = 2  # seconds that requests have when the server ends
_TICK: Final = 1.0
_BAD: Final = b'{"status":400,"title":"bad request","detail":"%s"}'


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is bounded on connections.

    Args:
        count: connections at once; one more is hung up on.
        headers: seconds for the headers of a request, and until the first.
        unread: seconds that an answer may lie unread.
    """

    count: int = 2_000
    headers: float = 10.0
    unread: float = 20.0


class Connection(H11Protocol):
    """One connection, with clocks.

    Args:
        bounds: of it.
        given: what the library gives.
    """

    _clock: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def __init__(self, bounds: Bounds, **given: Any) -> None:
        super().__init__(**given)
        self._bounds = bounds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        if len(self.connections) >= self._bounds.count:
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._stop(self._clock, self._unread)
        self._clock = self._unread = None
        if self.flow is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        if self.flow is None or self.transport.is_closing():
            return
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._watch()
        else:
            self._stop(self._clock)
            self._clock = None

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(self._bounds.unread, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._stop(self._unread)
        self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has headers that are too long."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        body = _BAD % msg.encode("ascii", "replace")
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body)), *HEADERS]
        response = h11.Response(status_code=400, headers=[*headers, (b"connection", b"close")], reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        if self._clock is None and not self.transport.is_closing():
            self._clock = self.loop.call_later(self._bounds.headers, self._too_slow)

    def _too_slow(self) -> None:
        self._clock = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    @staticmethod
    def _stop(*handles: asyncio.TimerHandle | None) -> None:
        for handle in handles:
            if handle is not None:
                handle.cancel()


_BOUNDS: Final = Bounds()


class WebServer(Server):
    """Serves an application until told to stop.

    Args:
        app: the application.
        ending: called in the event loop when it begins to end, before it waits for requests: streams end then.
        alive: asked every second; when it says no, the server ends.
        proxies: addresses whose word about whom they speak for is believed.
        bounds: of each connection.
    """

    def __init__(
        self, app: ASGIApp, ending: Callable[[], None], alive: Callable[[], bool] = lambda: True,
        proxies: Sequence[str] = (), bounds: Bounds = _BOUNDS,
    ) -> None:  # fmt: skip
        made: Any = partial(Connection, bounds)
        config = Config(
            app, http=made, ws="none", lifespan="off", loop="asyncio", log_config=None, access_log=False,
            server_header=False, proxy_headers=bool(proxies), forwarded_allow_ips=list(proxies),
            h11_max_incomplete_event_size=HEADER_BYTES, timeout_keep_alive=_IDLE, timeout_graceful_shutdown=_FAREWELL,
            backlog=_BACKLOG,
        )  # fmt: skip
        super().__init__(config)
        self._ending, self._alive = ending, alive
        self._told: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Come to an end; safe in a signal handler and from other threads."""
        self.should_exit = True
        if self._loop is not None and self._told is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Wait for the end; once a second the `Date` header moves."""
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        while not await self.on_tick(0) and self._alive():
            try:
                async with asyncio.timeout(_TICK):
                    await self._told.wait()
            except TimeoutError:
                continue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams first, then wait for the rest."""
        self._ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the process's business."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: address or name of a network interface.
        port: 0 for any that is free.

    Raises:
        OSError: it cannot be had.
    """
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=_FLAGS)[0]
    listener = socket.socket(family, kind, number)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


_FLAGS: Final[Any] = socket.AI_PASSIVE

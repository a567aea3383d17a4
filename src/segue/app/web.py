"""The web child: HTTP for pages, clients and scripts.

It is started by the supervisor, or by `segue web`, and outlives the loop. It reads the store, asks the owner, and
writes nothing but the access database. A port that is taken, or a database of users that is away, ends nothing: it says
so once and tries again.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from secrets import token_hex
from threading import Event, Thread
from typing import Final

import msgspec
from anyio.to_thread import run_sync

from segue.app import journal
from segue.app.access import open_keeper
from segue.app.actor import actor_here
from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient
from segue.app.database import database_of
from segue.app.home import Home, settings_here
from segue.app.hosting import base_of, exposure, is_loopback, names_of
from segue.app.library import ReaderPool
from segue.app.scheduler import end_with_thread
from segue.app.settings import Settings, WebTable
from segue.app.web_doors import built_page, library_of, open_doors
from segue.app.web_server import WebServer, bind
from segue.model.errors import EnvironmentFault, SegueError, UsageError
from segue.model.views import EventView
from segue.run.children.lifeline import die_with_parent
from segue.show.access.gate import Keeper
from segue.show.api.application import application
from segue.show.api.topics import TOPICS
from segue.show.live.hub import Hub

__all__ = ["Web", "main", "serve"]

_FILE: Final = "web.json"
_AGAIN: Final = 2.0  # seconds until what was in the way is looked at again
_GLANCE: Final = 0.25  # seconds between two looks at what other processes have done to sessions and tokens
_NEWS: Final = 1.0  # seconds until an owner that is gone is looked for again
_NEWS_LATEST: Final = 20.0  # seconds after which a server is looked at, whether or not it has said anything
_FILES: Final = 4_096  # open at once, where the system allows so many
_SLICE: Final = 0.001
"""Seconds that a thread computes while others wait: with five times as many the thread that reads and writes all
connections waits for that of every answer in the making, several times a request."""


class Web:
    """The process.

    Args:
        settings: in force.
        say: told in a sentence what a person may want to know.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._table = settings.web or WebTable()
        self._home = Home(settings.home)
        self._database = database_of(self._home)
        self._clock = SystemClock()
        self._stopping = Event()
        self._server: WebServer | None = None
        self._trouble = ""

    def run(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Serve until told to stop, or until `alive`, asked every second, says no.

        Raises:
            SegueError: it cannot go on; another process can begin where this one stands.
        """
        while not self._stopping.is_set() and alive():
            try:
                with closing(open_keeper(self._settings)) as keeper:
                    self._serve(keeper, alive)
            except EnvironmentFault as fault:
                self._wait(str(fault))

    def stop(self) -> None:
        """Come to an end; safe in a signal handler."""
        self._stopping.set()
        if self._server is not None:
            self._server.stop()

    def _wait(self, trouble: str) -> None:
        """Say once what is in the way, and give it time."""
        if trouble != self._trouble:
            self._say(f"the web server cannot begin: {trouble}")
        self._trouble = trouble
        self._stopping.wait(_AGAIN)

    # --------------------------------------------------------------------------------------------------------- serving
    def _serve(self, keeper: Keeper, alive: Callable[[], bool]) -> None:
        if trouble := exposure(self._table, users=bool(keeper.people.users())):
            self._wait(trouble)
            return
        try:
            listener = bind(self._table.host, self._table.port)
        except OSError as why:
            self._wait(_taken(self._table, why))
            return
        port = listener.getsockname()[1]
        base = base_of(self._table, port)
        self._write_down(base, port)
        self._say(f"segue web: {base}")
        link = keeper.first_link(actor_here(), self._clock.now())
        if link is not None:
            journal.whisper(f"segue web: sign in once with {base}/sign-in/{link}")
        try:
            with closing(listener), closing(library_of(self._settings)) as library:
                asyncio.run(self._live(listener, keeper, library, alive))
        finally:
            self._file.unlink(missing_ok=True)

    async def _live(
        self, listener: socket.socket, keeper: Keeper, library: ReaderPool, alive: Callable[[], bool]
    ) -> None:
        """Serve on a socket."""

        async def read(after: int, limit: int) -> Sequence[EventView]:
            return await run_sync(lambda: _events(library, after, limit))

        async def last() -> int:
            return await run_sync(lambda: _last(library))

        hub = Hub(read, last)
        doors = open_doors(self._settings, library, keeper, self._clock)
        names = names_of(self._table)
        bare = self._table.open_metrics and is_loopback(self._table.host)
        app = application(
            doors, TOPICS, hub, hosts=names, incident=partial(token_hex, 4), open_metrics=bare, page=built_page(),
        )  # fmt: skip
        server = self._server = WebServer(app, hub.close, alive, self._table.proxies)
        if self._stopping.is_set():  # told just before there was a server to tell
            server.stop()
        running = asyncio.create_task(hub.run())
        running.add_done_callback(lambda _: server.stop())
        for body in (partial(self._follow, hub), partial(self._glance, hub, keeper)):
            Thread(target=body, daemon=True).start()
        unwatch = keeper.watch(hub.recheck)
        try:
            await server.serve([listener])
        finally:
            unwatch()
            if not hub.closed:
                running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    # --------------------------------------------------------------------------------------------------------- threads
    def _follow(self, hub: Hub) -> None:
        """Hear of every commit."""
        while not self._stopping.is_set():
            with suppress(EnvironmentFault):
                for _ in self._news():
                    _poke(hub)
            _poke(hub)
            self._stopping.wait(_NEWS)

    def _news(self) -> Iterator[object]:
        if self._database.url:
            yield from self._database.news(_NEWS_LATEST)
            return
        path = self._home.socket()
        if path is not None:
            with ControlClient(path) as owner:
                turns = owner.commits()
                yield None
                yield from turns

    def _glance(self, hub: Hub, keeper: Keeper) -> None:
        """See what other processes have done to sessions and tokens, while somebody listens."""
        while not self._stopping.wait(_GLANCE):
            if hub.listeners:
                with suppress(EnvironmentFault):
                    keeper.refresh()

    # ------------------------------------------------------------------------------------------------------ web.json
    @property
    def _file(self) -> Path:
        return self._home.path / _FILE

    def _write_down(self, base: str, port: int) -> None:
        """Say to scripts of this account where we are."""
        self._file.unlink(missing_ok=True)
        self._file.touch(mode=0o600)
        self._file.write_bytes(msgspec.json.encode({"url": base, "port": port, "pid": os.getpid()}))


def _poke(hub: Hub) -> None:
    with suppress(RuntimeError):  # its event loop has ended
        hub.poke()


def _events(library: ReaderPool, after: int, limit: int) -> Sequence[EventView]:
    with library.read() as reader:
        return reader.events(after, limit=limit)


def _last(library: ReaderPool) -> int:
    with library.read() as reader:
        return reader.last_event()


def _taken(table: WebTable, why: OSError) -> str:
    if why.errno == errno.EADDRINUSE:
        return (
            f"port {table.port} is taken: name another one with --port, SEGUE_WEB_PORT or port in [tool.segue.web]; "
            "DAGs run meanwhile, and it is tried again"
        )
    return f"it cannot listen on {table.host}:{table.port} ({why.strerror or why}): correct [tool.segue.web]"


def main(words: Sequence[str]) -> int:
    """Serve until TERM, or until the process whose number is the first word is no more our parent."""
    parent = int(words[0])
    die_with_parent(parent)
    try:
        serve(None, lambda: os.getppid() == parent)
    except SegueError as why:
        journal.say(f"error: {why}")
        return 2 if isinstance(why, UsageError) else 3
    return 0


def serve(home: str | None, alive: Callable[[], bool] = lambda: True) -> int:
    """Serve until TERM or Ctrl-C, or until `alive`, asked every second, says no.

    Args:
        home: the home, None for the one that settings name.

    Raises:
        SegueError: it cannot begin, or cannot go on.
    """
    os.umask(0o077)
    threading.excepthook = end_with_thread  # a server that hears of nothing looks well
    _, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (_FILES if hard == RLIM_INFINITY else min(_FILES, hard), hard))
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what it would say the application says better
    settings = settings_here(home=home)
    journal.configure("web", settings.logs, settings.keys.log_format, settings.keys.log_level)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    web = Web(settings, journal.say)
    gc.collect()
    gc.freeze()  # the code of a hundred libraries is looked through no more: it was half of the longest answers
    sys.setswitchinterval(_SLICE)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: web.stop())
    web.run(alive)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

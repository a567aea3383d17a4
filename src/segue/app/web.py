"""The web child: HTTP for pages, clients and scripts.

It is started by the supervisor, or by `segue web`, and outlives the loop. It reads the store, asks the owner, and
writes nothing but the access database. A port that is taken, or a database of users that is away, ends nothing: it says
so once and tries again.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from secrets import token_hex
from threading import Event, Thread
from typing import Final

import msgspec
from anyio.to_thread import run_sync

from segue.app.access import open_keeper
from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient
from segue.app.database import database_of
from segue.app.desk import HomeDesk, ServedDesk
from segue.app.home import Home, settings_here
from segue.app.library import ReaderPool
from segue.app.owner import actor_here
from segue.app.settings import Settings, WebTable
from segue.app.web_server import WebServer, bind
from segue.model.api.health import Part
from segue.model.errors import EnvironmentFault, SegueError, UsageError
from segue.model.views import EventView
from segue.run.children.lifeline import die_with_parent
from segue.show.access.gate import Keeper
from segue.show.api.application import application
from segue.show.api.topics import TOPICS
from segue.show.doors import Doors
from segue.show.live.hub import Hub

__all__ = ["Web", "is_loopback", "main", "serve"]

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_FILE: Final = "web.json"
_AGAIN: Final = 2.0  # seconds until what was in the way is looked at again
_GLANCE: Final = 0.25  # seconds between two looks at what other processes have done to sessions and tokens
_NEWS: Final = 1.0  # seconds until an owner that is gone is looked for again
_NEWS_LATEST: Final = 20.0  # seconds after which a server is looked at, whether or not it has said anything
_FILES: Final = 4_096  # open at once, where the system allows so many


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
        if trouble := _exposed(self._table, users=bool(keeper.people.users())):
            self._wait(trouble)
            return
        try:
            listener = bind(self._table.host, self._table.port)
        except OSError as why:
            self._wait(_taken(self._table, why))
            return
        port = listener.getsockname()[1]
        base = f"http://{_url_host(self._table)}:{port}"
        self._write_down(base, port)
        link = keeper.first_link(actor_here(), self._clock.now())
        self._say(f"segue web: {base}" if link is None else f"segue web: sign in once with {base}/sign-in/{link}")
        try:
            with closing(listener), closing(self._library()) as library:
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
        names = frozenset({*_LOOPBACK, self._table.host.lower(), *self._table.public_hosts})
        app = application(self._doors(library, keeper), TOPICS, hub, hosts=names, incident=lambda: token_hex(4))
        server = self._server = WebServer(app, hub.close, lambda: alive() and not self._stopping.is_set())
        running = asyncio.create_task(hub.run())
        running.add_done_callback(lambda _: server.stop())
        for body in (partial(self._follow, hub), partial(self._glance, hub, keeper)):
            Thread(target=body, daemon=True).start()
        unwatch = keeper.watch(hub.recheck)
        try:
            await server.serve([listener])
        finally:
            unwatch()
            if not hub.closed or running.done():
                running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def _doors(self, library: ReaderPool, keeper: Keeper) -> Doors:
        desk = (
            ServedDesk(self._home, self._database, self._clock.now)
            if self._database.url
            else HomeDesk(self._home, self._clock.now)
        )
        return Doors(library, desk, keeper, self._clock.now, self._instance(), parts=self._parts)

    def _library(self) -> ReaderPool:
        return ReaderPool(self._database, None if self._database.url else self._home.database)

    def _instance(self) -> str:
        """Cookies are shared by all ports of a machine, and by all servers of a database."""
        place = self._database.url or str(self._home.path.resolve())
        return blake2b(place.encode(), digest_size=8).hexdigest()

    def _parts(self) -> tuple[Part, ...]:
        missing = [path.name for path in self._settings.dags if not path.exists()]
        detail = f"there is no {', '.join(missing)}" if missing else "there"
        return (Part("dags", not missing, detail),)

    # --------------------------------------------------------------------------------------------------------- threads
    def _follow(self, hub: Hub) -> None:
        """Hear of every commit."""
        while not self._stopping.is_set():
            with suppress(EnvironmentFault):
                for _ in self._news(hub):
                    hub.poke()
            hub.poke()
            self._stopping.wait(_NEWS)

    def _news(self, hub: Hub) -> Iterator[object]:
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


def _events(library: ReaderPool, after: int, limit: int) -> Sequence[EventView]:
    with library.read() as reader:
        return reader.events(after, limit=limit)


def _last(library: ReaderPool) -> int:
    with library.read() as reader:
        return reader.last_event()


def _exposed(table: WebTable, *, users: bool) -> str:
    """Why it must not listen there, empty where it may (RELIABILITY D3)."""
    if is_loopback(table.host):
        return ""
    where = f"{table.host} can be reached from other machines"
    if not table.public_hosts:
        return f'{where}: set public_host = "the.name.they.use" in [tool.segue.web], or leave host out'
    if not users:
        return f"{where} and there is no user yet: make one first with `segue user add NAME`"
    return ""


def _taken(table: WebTable, why: OSError) -> str:
    if why.errno == errno.EADDRINUSE:
        return f"port {table.port} is taken: name another one with --port or in [tool.segue.web]; it is tried again"
    return f"it cannot listen on {table.host}:{table.port} ({why.strerror or why}): correct [tool.segue.web]"


def _url_host(table: WebTable) -> str:
    host = table.public_hosts[0] if table.public_hosts and not is_loopback(table.host) else table.host
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether a server there is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def main(words: Sequence[str]) -> int:
    """Serve until TERM, or until the process whose number is the first word is no more our parent."""
    parent = int(words[0])
    die_with_parent(parent)
    try:
        serve(None, lambda: os.getppid() == parent)
    except SegueError as why:
        _say(f"error: {why}")
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
    _, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (_FILES if hard == RLIM_INFINITY else min(_FILES, hard), hard))
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what it would say the application says better
    settings = settings_here(home=home)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    web = Web(settings, _say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: web.stop())
    web.run(alive)
    return 0


def _say(text: str) -> None:
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

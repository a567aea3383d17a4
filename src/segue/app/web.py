"""The web child: HTTP for pages, clients and scripts.

It is started by the supervisor, or by `segue web`, and outlives the loop. It reads the store, asks the owner, and writes
nothing but the access database. A port that is taken, or a database of users that is away, ends nothing: it says so once
and tries again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from threading import Event, Thread
from typing import Final

import msgspec
from anyio.to_thread import run_sync

from segue.app.access import open_keeper
from segue.app.clock import SystemClock
from segue.app.control_client import ControlClient, OwnerGone
from segue.app.database import Database, database_of
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

__all__ = ["Web", "main"]

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_FILE: Final = "web.json"
_AGAIN: Final = 2.0  # seconds until what was in the way is looked at again
_GLANCE: Final = 0.25  # seconds between two looks at what other processes have done to sessions and tokens
_NEWS: Final = 1.0
_FILES: Final = 4_096


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
        """Serve until told to stop, or until `alive`, asked every second, says no."""
        while not self._stopping.is_set() and alive():
            try:
                keeper = open_keeper(self._settings, self._clock)
            except EnvironmentFault as fault:
                self._wait(str(fault))
                continue
            with closing(keeper):
                self._serve(keeper, alive)

    def stop(self) -> None:
        """Come to an end; safe in a signal handler."""
        self._stopping.set()
        if self._server is not None:
            self._server.stop()

    def _wait(self, trouble: str) -> None:
        """Say once what is in the way, and give it time."""
        if trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble
        self._stopping.wait(_AGAIN)

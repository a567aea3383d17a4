"""Hearing of commits: whoever shows what happens waits here instead of asking again and again.

A bell carries no news, only the number of the newest event: what happened is read from the log, from the reader's own
cursor. So nothing is lost where bells are: they are when a line goes, which is why each new one rings once by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import psycopg
from sqlalchemy.engine import Connection

from segue.model.errors import StoreDown
from segue.store.postgres.connection import connect, drop, faults, is_open, raw_of

__all__ = ["EVENTS_CHANNEL", "RING", "heard"]

EVENTS_CHANNEL: Final = "segue_events"
"""Every commit that writes events rings here."""

RING: Final = "SELECT pg_notify('segue_events', %s::text)"
_LISTEN: Final = "LISTEN segue_events"
_PAUSE: Final = 1.0


def heard(url: str, timeout: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[int | None]:
    """Wait for commits, without end; the caller closes the iterator.

    Args:
        url: of the database.
        timeout: seconds after which it comes back without a bell.
        sleep: waits so many seconds before a server that is away is asked again.

    Yields:
        The number of the newest event; None after `timeout`, and whenever bells may have been lost: look then.
    """
    connection: Connection | None = None
    try:
        while True:
            if connection is None or not is_open(connection):
                drop(connection)
                connection = _listening(url)
                if connection is None:
                    sleep(_PAUSE)
                yield None
            else:
                yield _next(connection, timeout)
    finally:
        drop(connection)


def _listening(url: str) -> Connection | None:
    with suppress(StoreDown), faults(url):
        connection = connect(url, "listening")
        raw_of(connection).execute(_LISTEN)
        return connection
    return None


def _next(connection: Connection, timeout: float) -> int | None:
    with suppress(psycopg.OperationalError):  # the line is gone, which is seen before the next wait
        return max(
            (int(one.payload) for one in raw_of(connection).notifies(timeout=timeout, stop_after=1)), default=None
        )
    return None

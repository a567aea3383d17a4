"""Connections to a PostgreSQL server, and what its errors mean.

A server goes away and comes back, so nothing here outlives a connection: whoever uses one asks for a new one when it is
gone. A network that is gone is noticed by the kernel within ten seconds, whichever side waits.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from segue.model.errors import Conflict, HomeUnusable, ReadCut, StoreDown

# What it says when a line is cut while it waits for the rest of its answers: we say it in our own words.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

__all__ = [
    "Raw",
    "connect",
    "damaged",
    "drop",
    "fault_of",
    "faults",
    "is_open",
    "raw_of",
    "reading",
    "roll_back",
    "shown",
    "state_of",
]

Raw: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_PATIENCE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_PASSWORD: Final = re.compile(r"(?<=//)([^:@/]*):[^@/]*@|(password=)[^&\s]*")

_AWAY: Final = {
    "53100": "the server's disk is full: free some space there, work goes on by itself",
    "53200": "the server has no memory left",
    "53300": "the server takes no more connections",
    "25006": "the server only takes reads now: it is a stand-by, or its disk is full",
    "55P03": "another connection holds a lock",
    "57P01": "the server was told to stop",
    "57P02": "the server has crashed",
    "57P03": "the server is starting or stopping",
    "58030": "the server's disk gave an error",
}
_AWAY_CLASSES: Final = ("08", "25006", "25P03", "28", "3D", "53", "55P03", "57", "58")
_CUT: Final = "57014"
_ENGINES: Final = 16
_AGAIN: Final = ("23", "40", "25P02")
_DAMAGED: Final = ("XX001", "XX002")


class _Text(StrDumper):
    """Text that the server takes: it knows no NUL, and half a surrogate pair is no character."""

    def dump(self, obj: str) -> bytes:
        data = obj.encode("utf-8", "replace")
        return data if b"\0" not in data else data.replace(b"\0", b"\xef\xbf\xbd")


def shown(url: str) -> str:
    """The address without its password, for messages."""
    return _PASSWORD.sub(lambda found: f"{found[1]}@" if found[1] is not None else f"{found[2]}…", url)


def connect(url: str, role: str, limit: int | None = None, driver: Callable[..., Raw] = psycopg.connect) -> Connection:
    """Open a connection that begins no transaction by itself.

    Args:
        url: `postgresql://…`, as libpq reads it.
        role: what it is for; the server shows it as the name of the application.
        limit: longest time of one statement, in milliseconds.
        driver: opens the connection below.

    Raises:
        StoreDown: the server is not there, or will not have us, now.
    """

    engine = _shared(url, role, limit) if driver is psycopg.connect else _engine(url, role, limit, driver)
    with faults(url):
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _engine(url: str, role: str, limit: int | None, driver: Callable[..., Raw]) -> Engine:
    def open_raw() -> Raw:
        known = conninfo_to_dict(url)
        patience = {name: seconds for name, seconds in _PATIENCE.items() if name not in known}
        raw = driver(url, autocommit=True, application_name=f"segue {role}", **patience)
        # A statement is prepared once for each combination of types: so every int has the same.
        raw.adapters.register_dumper(int, Int8Dumper)
        raw.adapters.register_dumper(str, _Text)
        raw.prepare_threshold, raw.prepared_max = 2, 500
        if limit is not None:
            raw.execute("SELECT set_config('statement_timeout', %s, false)", (str(limit),))
        return raw

    return create_engine("postgresql+psycopg://", creator=open_raw, poolclass=NullPool, pool_reset_on_return=None)


@lru_cache(_ENGINES)
def _shared(url: str, role: str, limit: int | None) -> Engine:
    """One for all connections of a kind: then a statement is compiled once, not once for each of a dozen readers."""
    return _engine(url, role, limit, psycopg.connect)


def raw_of(connection: Connection) -> Raw:
    """The driver's own connection below."""
    raw: Any = connection.connection.driver_connection
    return raw  # type: ignore[no-any-return]


def is_open(connection: Connection | None) -> bool:
    """Whether a connection can still be used, as far as its last answer tells."""
    if connection is None or connection.closed or connection.invalidated:
        return False
    return not raw_of(connection).closed


@contextmanager
def reading(connection: Connection, url: str) -> Iterator[Connection]:
    """One consistent read; it ends with the block."""
    with faults(url):
        raw = raw_of(connection)
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield connection
        except msgspec.DecodeError as why:
            raise damaged(url, str(why)) from why
        finally:
            roll_back(raw)


def drop(connection: Connection | None) -> None:
    """Close a connection, in whatever state it is."""
    if connection is not None:
        with suppress(psycopg.Error, DBAPIError):
            connection.close()


def roll_back(raw: Raw) -> None:
    """Leave a transaction, whatever state it is in; a connection that cannot do even this is of no use any more."""
    try:
        raw.execute("ROLLBACK")
    except psycopg.Error:
        raw.close()


@contextmanager
def faults(url: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        fault = fault_of(error, url)
        if fault is error:
            raise
        raise fault from error


def state_of(error: Exception) -> str:
    """The five characters by which the server names an error; empty where the connection went without a word."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""


def fault_of(error: Exception, url: str) -> Exception:
    """What an error of the driver means: not now (`StoreDown`), not so (`Conflict`), never (`HomeUnusable`), a bug."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state, where = state_of(error), shown(url)
    said = " ".join(str(cause).split())
    if state.startswith(_AGAIN):
        return Conflict(f"{where}: {said}")
    if state == _CUT:
        return ReadCut(f"{where}: a read took too long and was cut: ask for less")
    if state in _DAMAGED:
        return damaged(url, said)
    if state.startswith(_AWAY_CLASSES) or (not state and isinstance(cause, psycopg.OperationalError)):
        return StoreDown(f"{where}: {_AWAY.get(state, 'the server is not there')} ({said})")
    return error


def damaged(url: str, how: str) -> HomeUnusable:
    """The error for a database that cannot be trusted, with the way out."""
    return HomeUnusable(f"{shown(url)} is damaged ({how}). Nothing was written. Restore it from a backup")

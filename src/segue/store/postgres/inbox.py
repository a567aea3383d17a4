"""Requests that wait in a table: they outlive whoever asked and whoever leads.

Whoever asks writes a row and rings (`NOTIFY`); the leader looks at the table when it is rung, and once when it begins,
for a bell that nobody hears is lost. The answer is written into the same row by the transaction that does what was
asked, so a request that is taken twice is answered once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
import psycopg
from sqlalchemy.engine import Connection

from segue.model.acts import Act
from segue.model.changes import Answered, Change
from segue.model.errors import UsageError
from segue.model.events import Event, Origin, Request
from segue.model.ids import Instant
from segue.store.postgres.connection import connect, drop, faults, is_open, raw_of
from segue.store.postgres.leadership import Pace

__all__ = ["PostgresInbox", "leader_of", "put_request"]

_decode: Final[Callable[[bytes], Act | tuple[Act, Origin]]] = msgspec.msgpack.Decoder(Act | tuple[Act, Origin]).decode
"""Acts alone were written by earlier versions, and may still wait."""
_LISTEN: Final = "LISTEN segue_requests"
_RING: Final = "NOTIFY segue_requests"
_PUT: Final = """
INSERT INTO requests (id, actor, act, at, why, body)
VALUES (%s::text, %s::text, %s::text, %s::bigint, '', %s::bytea) ON CONFLICT (id) DO NOTHING
"""
_SAME: Final = "SELECT body = %s::bytea FROM requests WHERE id = %s::text"
_LEADER: Final = """
SELECT holder FROM lease WHERE renewed BETWEEN clock_timestamp() - %s::float8 * interval '1 second'
  AND clock_timestamp() + %s::float8 * interval '1 second' AND (place = '' OR place <> %s::text)
"""
_OPEN: Final = "SELECT id, actor, body FROM requests WHERE answered IS NULL AND body IS NOT NULL ORDER BY at, id"


def put_request(url: str, request: Request, now: Instant) -> None:
    """Leave a request for whoever leads; it is durable when this returns. The same one again changes nothing.

    Args:
        url: of the database.
        request: with an id by which the answer is found.
        now: when it was asked.

    Raises:
        UsageError: another request has this id.
        StoreDown: the server is not there now; the request may or may not be there: ask again with the same id.
    """
    body = msgspec.msgpack.encode((request.act, request.origin))
    with faults(url):
        connection = connect(url, "asking")
        try:
            raw = raw_of(connection)
            name = type(request.act).__name__
            raw.execute(_PUT, (request.id, request.actor, name, now, body))
            same = raw.execute(_SAME, (body, request.id)).fetchone()
            if same is not None and same[0] is False:
                raise UsageError(f"request {request.id} has asked for something else already: give it an id of its own")
            raw.execute(_RING)
        finally:
            connection.close()


def leader_of(url: str, empty: str = "", pace: Pace = Pace()) -> str:  # noqa: B008 - frozen
    """Who leads, empty where nobody has been heard of lately.

    Args:
        url: of the database.
        empty: a place where nobody is: who led from there is gone.
        pace: when a leader counts as gone.

    Raises:
        StoreDown: the server is not there now.
    """
    with faults(url):
        connection = connect(url, "asking")
        try:
            row = raw_of(connection).execute(_LEADER, (pace.expiry, pace.expiry, empty)).fetchone()
        finally:
            connection.close()
    return "" if row is None else str(row[0])


class PostgresInbox:
    """The leader's inbox over the table. Its connection may go: it is opened again at the next `poll`.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._open: dict[str, Request] = {}

    def poll(self) -> Sequence[Event]:
        """All requests without answer, oldest first. Never waits for a bell.

        Raises:
            StoreDown: the server is not there now.
        """
        with faults(self._url):
            if self._rung():
                self._look()
        return tuple(self._open.values())

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        """Forget what is answered; a request that is not stays, and comes again."""
        for event in events:
            if isinstance(event, Request) and event.facts.answer is not None:
                self._open.pop(event.id, None)
        for change in changes:
            if isinstance(change, Answered):
                self._open.pop(change.request, None)

    def fileno(self) -> int | None:
        """The connection's socket, readable when the bell rings."""
        connection = self._connection
        return raw_of(connection).fileno() if connection is not None and is_open(connection) else None

    def close(self) -> None:
        """Close the connection; what was asked stays."""
        connection, self._connection = self._connection, None
        drop(connection)

    def _rung(self) -> bool:
        if self._connection is not None:
            with suppress(psycopg.OperationalError):
                rung = any(True for _ in raw_of(self._connection).notifies(timeout=0))
                if is_open(self._connection):
                    return rung
        self.close()
        self._connection = connect(self._url, "inbox")
        raw_of(self._connection).execute(_LISTEN)
        return True

    def _look(self) -> None:
        assert self._connection is not None
        rows = raw_of(self._connection).execute(_OPEN).fetchall()
        found = (_request(*row) for row in rows)
        self._open = {request.id: request for request in found if request is not None}


def _request(name: str, actor: str, body: bytes) -> Request | None:
    """What was asked, None where another version of ours asked for something that this one does not know."""
    try:
        said = _decode(body)
    except msgspec.MsgspecError:
        return None
    act, origin = said if isinstance(said, tuple) else (said, Origin())
    return Request(name, actor, act, origin=origin)

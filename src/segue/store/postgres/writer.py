"""The writing side: a lease that is a row, one transaction a turn, a connection that may go at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import msgspec
import psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from segue.model.acts import Act
from segue.model.contracts import Lease
from segue.model.definition import Definition
from segue.model.errors import Conflict, StoreDown
from segue.model.events import Known
from segue.model.ids import RunKey
from segue.model.images import Facts, Snapshot
from segue.model.timing import SlotAsk
from segue.store.facts import facts_of, ids_of
from segue.store.postgres.connection import (
    Raw,
    connect,
    drop,
    fault_of,
    faults,
    is_open,
    raw_of,
    reading,
    roll_back,
    shown,
    state_of,
)
from segue.store.postgres.desk import PostgresDesk
from segue.store.postgres.grammar import STATEMENTS
from segue.store.postgres.leadership import RELEASE, SESSION, Holder, Leader, Pace, take_seat
from segue.store.postgres.listening import RING
from segue.store.sql.source import SqlSource
from segue.store.sql.transaction import SqlTransaction

__all__ = ["PostgresWriter"]

_REMEMBERED: Final = 10_000
_UNDONE: Final = ("23", "40", "25P02")
"""States of an error by which a COMMIT says for certain that nothing was written."""


class PostgresWriter:
    """Writes one database, as long as it leads.

    Args:
        url: of the database.
        instance: the database's name, by which a copy is told from its original.
        fence_key: the store's secret.
        pace: how leadership passes on.
        holder: we.
        waiting: told who leads while `lease` waits; what it raises ends the waiting.
        driver: opens the connection below.
    """

    def __init__(
        self, url: str, instance: str, fence_key: bytes, pace: Pace, holder: Holder,
        waiting: Callable[[Leader], None], driver: Callable[..., Raw],
    ) -> None:  # fmt: skip
        self.instance, self.restored = instance, ""
        self._url, self._fence_key, self._pace, self._waiting, self._driver = url, fence_key, pace, waiting, driver
        self._holder = holder
        self._connection: Connection | None = None
        self._seq = self._newest_run = 0
        self._runs: dict[RunKey, int] = {}

    def lease(self) -> Lease:
        """Take the right to write, or wait for it: every earlier epoch ends.

        Raises:
            StoreDown: the server is not there now.
        """
        try:
            return self._lead()
        except StoreDown:
            if is_open(self._connection):
                raise
        # The line was gone, maybe long ago; whether the server is there only a new one tells.
        return self._lead()

    def _lead(self) -> Lease:
        with faults(self._url):
            raw = raw_of(self._connected())
            epoch, self._newest_run = take_seat(raw, self._holder, self._pace, self._waiting)
            newest = raw.execute(STATEMENTS.last_event).fetchone()
        self._seq = (newest and newest[0]) or 0
        self._runs.clear()
        return Lease(epoch, round(self._pace.renew * 1_000_000))

    def snapshot(self, runs: Iterable[RunKey] | None) -> Snapshot:
        """One consistent read: all DAGs, and the unfinished runs among `runs` (None: all unfinished runs)."""
        with self._on_one_line(), reading(self._connected(), self._url) as connection:
            return SqlSource(connection).snapshot(self._fence_key, runs)

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[SqlTransaction]:
        """Open a transaction that commits on leaving; also an empty one renews the lease.

        Args:
            epoch: of the lease.

        Raises:
            LeaseLost: the epoch is stale.
            Conflict: rows are not as memory has them, or the outcome of the commit is unknown.
            StoreDown: nothing was written; the next transaction may succeed.
        """
        if self._connection is None or not is_open(self._connection):
            raise Conflict(f"{shown(self._url)}: the connection was lost")
        raw = raw_of(self._connection)
        desk = PostgresDesk(raw, epoch, self._newest_run)
        transaction = SqlTransaction(desk, STATEMENTS, epoch, self._seq, self._runs)
        with self._on_one_line(), faults(self._url):
            try:
                yield transaction
                if transaction.seq != self._seq:
                    desk.write(RING, [(str(transaction.seq),)], "bell", exact=False)
                desk.finish()
            except BaseException:
                roll_back(raw)
                raise
            self._commit(raw)
        self._seq, self._newest_run = transaction.seq, desk.runs
        if len(self._runs) > _REMEMBERED:
            self._runs.clear()
        self._runs |= transaction.made

    def facts(self, act: Act, request: str) -> Facts:
        """What the store knows about the object of a request."""
        with self._on_one_line(), reading(self._connected(), self._url) as connection:
            return facts_of(SqlSource(connection), act, request)

    def look(self, asks: Sequence[SlotAsk]) -> Known:
        """What the store knows about slots, in one consistent read."""
        with self._on_one_line(), reading(self._connected(), self._url) as connection:
            return STATEMENTS.ledger.look(connection, asks)

    def known(self, definition: Definition) -> Definition:
        """The same definition with its version's number where the store has it."""
        digests = (definition.spec_digest, definition.code_digest)
        with self._on_one_line(), faults(self._url):
            raw = raw_of(self._connected())
            asked = (raw.execute(STATEMENTS.find_version, (dag, *digests)) for dag in ids_of(definition))
            row = next((row for answer in asked if (row := answer.fetchone()) is not None), None)
        return msgspec.structs.replace(definition, number=row and row[0])

    def close(self) -> None:
        """Let another lead at once, and close the connection; what is committed stays."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(psycopg.Error, DBAPIError):
            raw_of(connection).execute(RELEASE, (self._holder.name,))
        drop(connection)

    def _connected(self) -> Connection:
        if self._connection is None or not is_open(self._connection):
            drop(self._connection)
            self._connection = connect(self._url, "writer", driver=self._driver)
            with faults(self._url):
                raw_of(self._connection).execute(SESSION)
        return self._connection

    @contextmanager
    def _on_one_line(self) -> Iterator[None]:
        """A line that goes is no trouble yet: read again, on a new one. That there is none is told by `lease`."""
        try:
            yield
        except StoreDown as why:
            if is_open(self._connection):
                raise
            raise Conflict(str(why)) from why

    def _commit(self, raw: Raw) -> None:
        try:
            done = raw.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            raw.close()
            if state_of(error).startswith(_UNDONE):
                raise fault_of(error, self._url) from error
            # The server may have heard us before the word was lost.
            raise Conflict(f"{shown(self._url)}: outcome of the commit unknown ({error})") from error
        if done != "COMMIT":
            raise Conflict(f"{shown(self._url)}: the server rolled back")

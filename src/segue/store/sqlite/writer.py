"""The writing side: a lease that is an epoch, one transaction a turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from sqlalchemy.engine import Connection

from segue.model.acts import Act
from segue.model.contracts import Lease
from segue.model.definition import Definition
from segue.model.errors import Conflict, HomeUnusable, LeaseLost, SegueError
from segue.model.events import Known
from segue.model.ids import Instant, RunKey
from segue.model.images import Facts, Snapshot
from segue.model.timing import SlotAsk
from segue.store.facts import facts_of, ids_of
from segue.store.sql.braking import brake
from segue.store.sql.source import SqlSource
from segue.store.sql.transaction import SqlTransaction
from segue.store.sqlite.connection import code_of, fault_of, faults, reading
from segue.store.sqlite.desk import Cursor, SqliteDesk
from segue.store.sqlite.grammar import STATEMENTS
from segue.store.sqlite.lives import end_life

__all__ = ["SqliteWriter"]

_REMEMBERED: Final = 10_000


class SqliteWriter:
    """Writes one database.

    Args:
        connection: the only one that writes; closed with the writer.
        path: of the database, for messages.
        instance: the database's name, by which a copy is told from its original.
        fence_key: the store's secret.
        restored: why it is taken for one that was put here, empty where it is not.
    """

    def __init__(self, connection: Connection, path: Path, instance: str, fence_key: bytes, restored: str = "") -> None:
        self.instance, self.restored = instance, restored
        self._connection, self._path, self._fence_key = connection, path, fence_key
        self._cursor: Cursor = cast(Any, connection.connection.driver_connection).cursor()
        self._seq = 0
        self._runs: dict[RunKey, int] = {}
        self._sound = True

    def lease(self) -> Lease:
        """Take the right to write: every earlier epoch ends.

        Raises:
            StoreDown: it cannot be written now.
        """
        with self._begun():
            epoch = self._epoch() + 1
            self._cursor.execute(STATEMENTS.set_meta, ("epoch", msgspec.msgpack.encode(epoch)))
            self._seq = self._one(STATEMENTS.last_event) or 0
        self._runs.clear()
        return Lease(epoch)

    def snapshot(self, runs: Iterable[RunKey] | None) -> Snapshot:
        """One consistent read: all DAGs and pools, and the runs among `runs` (None: all) that have not ended or have a
        hook alive.
        """
        with self._faults(), reading(self._connection, self._path):
            return SqlSource(self._connection).snapshot(self._fence_key, runs)

    @contextmanager
    def transaction(self, epoch: int) -> Iterator[SqlTransaction]:
        """Open a transaction that commits on leaving.

        Args:
            epoch: of the lease.

        Raises:
            LeaseLost: the epoch is stale.
            Conflict: rows are not as memory has them, or the outcome of the commit is unknown.
            StoreDown: nothing was written; the next transaction may succeed.
        """
        with self._begun():
            led = self._epoch()
            if led != epoch:
                raise LeaseLost(f"{self._path}: epoch {epoch} has ended, {led} leads")
            transaction = SqlTransaction(SqliteDesk(self._cursor), STATEMENTS, epoch, self._seq, self._runs)
            yield transaction
        self._seq = transaction.seq
        if len(self._runs) > _REMEMBERED:
            self._runs.clear()
        self._runs |= transaction.made

    def facts(self, act: Act, request: str) -> Facts:
        """What the store knows about the object of a request."""
        with self._faults(), reading(self._connection, self._path):
            return facts_of(SqlSource(self._connection), act, request)

    def look(self, asks: Sequence[SlotAsk]) -> Known:
        """What the store knows about slots, in one consistent read."""
        with self._faults(), reading(self._connection, self._path):
            return STATEMENTS.ledger.look(self._connection, asks)

    def known(self, definition: Definition) -> Definition:
        """The same definition with its version's number where the store has it."""
        digests = (definition.spec_digest, definition.code_digest)
        with self._faults():
            found = (self._one(STATEMENTS.find_version, (dag, *digests)) for dag in ids_of(definition))
            number = next((number for number in found if number is not None), None)
        return msgspec.structs.replace(definition, number=number)

    def brake(self, now: Instant) -> None:
        """Pause everything, as where a database was put back.

        Args:
            now: noted as the time of the restoration.
        """
        with self._faults():
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            brake(self._connection, now, STATEMENTS.set_meta)
            self._connection.exec_driver_sql("COMMIT")

    def close(self) -> None:
        """Close the connection; what is committed stays, and a note that nothing was left half done."""
        with suppress(SegueError, sqlite3.Error):
            if self._sound:
                with self._begun():
                    self._cursor.execute(STATEMENTS.set_meta, ("closed", msgspec.msgpack.encode(self._epoch())))
                with suppress(OSError):
                    end_life(self._path, self._seq)
        self._connection.close()

    def _epoch(self) -> int:
        return msgspec.msgpack.decode(self._one(STATEMENTS.epoch), type=int)

    def _one(self, question: str, values: Sequence[Any] = ()) -> Any:
        self._cursor.execute(question, values)
        row = self._cursor.fetchone()
        # An answer that is not read to its end would keep the read open.
        self._cursor.fetchone()
        return row and row[0]

    @contextmanager
    def _begun(self) -> Iterator[None]:
        with self._faults():
            self._cursor.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._roll_back()
                raise
            self._commit()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            with faults(self._path):
                yield
        except HomeUnusable:
            self._sound = False
            raise

    def _commit(self) -> None:
        try:
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            if code_of(error) == sqlite3.SQLITE_IOERR:
                # The commit may have reached the disk before the disk said no.
                raise Conflict(f"{self._path}: outcome of the commit unknown ({error})") from error
            raise fault_of(error, self._path) from error

    def _roll_back(self) -> None:
        # SQLite may have rolled back by itself, which makes this an error without meaning.
        with suppress(sqlite3.Error):
            self._cursor.execute("ROLLBACK")

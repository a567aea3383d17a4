"""Who writes: one row, renewed by the server's own clock.

The row says whose turn it is (`epoch`, `holder`) and when he was last heard of. Every transaction of the leader begins
by renewing it under his epoch, which is fence and lock in one: where another has taken over, no row matches and nothing
is written; where another would take over now, he waits for the end of this transaction, so what he reads afterwards is
all there is. A leader that stands still with a transaction open, and is not heard of any more, loses its connection.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg
from sqlalchemy import BigInteger, CheckConstraint, Column, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from segue.store.postgres.connection import Raw

__all__ = [
    "FENCE",
    "RELEASE",
    "RUNS",
    "SESSION",
    "Holder",
    "Leader",
    "Pace",
    "holder_here",
    "leadership",
    "seat",
    "take_seat",
]

leadership = MetaData()
"""What only a served database has."""

seat = Table(
    "lease",
    leadership,
    Column("one", BigInteger, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("holder", Text, nullable=False, server_default=text("''")),
    Column("place", Text, nullable=False, server_default=text("''")),
    Column("renewed", TIMESTAMP(timezone=True), nullable=False, server_default=text("'epoch'")),
    # Number of the newest run: given by the one writer, so that none is skipped and none is given twice.
    Column("runs", BigInteger, nullable=False, server_default=text("0")),
    # Room on its page for the next versions of a row that changes with every commit: no index is touched.
    postgresql_with={"fillfactor": "10"},
)

SESSION: Final = "SET idle_in_transaction_session_timeout = '3s'; SET lock_timeout = '500ms'"

# A server whose clock was set back must not keep everybody out until it has caught up.
_TAKE: Final = """
UPDATE lease SET epoch = epoch + 1, holder = %(name)s::text, place = %(place)s::text, renewed = clock_timestamp()
WHERE holder = %(name)s::text OR place <> '' AND place = %(place)s::text OR renewed NOT BETWEEN
  clock_timestamp() - %(expiry)s::float8 * interval '1 second'
  AND clock_timestamp() + %(expiry)s::float8 * interval '1 second'
RETURNING epoch, runs
"""
# Whoever has the row and waits for nothing is in the middle of a transaction, and was last heard of before it.
_CUT: Final = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation = 'lease'::regclass AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
  AND pid NOT IN (SELECT pid FROM pg_locks WHERE NOT granted)
"""
_LOOK: Final = "SELECT holder, extract(epoch FROM renewed)::float8 FROM lease"
FENCE: Final = "UPDATE lease SET renewed = clock_timestamp() WHERE epoch = %s::bigint"
RUNS: Final = "UPDATE lease SET runs = %s::bigint"
RELEASE: Final = "UPDATE lease SET renewed = 'epoch' WHERE holder = %s::text"


@dataclass(frozen=True, slots=True)
class Pace:
    """How leadership passes on. All in seconds.

    Args:
        renew: an idle leader is heard of so often.
        expiry: after so long without a word another one leads.
        look: a stand-by looks so often.
    """

    renew: float = 2.0
    expiry: float = 4.0
    look: float = 0.2


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads while we wait. `alive`: it was heard of since we began to wait."""

    name: str
    alive: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wants to lead.

    Args:
        name: unlike any other's.
        place: where only one can be at a time, and we are; who led from there before is gone, without a wait.
    """

    name: str
    place: str = ""


def holder_here(place: str) -> Holder:
    """A writer of this process."""
    return Holder(f"process {os.getpid()} on {socket.gethostname()} ({os.urandom(4).hex()})", place)


def take_seat(raw: Raw, holder: Holder, pace: Pace, waiting: Callable[[Leader], None]) -> tuple[int, int]:
    """Lead, or wait for it; gives the new epoch and the number of the newest run.

    Args:
        raw: in autocommit mode.
        holder: we.
        pace: when a leader counts as gone.
        waiting: told who leads before every wait; what it raises ends the waiting.
    """
    heard_of = None
    while True:
        wanted = {"name": holder.name, "place": holder.place, "expiry": pace.expiry}
        try:
            taken = raw.execute(_TAKE, wanted).fetchone()
        except psycopg.errors.LockNotAvailable:
            # His time is over, and he stands still with a transaction open: stopped, or behind a broken network.
            raw.execute(_CUT)
            continue
        if taken is not None:
            return taken[0], taken[1]
        name, renewed = raw.execute(_LOOK).fetchone() or ("", 0.0)
        waiting(Leader(name, alive=heard_of is not None and renewed > heard_of))
        heard_of = renewed if heard_of is None else heard_of
        raw.execute("SELECT pg_sleep(%s::float8)", (pace.look,))

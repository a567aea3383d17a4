"""What makes a database that was put back stand still: a pause of every DAG, and secrets that its former life lacks."""

from __future__ import annotations

import os

import msgspec
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from segue.model.ids import Instant
from segue.store.schema import dags, meta

__all__ = ["RESTORED", "brake", "is_braked"]

RESTORED = "restored"
"""Name of the note in `meta` that says since when the database is one that was put back."""


def brake(connection: Connection, now: Instant, set_meta: str) -> None:
    """Pause every DAG hard; no word of an attempt that was launched before is believed any more.

    Args:
        connection: in a transaction that writes.
        now: noted as the time of the restoration.
        set_meta: the statement of its dialect that writes a note.
    """
    epoch = msgspec.msgpack.decode(
        connection.execute(select(meta.c.value).where(meta.c.name == "epoch")).scalar_one(), type=int
    )
    connection.execute(update(dags).values(paused=1, hard_paused=1, until=None))
    for name, value in {"epoch": epoch + 1, "fence_key": os.urandom(32), RESTORED: now}.items():
        connection.exec_driver_sql(set_meta, (name, msgspec.msgpack.encode(value)))


def is_braked(connection: Connection) -> bool:
    """Whether the database was once put back."""
    return connection.execute(select(meta.c.name).where(meta.c.name == RESTORED)).first() is not None

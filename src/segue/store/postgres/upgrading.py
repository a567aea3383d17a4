"""What is done to a whole served database, when a person says so and nobody leads: others may be using it.

Loaded by name: importing alembic costs most of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, update
from sqlalchemy.engine import Connection

from segue.model.errors import HomeBusy, HomeUnusable
from segue.model.ids import Instant
from segue.store.migrations.upgrading import SCRIPTS, revise
from segue.store.postgres.connection import connect, faults, raw_of, roll_back, shown
from segue.store.postgres.grammar import STATEMENTS
from segue.store.postgres.leadership import seat
from segue.store.postgres.stamp import LOCK, check_stamp, read_meta
from segue.store.sql.braking import brake

__all__ = ["brake_database", "upgrade_database"]

_FAR = 1_000_000
"""A backup does not know the epochs that came after it, and one of their leaders may still be alive somewhere."""

_LED = "SELECT holder FROM lease WHERE renewed > clock_timestamp() - interval '4 seconds'"


def upgrade_database(url: str, scripts: Path = SCRIPTS) -> tuple[int, int]:
    """Run all revisions that are missing, in one transaction; gives the versions before and after.

    Args:
        url: of the database.
        scripts: folder whose `versions/` holds the revisions.

    Raises:
        HomeBusy: somebody leads; he is named.
        HomeUnusable: there is nothing to upgrade.
        StoreDown: the server is not there now; nothing was changed.
    """
    with _unled(url, "upgrading") as connection:
        old = read_meta(connection, "schema", int)
        revise(connection, old, scripts, STATEMENTS)
        return old, read_meta(connection, "schema", int)


def brake_database(url: str, now: Instant) -> None:
    """Pause everything in a database that was put back.

    Args:
        url: of the database.
        now: noted as the time of the restoration.

    Raises:
        HomeBusy: somebody leads; he is named.
        HomeUnusable: there are no tables, or they are of another version.
        StoreDown: the server is not there now; nothing was changed.
    """
    with _unled(url, "restoring") as connection:
        check_stamp(connection, url)
        brake(connection, now, STATEMENTS.set_meta)
        connection.execute(update(seat).values(epoch=seat.c.epoch + _FAR))


@contextmanager
def _unled(url: str, purpose: str) -> Iterator[Connection]:
    """One transaction during which nobody begins to lead."""
    connection = connect(url, purpose)
    raw = raw_of(connection)
    try:
        with faults(url):
            connection.exec_driver_sql("BEGIN")
            try:
                connection.exec_driver_sql(LOCK)
                if not inspect(connection).has_table("lease"):
                    raise HomeUnusable(f"{shown(url)} has no tables of Segue: the first `segue run` makes them")
                connection.exec_driver_sql("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
                leader = connection.exec_driver_sql(_LED).scalar()
                if leader is not None:
                    raise HomeBusy(f"{shown(url)} is led by {leader}: stop it first")
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                roll_back(raw)
                raise
    finally:
        connection.close()

"""Brings the tables of a served database to the newest version, when a person says so: others may be using them.

Loaded by name: importing alembic costs most of a second.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from segue.model.errors import HomeBusy, HomeUnusable
from segue.store.migrations.upgrading import SCRIPTS, revise
from segue.store.postgres.connection import connect, faults, raw_of, roll_back, shown
from segue.store.postgres.grammar import STATEMENTS
from segue.store.postgres.stamp import LOCK, read_meta

__all__ = ["upgrade_database"]

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
    connection = connect(url, "upgrading")
    raw = raw_of(connection)
    try:
        with faults(url):
            connection.exec_driver_sql("BEGIN")
            try:
                connection.exec_driver_sql(LOCK)
                if not inspect(connection).has_table("lease"):
                    raise HomeUnusable(f"{shown(url)} has no tables of Segue: the first `segue run` makes them")
                # Nobody begins to lead while tables change.
                connection.exec_driver_sql("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
                leader = connection.exec_driver_sql(_LED).scalar()
                if leader is not None:
                    raise HomeBusy(f"{shown(url)} is led by {leader}: stop it first")
                old = read_meta(connection, "schema", int)
                revise(connection, old, scripts, STATEMENTS)
                new = read_meta(connection, "schema", int)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                roll_back(raw)
                raise
    finally:
        connection.close()
    return old, new

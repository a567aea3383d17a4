"""Opening a database: make its tables, check them, refuse what is not ours."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final

import msgspec
import psycopg
from sqlalchemy import insert, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound

from segue.model.errors import HomeUnusable, StoreDown
from segue.model.ids import Instant
from segue.store.columns import PARTIAL
from segue.store.postgres.connection import Raw, connect, damaged, faults, raw_of, shown
from segue.store.postgres.leadership import Leader, Pace, holder_here, leadership, seat
from segue.store.postgres.stamp import LOCK, check_stamp, has_tables, read_meta
from segue.store.postgres.writer import PostgresWriter
from segue.store.schema import SCHEMA, meta, metadata

__all__ = ["OLDEST_SERVER", "check_database", "open_writer"]

OLDEST_SERVER: Final = 15
"""Major version of the oldest server that the tests run on."""

# At the start of a connection libpq keeps the words of a refusal and drops its code.
_FINAL: Final = re.compile("FATAL: .*(does not exist|authentication failed|pg_hba.conf|permission denied)")


def _nobody(leader: Leader) -> None:
    pass


def open_writer(
    url: str,
    now: Instant,
    pace: Pace = Pace(),  # noqa: B008 - frozen
    place: str = "",
    waiting: Callable[[Leader], None] = _nobody,
    driver: Callable[..., Raw] = psycopg.connect,
) -> PostgresWriter:
    """Open a database for writing; its tables are made where there are none. It does not lead yet.

    Args:
        url: `postgresql://…` of a database that is ours alone.
        now: written as the time of its creation.
        pace: how leadership passes on.
        place: where only one owner can be at a time, and we are; who led from there before is not waited for.
        waiting: told who leads while `lease` waits; what it raises ends the waiting.
        driver: opens a connection of the driver.

    Raises:
        HomeUnusable: the database is of another version, not ours, damaged, or may not be used by us.
        StoreDown: the server is not there now.
    """
    connection = _open(url, driver)
    try:
        with faults(url):
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(LOCK)
            if not has_tables(connection):
                _create(connection, now)
            check_stamp(connection, url)
            instance, fence_key = read_meta(connection, "instance", str), read_meta(connection, "fence_key", bytes)
            connection.exec_driver_sql("COMMIT")
    except (NoResultFound, msgspec.MsgspecError) as error:
        raise damaged(url, str(error)) from error
    finally:
        connection.close()
    return PostgresWriter(url, instance, fence_key, pace, holder_here(place), waiting, driver)


def check_database(url: str) -> int:
    """Check a database without changing it and give its version, 0 where there are no tables yet.

    Raises:
        HomeUnusable: it is not ours, of another version, or may not be used by us.
        StoreDown: the server is not there now.
    """
    connection = _open(url, psycopg.connect)
    try:
        with faults(url):
            return check_stamp(connection, url) if has_tables(connection) else 0
    finally:
        connection.close()


def _open(url: str, driver: Callable[..., Raw]) -> Connection:
    try:
        connection = connect(url, "opening", driver=driver)
    except StoreDown as error:
        said = str(getattr(error.__cause__, "orig", error.__cause__)).strip()
        if _FINAL.search(said):
            raise HomeUnusable(f"{shown(url)}: {said}: correct SEGUE_DATABASE_URL") from error
        raise
    except (psycopg.ProgrammingError, DBAPIError) as error:
        raise HomeUnusable(f"{shown(url)} is no address: write postgresql://user@host/database") from error
    server = raw_of(connection).info
    encoding = server.parameter_status("server_encoding")
    if server.server_version < OLDEST_SERVER * 10_000 or encoding != "UTF8":
        found = f"PostgreSQL {server.server_version // 10_000} with encoding {encoding}"
        connection.close()
        raise HomeUnusable(f"{shown(url)} is {found}: Segue needs {OLDEST_SERVER} or newer, and UTF8")
    return connection


def _create(connection: Connection, now: Instant) -> None:
    for index, where in PARTIAL:
        index.dialect_options["postgresql"]["where"] = text(where)
    metadata.create_all(connection, checkfirst=False)
    leadership.create_all(connection, checkfirst=False)
    connection.execute(insert(seat).values(one=1))
    values: dict[str, object] = {
        "schema": SCHEMA, "instance": os.urandom(8).hex(), "fence_key": os.urandom(32), "epoch": 0, "created": now
    }  # fmt: skip
    rows = [{"name": name, "value": msgspec.msgpack.encode(value)} for name, value in values.items()]
    connection.execute(insert(meta), rows)

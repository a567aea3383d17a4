"""Trying a connection: really connecting, by what its scheme says, and saying what was done."""

from __future__ import annotations

import base64
import http.client
import importlib
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from segue.model.address import Address
from segue.model.errors import Refused
from segue.model.masking import Mask

__all__ = ["PATIENCE", "probe"]

PATIENCE: Final = 10.0  # seconds
_PORTS: Final = {
    "amqp": 5672, "ftp": 21, "kafka": 9092, "ldap": 389, "mariadb": 3306, "mongodb": 27017, "mssql": 1433,
    "mysql": 3306, "oracle": 1521, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379, "sftp": 22,
    "smtp": 25, "ssh": 22, "trino": 8080,
}  # fmt: skip
_UNTRIED: Final = "whether the credentials fit was not tried"


def probe(name: str, address: Address, seconds: float = PATIENCE) -> str:
    """Connect, and say in a sentence what was done.

    Args:
        name: of the connection, for messages.
        address: where to.
        seconds: how long to wait at most.

    Raises:
        Refused: it cannot be reached, or does not let us in; the reason does not show its secrets.
    """
    said: list[str] = []
    failed: list[str] = []

    def attempt() -> None:
        try:
            said.append(_probe_of(address)(address, seconds))
        except Exception as why:  # noqa: BLE001 - drivers raise whatever they like
            failed.append(" ".join(str(why).split()) or type(why).__qualname__)

    # A driver may ignore the time it is given; its thread is left to the end of the process.
    thread = threading.Thread(target=attempt, name="segue-probe", daemon=True)
    thread.start()
    thread.join(seconds)
    if said:
        return f"connection {name}: {said[0]}"
    reason = failed[0] if failed else f"no answer within {seconds:g} s"
    raise Refused(f"connection {name} ({address.shown}): {Mask(address.secrets).hide_text(reason)}")


def _probe_of(address: Address) -> Callable[[Address, float], str]:
    match address.scheme.partition("+")[0]:
        case "postgresql" | "postgres" if find_spec("psycopg") is not None:
            return _ask_postgresql
        case "sqlite":
            return _open_sqlite
        case "duckdb":
            return _open_duckdb
        case "http" | "https":
            return _ask_web
        case _:
            return _knock


def _ask_postgresql(address: Address, seconds: float) -> str:
    psycopg: Any = importlib.import_module("psycopg")
    with psycopg.connect(
        host=address.host, port=address.port, user=address.user, password=address.password, dbname=address.database,
        connect_timeout=max(1, int(seconds)), **address.extras,
    ) as connection:  # fmt: skip
        (version,) = connection.execute("SHOW server_version").fetchone()
    return f"signed in to PostgreSQL {version} at {address.host or 'the local socket'} as {address.user or 'ourselves'}"


def _open_sqlite(address: Address, _: float) -> str:
    file = _file_of(address)
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()
    return f"opened the SQLite file {file}: {tables} tables"


def _open_duckdb(address: Address, _: float) -> str:
    file = _file_of(address)
    if find_spec("duckdb") is None:
        return f"the file {file} is there; the package duckdb, to open it, is not"
    duckdb: Any = importlib.import_module("duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM information_schema.tables").fetchone()
    return f"opened the DuckDB file {file}: {tables} tables"


def _file_of(address: Address) -> Path:
    file = Path(address.database or "")
    if not file.is_file():
        raise Refused(f"there is no file {file}")
    return file


def _ask_web(address: Address, seconds: float) -> str:
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    headers = {"User-Agent": "segue"}
    if address.user is not None:
        words = f"{address.user}:{address.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(words).decode()}"
    with closing(kind(address.host or "", address.port, timeout=seconds)) as connection:
        connection.request("HEAD", f"/{address.database or ''}", headers=headers)
        answer = connection.getresponse()
    if answer.status in (401, 403) or answer.status >= 500:
        raise Refused(f"HEAD is answered by {answer.status} {answer.reason}")
    return f"HEAD at {address.host} is answered by {answer.status} {answer.reason}"


def _knock(address: Address, seconds: float) -> str:
    port = address.port or _PORTS.get(address.scheme.partition("+")[0])
    if not address.host or port is None:
        raise Refused("its address names no host and port, so there is nothing to connect to")
    socket.create_connection((address.host, port), seconds).close()
    return f"{address.host}:{port} takes connections; {_UNTRIED}"

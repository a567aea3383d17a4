"""Brings an old database to the newest version: one transaction, after a copy of the file.

Loaded only when there is something to do. The revisions in `versions/` are alembic's; that they run in one transaction
is ours: SQLite's DDL rolls back like everything else, so a migration that is interrupted leaves the old version.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from segue.store.sql.statements import Statements
from segue.store.sqlite.grammar import STATEMENTS

__all__ = ["SCRIPTS", "copy_database", "revise", "run_script", "upgrade"]

SCRIPTS: Final = Path(__file__).parent


def upgrade(connection: Connection, path: Path, old: int, scripts: Path = SCRIPTS) -> Path:
    """Run all revisions after `old`.

    Args:
        connection: the one that writes; no transaction is open.
        path: its file.
        old: number of the version that the file has.
        scripts: folder whose `versions/` holds the revisions; their ids are version numbers.

    Returns:
        The copy that was made before.

    Raises:
        OSError: the copy cannot be written; nothing was changed.
    """
    copy = path.with_name(f"{path.name}.v{old}")
    copy_database(path, copy)
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        revise(connection, old, scripts, STATEMENTS)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
    return copy


def revise(connection: Connection, old: int, scripts: Path, sql: Statements) -> None:
    """Run all revisions after `old` in the transaction that is open.

    Args:
        connection: of any dialect.
        old: number of the version that its tables have.
        scripts: folder whose `versions/` holds the revisions; their ids are version numbers.
        sql: the statements of its dialect.
    """
    with Operations.context(MigrationContext.configure(connection)):
        for revision in reversed(list(ScriptDirectory(scripts).walk_revisions())):
            if int(revision.revision) > old:
                revision.module.upgrade()
                version = msgspec.msgpack.encode(int(revision.revision))
                connection.exec_driver_sql(sql.set_meta, ("schema", version))


def run_script(revision: str) -> None:
    """Run the SQL that lies beside a revision, statement by statement.

    Args:
        revision: path of its Python file; what differs on PostgreSQL lies beside it under `.postgresql.sql`.
    """
    own = Path(revision).with_suffix(f".{op.get_context().dialect.name}.sql")
    script = own if own.exists() else Path(revision).with_suffix(".sql")
    for statement in script.read_text().split(";\n"):
        if statement.strip():
            op.execute(statement)


def copy_database(path: Path, copy: Path) -> None:
    """Copy a database with what its WAL holds; the copy appears whole or not at all."""
    fresh = copy.with_name(copy.name + ".part")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(fresh)) as target:
        source.backup(target)
    fresh.replace(copy)

"""`version_1.sql` is a database that version 1 wrote: two runs, one that has failed and one that is alive."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from segue.model.errors import HomeUnusable
from segue.model.ids import Instant
from segue.store.audit import compare, validate_state
from segue.store.migrations.upgrading import SCRIPTS, upgrade
from segue.store.schema import SCHEMA
from segue.store.sqlite import SqliteReader, open_writer
from segue.store.sqlite.connection import connect_writer
from tests.contract.stores import RUN, A, R, Sqlite, T, attempt, moved, task, write

NOW = Instant(1)
FIRST = Path(__file__).with_name("version_1.sql")
CHANGES = {"schema", "closed", "checked", "life", "former"}
"""What every opening writes anew."""
NEXT = f'''
"""The next version."""
from alembic import op
import sqlalchemy as sa

revision = "{SCHEMA + 1}"
down_revision = "{SCHEMA}"


def upgrade():
    op.add_column("dags", sa.Column("color", sa.Text))
    op.execute("INSERT INTO nowhere VALUES (1)")
'''
KILLED_AT_EVERY_STATEMENT = """
import os, signal, sqlite3, sys
from contextlib import closing
from pathlib import Path
from sqlalchemy import event
from segue.store.migrations.upgrading import upgrade
from segue.store.sqlite.connection import connect_writer

def upgrade_until(path, last):
    connection, seen = connect_writer(path), []
    @event.listens_for(connection.engine, "before_cursor_execute")
    def count(*_):
        seen.append(1)
        if len(seen) > last:
            os.kill(os.getpid(), signal.SIGKILL)
    upgrade(connection, path, 1)
    connection.close()
    os._exit(0)

def look(path):
    with closing(sqlite3.connect(path)) as raw:
        return list(raw.iterdump())

path, last = Path(sys.argv[1]), 0
before = look(path)
while True:
    child = os.fork()
    if child == 0:
        upgrade_until(path, last)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        break
    assert status == signal.SIGKILL, status
    assert look(path) == before, last
    last += 1
print(last)
"""


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "segue.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST.read_text())
    return path


def dump(path):
    with closing(sqlite3.connect(path)) as raw:
        return list(raw.iterdump())


def shape(path):
    """Every statement of the schema, without its white space."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return {name: "".join(sql.split()) for name, sql in found}


def rows(path, like):
    """Every row of every table, in the columns that `like` has."""
    found = {}
    with closing(sqlite3.connect(like)) as first, closing(sqlite3.connect(path)) as raw:
        for (table,) in first.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = ", ".join(f'"{name}"' for _, name, *_ in first.execute(f"PRAGMA table_info({table})"))
            found[table] = raw.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
    return found


def version(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0]


def test_the_revisions_lead_to_the_same_tables_as_the_metadata(tmp_path):
    open_writer(tmp_path / "fresh.db", NOW).close()
    connection = connect_writer(tmp_path / "built.db")
    upgrade(connection, tmp_path / "built.db", 0)
    connection.close()
    assert shape(tmp_path / "built.db") == shape(tmp_path / "fresh.db")
    assert version(tmp_path / "built.db") == version(tmp_path / "fresh.db")


def test_a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_rows(old, tmp_path):
    said = []
    open_writer(old, NOW, said.append).close()
    copy = tmp_path / "segue.db.v1"
    assert said == [f"{old} was brought from version 1 to {SCHEMA}; the copy made before is {copy}"]
    assert (version(old), version(copy)) == (bytes([SCHEMA]), b"\x01")
    open_writer(tmp_path / "fresh.db", NOW).close()
    assert shape(old) == shape(tmp_path / "fresh.db")
    kept, first = rows(old, copy), rows(copy, copy)
    for changes in (kept, first):
        changes["meta"] = [row for row in changes["meta"] if row[0] not in CHANGES]
    assert kept == first
    assert sum(map(len, kept.values())) > 45


def test_the_runs_of_an_old_database_go_on(old):
    store = Sqlite(old.parent)
    assert (validate_state(store.reader), compare(store.reader)) == ([], [])
    (image,) = store.writer.snapshot(None).runs
    assert (image.row.run, image.stop, image.spent, image.placed_at, image.hooks) == (RUN, "", 0, None, ())
    assert [(one.state, one.staged, one.kept, one.attempt.kind) for one in image.tasks] == [
        (T.RUNNING, b"", (), "user")
    ]
    write(
        store,
        attempt(A.RUNNING, A.SUCCESS, rows=0, source="etag"),
        task(T.RUNNING, T.HELD, staged=b"where"),
        moved(RUN, R.RUNNING, R.HELD),
    )
    (made,) = store.reader.attempts(RUN, "extract", None)
    assert (made.rows, made.source) == (0, "etag")
    assert (validate_state(store.reader), compare(store.reader)) == ([], [])
    store.close()


def test_an_old_database_is_not_read_before_it_is_upgraded(old):
    with pytest.raises(HomeUnusable, match=f"is of version 1, this Segue reads version {SCHEMA}: `segue db upgrade`"):
        SqliteReader(old)
    open_writer(old, NOW).close()
    SqliteReader(old).close()


def test_a_copy_of_the_old_database_can_be_put_back(old, tmp_path):
    before = dump(old)
    open_writer(old, NOW).close()
    (tmp_path / "segue.db.v1").replace(old)
    assert dump(old) == before
    open_writer(old, NOW).close()
    assert version(old) == bytes([SCHEMA])


def test_a_migration_that_is_killed_at_any_statement_leaves_the_old_version(old):
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STATEMENT, old], capture_output=True, text=True, check=True
    )
    scripts = [path for path in (SCRIPTS / "versions").glob("000[2-9]*.sql") if ".postgresql" not in path.suffixes]
    statements = sum(script.read_text().count(";\n") for script in scripts)
    assert int(done.stdout) > statements > 10
    assert version(old) == bytes([SCHEMA])
    reader = SqliteReader(old)
    assert (validate_state(reader), compare(reader)) == ([], [])
    reader.close()


def test_a_migration_that_fails_leaves_the_old_version(old, tmp_path):
    versions = tmp_path / "scripts" / "versions"
    versions.mkdir(parents=True)
    for script in (SCRIPTS / "versions").glob("000*"):
        (versions / script.name).write_bytes(script.read_bytes())
    (versions / "9999_next.py").write_text(NEXT)
    before = dump(old)
    connection = connect_writer(old)
    with pytest.raises(Exception, match="no such table"):
        upgrade(connection, old, 1, tmp_path / "scripts")
    connection.close()
    assert dump(old) == before

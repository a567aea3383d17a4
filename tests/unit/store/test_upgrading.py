import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy import inspect

from segue.model.ids import Instant
from segue.store.migrations.upgrading import SCRIPTS, upgrade
from segue.store.sqlite import open_writer
from segue.store.sqlite.connection import connect_writer
from tests.contract.stores import Sqlite, begun_run, dump, queued

NOW = Instant(1)
NEXT = '''
"""The next version."""
import os, signal
from alembic import op
import sqlalchemy as sa

revision = "2"
down_revision = "1"


def upgrade():
    op.add_column("dags", sa.Column("color", sa.Text))
    if os.environ.get("DIE_AT") == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    op.create_table("shades", sa.Column("id", sa.Integer, primary_key=True))
    if os.environ.get("DIE_AT") == "2":
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("DIE_AT") == "raise":
        op.execute("INSERT INTO nowhere VALUES (1)")
'''
UPGRADE = """
import sys
from pathlib import Path
from segue.store.migrations.upgrading import upgrade
from segue.store.sqlite.connection import connect_writer
path = Path(sys.argv[1])
upgrade(connect_writer(path), path, 1, Path(sys.argv[2]))
"""


@pytest.fixture
def old(tmp_path):
    """A database of version 1 with something in it, and scripts that lead to a version 2."""
    store = Sqlite(tmp_path)
    begun_run(store, *queued())
    before = dump(store)
    store.close()
    versions = tmp_path / "scripts" / "versions"
    versions.mkdir(parents=True)
    for script in (SCRIPTS / "versions").glob("0001_*"):
        (versions / script.name).write_bytes(script.read_bytes())
    (versions / "0002_next.py").write_text(NEXT)
    return tmp_path / "segue.db", tmp_path / "scripts", before


def shape(path):
    """Every statement of the schema, without its white space."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return {name: "".join(sql.split()) for name, sql in found}


def version(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0]


def reread(path):
    store = Sqlite(path.parent)
    try:
        return dump(store)
    finally:
        store.close()


def test_the_revisions_lead_to_the_same_tables_as_the_metadata(tmp_path):
    open_writer(tmp_path / "fresh.db", NOW).close()
    connection = connect_writer(tmp_path / "built.db")
    upgrade(connection, tmp_path / "built.db", 0)
    connection.close()
    assert shape(tmp_path / "built.db") == shape(tmp_path / "fresh.db")
    assert version(tmp_path / "built.db") == version(tmp_path / "fresh.db")


def test_an_old_database_is_brought_up_to_date_and_keeps_its_rows(old):
    path, scripts, before = old
    connection = connect_writer(path)
    copy = upgrade(connection, path, 1, scripts)
    assert "color" in {column["name"] for column in inspect(connection).get_columns("dags")}
    connection.close()
    assert version(path) == b"\x02"
    assert version(copy) == b"\x01"
    assert "shades" not in shape(copy)
    path.write_bytes(copy.read_bytes())
    assert reread(path) == before


@pytest.mark.parametrize("point", ["1", "2"])
def test_a_migration_that_is_killed_leaves_the_old_version(old, point):
    path, scripts, before = old
    done = subprocess.run([sys.executable, "-c", UPGRADE, path, scripts], env={"DIE_AT": point}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert version(path) == b"\x01"
    assert "shades" not in shape(path)
    assert reread(path) == before


def test_a_migration_that_fails_leaves_the_old_version(old, monkeypatch):
    path, scripts, before = old
    monkeypatch.setenv("DIE_AT", "raise")
    connection = connect_writer(path)
    with pytest.raises(Exception, match="no such table"):
        upgrade(connection, path, 1, scripts)
    connection.close()
    assert version(path) == b"\x01"
    assert reread(path) == before


def test_a_migration_can_be_begun_again_after_it_was_killed(old):
    path, scripts, _ = old
    subprocess.run([sys.executable, "-c", UPGRADE, path, scripts], env={"DIE_AT": "2"}, check=False)
    subprocess.run([sys.executable, "-c", UPGRADE, path, scripts], check=True)
    assert version(path) == b"\x02"

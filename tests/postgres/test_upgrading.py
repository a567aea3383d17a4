"""A served database is brought up to date when a person says so: whole or not at all (row 23)."""

import pytest

from segue.model.errors import HomeBusy, HomeUnusable, StoreDown
from segue.model.ids import Instant
from segue.store.postgres import Pace, open_writer
from segue.store.postgres.upgrading import upgrade_database
from segue.store.schema import SCHEMA
from tests.postgres.test_opening import tables

STATEMENTS = (
    "ALTER TABLE runs ADD COLUMN mood TEXT",
    "CREATE TABLE moods (name TEXT PRIMARY KEY)",
    "UPDATE runs SET mood = 'good'",
    "DROP TABLE eased",
)
DEATH = "SELECT pg_terminate_backend(pg_backend_pid())"
REVISION = """
from alembic import op
revision, down_revision = "{new}", {old}
def upgrade():
    for statement in {statements!r}:
        op.execute(statement)
"""


@pytest.fixture
def old(url):
    open_writer(url, Instant(1)).close()
    return url


def scripts(folder, statements):
    """A folder with the newest revision of ours and one after it."""
    (folder / "versions").mkdir(parents=True)
    for number, old, what in ((SCHEMA, None, ()), (SCHEMA + 1, repr(str(SCHEMA)), statements)):
        text = REVISION.format(new=number, old=old, statements=what)
        (folder / "versions" / f"{number}_.py").write_text(text)
    return folder


def version(server, database):
    return server.execute("SELECT value FROM meta WHERE name = 'schema'", database)[0][0][0]


def test_revisions_run_in_one_transaction_and_are_written_down(old, server, database, tmp_path):
    assert upgrade_database(old) == (SCHEMA, SCHEMA)
    folder = scripts(tmp_path / "new", STATEMENTS)
    assert upgrade_database(old, folder) == (SCHEMA, SCHEMA + 1)
    assert version(server, database) == SCHEMA + 1
    assert "moods" in tables(server, database)
    assert upgrade_database(old, folder) == (SCHEMA + 1, SCHEMA + 1)


@pytest.mark.parametrize("at", range(len(STATEMENTS) + 1))
def test_one_that_is_killed_at_any_statement_leaves_the_old_version(old, server, database, tmp_path, at):
    before = tables(server, database)
    killed = scripts(tmp_path / "killed", (*STATEMENTS[:at], DEATH, *STATEMENTS[at:]))
    with pytest.raises(StoreDown):
        upgrade_database(old, killed)
    assert (version(server, database), tables(server, database)) == (SCHEMA, before)
    assert upgrade_database(old, scripts(tmp_path / "new", STATEMENTS)) == (SCHEMA, SCHEMA + 1)


def test_nobody_leads_while_tables_change(old, tmp_path):
    leader = open_writer(old, Instant(1), Pace())
    leader.lease()
    with pytest.raises(HomeBusy, match="is led by process"):
        upgrade_database(old, scripts(tmp_path / "new", STATEMENTS))
    leader.close()


def test_there_is_nothing_to_upgrade_where_nothing_was_made(url):
    with pytest.raises(HomeUnusable, match="no tables of Segue"):
        upgrade_database(url)


REVISION_3 = (
    "DROP TABLE audit",
    "DROP INDEX runs_state",
    "DROP INDEX runs_dag",
    "DROP INDEX runs_created",
    "DROP INDEX runs_length",
    "DROP INDEX events_dag",
    "CREATE INDEX runs_good ON runs (dag, id) WHERE state = 'success'",
    "CREATE INDEX runs_open ON runs (state) WHERE state IN ('queued', 'running', 'held')",
)
"""What takes a database of the third version back to the second."""

SHAPE = (
    "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns "
    "WHERE table_schema = 'public' UNION ALL "
    "SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
)


def test_the_second_version_is_brought_to_the_same_tables_as_a_fresh_database_has(old, server, database):
    fresh = server.execute(SHAPE, database)
    for statement in REVISION_3:
        server.execute(statement, database)
    server.execute("UPDATE meta SET value = '\\x02' WHERE name = 'schema'", database)
    assert server.execute(SHAPE, database) != fresh
    assert upgrade_database(old) == (2, SCHEMA)
    assert server.execute(SHAPE, database) == fresh

"""A database is made whole or not at all, and one that is not ours is left alone."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import psycopg
import pytest

from segue.model.errors import HomeUnusable, StoreDown
from segue.store.postgres import PostgresReader, check_database, open_writer
from segue.store.schema import SCHEMA, metadata


def tables(server, database):
    return {name for (name,) in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database)}


def set_version(server, database, version):
    value = msgspec.msgpack.encode(version).hex()
    server.execute(f"UPDATE meta SET value = '\\x{value}' WHERE name = 'schema'", database)


def test_an_empty_database_gets_our_tables_and_a_version(server, database, url):
    assert check_database(url) == 0
    open_writer(url, 1).close()
    assert tables(server, database) == {*metadata.tables, "lease"}
    assert check_database(url) == SCHEMA


def test_it_is_made_once_whoever_comes_first(url):
    with ThreadPoolExecutor(8) as crowd:
        writers = list(crowd.map(lambda _: open_writer(url, 1), range(8)))
    assert len({writer.instance for writer in writers}) == 1


class DyingAtTasks(psycopg.Cursor):
    """Loses its server when the table of tasks is to be made."""

    def execute(self, query, *rest, **more):
        fatal = "CREATE TABLE tasks" in str(query)
        return super().execute("SELECT pg_terminate_backend(pg_backend_pid())" if fatal else query, *rest, **more)


def test_tables_are_made_whole_or_not_at_all(server, url, database):
    with pytest.raises(StoreDown):
        open_writer(url, 1, driver=partial(psycopg.connect, cursor_factory=DyingAtTasks))
    assert tables(server, database) == set()
    open_writer(url, 1).close()


@pytest.mark.parametrize(("version", "says"), [(SCHEMA + 1, "newer Segue"), (SCHEMA - 1, "segue db upgrade")])
def test_another_version_is_refused_with_the_way_out(server, database, url, version, says):
    open_writer(url, 1).close()
    set_version(server, database, version)
    for look in (lambda: open_writer(url, 1), lambda: check_database(url), lambda: PostgresReader(url)):
        with pytest.raises(HomeUnusable, match=says):
            look()


@pytest.mark.parametrize("table", ["orders (id int)", "meta (id int)", "meta (name text, value bytea)"])
def test_a_database_of_something_else_is_left_alone(server, database, url, table):
    server.execute(f"CREATE TABLE {table}", database)
    before = tables(server, database)
    with pytest.raises(HomeUnusable):
        open_writer(url, 1)
    assert tables(server, database) == before


def test_a_database_that_is_not_there_is_a_mistake_and_a_server_that_is_away_is_not(server, tmp_path):
    with pytest.raises(HomeUnusable, match='"nowhere" does not exist'):
        open_writer(server.url("nowhere"), 1)
    with pytest.raises(StoreDown, match="the server is not there"):
        open_writer(server.url("postgres", tmp_path), 1)


def test_what_is_no_address_is_said_so():
    with pytest.raises(HomeUnusable, match="is no address"):
        open_writer("postgresql://host/x?nonsense=1", 1)


def test_a_password_is_in_no_message(tmp_path):
    for url in (f"postgresql://me:hush@/x?host={tmp_path}", f"postgresql:///x?host={tmp_path}&password=hush"):
        with pytest.raises(StoreDown) as caught:
            open_writer(url, 1)
        assert "hush" not in str(caught.value)


def test_the_driver_is_not_loaded_where_no_address_is_given(tmp_path):
    program = (
        "import sys; from segue.app.home import Home; from segue.app.database import database_of; "
        "from pathlib import Path; from segue.app import owner, reading, doctor, upkeep; "
        "database_of(Home(Path('x'))); sys.exit('psycopg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, env={})

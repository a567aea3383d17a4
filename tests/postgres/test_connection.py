"""What the server cannot store, what takes too long, what the address says itself."""

import psycopg
import pytest

from segue.model.changes import DefinitionFailed
from segue.model.errors import Conflict, HomeUnusable, StoreDown
from segue.model.ids import Instant
from segue.store.postgres import PostgresReader, open_writer
from segue.store.postgres.connection import connect, drop, fault_of, raw_of, reading


@pytest.fixture
def opened(url):
    found = []

    def one(url=url, **options):
        found.append(connect(url, "testing", **options))
        return found[-1]

    yield one
    for connection in found:
        drop(connection)


def test_text_that_is_none_is_stored_as_near_as_can_be(url):
    writer = open_writer(url, Instant(1))
    epoch = writer.lease().epoch
    with writer.transaction(epoch) as transaction:
        transaction.apply([DefinitionFailed("here", "a.py", "nul \0, half \ud83d, whole \U0001f600", Instant(1))])
    writer.close()
    reader = PostgresReader(url)
    assert [event.new for event in reader.events()] == ["nul \ufffd, half ?, whole \U0001f600"]
    reader.close()


def test_a_read_that_takes_too_long_is_cut_and_the_next_goes_on(opened, url):
    connection = opened(limit=50)
    with pytest.raises(StoreDown, match="took too long"), reading(connection, url):
        connection.exec_driver_sql("SELECT pg_sleep(60)")
    with reading(connection, url):
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_one_read_sees_one_state(opened, url, server, database):
    connection = opened()
    server.execute("CREATE TABLE things (id int)", database)
    with reading(connection, url):
        assert connection.exec_driver_sql("SELECT count(*) FROM things").scalar() == 0
        server.execute("INSERT INTO things VALUES (1)", database)
        assert connection.exec_driver_sql("SELECT count(*) FROM things").scalar() == 0
        with pytest.raises(Exception, match="read-only transaction"):
            connection.exec_driver_sql("DELETE FROM things")


def test_the_address_has_the_last_word(opened, url):
    assert raw_of(opened()).info.get_parameters()["connect_timeout"] == "5"
    assert raw_of(opened(f"{url}&connect_timeout=33")).info.get_parameters()["connect_timeout"] == "33"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("23505", Conflict), ("40001", Conflict), ("40P01", Conflict), ("25P02", Conflict),
        ("53100", StoreDown), ("53300", StoreDown), ("57P03", StoreDown), ("08006", StoreDown), ("25006", StoreDown),
        ("XX001", HomeUnusable),
        ("42601", psycopg.Error), ("22003", psycopg.Error),
    ],
)  # fmt: skip
def test_an_error_is_not_so_not_now_or_never_and_else_ours(state, kind):
    fault = fault_of(psycopg.errors.lookup(state)("injected"), "postgresql:///x")
    assert isinstance(fault, kind)

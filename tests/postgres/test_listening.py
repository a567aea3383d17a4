"""Whoever shows what happens hears of every commit that writes events, and of every line that may have lost one."""

from itertools import islice

import pytest

from segue.model.changes import PoolSet
from segue.model.errors import ReadCut
from segue.model.ids import Instant
from segue.store.postgres import Pace, PostgresReader, heard, open_writer

NOW = Instant(1)


@pytest.fixture
def writer(url):
    writer = open_writer(url, NOW, Pace(expiry=0.0, look=0.01))
    yield writer
    writer.close()


def write(writer, epoch, *changes):
    with writer.transaction(epoch) as transaction:
        transaction.apply(changes)


def test_a_commit_rings_with_the_number_of_its_last_event(writer, url):
    epoch = writer.lease().epoch
    bells = heard(url, 10.0)
    assert next(bells) is None, "look: what came before nobody has heard"
    write(writer, epoch, PoolSet("a", 1, NOW), PoolSet("b", 1, NOW))
    assert next(bells) == 2
    write(writer, epoch)
    write(writer, epoch, PoolSet("a", 2, NOW))
    assert next(bells) == 3, "a renewal writes no event"
    bells.close()


def test_it_comes_back_without_a_bell_after_a_while(writer, url):
    bells = heard(url, 0.01)
    assert list(islice(bells, 3)) == [None] * 3
    bells.close()


def test_a_line_that_was_cut_is_opened_again_and_rings_once(writer, server, database, url):
    epoch = writer.lease().epoch
    bells = heard(url, 10.0)
    next(bells)
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'segue listening'")
    assert (next(bells), next(bells)) == (None, None)
    write(writer, epoch, PoolSet("a", 1, NOW))
    assert next(bells) == 1
    bells.close()


def test_a_server_that_is_away_is_asked_again(tmp_path):
    waited = []
    bells = heard(f"postgresql:///x?host={tmp_path}", 10.0, waited.append)
    assert (list(islice(bells, 2)), waited) == ([None, None], [1.0, 1.0])
    bells.close()


def test_a_short_reader_is_cut_and_reads_on(writer, url):
    reader = PostgresReader(url, short=True)
    with pytest.raises(ReadCut, match="took too long"), reader._read() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(30)")
    assert reader.dags() == []
    reader.close()

"""One reader serves many threads, one at a time, and none of its reads is long."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from segue.model.errors import EnvironmentFault, ReadCut
from segue.model.ids import Instant
from segue.store.sqlite import SqliteReader, open_writer

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.fixture
def path(tmp_path):
    open_writer(tmp_path / "segue.db", Instant(1)).close()
    return tmp_path / "segue.db"


def test_a_read_that_takes_too_long_is_cut_and_the_next_one_is_not(path):
    seconds = count(0, 0.4)  # a clock that goes on whenever it is looked at
    reader = SqliteReader(path, lambda: next(seconds), limit=2.0)
    for _ in range(2):
        with pytest.raises(ReadCut, match="took too long and was cut: ask for less"), reader._read() as connection:
            connection.exec_driver_sql(ENDLESS).fetchall()
        assert reader.dags() == []
    assert issubclass(ReadCut, EnvironmentFault)
    reader.close()


def test_nothing_is_cut_where_no_clock_is_given(path):
    reader = SqliteReader(path)
    with reader._read() as connection:
        found = connection.exec_driver_sql(ENDLESS.replace("FROM n)", "FROM n WHERE x < 300000)")).scalar()
    assert found == 300_000
    reader.close()


def test_ctrl_c_amid_a_read_is_ctrl_c(path):
    """The connection is given up then, as SQLAlchemy does, and nothing that follows hides why."""
    reader = SqliteReader(path)
    with pytest.raises(KeyboardInterrupt), reader._read() as connection:
        connection.invalidate()
        raise KeyboardInterrupt
    reader.close()


def test_a_reader_goes_from_one_thread_to_the_next(path):
    reader = SqliteReader(path, lambda: 0.0)
    for _ in range(3):
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(reader.dags).result() == []
    assert reader.last_event() == 0
    reader.close()


def test_what_one_reader_of_a_file_has_compiled_the_others_need_not(path):
    readers = [SqliteReader(path) for _ in range(2)]
    with readers[0]._read() as first, readers[1]._read() as second:
        assert first.engine is second.engine
        assert first.connection.driver_connection is not second.connection.driver_connection
    for reader in readers:
        reader.close()

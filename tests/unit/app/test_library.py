"""Readers that the threads of the web child share."""

import threading
from contextlib import ExitStack
from itertools import count

import pytest

from segue.app.library import ReaderPool
from segue.model.errors import StoreDown


class Reader:
    def __init__(self, number):
        self.number, self.closed = number, False

    def close(self):
        self.closed = True


class Database:
    def __init__(self):
        self.made, self._numbers, self.away = [], count(1), False

    def reader(self, *, short=False):
        assert short
        if self.away:
            raise StoreDown("away")
        self.made.append(Reader(next(self._numbers)))
        return self.made[-1]


def test_a_reader_is_lent_again():
    pool = ReaderPool(base := Database())
    for _ in range(5):
        with pool.read():
            pass
    assert len(base.made) == 1


def test_two_who_read_at_once_have_two():
    pool = ReaderPool(base := Database())
    with pool.read() as one, pool.read() as other:
        assert one is not other
    assert len(base.made) == 2


def test_who_finds_none_free_is_told():
    pool = ReaderPool(Database(), readers=2, patience=0.01)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(pool.read())
        with pytest.raises(StoreDown, match="at once"), pool.read():
            pass
    with pool.read():
        pass


def test_who_waits_gets_what_another_gives_back():
    pool = ReaderPool(base := Database(), readers=1, patience=60.0)
    got = []

    def wait():
        with pool.read() as reader:
            got.append(reader.number)

    with pool.read():
        waiting = threading.Thread(target=wait)
        waiting.start()
    waiting.join()
    assert (got, len(base.made)) == ([1], 1)


def test_a_reader_on_which_the_store_failed_is_not_lent_again():
    pool = ReaderPool(base := Database())
    with pytest.raises(StoreDown), pool.read():
        raise StoreDown("cut")
    with pool.read() as reader:
        assert reader.number == 2
    assert base.made[0].closed


def test_an_error_of_the_asker_costs_no_reader():
    pool = ReaderPool(base := Database())
    with pytest.raises(KeyError), pool.read():
        raise KeyError
    with pool.read() as reader:
        assert reader.number == 1
    assert not base.made[0].closed


def test_a_store_that_is_away_takes_no_place():
    pool = ReaderPool(base := Database(), readers=1, patience=0.01)
    base.away = True
    for _ in range(3):
        with pytest.raises(StoreDown, match="away"), pool.read():
            pass
    base.away = False
    with pool.read():
        pass


def test_a_file_that_was_replaced_is_read_anew(tmp_path):
    file = tmp_path / "segue.db"
    file.touch()
    pool = ReaderPool(base := Database(), file)
    with pool.read() as reader:
        assert reader.number == 1
    fresh = tmp_path / "fresh"
    fresh.touch()
    fresh.replace(file)
    with pool.read() as reader:
        assert reader.number == 2
    assert base.made[0].closed


def test_after_its_end_everything_is_closed():
    pool = ReaderPool(base := Database())
    with pool.read():
        with pool.read():
            pass
        pool.close()
    assert [reader.closed for reader in base.made] == [True, True]

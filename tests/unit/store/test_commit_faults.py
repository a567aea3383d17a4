"""Every statement of a turn may fail, and the commit in three ways; the driver here fails where it is told to."""

import sqlite3

import pytest

from segue.model.errors import Conflict, StoreDown
from segue.model.ids import Instant
from segue.store.audit import compare, validate_state
from segue.store.sqlite import SqliteReader, open_writer
from segue.store.sqlite.connection import open_driver
from tests.contract.stores import RUN, R, T, created, defined, moved, queued, succeeded

NOW = Instant(1)


class Plan:
    """Fails at the statement number `at` with `code`; a COMMIT may have worked before it fails."""

    def __init__(self):
        self.seen, self.at, self.code, self.after = 0, -1, 0, False

    def arm(self, at, code, after=False):
        self.seen, self.at, self.code, self.after = 0, at, code, after

    def run(self, call, *args):
        self.seen += 1
        if self.seen != self.at:
            return call(*args)
        if self.after:
            call(*args)
        error = sqlite3.OperationalError("injected")
        error.sqlite_errorcode = self.code
        raise error


class Cursor(sqlite3.Cursor):
    plan = Plan()

    def execute(self, *args):
        return self.plan.run(super().execute, *args)

    def executemany(self, *args):
        return self.plan.run(super().executemany, *args)


@pytest.fixture
def store(tmp_path):
    plan = Plan()
    faulty = type("Faulty", (Cursor,), {"plan": plan})

    def driver(uri):
        raw = open_driver(uri)
        return type("Driver", (), {
            "cursor": lambda _: raw.cursor(faulty),
            "__getattr__": lambda _, name: getattr(raw, name),
        })()  # fmt: skip

    writer = open_writer(tmp_path / "segue.db", NOW, driver=driver)
    reader = SqliteReader(tmp_path / "segue.db")
    epoch = writer.lease().epoch
    with writer.transaction(epoch) as transaction:
        transaction.apply((defined(), created(), moved(RUN, R.QUEUED, R.RUNNING), *queued()))
    yield writer, reader, plan, epoch
    assert (validate_state(reader), compare(reader)) == ([], [])
    reader.close()
    writer.close()


def turn(writer, epoch):
    with writer.transaction(epoch) as transaction:
        transaction.apply((*succeeded(), *queued("report"), moved(RUN, R.RUNNING, R.RUNNING, placed=True)))


COMMIT = 9
"""Number of the last statement of that turn."""


def test_the_last_statement_of_a_turn_is_its_commit(store):
    writer, _, plan, epoch = store
    plan.arm(-1, 0)
    turn(writer, epoch)
    assert plan.seen == COMMIT


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_BUSY])
@pytest.mark.parametrize("at", range(1, COMMIT))
def test_a_statement_that_fails_leaves_nothing_and_the_next_turn_works(store, at, code):
    writer, reader, plan, epoch = store
    before = reader.last_event()
    plan.arm(at, code)
    with pytest.raises(StoreDown):
        turn(writer, epoch)
    assert reader.last_event() == before
    turn(writer, epoch)
    assert reader.run(RUN).tasks[0].state is T.SUCCESS


@pytest.mark.parametrize("after", [False, True])
def test_an_input_output_error_of_the_commit_is_an_unknown_outcome(store, after):
    writer, reader, plan, epoch = store
    plan.arm(COMMIT, sqlite3.SQLITE_IOERR_FSYNC, after)
    with pytest.raises(Conflict, match="outcome of the commit unknown"):
        turn(writer, epoch)
    assert (reader.run(RUN).tasks[0].state is T.SUCCESS) == after
    epoch = writer.lease().epoch
    if not after:
        turn(writer, epoch)
    assert reader.run(RUN).tasks[0].state is T.SUCCESS


def test_a_full_disk_at_the_commit_wrote_nothing(store):
    writer, reader, plan, epoch = store
    plan.arm(COMMIT, sqlite3.SQLITE_FULL)
    with pytest.raises(StoreDown, match="disk is full"):
        turn(writer, epoch)
    assert reader.run(RUN).tasks[0].state is T.QUEUED
    turn(writer, epoch)

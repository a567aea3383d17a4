"""Requests wait in the table until somebody leads, ring, and are answered once."""

import select

import pytest
from msgspec.msgpack import encode as encoded

from segue.app.clock import SystemClock
from segue.app.picture import Picture
from segue.app.session import Session
from segue.engine.core import Engine
from segue.model.acts import CancelRun, SetPool, TriggerRun
from segue.model.definition import Defined, Definition
from segue.model.errors import UsageError
from segue.model.events import Origin, Request
from segue.model.ids import Instant, manual_key
from segue.model.spec import spec_digest
from segue.model.value import encode
from segue.run.control import ControlServer
from segue.run.executors.inline import InlineExecutor
from segue.run.loop import run_forever
from segue.store.postgres import PostgresInbox, PostgresReader, open_writer, put_request
from tests.postgres.driving import SPEC, Ledger, check, drive, run_of

PATIENCE = 60


@pytest.fixture
def store(url):
    writer, reader, inbox = open_writer(url, Instant(1)), PostgresReader(url), PostgresInbox(url)
    yield writer, reader, inbox
    for part in (inbox, reader, writer):
        part.close()


def trigger(name):
    return Request(name, "ann", TriggerRun(SPEC.id, manual_key(name), None, encode({})))


def drive_inbox(writer, inbox, ledger):
    """Lead until no request is open."""
    clock = SystemClock()
    control = ControlServer(None, lambda look: None)
    session = Session(control, Picture({SPEC.id: SPEC}), lambda: "never", "ann")
    done = lambda: session.over() and not inbox.poll()  # noqa: E731
    run_forever(writer, inbox, InlineExecutor(ledger.perform, clock), clock, Engine, done, session)
    control.close()


def test_requests_that_nobody_hears_wait_for_the_next_leader(store, url):
    writer, reader, inbox = store
    ledger = Ledger()
    drive(writer, reader, ledger, "r0")
    writer.close()
    for name in ("r1", "r2"):
        put_request(url, trigger(name), Instant(2))
    drive_inbox(writer, inbox, ledger)
    check(reader, ledger, "r0", "r1", "r2")
    assert (reader.answer_to("r1").ok, reader.answer_to("r1").run) == (True, run_of("r1"))


def test_a_request_that_is_asked_twice_is_done_once(store, url):
    writer, reader, inbox = store
    ledger = Ledger()
    drive(writer, reader, ledger, "r0")
    for _ in range(2):
        put_request(url, trigger("r1"), Instant(2))
    drive_inbox(writer, inbox, ledger)
    put_request(url, trigger("r1"), Instant(3))
    assert inbox.poll() == ()
    check(reader, ledger, "r0", "r1")


def test_an_id_that_has_asked_for_something_else_is_refused(store, url):
    put_request(url, trigger("r1"), Instant(2))
    with pytest.raises(UsageError, match="has asked for something else"):
        put_request(url, Request("r1", "ann", CancelRun(run_of("r0"))), Instant(2))


def test_a_request_rings(store, url):
    _, _, inbox = store
    assert inbox.fileno() is None
    assert inbox.poll() == ()
    assert select.select([inbox], [], [], 0)[0] == []
    put_request(url, trigger("r1"), Instant(2))
    assert select.select([inbox], [], [], PATIENCE)[0] == [inbox]
    assert [request.id for request in inbox.poll()] == ["r1"]
    assert select.select([inbox], [], [], 0)[0] == []


def test_a_request_stays_until_it_is_answered(store, url):
    writer, reader, inbox = store
    for name in ("b", "a"):
        put_request(url, Request(name, "ann", SetPool(name, 3)), Instant(2))
    events = inbox.poll()
    assert [(event.id, event.actor, event.act) for event in events] == [
        ("a", "ann", SetPool("a", 3)), ("b", "ann", SetPool("b", 3))
    ]  # fmt: skip
    inbox.ack(events, ())
    assert inbox.poll() == events
    lease = writer.lease()
    changes = Engine(writer.snapshot(())).step(Instant(3), events).changes
    with writer.transaction(lease.epoch) as transaction:
        transaction.apply(changes)
    inbox.ack(events, changes)
    assert inbox.poll() == ()
    assert reader.answer_to("a").ok


def test_a_line_that_was_lost_is_opened_again(store, url, server, database):
    _, _, inbox = store
    inbox.poll()
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    put_request(url, trigger("r1"), Instant(2))
    assert select.select([inbox], [], [], PATIENCE)[0] == [inbox]
    found = inbox.poll() or inbox.poll()  # the server's last word, then the end of the line
    assert [request.id for request in found] == ["r1"]


def test_a_request_that_no_version_of_ours_can_read_holds_up_no_other(store, url, server, database):
    _, _, inbox = store
    put_request(url, trigger("r1"), Instant(2))
    server.execute("UPDATE requests SET id = 'r0', body = '\\xc1'", database)
    put_request(url, trigger("r1"), Instant(2))
    assert [request.id for request in inbox.poll()] == ["r1"]


def test_the_definition_of_a_request_is_not_needed_for_it_to_be_refused(store, url):
    writer, reader, inbox = store
    put_request(url, trigger("r1"), Instant(2))
    drive_inbox(writer, inbox, Ledger())
    assert not reader.answer_to("r1").ok


def test_definitions_and_requests_do_not_meet(store):
    _, _, inbox = store
    news = Defined("here", "served.py", (Definition(SPEC, spec_digest(SPEC), "code", "bundle"),))
    inbox.ack((news,), ())
    assert inbox.poll() == ()


def test_where_a_request_comes_from_travels_with_it_and_one_that_waits_can_be_seen(store, url, server, database):
    _, reader, inbox = store
    asked = Request("p", "ann", SetPool("a", 1), origin=Origin("more room", "sel-1", "tag:retail"))
    put_request(url, asked, Instant(2))
    alone = encoded(SetPool("b", 2)).hex()  # as versions wrote it that knew no origin
    server.execute(
        f"INSERT INTO requests (id, actor, act, at, why, body) VALUES ('q', 'ann', 'SetPool', 3, '', '\\x{alone}')",
        database,
    )
    assert list(inbox.poll()) == [asked, Request("q", "ann", SetPool("b", 2))]
    view = reader.request("p")
    assert (view.act, view.at, view.answered, view.ok, view.run) == ("SetPool", 2, None, None, None)

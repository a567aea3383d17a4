"""What the web child asks of the owner, over a real socket."""

import threading
from contextlib import contextmanager

import pytest

from segue.app.control_client import ControlClient
from segue.app.desk import HomeDesk
from segue.app.home import Home
from segue.model.acts import Drain
from segue.model.changes import Answered
from segue.model.errors import NoOwner
from segue.model.events import Request
from segue.model.ids import Instant
from segue.run.control import ControlServer

NOW = Instant(1_000_000)


class Owner:
    """Answers what `answers` says of a request's id, in the order of `turns`; the rest stays open."""

    def __init__(self, path, turns=()):
        self.server = ControlServer(path, lambda look: {"leading": True, "pid": 7, "turn": NOW} if look else None)
        self.turns, self.stop, self.seen = list(turns), threading.Event(), []

    def run(self):
        while not self.stop.wait(0.005):
            events = self.server.poll()
            self.seen += [one.id for one in events if one.id not in self.seen]
            if self.turns and set(self.turns[0]) <= set(self.seen):
                answers = [Answered(one, "ann", "drain", True, f"done {one}", NOW) for one in self.turns.pop(0)]
                self.server.ack(events, answers)
        self.server.close()


@contextmanager
def owned(tmp_path, *turns):
    owner = Owner(tmp_path / "owner.sock", turns)
    thread = threading.Thread(target=owner.run)
    thread.start()
    try:
        yield owner
    finally:
        owner.stop.set()
        thread.join()


def desk_at(path):
    return HomeDesk(Home(path), lambda: NOW)


def asked(*names):
    return [Request(name, "ann", Drain()) for name in names]


def test_requests_go_together_and_each_has_its_own_answer(tmp_path):
    with owned(tmp_path, ("c",), ("a", "b")):
        replies = desk_at(tmp_path).ask(asked("a", "b", "c"), wait=5.0)
    assert [(one.ok, one.text) for one in replies] == [(True, "done a"), (True, "done b"), (True, "done c")]


def test_what_is_not_answered_in_time_is_none(tmp_path):
    with owned(tmp_path, ("b",)) as owner:
        replies = desk_at(tmp_path).ask(asked("a", "b"), wait=0.5)
        assert [None if one is None else one.text for one in replies] == [None, "done b"]
        assert owner.seen == ["a", "b"]


def test_the_same_request_twice_has_two_answers(tmp_path):
    with owned(tmp_path, ("a",)):
        first = threading.Thread(target=desk_at(tmp_path).ask, args=(asked("a"), 5.0))
        first.start()
        [reply] = desk_at(tmp_path).ask(asked("a"), wait=0.3)
        first.join()
    assert reply is None or reply.text == "done a"


@pytest.mark.parametrize("there", [False, True])
def test_without_an_owner_it_is_told_at_once(tmp_path, there):
    if there:  # a socket that nobody listens on any more
        server = ControlServer(tmp_path / "owner.sock", lambda _: None)
        (tmp_path / "owner.sock").rename(tmp_path / "kept")
        server.close()
        (tmp_path / "kept").rename(tmp_path / "owner.sock")
    with pytest.raises(NoOwner, match="started again within seconds"):
        desk_at(tmp_path).ask(asked("a"))
    health = desk_at(tmp_path).health()
    assert not health.leads and health.detail
    assert desk_at(tmp_path).driven() == frozenset()


def test_an_owner_that_ends_before_it_answers_is_none(tmp_path):
    with owned(tmp_path) as owner:
        end = threading.Timer(0.2, owner.stop.set)
        end.start()
        with pytest.raises(NoOwner):
            desk_at(tmp_path).ask(asked("a"), wait=60.0)
        end.join()


def test_health_is_what_the_owner_says(tmp_path):
    with owned(tmp_path):
        health = desk_at(tmp_path).health()
        assert (health.leads, health.turned_at) == (True, NOW)


def test_one_answer_at_a_time_is_as_before(tmp_path):
    with owned(tmp_path, ("a",)), ControlClient(tmp_path / "owner.sock") as client:
        reply = client.ask(asked("a")[0])
        assert (reply.text, reply.request) == ("done a", "a")

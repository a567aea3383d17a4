import select
import socket
import stat
import threading
from contextlib import contextmanager

import pytest

from segue.app.control_client import ControlClient, OwnerGone
from segue.model.acts import CancelRun
from segue.model.changes import Answered
from segue.model.events import Request, Tick
from segue.model.ids import Instant, RunKey
from segue.model.images import Facts
from segue.run.control import MESSAGE_LIMIT, Ask, ControlServer, frame

RUN = RunKey("d", "2026-04-01", 1)
ASK = Request("r1", "ann", CancelRun(RUN))
DONE = Answered("r1", "ann", "cancel", True, "cancelled d@2026-04-01", Instant(7), RUN)


def look(message):
    return [("clean", "pending", f"waits for extract of {message.run}")] if message.what == "why" else {"pid": 1}


@pytest.fixture
def server(tmp_path):
    server = ControlServer(tmp_path / "owner.sock", look)
    yield server
    server.close()


def wait_for(server, count=1):
    """Poll as the loop does: after its descriptor says that something has come."""
    while len(events := server.poll()) < count:
        ready, _, _ = select.select([server.fileno()], [], [], 30)
        assert ready, "nothing came in 30 s"
    return events


@contextmanager
def asking(tmp_path, call):
    """Call `call(client)` in another thread, as another process would; gives the list its result goes to."""
    results = []

    def talk():
        with ControlClient(tmp_path / "owner.sock") as client:
            try:
                results.append(call(client))
            except OwnerGone as gone:
                results.append(gone)

    thread = threading.Thread(target=talk)
    thread.start()
    yield results
    thread.join(30)
    assert not thread.is_alive()


def test_a_request_is_answered_after_it_is_acknowledged(server, tmp_path):
    with asking(tmp_path, lambda client: client.ask(ASK)) as replies:
        events = wait_for(server)
        assert events == (ASK,) and replies == []
        server.ack(events, [DONE])
    assert (replies[0].ok, replies[0].text, replies[0].run) == (True, "cancelled d@2026-04-01", RUN)
    assert server.poll() == ()


def test_an_event_that_is_not_acknowledged_comes_again(server):
    server.post(ASK)
    assert server.poll() == server.poll() == (ASK,)


def test_what_arrives_between_poll_and_ack_is_kept(server):
    server.post(ASK)
    events = server.poll()
    server.post(Tick())
    server.ack(events, [DONE])
    assert server.poll() == (Tick(),)


def test_a_request_posted_here_is_answered_here(server):
    replies = []
    server.post(ASK, replies.append)
    server.ack(server.poll(), [DONE])
    assert replies[0].text == "cancelled d@2026-04-01"


def test_a_request_sent_twice_is_one_event_and_both_are_answered(server, tmp_path):
    with (
        asking(tmp_path, lambda client: client.ask(ASK)) as first,
        asking(tmp_path, lambda client: client.ask(ASK)) as second,
    ):
        while server.asking("r1") < 2:
            select.select([server.fileno()], [], [], 30)
            server.poll()
        assert server.poll() == (ASK,)
        server.ack([ASK], [DONE])
    assert first[0].ok and second[0].ok


def test_a_request_whose_answer_was_committed_before_gets_that_answer(server):
    replies = []
    server.post(ASK, replies.append)
    server.poll()
    server.ack([Request("r1", "ann", ASK.act, Facts(answer=(True, "was done", RUN)))], [])
    assert (replies[0].ok, replies[0].text, replies[0].run) == (True, "was done", RUN)


def test_a_request_without_answer_comes_again_until_it_has_one(server):
    replies = []
    server.post(ASK, replies.append)
    server.ack(server.poll(), [])
    assert replies == [] and server.poll() == (ASK,)
    server.ack(server.poll(), [DONE])
    assert replies[0].ok and server.poll() == ()


def test_why_and_health_are_answered_from_memory(server, tmp_path):
    with asking(tmp_path, lambda client: (client.why(RUN), client.health())) as results:
        while not results:
            select.select([server.fileno()], [], [], 0.05)
            server.poll()
    why, health = results[0]
    assert why == [["clean", "pending", "waits for extract of d@2026-04-01"]]
    assert health == {"pid": 1}


def test_a_follower_is_poked_after_every_commit_until_the_owner_ends(tmp_path):
    server = ControlServer(tmp_path / "owner.sock", look)
    seen = []
    with asking(tmp_path, lambda client: [seen.append(1) for _ in client.commits()]):
        while not server.followers:
            select.select([server.fileno()], [], [], 30)
            server.poll()
        for count in (1, 2):
            server.committed()
            while len(seen) < count:
                select.select([server.fileno()], [], [], 0.01)
                server.poll()  # its `Look` may have come after its `Follow`
        server.close()
    assert seen == [1, 1]


def test_the_socket_is_its_users_alone(server, tmp_path):
    assert stat.S_IMODE((tmp_path / "owner.sock").stat().st_mode) == 0o600


def test_another_user_is_sent_away(tmp_path):
    server = ControlServer(tmp_path / "owner.sock", look, uid_of=lambda connection: 65534)
    with asking(tmp_path, lambda client: client.health()) as results:
        while not results:
            select.select([server.fileno()], [], [], 0.05)
            server.poll()
    assert isinstance(results[0], OwnerGone)
    server.close()


@pytest.mark.parametrize("rubbish", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\3abc", (MESSAGE_LIMIT + 1).to_bytes(4, "big")])
def test_who_speaks_rubbish_is_sent_away_and_nobody_else_notices(server, tmp_path, rubbish):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "owner.sock"))
        connection.sendall(rubbish)
        server.post(ASK)
        gone = False
        while not gone:
            server.poll()
            connection.setblocking(False)
            try:
                gone = connection.recv(1) == b""
            except BlockingIOError:
                pass
            except ConnectionResetError:
                gone = True
    assert server.poll() == (ASK,)


def test_who_hangs_up_before_the_answer_loses_nothing_but_the_answer(server, tmp_path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "owner.sock"))
        connection.sendall(frame(Ask(ASK)))
        assert wait_for(server) == (ASK,)
    server.poll()
    server.ack([ASK], [DONE])
    assert server.poll() == ()


def test_nobody_answers_where_no_owner_is(tmp_path):
    with pytest.raises(OwnerGone, match="nobody answers"):
        ControlClient(tmp_path / "owner.sock")


def test_without_a_socket_it_is_an_inbox_for_this_process():
    server = ControlServer(None, look)
    server.post(ASK)
    assert select.select([server.fileno()], [], [], 0)[0]
    assert server.poll() == (ASK,)
    server.close()


def test_a_socket_left_by_a_killed_owner_is_replaced(tmp_path):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "owner.sock"))
    left.close()
    server = ControlServer(tmp_path / "owner.sock", look)
    assert (tmp_path / "owner.sock").is_socket()
    server.close()
    assert not (tmp_path / "owner.sock").exists()

"""The HTTP server below the application, over real sockets in this process, with short patience."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from segue.app.web_server import Bounds, WebServer, bind
from tests.e2e.commands import PATIENCE
from tests.e2e.standing import eventually

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = 64 * 1024 * 1024


class Application:
    """Answers at once, a lot at `/large`, never at `/never`; says who asked and whether they have gone."""

    def __init__(self) -> None:
        self.clients: list[str] = []
        self.ended = threading.Event()
        self.begun = threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        self.clients.append(scope["client"][0])
        if scope["path"] == "/never":
            self.begun.set()
            await receive()
            await receive()
            self.ended.set()
            return
        body = b"x" * (LARGE if scope["path"] == "/large" else 2)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(**options) -> Iterator[tuple[WebServer, Application, int]]:
    application, ending = Application(), []
    with closing(bind("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = WebServer(application, lambda: ending.append(1), **options)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            eventually(lambda: server.started, "the server")
            yield server, application, port
        finally:
            server.stop()
            thread.join(PATIENCE)
        assert not thread.is_alive() and ending == [1]


def line(port: int, sent: bytes = b"") -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    one.sendall(sent)
    return one


def is_hung_up(one: socket.socket) -> bool:
    """Whether the other side hangs up, in time."""
    try:
        while one.recv(65536):
            continue
    except ConnectionError:
        return True
    return True


def check_alive(port: int) -> None:
    """It answers; a busy machine may take longer for that than this server's patience."""
    eventually(lambda: answers(port), "an answer")


def answers(port: int) -> bool:
    with closing(line(port, ASK)) as one, suppress(ConnectionError):
        return one.recv(100).startswith(b"HTTP/1.1 200")
    return False


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nx: y"])
def test_who_does_not_end_his_headers_is_hung_up_on(sent):
    with serving(bounds=Bounds(headers=0.2)) as (_, _, port), closing(line(port, sent)) as one:
        assert is_hung_up(one)
        check_alive(port)


@pytest.mark.parametrize(
    ("begin", "piece"),
    [(b"GET / HTTP/1.1\r\n", b"x"), (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n", b"x" * 1000)],
)
def test_who_drips_headers_or_a_body_that_nobody_wants_has_no_longer(begin, piece):
    with serving(bounds=Bounds(headers=0.5)) as (_, _, port), closing(line(port, begin)) as one:  # noqa: SIM117
        with pytest.raises(ConnectionError):
            while True:
                one.sendall(piece)
                time.sleep(0.02)


def test_who_leaves_an_answer_unread_is_hung_up_on():
    with serving(bounds=Bounds(unread=0.3)) as (server, _, port):
        with closing(line(port, b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")) as one:
            eventually(lambda: len(server.server_state.connections) == 1, "it")
            eventually(lambda: not server.server_state.connections, "its end")
            assert is_hung_up(one)
        check_alive(port)


def test_who_reads_slowly_but_reads_has_it_all():
    with serving(bounds=Bounds(unread=5.0)) as (_, _, port):
        with closing(line(port, b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")) as one:
            got = 0
            while chunk := one.recv(1 << 20):
                got += len(chunk)
        assert got > LARGE


def test_one_connection_too_many_is_hung_up_on():
    with serving(bounds=Bounds(count=5)) as (server, _, port), ExitStack() as stack:
        held = [stack.enter_context(closing(line(port))) for _ in range(5)]
        eventually(lambda: len(server.server_state.connections) == 5, "five")
        assert is_hung_up(stack.enter_context(closing(line(port, ASK))))
        held[0].close()
        eventually(lambda: len(server.server_state.connections) == 4, "one less")
        check_alive(port)


def test_its_end_waits_for_a_moment_only():
    with serving() as (server, application, port), closing(line(port, ASK.replace(b"/ ", b"/never "))) as one:
        assert application.begun.wait(PATIENCE)
        server.stop()
        assert is_hung_up(one)


def test_a_proxy_is_believed_only_where_settings_name_it():
    forwarded = ASK.replace(b"host: x", b"host: x\r\nx-forwarded-for: 192.0.2.7")
    for proxies, client in ((["127.0.0.1"], "192.0.2.7"), ([], "127.0.0.1"), (["192.0.2.1"], "127.0.0.1")):
        with serving(proxies=proxies) as (_, application, port), closing(line(port, forwarded)) as one:
            assert one.recv(100)
        assert application.clients == [client]


def test_a_taken_port_is_an_error():
    with closing(bind("127.0.0.1", 0)) as taken, pytest.raises(OSError):
        bind("127.0.0.1", taken.getsockname()[1])


def test_the_server_does_not_tell_its_name():
    with serving() as (_, _, port), closing(line(port, ASK)) as one:
        assert b"server:" not in one.recv(1000).lower()

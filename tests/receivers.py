"""Receivers of alerts on this machine: one of HTTP that does as it is told, one of mail, one that never answers."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["HttpReceiver", "MailReceiver", "black_hole", "http_receiver", "mail_receiver"]

PATIENCE = 60.0


class HttpReceiver:
    """What arrived; `status`, `slow` (seconds before the answer), `trickle` and `headers` say how it answers.

    Each of the `statuses` is answered once, then `status`.
    """

    def __init__(self) -> None:
        self.status, self.slow, self.trickle, self.length = 200, 0.0, False, 2
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], Any]] = []
        self.tries = 0
        self.arrived = threading.Condition()
        self.released = threading.Event()
        self.url = ""

    def await_count(self, count: int) -> list[Any]:
        """Bodies, once so many have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, PATIENCE), self.got
        return [body for _, body in self.got]

    def await_tries(self, count: int) -> None:
        """Wait until somebody has tried so often."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.tries >= count, PATIENCE), self.tries


def _handler(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.statuses.pop(0) if receiver.statuses else receiver.status
            with receiver.arrived:
                receiver.tries += 1
                if status < 300:
                    receiver.got.append((dict(self.headers), json.loads(body)))
                receiver.arrived.notify_all()
            receiver.released.wait(receiver.slow)
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(receiver.length))
            self.end_headers()
            while receiver.trickle and not receiver.released.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()
            self.wfile.write(b"o" * receiver.length)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # who was cut off in the middle


@contextmanager
def http_receiver(host: str = "127.0.0.1", port: int = 0) -> Iterator[HttpReceiver]:
    """A receiver of HTTP."""
    receiver = HttpReceiver()
    with _Server((host, port), _handler(receiver)) as server:
        receiver.url = f"http://{host}:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            thread.join()


@contextmanager
def black_hole() -> Iterator[str]:
    """The address of something that accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"


class MailReceiver:
    """Mail that has arrived; `refuses` makes it say no, `words` are the commands that it heard."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.words: list[str] = []
        self.refuses = False
        self.arrived = threading.Condition()
        self.url = ""

    def await_count(self, count: int) -> list[Message]:
        """Messages, once so many have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, PATIENCE), self.got
        return self.got


def _postman(receiver: MailReceiver) -> type[socketserver.StreamRequestHandler]:
    """As much of RFC 5321 as it takes to be sent a message."""

    class Postman(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            for line in self.rfile:
                word = line.decode().strip()
                receiver.words.append(word)
                verb = word.split()[0].upper()
                if verb == "DATA":
                    self.take()
                elif verb == "RCPT" and receiver.refuses:
                    self.say("550 nobody of that name")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 yes")

        def take(self) -> None:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            with receiver.arrived:
                receiver.got.append(message_from_bytes(b"".join(lines)))
                receiver.arrived.notify_all()
            self.say("250 taken")

    return Postman


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A mail server."""
    receiver = MailReceiver()
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _postman(receiver)) as server:
        server.daemon_threads = True
        receiver.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()

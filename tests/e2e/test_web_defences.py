"""RELIABILITY 3b on a real server, by sockets: what weighs too much, comes too slowly, or speaks to the outside."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.served import Server, children, served
from tests.e2e.standing import TICKING, Up, eventually

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, Server]]:
    project = Project(tmp_path_factory.mktemp("web") / "shop", workers=2)
    project.write("ticking.py", TICKING.replace("1s", "1h"))
    with served(project) as (one, server):
        yield one, server
        assert "Traceback" not in one.said, one.said
        assert one.end() == 0


def line(server: Server, sent: bytes = b"") -> socket.socket:
    one = socket.create_connection((server.host, server.port), timeout=PATIENCE)
    one.sendall(sent)
    return one


def said(one: socket.socket) -> bytes:
    """All that is said until the other side hangs up."""
    got = b""
    try:
        while chunk := one.recv(65536):
            got += chunk
    except ConnectionError:
        pass
    return got


def memory(one: Up) -> int:
    [web] = children(one, "segue.app.web")
    return psutil.Process(web).memory_info().rss


def head(server: Server, *lines: str, path: str = "/api/v1/drain", method: str = "POST") -> bytes:
    given = [
        f"{method} {path} HTTP/1.1",
        f"host: 127.0.0.1:{server.port}",
        f"authorization: Bearer {server.token}",
        *lines,
    ]
    return "\r\n".join([*given, "", ""]).encode()


def test_a_gibibyte_is_refused_before_it_is_read(running):
    one, server = running
    before = memory(one)
    for told in ("content-length: 1073741824", "transfer-encoding: chunked"):
        with closing(line(server, head(server, told, "content-type: application/json"))) as sender:
            chunk = b"x" * 65536 if "length" in told else b"10000\r\n" + b"x" * 65536 + b"\r\n"
            sent = 0
            try:
                while sent < 1024 * MIB:
                    sender.sendall(chunk)
                    sent += len(chunk)
            except ConnectionError:
                pass
            assert sent < 64 * MIB, told
    assert memory(one) - before < 50 * MIB
    assert server.get("/healthz").status == 200


def test_what_is_refused_early_is_told(running):
    _, server = running
    with closing(line(server, head(server, "content-length: 1073741824", "content-type: application/json"))) as one:
        assert said(one).startswith(b"HTTP/1.1 413 ")
    with closing(line(server, head(server, "x: " + "y" * 40_000, "content-length: 0"))) as one:
        assert said(one)[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 431 ")
    with closing(line(server, b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")) as one:
        assert said(one).startswith(b"HTTP/1.1 414 ")
    with closing(line(server, b"\x16\x03\x01 this is no HTTP\r\n\r\n")) as one:
        answer = said(one)
        assert answer.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in answer
        assert b"nosniff" in answer and b"no-store" in answer


@pytest.mark.parametrize(
    "lines",
    [("content-length: 5", "content-length: 6"), ("content-length: 5", "transfer-encoding: chunked"),
     ("transfer-encoding: gzip, chunked",), ("content-length: +5",), ("content-length: -1",)],
)  # fmt: skip
def test_two_lengths_that_differ_are_no_request(running, lines):
    _, server = running
    with closing(line(server, head(server, *lines) + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")) as one:
        one.shutdown(socket.SHUT_WR)
        answer = said(one)
        assert answer.count(b"HTTP/1.1 ") <= 1 or b"HTTP/1.1 400" in answer, answer
        assert b" 20" not in answer[:13], answer


def test_500_slow_clients_cost_little_and_nobody_waits_for_them(running):
    """Half of them never end their headers, the others never their body."""
    one, server = running
    before = memory(one)
    with ExitStack() as stack:
        slow = []
        for number in range(500):
            begin = b"GET / HTTP/1.1\r\nx: " if number % 2 else head(server, "content-length: 1000")
            slow.append(stack.enter_context(closing(line(server, begin))))
        for _ in range(20):
            for client in slow[:100]:
                try:
                    client.sendall(b"y")
                except ConnectionError:
                    continue
            began = time.monotonic()
            assert server.get("/healthz").status == 200
            waited = time.monotonic() - began
            assert waited < PATIENCE
            time.sleep(0.1)
        assert memory(one) - before < 50 * MIB
        [web] = children(one, "segue.app.web")
        eventually(lambda: len(psutil.Process(web).net_connections("tcp")) < 300, "the end of those without headers")
    assert server.get("/readyz").status == 200


def test_it_listens_on_this_machine_only(running):
    one, _ = running
    for pid in [one.process.pid, *[child.pid for child in psutil.Process(one.process.pid).children(recursive=True)]]:
        for each in psutil.Process(pid).net_connections("inet"):
            assert each.laddr.ip in ("127.0.0.1", "::1"), each


def test_a_socket_upgrade_is_refused(running):
    _, server = running
    upgrade = ("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: eA==")
    for token in (server.token, ""):
        sent = head(
            Server(server.home, token=token), *upgrade, "connection: close", method="GET", path="/api/v1/events/x"
        )
        with closing(line(server, sent)) as one:
            assert said(one)[9:12] in (b"401", b"404")


# ------------------------------------------------------------------------------------------------ D27: nobody is called
OFFLINE = """
import fcntl, os, socket, struct, sys
with socket.socket() as one:  # the loopback interface of a new namespace is down
    fcntl.ioctl(one, 0x8914, struct.pack("16sh", b"lo", 0x49))
os.execv(sys.executable, [sys.executable, "-m", "segue", *sys.argv[1:]])
"""


def test_it_starts_without_a_network_and_calls_nobody(tmp_path):
    """In a network namespace with loopback alone, whose other interface would count what is sent."""
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("this account may make no network namespace")
    project = Project(tmp_path / "shop", workers=2)
    project.write("ticking.py", TICKING)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    with (tmp_path / "said").open("w") as log:
        process = subprocess.Popen(
            ["unshare", "-n", sys.executable, "-c", OFFLINE, "up", "--port", "0"], cwd=project.folder, env=environ,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        eventually((project.home / "web.json").exists, "the server")
        port = json.loads((project.home / "web.json").read_bytes())["port"]
        ask = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/healthz').status)"
        inside = ["nsenter", "-n", "-t", str(process.pid), sys.executable, "-c", ask]
        eventually(lambda: subprocess.run(inside, capture_output=True).stdout == b"200\n", "its answer")
        table = Path(f"/proc/{process.pid}/net/dev").read_text()
        assert [row.split(":")[0].strip() for row in table.splitlines()[2:]] == ["lo"], table
        snmp = dict(_counters(Path(f"/proc/{process.pid}/net/snmp").read_text()))
        assert int(snmp["Ip:OutNoRoutes"]) == 0, "somebody outside was called"
        assert int(snmp["Udp:OutDatagrams"]) == 0, "somebody's name was looked up"
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert "Traceback" not in (tmp_path / "said").read_text()


def _counters(text: str) -> Iterator[tuple[str, str]]:
    rows = text.splitlines()
    for names, values in zip(rows[::2], rows[1::2], strict=True):
        kind = names.split()[0]
        yield from ((kind + name, value) for name, value in zip(names.split()[1:], values.split()[1:], strict=True))

"""S66 (all but the alert): transient errors are retried, permanent ones fail at once.

Permanent are credentials that are refused, a schema that does not fit, and data that is broken.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from segue import Fail, Retry, dag, task
from segue import tasks as t
from segue.testing import run

THRICE = Retry(3, delay="1m")


class Service:
    """A web service that answers with these codes, then with its numbers; `asked` counts."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.asked, self.credentials = list(codes), 0, set[str | None]()


@contextmanager
def serving(service: Service) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked += 1
            service.credentials.add(self.headers["Authorization"])
            self.send_response(service.codes.pop(0) if service.codes else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"[1, 2, 3]")

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://ada:opensesame@127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dag
def fetching() -> None:
    t.http("/numbers", connection="api", retry=THRICE, id="fetch")


def test_s66_a_service_that_is_away_for_a_moment_is_asked_again() -> None:
    service = Service(503, 429)
    with serving(service) as address:
        result = run(fetching, connections={"api": address})
    assert result.value("fetch") == [1, 2, 3]
    assert service.asked == 3
    assert service.credentials == {"Basic YWRhOm9wZW5zZXNhbWU="}


def test_s66_a_service_that_cannot_be_reached_is_tried_to_the_last_retry() -> None:
    with serving(Service()) as address:
        pass
    result = run(fetching, connections={"api": address})
    assert result.state == "failed"
    assert isinstance(result.raised["fetch"], OSError)


@pytest.mark.parametrize("code", [401, 403, 404, 422])
def test_s66_credentials_that_are_refused_fail_at_once(code: int) -> None:
    service = Service(*[code] * 9)
    with serving(service) as address:
        result = run(fetching, connections={"api": address})
    assert (result.state, service.asked) == ("failed", 1)
    assert str(code) in str(result.raised["fetch"]) and "opensesame" not in str(result.raised["fetch"])


def test_s66_a_schema_that_does_not_fit_fails_at_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute("CREATE TABLE orders (n INTEGER)")

    @dag
    def reading() -> None:
        t.sql("SELECT amount FROM orders", connection="shop", retry=THRICE, id="wrong")

    result = run(reading, connections={"shop": f"sqlite:///{tmp_path}/shop.db"})
    assert "no such column: amount" in str(result.raised["wrong"])
    assert isinstance(result.raised["wrong"], Fail)


def test_s66_code_says_itself_what_is_permanent() -> None:
    tries: list[str] = []

    @task(retry=THRICE)
    def broken() -> None:
        tries.append("broken")
        raise Fail("the file is cut off after 3 of 9 blocks")

    @task(retry=Retry(3, on=(ConnectionError,)))
    def typed() -> None:
        tries.append("typed")
        raise ValueError("column amount is text")

    @task(retry=Retry(3, on=(ConnectionError,)))
    def away() -> None:
        tries.append("away")
        raise ConnectionResetError("the peer hung up")

    @dag
    def judging() -> None:
        broken()
        typed()
        away()

    assert run(judging).state == "failed"
    assert sorted(tries) == ["away"] * 4 + ["broken", "typed"]

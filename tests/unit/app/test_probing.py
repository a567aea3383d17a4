import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest

from segue.app.probing import probe
from segue.model.address import Address
from segue.model.errors import Refused


def _tried(uri: str, seconds: float = 10.0) -> str:
    return probe("shop", Address.of(uri), seconds)


class Door(BaseHTTPRequestHandler):
    """Lets in who knows the password; `/broken` is broken, `/slow` never answers."""

    def do_HEAD(self) -> None:
        if self.path == "/slow":
            self.server.gone.wait(30)  # type: ignore[attr-defined]
        status = (
            503 if self.path == "/broken" else 401 if self.headers["Authorization"] != "Basic dTpodW50ZXIyMg==" else 204
        )
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Door)
    server.gone = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.gone.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def deaf() -> Iterator[str]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_web_address_is_asked_with_its_credentials(web: str):
    assert _tried(f"http://u:hunter22@{web}/x") == "connection shop: HEAD at 127.0.0.1 is answered by 204 No Content"


@pytest.mark.parametrize(
    ("credentials", "path", "status"), [("u:wrong-one@", "", 401), ("", "", 401), ("u:hunter22@", "broken", 503)]
)
def test_a_web_address_that_does_not_let_us_in_fails(web: str, credentials: str, path: str, status: int):
    with pytest.raises(Refused, match=f"HEAD is answered by {status}") as refused:
        _tried(f"http://{credentials}{web}/{path}")
    assert "wrong-one" not in str(refused.value) and "hunter22" not in str(refused.value)


@pytest.mark.parametrize("uri", ["http://u:hunter22@{}/slow", "https://u:hunter22@{}/"])
def test_who_does_not_answer_in_time_fails(deaf: str, web: str, uri: str):
    with pytest.raises(Refused, match=r"\*\*\*@.*(no answer within 0.3 s|timed out)"):
        _tried(uri.format(web if "slow" in uri else deaf), 0.3)


def test_a_database_server_that_does_not_answer_in_time_fails(deaf: str):
    with pytest.raises(Refused, match="no answer within 0.3 s"):
        _tried(f"postgresql://u:hunter22@{deaf}/x", 0.3)


def test_a_database_server_that_is_down_fails_without_showing_the_password():
    with pytest.raises(Refused, match=r"postgresql://u:\*\*\*@127.0.0.1:1/x") as refused:
        _tried("postgresql+psycopg://u:hunter22@127.0.0.1:1/x".replace("+psycopg", ""))
    assert "hunter22" not in str(refused.value)


def test_a_sqlite_file_is_opened_and_never_made(tmp_path: Path):
    file = tmp_path / "a.db"
    with pytest.raises(Refused, match=f"there is no file {file}"):
        _tried(f"sqlite:///{file}")
    assert not file.exists()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert _tried(f"sqlite:///{file}") == f"connection shop: opened the SQLite file {file}: 1 tables"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(Refused, match="file is not a database"):
        _tried(f"sqlite:///{file}")


def test_a_duckdb_file_is_opened(tmp_path: Path):
    file = tmp_path / "a.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE t (x INT)")
    assert _tried(f"duckdb:///{file}") == f"connection shop: opened the DuckDB file {file}: 1 tables"


def test_of_other_systems_the_port_is_tried_and_it_says_so(deaf: str):
    assert _tried(f"redis://:hunter22@{deaf}/0").endswith(
        f"{deaf} takes connections; whether the credentials fit was not tried"
    )


@pytest.mark.parametrize("uri", ["Endpoint=sb://x;SharedAccessKey=canary", "nimbus://canary-host/x", "mysql:///x"])
def test_an_address_without_a_place_to_connect_to_fails(uri: str):
    with pytest.raises(Refused, match="names no host and port"):
        _tried(uri)


def test_an_unknown_host_is_named():
    with pytest.raises(Refused, match=r"mysql://u:\*\*\*@nowhere\.invalid"):
        _tried("mysql://u:hunter22@nowhere.invalid/x")

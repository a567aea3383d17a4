"""Canaries over HTTP: secrets planted all over a real server, every page read, not one found (RELIABILITY D9)."""

import base64
import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from segue.model.masking import Mask
from tests.e2e.commands import Project
from tests.e2e.served import PASSWORD, Server, served
from tests.e2e.standing import Up, eventually

KEPT = "canary/kept+1f7a3c9b"
PASS = "canary@pass/2b91c44e"
PARAM = "canary:param é 3c51b2d7"
GIVEN = "canary-given-4d82e6a1"
LINES = "-----BEGIN CANARY-----\nCanaryLineOne5e\nCanaryLineTwo6f\n-----END CANARY-----\n"
REFUSED = "canary-refused-7a90c1d2"
HEADER = "canary-header-8b17e3f4"
MARKED = "canary-marked-9c26a5b8"
LINK = f"https://reports.example/x?signature={quote(KEPT, safe='')}"
URI = f"postgresql://shop:{quote(PASS, safe='')}@127.0.0.1:1/orders?sslmode=disable"
NEVER = (KEPT, PASS, PARAM, GIVEN, "CanaryLineOne5e", "CanaryLineTwo6f", REFUSED, HEADER, MARKED, PASSWORD)

DAG = """
import base64, json, logging
from segue import Context, Fail, Param, dag, injected, task

NAMES = dict(connections=["shop"], secrets=["kept", "given", "lines"])

def known(context):
    shop = context.connection("shop")
    return [context.secret("kept"), context.secret("given"), context.secret("lines"), shop.password, shop.uri]

@task(**NAMES)
def says(context: Context = injected) -> int:
    for value in known(context):
        print("plain", value, "json", json.dumps({"x": value}), "b64", base64.b64encode(value.encode()).decode())
        print("url", "https://reports.example/x?signature=" + value, "header", {"Authorization": "Bearer " + value})
        logging.getLogger("shop").error("log %s", value, extra={"field": value})
    context.report(rows=1, source=context.secret("kept"))
    return 1

@task(**NAMES)
def fails(context: Context = injected) -> None:
    raise RuntimeError(" and ".join(known(context)))

@task(**NAMES)
def fails_for_good(context: Context = injected) -> None:
    raise Fail(context.connection("shop").uri)

@task(**NAMES)
def returns_it(context: Context = injected) -> dict:
    return {"rows": [{"url": context.connection("shop").uri}]}

@dag
def leaks():
    says(); fails(); fails_for_good(); returns_it()

@task
def signs_in(token: str, context: Context = injected) -> int:
    print("token", token, context.params)
    return len(token)

@task
def gives_away(token: str) -> str:
    raise ValueError("no good: " + token)

@dag(params={"token": Param(secret=True, type="string"), "region": Param("eu")})
def asks(token, region):
    signs_in(token)
    gives_away(token)
"""


class Planted(NamedTuple):
    """What a server said while canaries were planted, and where it stands."""

    project: Project
    server: Server
    up: Up
    said: list[bytes]
    canaries: Mask


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    project = Project(tmp_path_factory.mktemp("canaries"), workers=2)
    project.write("leaks.py", DAG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGUE_SECRET_GIVEN", GIVEN)
        with served(project) as (one, server):
            said = [*_plant(server), *_refused(server)]
            ids = {one["run_id"] for one in server.get("/api/v1/runs").json()["items"]}
            for run in ids:
                eventually(lambda run=run: _ended(server, run), run)
            yield Planted(project, server, one, said, Mask([*NEVER, server.token]))


def _plant(server: Server) -> Iterator[bytes]:
    for method, path, body in (
        ("PUT", "/secrets/kept", {"value": KEPT}), ("PUT", "/secrets/lines", {"value": LINES}),
        ("PUT", "/connections/shop", {"value": URI}), ("POST", "/connections/shop/test", None),
        ("POST", "/dags/trigger", {"dags": ["leaks"], "reason": "to see"}),
        ("POST", "/dags/trigger", {"dags": ["asks"], "params": {"token": PARAM}}),
    ):  # fmt: skip
        answer = server.ask(method, f"/api/v1{path}", body, x_api_key=HEADER)
        assert answer.status in (200, 409), (path, answer)
        yield answer.body


def _refused(server: Server) -> Iterator[bytes]:
    """Requests that are refused, with a canary where a message could quote it."""
    for method, path, body in (
        ("PUT", "/secrets/kept", {"value": {"x": REFUSED}}), ("PUT", "/secrets/kept", {"value": [REFUSED]}),
        ("PUT", "/secrets/9%20x", {"value": REFUSED}), ("PUT", "/connections/bad", {"value": f"http://u:pa/{REFUSED}@h/"}),
        ("PUT", "/connections/bad", {"value": f"http://u:{REFUSED}@[h/"}),
        ("POST", "/dags/trigger", {"dags": ["asks"], "params": {"token": {"x": REFUSED}}}),
        ("POST", "/dags/trigger", {"dags": ["asks"], "params": {"token": REFUSED, "regoin": 1}}),
        ("POST", "/session", {"user": "ann", "password": REFUSED}),
    ):  # fmt: skip
        answer = server.ask(method, f"/api/v1{path}", body, authorization=_bearer(server, path))
        assert 400 <= answer.status < 500, (path, answer)
        yield answer.body
    wrong = server.get("/api/v1/dags", authorization=f"Bearer segue_0000000000000000_{REFUSED}")
    assert wrong.status == 401
    yield wrong.body


def _bearer(server: Server, path: str) -> str:
    return f"Bearer {server.token}" if path != "/session" else ""


def _ended(server: Server, run: str) -> bool:
    return server.get(f"/api/v1/runs/{quote(run)}").json()["state"] in ("success", "failed")


def _pages(server: Server) -> Iterator[tuple[str, bytes]]:
    """Every GET route of OpenAPI, with everything that its path can name."""
    runs = [one["run_id"] for one in server.get("/api/v1/runs").json()["items"]]
    attempts = [
        str(one["attempt_id"])
        for run in runs
        for one in server.get(f"/api/v1/runs/{quote(run)}/attempts").json()["items"]
    ]
    names = {"dag": ["leaks", "asks"], "run": runs, "attempt": attempts, "link": ["x"]}
    paths = server.get("/api/v1/openapi.json").json()["paths"]
    for path, methods in paths.items():
        if "get" not in methods or path.endswith("/events") and path.count("/") == 3:
            continue
        keys = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        for chosen in product(*(names.get(key, ["1"]) for key in keys)):
            place = path.format(**{key: quote(value, safe="") for key, value in zip(keys, chosen, strict=True)})
            for query in ("", "?secrets=true") if "params" in place else ("",):
                yield place + query, server.get(place + query).body
    yield "/metrics", server.get("/metrics").body
    yield "/api/v1/events", _stream(server)


def _stream(server: Server) -> bytes:
    """The event log from its beginning, for as long as something comes at once."""
    with closing(socket.create_connection((server.host, server.port), 2)) as line:
        line.sendall(
            f"GET /api/v1/events HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nLast-Event-ID: 0\r\n"
            f"Authorization: Bearer {server.token}\r\n\r\n".encode()
        )
        got = b""
        with suppress(TimeoutError):
            while data := line.recv(65536):
                got += data
    return got


def test_no_page_shows_a_secret(planted: Planted) -> None:
    pages = dict(_pages(planted.server))
    assert len(pages) > 60
    assert b"***" in b"".join(pages.values()), "what was said is there, but for its secrets"
    assert b"task" in pages["/api/v1/events"]
    assert [path for path, body in pages.items() if planted.canaries.finds(body)] == []


def test_no_answer_to_an_act_shows_a_secret(planted: Planted) -> None:
    assert [body for body in planted.said if planted.canaries.finds(body)] == []


def test_no_row_of_the_databases_holds_a_secret(planted: Planted) -> None:
    for file in planted.project.home.glob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            database.text_factory = bytes
            tables = [
                name.decode() for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            for table in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    found = [value for value in row if isinstance(value, bytes) and planted.canaries.finds(value)]
                    assert not found, (file.name, table, row)


def test_no_file_and_nothing_that_is_printed_holds_a_secret(planted: Planted) -> None:
    files = [path for path in planted.project.folder.rglob("*") if path.is_file()]
    assert {"segue.db", "access.db"} <= {path.name for path in files}
    assert [path for path in files if planted.canaries.finds(path.read_bytes())] == []
    assert not planted.canaries.finds(planted.up.said.encode())


def test_secrets_have_names_and_no_values_and_cannot_be_asked_for(planted: Planted) -> None:
    for path in ("/api/v1/secrets/kept", "/api/v1/connections/shop"):
        assert planted.server.get(path).status in (404, 405)
    audit = planted.server.get("/api/v1/audit?limit=200").json()
    assert {"SetSecret", "TriggerRun"} <= {one["act"] for one in audit["items"]}


def test_the_canaries_would_be_found(planted: Planted, tmp_path: Path) -> None:
    for text in (KEPT, json.dumps({"x": LINES}), LINK, URI, base64.b64encode(PARAM.encode()).decode(), GIVEN):
        assert planted.canaries.finds(f"… {text} …".encode()), text

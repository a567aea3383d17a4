"""`segue web` on one database: any number of them, beside a scheduler or without one."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE
from tests.e2e.served import Server
from tests.e2e.standing import TICKING, Up, eventually, up
from tests.postgres.served import ServedProject


@contextmanager
def web(project: ServedProject) -> Iterator[tuple[Up, Server]]:
    """A web server of its own home."""
    project.web = True
    with up(project, verb="web", files_read=False) as one:
        server = Server(project.home)
        server.await_answer()
        yield one, server


@pytest.fixture
def shops(url: str, tmp_path: Path) -> list[ServedProject]:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "pyproject.toml").touch()
    (dags / "ticking.py").write_text(TICKING.replace("1s", "1h"))
    return [ServedProject(url, tmp_path / name, workers=1, dags=str(dags)) for name in ("one", "two", "three")]


def trigger(server: Server, key: str):
    return server.post("/api/v1/dags/trigger", {"dags": ["ticking"]}, idempotency_key=key)


def test_two_servers_show_and_do_the_same_and_wait_for_a_scheduler(shops, monkeypatch):
    monkeypatch.setenv("SEGUE_DATABASE_URL", shops[0].url)  # for the token, which is made here
    with ExitStack() as stack:
        leader = stack.enter_context(up(shops[0], verb="scheduler"))
        (first, a), (second, b) = (stack.enter_context(web(shop)) for shop in shops[1:])
        a = a.as_role("admin")
        b = Server(b.home, token=a.token)
        eventually(lambda: a.get("/readyz").status == b.get("/readyz").status == 200, "readiness")
        line = http.client.HTTPConnection(b.host, b.port, timeout=PATIENCE)
        line.request("GET", "/api/v1/events?dag=ticking", headers={"authorization": f"Bearer {b.token}"})
        stream = line.getresponse()
        assert stream.readline().startswith(b"id: ")
        done = trigger(a, "first")
        assert done.status in (200, 202), done.body
        while b'"kind":"run"' not in stream.readline():
            continue
        line.close()
        leader.await_runs("ticking", 1)
        leader.process.kill()
        leader.process.wait()
        eventually(lambda: a.get("/readyz").status == b.get("/readyz").status == 503, "bad news")
        waits = trigger(b, "second")
        assert waits.status == 202, waits.body
        with up(shops[0], verb="scheduler") as again:
            again.await_runs("ticking", 2)
            eventually(lambda: a.get("/readyz").status == 200, "good news")
            assert again.end() == 0
        for one in (first, second):
            assert one.end() == 0
            assert "Traceback" not in one.said, one.said
    for shop in shops:
        shop.check_nothing_is_left()


def test_web_needs_a_served_database(tmp_path):
    shop = ServedProject("", tmp_path / "shop")
    refused = shop.segue("web")
    assert (refused.returncode, "`segue up` serves a home" in refused.stdout) == (2, True)

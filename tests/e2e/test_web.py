"""The web child on real processes: it outlives the loop, the loop does not notice it, and both end in time."""

import http.client
import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.served import Server, children, make_token, served
from tests.e2e.standing import TICKING, Up, eventually, up

SLOW = """
import time
from contextlib import closing
from pathlib import Path
from segue import dag, task

@task(grace="100s")
def waits() -> int:
    Path("began").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return 1

@dag
def slow() -> None:
    waits()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("ticking.py", TICKING)
    return project


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Up, Server]]:
    """An owner with its web server, for tests that leave it as good as they found it."""
    project = Project(tmp_path_factory.mktemp("standing") / "shop", workers=2)
    project.write("ticking.py", TICKING)
    project.write("slow.py", SLOW)
    with served(project) as (one, server):
        eventually(lambda: server.get("/readyz").status == 200, "readiness")
        yield project, one, server
        assert one.end() == 0
    assert not (project.home / "web.json").exists()
    project.check_nothing_is_left()


def parts(server) -> dict[str, bool]:
    return {part["name"]: part["ok"] for part in server.get("/readyz").json()["parts"]}


def test_a_killed_web_server_is_back_and_a_run_in_flight_does_not_notice(standing):
    shop, one, server = standing
    assert shop.segue("trigger", "slow").returncode == 0
    eventually((shop.folder / "began").exists)
    [web] = children(one, "segue.app.web")
    loop = one.loop()
    os.kill(web, signal.SIGKILL)
    one.await_word("the web server has ended (signal 9): it is started again in 0.1 s")
    ticked = len(one.runs("ticking"))
    one.await_runs("ticking", ticked + 1)
    (shop.folder / "go").touch()
    one.await_runs("slow", 1)
    server.await_answer()
    assert children(one, "segue.app.web") != [web]
    assert one.loop() == loop
    [waits] = shop.detail("slow@latest").tasks
    assert (waits.losses, waits.number) == (0, 1)
    [web] = children(one, "segue.app.web")
    os.kill(web, signal.SIGTERM)  # of whoever makes room in memory
    one.await_word("the web server has ended (exit code 0): it is started again")
    server.await_answer()


def test_it_says_that_nobody_schedules_once_the_loop_is_gone_for_good(standing):
    _, one, server = standing
    eventually(lambda: server.get("/readyz").status == 200, "readiness")
    assert parts(server) == dict.fromkeys(("scheduler", "workers", "store", "dags", "web"), True)
    os.kill(one.process.pid, signal.SIGSTOP)  # it starts nothing again now
    loop = one.loop()
    os.kill(loop, signal.SIGKILL)
    try:
        eventually(lambda: server.get("/readyz").status == 503, "bad news")
        told = server.get("/readyz")
        found = parts(server)
        assert (found["scheduler"], found["store"], found["web"]) == (False, True, True), told.body
        assert server.get("/healthz").status == 200
    finally:
        os.kill(one.process.pid, signal.SIGCONT)
    eventually(lambda: server.get("/readyz").status == 200, "good news")


def test_a_loop_that_stands_still_is_no_leader(standing):
    _, one, server = standing
    eventually(lambda: server.get("/readyz").status == 200, "readiness")
    os.kill(loop := one.loop(), signal.SIGSTOP)
    try:
        eventually(lambda: server.get("/readyz").status == 503, "bad news")
    finally:
        os.kill(loop, signal.SIGCONT)
    eventually(lambda: server.get("/readyz").status == 200, "good news")


def test_term_ends_it_in_time_with_streams_open(shop):
    with served(shop) as (one, server):
        streams = []
        for _ in range(20):
            line = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
            line.request("GET", "/api/v1/events", headers={"authorization": f"Bearer {server.token}"})
            answer = line.getresponse()
            assert (answer.status, answer.read(3)) == (200, b"id:")
            streams.append((line, answer))
        [web] = children(one, "segue.app.web")
        one.process.terminate()
        for line, answer in streams:
            answer.read()  # to its end
            line.close()
        assert one.process.wait(PATIENCE) == 0
        assert not Path(f"/proc/{web}").exists()
        assert "Traceback" not in one.said, one.said


def test_a_stream_ends_when_another_process_takes_its_reader_s_rights(standing):
    """RELIABILITY D24."""
    shop, _, server = standing
    viewer = server.as_role("viewer")
    line = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
    line.request("GET", "/api/v1/events", headers={"authorization": f"Bearer {viewer.token}"})
    with closing(line), closing(line.getresponse()) as stream:
        assert stream.read(3) == b"id:"
        [user] = [row.split()[0] for row in shop.segue("user", "list").stdout.splitlines() if "viewer" in row]
        assert shop.segue("user", "disable", user).returncode == 0
        stream.read()  # to its end
    assert viewer.get("/api/v1/runs").status == 401
    assert server.get("/api/v1/runs").status == 200


def test_a_taken_port_is_told_with_the_remedy_and_tried_again(shop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shop.web = True
        with up(shop, "--port", str(port)) as one:
            one.await_word(f"port {port} is taken: name another one with --port")
            one.await_runs("ticking", 1)
            taken.close()
            eventually((shop.home / "web.json").exists, "the server")
            assert json.loads((shop.home / "web.json").read_bytes())["port"] == port
            assert one.said.count("is taken") == 1
            assert one.end() == 0


def test_the_first_start_prints_a_link_until_there_is_a_user(shop):
    shop.web = True
    links = []
    for _ in range(2):
        with up(shop) as one:
            one.await_word("/sign-in/")
            links.append(one.said.partition("/sign-in/")[2].split()[0])
            if len(links) == 2:
                make_token(shop.folder, "admin")
            assert one.end() == 0
    assert links[0] != links[1]
    with up(shop) as one:
        one.await_word("segue web: http://")
        assert "/sign-in/" not in one.said
        assert one.end() == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_reach_is_refused_without_a_public_name(shop, host):
    shop.web = True
    refused = shop.segue("up", "--host", host)
    assert refused.returncode == 2
    assert "can be reached from other machines: set public_host" in refused.stdout


def test_an_address_that_others_reach_waits_for_the_first_user(tmp_path):
    shop = Project(tmp_path / "shop", workers=2)
    shop.web = True
    with (shop.folder / "segue.toml").open("a") as settings:
        settings.write('[web]\nhost = "0.0.0.0"\npublic_host = "segue.example"\n')
    shop.write("ticking.py", TICKING)
    with up(shop) as one:
        one.await_word("there is no user yet: make one first with `segue user add NAME`")
        one.await_runs("ticking", 1)
        assert not (shop.home / "web.json").exists()
        assert one.end() == 0
    assert "sign in once" not in one.said


def test_what_it_writes_is_closed_to_others(standing):
    shop, _, _ = standing
    for name in ("web.json", "access.db"):
        assert stat.S_IMODE((shop.home / name).stat().st_mode) == 0o600, name

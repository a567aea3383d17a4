"""Who may enter, on real processes: a server, browsers, and `segue user` and `segue token` beside it."""

import http.client
import os
import re
import stat
import subprocess
from contextlib import closing

import pytest

from tests.e2e.commands import PATIENCE, Project
from tests.e2e.nursery import run_segue
from tests.e2e.served import Server
from tests.e2e.standing import TICKING, up

GOOD, OTHER = "tulip ferry nine glass", "copper lantern owl seven"
SAME = {"sec_fetch_site": "same-origin"}


@pytest.fixture
def shop(tmp_path):
    project = Project(tmp_path / "shop", workers=1)
    project.write("ticking.py", TICKING)
    project.web = True
    return project


def said_by(project, *words, typed=""):
    """What a command says on standard output, and its exit code; a password is piped in."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = run_segue(words, PATIENCE, typed, cwd=project.folder, env=environ, **pipes)
    return done.stdout.strip(), done.returncode, done.stderr


class Browser:
    """Keeps the cookie of one server."""

    def __init__(self, server) -> None:
        self.server, self.cookie, self.csrf = server, "", ""

    def ask(self, method, path, body=None):
        headers = SAME | ({"cookie": self.cookie} if self.cookie else {}) | {"x_segue_csrf": self.csrf}
        answer = self.server.ask(method, path, body, **headers)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def enter(self, link):
        assert self.ask("POST", link).status == 303
        self.csrf = self.ask("GET", "/api/v1/session").json()["csrf"]
        return self


def test_from_the_first_link_to_somebody_who_is_shown_the_door(shop):
    with up(shop) as one:
        server = Server(shop.home)
        server.await_answer()
        one.await_word("/sign-in/")
        [link] = re.findall(r"/sign-in/\S+", one.said)
        root = Browser(server)
        assert b"<button" in root.ask("GET", link).body
        root.enter(link)
        assert Browser(server).ask("POST", link).status == 403
        me = root.ask("GET", "/api/v1/session").json()
        assert me["must_set_password"] is True
        changed = root.ask("POST", "/api/v1/session/password", {"new": GOOD})
        root.csrf = changed.json()["csrf"]
        assert Browser(server).ask("POST", "/api/v1/session", {"user": me["user"], "password": GOOD}).status == 200

        said, code, _ = said_by(shop, "user", "add", "eve", "viewer", "--by", "link")
        assert code == 0
        eve = Browser(server).enter(re.findall(r"/sign-in/\S+", said)[0])
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as line:
            line.request("GET", "/api/v1/events", headers={"cookie": eve.cookie})
            stream = line.getresponse()
            assert stream.status == 200
            assert stream.read(1)
            assert said_by(shop, "user", "disable", "eve")[1] == 0
            stream.read()  # it ends, and not because of patience
        assert eve.ask("GET", "/api/v1/session").status == 401
        assert root.ask("GET", "/api/v1/session").status == 200
        secrets = [link, root.cookie.partition("=")[2], eve.cookie.partition("=")[2], root.csrf, GOOD]
        assert one.end() == 0
    kept = [path for path in shop.home.rglob("*") if path.is_file()]
    for secret in secrets:
        clear = secret.rpartition(".")[2].encode()
        assert [path for path in kept if clear in path.read_bytes()] == []
    assert stat.S_IMODE((shop.home / "access.db").stat().st_mode) == 0o600


def test_a_token_is_printed_once_and_ends_at_once(shop):
    assert said_by(shop, "user", "add", "dana", "operator", "--on", "tick*", typed=GOOD)[1] == 0
    token, code, told = said_by(shop, "token", "add", "dana/ci", "--role", "admin")
    assert (code, re.fullmatch(r"segue_[0-9a-f]{16}_[\w-]{43}", token) is not None) == (0, True)
    assert token not in told
    assert token not in said_by(shop, "token", "list", "--json")[0]
    with up(shop) as one:
        server = Server(shop.home, token=token)
        server.await_answer()
        assert server.get("/api/v1/session").json()["grants"] == [{"role": "operator", "select": "tick*"}]
        assert server.get("/api/v1/users").status == 403
        assert said_by(shop, "token", "revoke", "dana/ci")[1] == 0
        assert server.get("/api/v1/session").status == 401
        assert one.end() == 0
    assert "/sign-in/" not in one.said  # there is a user


def test_another_password_or_role_at_the_terminal_ends_sessions(shop):
    assert said_by(shop, "user", "add", "root", "admin", typed=GOOD)[1] == 0
    assert said_by(shop, "user", "add", "dana", "viewer", typed=GOOD)[1] == 0
    with up(shop) as one:
        server = Server(shop.home)
        server.await_answer()
        for words, typed in ((("role", "dana", "author"), ""), (("password", "dana"), OTHER)):
            dana = Browser(server)
            assert dana.ask("POST", "/api/v1/session", {"user": "dana", "password": GOOD}).status == 200
            assert dana.ask("GET", "/api/v1/session").status == 200
            assert said_by(shop, "user", *words, typed=typed)[1] == 0
            assert dana.ask("GET", "/api/v1/session").status == 401
        assert Browser(server).ask("POST", "/api/v1/session", {"user": "dana", "password": OTHER}).status == 200
        assert one.end() == 0


@pytest.mark.parametrize(
    ("words", "typed", "code", "told"),
    [
        (("user",), "", 2, "Missing argument"),
        (("user", "add"), "", 2, "write `segue user add NAME"),
        (("user", "role", "dana"), "", 2, "write `segue user add NAME"),
        (("user", "password", "dana", "secret"), "", 2, "write `segue user add NAME"),
        (("user", "fly", "dana"), "", 2, "write `segue user add NAME"),
        (("user", "add", "dana", "--by", "magic"), "", 2, "write `segue user add NAME"),
        (("user", "add", "dana"), "", 2, "at least 12 characters"),
        (("user", "add", "dana"), "password1234", 2, "first that are tried"),
        (("user", "add", "Dana Smith"), GOOD, 2, "is no name of a user"),
        (("user", "add", "dana", "root"), GOOD, 2, "there are viewer, operator, author, admin"),
        (("user", "add", "dana", "viewer", "--on", "group:x"), GOOD, 2, "a grant knows no 'group:x'"),
        (("user", "password", "nobody"), GOOD, 2, "there is no user 'nobody'"),
        (("user", "disable", "nobody"), "", 2, "there is no user 'nobody'"),
        (("token", "add"), "", 2, "write `segue token add [USER/]NAME"),
        (("token", "add", "nobody/ci"), "", 1, "there is no user 'nobody'"),
        (("token", "revoke", "nobody/ci"), "", 2, "nobody has no token 'ci'"),
        (("token", "add", "nobody/ci", "--days", "0"), "", 2, "good for 1 to 3650 days"),
    ],
)
def test_what_makes_no_sense_is_told(shop, words, typed, code, told):
    said, exited, why = said_by(shop, *words, typed=typed)
    assert (exited, said) == (code, "")
    assert told in why
    assert "Traceback" not in why


def test_the_last_admin_stays(shop):
    assert said_by(shop, "user", "list")[0].startswith("nobody may enter yet")
    assert said_by(shop, "user", "add", "dana", "admin", typed=GOOD)[1] == 0
    assert said_by(shop, "user", "add", "eve", typed=GOOD)[1] == 0
    for words in (("disable", "dana"), ("remove", "dana"), ("role", "dana", "viewer"), ("role", "dana", "none")):
        _, code, why = said_by(shop, "user", *words)
        assert (code, "nobody who may do everything would be left" in why) == (1, True)
    assert "dana" in said_by(shop, "user", "list")[0]

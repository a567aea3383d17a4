"""An owner that stays and its web server, as scripts use it."""

import http.client
import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segue.app.access import opened_keeper
from segue.app.clock import SystemClock
from segue.app.settings import read_settings
from segue.model.access import Grant, Role
from segue.run.processes import descendants
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.standing import Up, eventually, up, words_of

__all__ = ["PASSWORD", "Answer", "Server", "children", "make_token", "served"]

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A web server, and somebody who asks it."""

    home: Path
    host: str = "127.0.0.1"
    token: str = ""
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where it listens now; it is not the same after a restart."""
        return int(json.loads((self.home / "web.json").read_bytes())["port"])

    @property
    def url(self) -> str:
        return str(json.loads((self.home / "web.json").read_bytes())["url"])

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask once, on a connection of its own; a body that is no bytes goes as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and "authorization" not in sent:
            sent["authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)) as line:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def as_role(self, role: str, select: str = "*") -> "Server":
        """The same server, asked by somebody with that role on a selection."""
        if (role, select) not in self._tokens:
            self._tokens[role, select] = make_token(self.home.parent, role, select)
        return Server(self.home, self.host, self._tokens[role, select], self._tokens)

    def await_answer(self) -> None:
        """Wait until it answers."""
        eventually(self._answers, "the web server")

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except (OSError, ValueError, http.client.HTTPException):
            return False


def make_token(folder: Path, role: str, select: str = "*") -> str:
    """A token of a new user with that role, made by whoever owns the machine."""
    settings = read_settings(folder, {})
    name, now, grant = f"u{secrets.token_hex(4)}", SystemClock().now(), Grant(Role(role), select)
    with opened_keeper(settings, lambda text: None) as keeper:
        keeper.people.add_user(name, [grant], PASSWORD, "tests", now)
        return keeper.people.add_token(name, "tests", grant, 1, name, now)[0]


def children(one: Up, module: str) -> list[int]:
    """Process ids of the children that run a module."""
    return [pid for pid in descendants(one.process.pid) if module.encode() in words_of(pid).split(b"\0")]


@contextmanager
def served(project: Project, *words: str, role: str = "admin") -> Iterator[tuple[Up, Server]]:
    """Start an owner with its web server, and wait until it answers."""
    project.web = True
    with up(project, *words) as one:
        server = Server(project.home)
        server.await_answer()
        yield one, server.as_role(role)

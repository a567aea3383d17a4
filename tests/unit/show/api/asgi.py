"""An application, called as a server calls it, with nothing in between."""

import asyncio
import atexit
import json
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from segue.model.access import Grant, Principal, Role
from segue.model.errors import StoreDown
from segue.model.ids import Instant
from segue.show.api.application import application
from segue.show.api.topics import TOPICS
from segue.show.doors import Doors, Health
from segue.show.live.hub import Hub
from segue.store.memory import MemoryReader, MemoryStore

_RUNNER = asyncio.Runner()  # a loop for each of thousands of calls takes longer than the calls
atexit.register(_RUNNER.close)
HOST = "127.0.0.1:8321"
NOW = Instant(1_763_000_000_000_000)
ADMIN = Principal("ann", (Grant(Role.ADMIN),), "session", "k1", csrf="forged-not")


@dataclass
class Answer:
    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)


def call(
    app, method="GET", path="/healthz", headers=None, body: bytes | Iterable[bytes] = b"", *, kind="http", scope=None
):
    """One request; `headers` without a host get the usual one, `body` comes in as many pieces as it has."""
    more = scope or {}
    given = {"host": HOST, **(headers or {})}
    pieces = [body] if isinstance(body, bytes) else list(body)
    if any(pieces) and not {"content-length", "transfer-encoding"} & set(given):
        given["content-length"] = str(sum(map(len, pieces)))
    path, _, query = path.partition("?")
    scope = {
        "type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items() if value],
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8321), "scheme": "http", "root_path": "",
        "http_version": "1.1", "asgi": {"version": "3.0"}, "state": {},
    } | more  # fmt: skip
    answer, left = Answer(), iter(pieces)
    over = asyncio.Event()

    async def receive():
        for piece, last in ((piece, at == len(pieces)) for piece, at in zip(left, taken, strict=False)):
            return {"type": "http.request", "body": piece, "more_body": not last}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"].endswith("response.start"):
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            answer.names = [name.decode() for name, _ in message["headers"]]
        elif message["type"].endswith("response.body"):
            answer.body += message.get("body", b"")
            if not message.get("more_body"):
                over.set()

    taken = count(1)
    _RUNNER.run(app(scope, receive, send))
    return answer


class Gate:
    """Knows one session and one token."""

    def __init__(self, session=ADMIN, token=None, fault=None):
        self.session, self.token, self.fault, self.denied = session, token, fault, []

    def by_session(self, cookie, now):
        if self.fault:
            raise self.fault
        return self.session if cookie == "s3cret" else None

    def by_token(self, token, now):
        return self.token if token == "t0ken" else None

    def still(self, principal, now):
        return principal

    def deny(self, who, what, why, now, address=""):
        self.denied.append((who, what, why))


class Library:
    """An empty store, or one that is away."""

    def __init__(self, fault=None):
        self.fault, self.store = fault, MemoryStore()

    @contextmanager
    def read(self):
        if self.fault:
            raise self.fault
        yield MemoryReader(self.store)


class Desk:
    """An owner that is well, unless it is gone."""

    def __init__(self, health=None):
        self.said, self.looked = health or Health(True, "process 7", workers=2), 0

    def health(self):
        self.looked += 1
        return self.said


def doors(gate=None, library=None, desk=None, **more):
    return Doors(library or Library(), desk or Desk(), gate or Gate(), lambda: NOW, "abcdef0123456789", **more)


def app_of(topics=TOPICS, opened=None, hosts=("127.0.0.1", "localhost", "[::1]", "segue.example"), **options):
    async def nothing(*_):
        return []

    numbers = count(1)
    return application(
        opened or doors(), topics, Hub(nothing, nothing), hosts=hosts, incident=lambda: f"no{next(numbers)}", **options
    )


COOKIE = {"cookie": "segue_abcdef01=s3cret"}
SAME = {"sec-fetch-site": "same-origin"}
PROVEN = {**COOKIE, **SAME, "x-segue-csrf": ADMIN.csrf}
AWAY = StoreDown("the store is away")

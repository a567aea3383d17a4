"""The whole HTTP side over a store in memory and the real engine: only who speaks and what lies outside is made up."""

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from urllib.parse import quote, urlsplit

from segue.model.access import Grant, Principal, Role, Subject
from segue.model.acts import Deploy, MoveBackfill, SetSecret, StartBackfill
from segue.model.api.outcomes import DagChange, KnownName
from segue.model.backfills import pack_slots
from segue.model.errors import NoOwner
from segue.model.events import Held
from segue.model.ids import Instant
from segue.model.pages import AuditQuery
from segue.model.spec import ParamSpec
from segue.model.value import encode
from segue.schedule.declare import daily
from segue.show.api.application import application
from segue.show.api.topics import TOPICS
from segue.show.backdoors import Deployment, OpenClaims
from segue.show.doors import Doors, Health, Reply
from segue.show.live.hub import Hub
from segue.store.memory import MemoryReader
from tests.unit.engine.driver import BOOM, DAY, GOOD, World, dag, slot_of, task

NOW = 1_000 * DAY
SPARE = 40
"""Days before now from which the schedules run; the made runs lie in the first of them."""


def everything_of(name, **options):
    """A DAG with a schedule and two tasks."""
    schedule = daily().to_data()
    start = Instant(NOW - SPARE * DAY)
    return dag(task("a"), task("b", "a"), id=name, schedule=schedule, start=start, **options)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Library:
    def __init__(self, office):
        self.office = office

    @contextmanager
    def read(self):
        with self.office.lock:
            yield MemoryReader(self.office.world.store)


class Desk:
    """The owner: the engine takes one turn for everything that is asked together."""

    def __init__(self, office):
        self.office = office

    @property
    def world(self):
        return self.office.world

    def ask(self, requests, wait=5.0):
        if not self.there:
            raise NoOwner("nobody is there")
        if self.deaf:
            return [None] * len(requests)
        with self.office.lock:
            self.asked += requests
            new = [one for one in requests if one.id not in self.world.store.answers]
            self.world.send(*{one.id: one for one in new}.values())
            answers = [self.world.store.answers.get(one.id) for one in requests]
        return [None if one is None else Reply(one.ok, one.text, one.run) for one in answers]

    def health(self):
        return Health(self.there, alive=len(self.world.alive))

    def why(self, run):
        return []

    def driven(self):
        return None


@dataclass
class Gate:
    """Recognises tokens that tests have made up, and remembers what was denied."""

    people: object = None
    entering: object = None
    known: dict[str, Principal] = field(default_factory=dict)
    denied: list = field(default_factory=list)

    def by_token(self, token, now):
        return self.known.get(token)

    def by_session(self, cookie, now):
        return None

    def deny(self, who, what, why, now, address=""):
        self.denied.append((who, what, why))

    def audit(self, before=None, limit=100, *, actor="", ok=None):
        return []


@dataclass
class Safe:
    kept: list = field(default_factory=list)

    @contextmanager
    def sealed(self, kind, name, value):
        self.kept.append(value)
        yield SetSecret(kind, name, b"sealed", "k1")

    def seal_param(self, name, value):
        self.kept.append(value)
        return b"sealed"

    def names(self, kind):
        return [KnownName("known", "the encrypted store", "k0")]

    def test(self, connection):
        return f"connection {connection}: knocked"


class Channels:
    def test(self, names, actor):
        return [(name, "") for name in names]


class Deployer:
    """What is sent is the name of the DAG that it declares."""

    @contextmanager
    def opened(self, upload):
        name = upload.archive.read_text()
        change = DagChange(name, "changed", "dags.py")
        yield Deployment("default 1", (change,), (Subject(name),), Deploy((), upload.label))


SPECS = (
    everything_of("mine", tags=("retail",)), everything_of("theirs"),
    dag(
        task("a"), id="manual",
        params=(ParamSpec("region", "str", encode("eu")), ParamSpec("key", "str", encode(None), secret=True)),
    ),
)  # fmt: skip


class Office:
    """A server with DAGs, by default *mine*, *theirs*, *manual*. Its application takes a second to build: empty it."""

    def __init__(self, *specs):
        self.specs = specs or SPECS
        self.runner = asyncio.Runner()
        self.lock, self.gate, self.safe, self.deployer = RLock(), Gate(), Safe(), Deployer()
        self.library, self.desk, self.claims = Library(self), Desk(self), OpenClaims()
        self.empty()
        self.doors = Doors(
            self.library, self.desk, self.gate, lambda: Instant(self.world.now), "abcdef0123456789",
            safe=self.safe, deployer=self.deployer, channels=Channels(), draw=self._draw, claims=self.claims,
        )  # fmt: skip

    @cached_property
    def app(self):
        return application(
            self.doors, TOPICS, Hub(_nothing, _zero), hosts=("testserver",), incident=lambda: "incident-1"
        )

    def empty(self):
        """Nothing was ever done; the DAGs are there."""
        self.world, self.names = World(*self.specs, now=NOW), 0
        self.desk.asked, self.desk.there, self.desk.deaf = [], True, False
        self.gate.known, self.gate.denied, self.safe.kept = {}, [], []
        self.claims.__init__()
        self.principal("root", ("admin", "*"))

    def _draw(self):
        self.names += 1
        return f"drawn-{self.names}"

    def close(self):
        self.runner.close()

    def principal(self, name, *grants, via="token"):
        """A token for somebody."""
        self.gate.known[name] = Principal(name, tuple(Grant(Role(role), select) for role, select in grants), via)
        return name

    # ------------------------------------------------------------------------------------------------------- asking
    def __call__(self, method, path, body=None, who="root", headers=None):
        return self.runner.run(self.asked(method, path, body, who, headers or {}))

    def together(self, *requests):
        """All at once; each (method, path, body, who, headers)."""

        async def all_of_them():
            return await asyncio.gather(*(self.asked(*one) for one in requests))

        return self.runner.run(all_of_them())

    async def asked(self, method, path, body=None, who="root", headers=()):
        given = {"host": "testserver", **dict(headers)}
        if who:
            given["authorization"] = f"Bearer {who}"
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is not None and not isinstance(body, bytes):
            given.setdefault("content-type", "application/json")
        if data:
            given["content-length"] = str(len(data))
        parts = urlsplit(path)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": parts.path, "raw_path": quote(parts.path).encode(), "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("192.0.2.1", 1), "server": ("testserver", 80), "root_path": "",
        }  # fmt: skip
        sent, messages = [], [{"type": "http.request", "body": data, "more_body": False}]

        async def receive():
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(one for one in sent if one["type"] == "http.response.start")
        body = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
        return Answer(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body)

    # -------------------------------------------------------------------------------------------------------- state
    def run(self, name, day, *outcomes):
        """A run of a day, counted from the first; its task *a* ends so, if an outcome is given."""
        run = self.world.trigger(name, NOW // DAY - SPARE + day)
        for outcome in outcomes:
            self.world.end("a", outcome=outcome, run=run)
        return str(run)

    def objects(self, name):
        """One of everything that acts are about."""
        made = {
            "dag": name,
            "failed": self.run(name, 0, BOOM),
            "held": self.run(name, 1, Held("empty", "0 rows", GOOD)),
            "running": self.run(name, 2),
        }
        first = MemoryReader(self.world.store).find(made["failed"])
        made["attempt"] = str(MemoryReader(self.world.store).attempts(first.run, "a", None)[0].id)
        made["backfill"] = self.backfill(name, 10)
        made["broken"] = self.backfill(name, 20)
        while left := [key for key in self.world.alive if self._of(key.run) == made["broken"]]:
            self.world.end("a", outcome=BOOM, run=left[0].run)
        return made

    def _of(self, run):
        return str(self.world.view(run).row.backfill)

    def backfill(self, name, day):
        first = NOW // DAY - SPARE + day
        slots = pack_slots([slot_of(first), slot_of(first + 1)])
        assert self.world.ask(StartBackfill(name, slots, cap=1)).ok
        return str(max(self.world.store.backfills))

    def pause_backfill(self, number):
        assert self.world.ask(MoveBackfill(int(number), "pause")).ok

    def audit(self):
        """How many rows the audit has."""
        return len(MemoryReader(self.world.store).audit(AuditQuery(limit=10_000)))


async def _nothing(after, limit):
    return ()


async def _zero():
    return 0


__all__ = ["NOW", "SPARE", "Answer", "Gate", "Office", "everything_of"]

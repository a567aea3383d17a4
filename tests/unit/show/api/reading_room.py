"""A server over a store that the real engine has filled, in memory or in a SQLite file, and logs on disk."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock

from msgspec import structs

from segue.app.logs import LogFiles
from segue.model.acts import PauseDags
from segue.model.events import Held, Value
from segue.model.ids import Instant
from segue.model.sealing import SEALED
from segue.model.spec import ParamSpec, TaskSpec
from segue.model.value import encode
from segue.run.executors.logfile import log_path
from segue.schedule.declare import daily
from segue.store.sqlite import SqliteReader, open_writer
from tests.unit.engine.driver import BOOM, DAY, dag, mapped, task
from tests.unit.show.api.office import NOW, SPARE, Office

__all__ = ["ANN", "NOW", "SEVEN", "Room", "day", "furnished"]

ANN = "ann"
"""May look at everything."""


SEVEN = Value(encode(7), digest=b"seven")
PARAMS = encode({"region": "us", "token": SEALED + b"canary"})


def day(number):
    """A day of the schedules, as keys write it."""
    return f"day-{NOW // DAY - SPARE + number}"


class Files:
    """A database file that has taken every change of a world."""

    def __init__(self, world, path):
        writer = open_writer(path, Instant(NOW))
        with writer.transaction(writer.lease().epoch) as transaction:
            transaction.apply(world.history)
        writer.close()
        self._reader, self._lock = SqliteReader(path), RLock()

    @contextmanager
    def read(self):
        with self._lock:
            yield self._reader

    def close(self):
        self._reader.close()


class Room(Office):
    """*orders* (a → b → each[3]) with runs in many states, *quiet*, *stocks* that reads what orders writes."""

    def __init__(self, folder: Path, *specs, sqlite=False):
        super().__init__(*(specs or usual_specs()))
        self.logs = folder / "logs"
        self.principal("root", ("admin", "*"))
        self.principal(ANN, ("viewer", "*"))
        self.principal("eve", ("viewer", "quiet"))
        self._folder, self._sqlite = folder, sqlite

    def open(self):
        """Serve what is there now."""
        library = Files(self.world, self._folder / "segue.db") if self._sqlite else self.library
        self.doors = replace(self.doors, library=library, logs=LogFiles(self.logs))
        return self

    def close(self):
        super().close()
        if self._sqlite:
            self.doors.library.close()

    def see(self, path, who=ANN):
        """What a GET answers."""
        return self("GET", f"/api/v1{path}", who=who)

    def json(self, path, who=ANN):
        answer = self.see(path, who)
        assert answer.status == 200, answer.body
        return answer.json

    def log(self, key, *lines):
        """Write the log of an attempt: texts, bytes as they are, or records (level, message, fields)."""
        path = self.logs / log_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            for line in lines:
                if isinstance(line, bytes):
                    stream.write(line)
                    continue
                text = {"stream": "out", "msg": line}
                if isinstance(line, tuple):
                    text = {"stream": "log", "level": line[0], "msg": line[1], "fields": line[2]}
                stream.write(json.dumps({"t": "2026-04-01T02:00:00Z"} | text).encode() + b"\n")

    def number(self, run, label="a", nth=1):
        """The id of an attempt of a task."""
        items = self.json(f"/runs/{run}/attempts?task={label}")["items"]
        return next(one["attempt_id"] for one in items if one["attempt"] == nth)


def usual_specs():
    """What a home of three teams may have."""
    schedule, start = daily().to_data(), Instant(NOW - SPARE * DAY)
    params = (
        ParamSpec("region", "str", encode("eu"), (encode("eu"), encode("us")), "where"),
        ParamSpec("token", "str", secret=True),
    )
    orders = dag(
        task("a"), structs.replace(task("b", data=("a",)), outlets=("warehouse.orders",)),
        mapped("each", 3, after=("b",)), id="orders", schedule=schedule, start=start, tags=("retail",), owner="dana",
        doc="All orders.", params=params, deadline=3600 * 1_000_000,
    )  # fmt: skip
    reads = TaskSpec("read", inlets=("warehouse.orders",))
    return orders, dag(reads, id="stocks", owner="lee"), dag(task("only"), id="quiet")


def furnished(folder, **options):
    """A room in which much has happened."""
    room = Room(folder, **options)
    world = room.world
    for number in range(4):
        run = world.trigger("orders", NOW // DAY - SPARE + number, params=PARAMS)
        world.start("a", run)
        world.end("a", outcome=SEVEN, run=run)
        world.end("b", outcome=SEVEN, run=run)
        for index in range(3):
            world.end(f"each[{index}]", outcome=SEVEN, run=run)
        world.now += 60_000_000
    room.good = str(run)
    failed = world.trigger("orders", NOW // DAY - SPARE + 5, params=PARAMS)
    world.end("a", outcome=BOOM, run=failed)
    again = world.trigger("orders", NOW // DAY - SPARE + 6, params=PARAMS)
    world.end("a", outcome=BOOM, run=again)
    held = world.trigger("orders", NOW // DAY - SPARE + 7, params=PARAMS)
    world.end("a", outcome=SEVEN, run=held)
    world.end("b", outcome=Held("empty", "0 rows", SEVEN), run=held)
    running = world.trigger("orders", NOW // DAY - SPARE + 8, params=PARAMS)
    world.end("a", outcome=SEVEN, run=running)
    world.start("b", running)
    world.set_state("b", "cursor", "41")
    quiet = world.trigger("quiet")
    world.end("only", outcome=SEVEN, run=quiet)
    room.failed, room.again, room.held, room.running, room.quiet = map(str, (failed, again, held, running, quiet))
    room.broken = room.backfill("orders", 20)
    assert world.ask(PauseDags(("stocks",))).ok
    return room.open()

"""The live stream as a route: whoever follows hears what they may, of what they asked for, for as long as they may."""

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from segue.model.ids import Instant
from segue.show.api.application import application
from segue.show.api.events import EVENTS
from segue.show.live.hub import Hub
from segue.store.memory import MemoryReader
from tests.unit.show.api.office import Gate, Office

MINUTE = 60_000_000


class Watched(Gate):
    """A gate that lets in whoever is known at that moment, until their token ends."""

    def still(self, principal, now):
        known = self.known.get(principal.name)
        return None if known is None or (known.until is not None and known.until <= now) else known


class Hurried(asyncio.SelectorEventLoop):
    """A loop for which a second of ours is an hour; it wakes by ours."""

    def time(self):
        return super().time() * 3_600


class Listener:
    """A browser that follows."""

    def __init__(self, app, path, who, seen):
        parts = urlsplit(path)
        headers = {"host": "testserver", "authorization": f"Bearer {who}"} | ({"last-event-id": seen} if seen else {})
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 1), "server": ("testserver", 80), "root_path": "",
        }  # fmt: skip
        self._gone, self.text = asyncio.Event(), ""
        self.following = asyncio.ensure_future(app(self._scope, self._receive, self._send))

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.text += message.get("body", b"").decode()

    async def hears(self, word):
        """Wait until a word has come, or the stream has ended."""
        while word not in self.text and not self.following.done():
            await asyncio.sleep(0.001)
        return word in self.text

    def numbers(self):
        return [int(line[4:]) for line in self.text.splitlines() if line.startswith("id: ")]

    async def leave(self):
        self._gone.set()
        await self.following


class House(Office):
    """A home whose log can be followed."""

    def __init__(self):
        super().__init__()
        self.gate = Watched()
        self.empty()

    def played(self, scene, loop=None):
        """Play a scene, which is given something that begins to follow a path."""

        async def play():
            self.hub = Hub(self._events, self._last)
            doors = replace(self.doors, gate=self.gate)
            app = application(doors, (EVENTS,), self.hub, hosts=("testserver",), incident=lambda: "incident-1")
            running = asyncio.ensure_future(self.hub.run())
            await self.hub.ready()
            async with asyncio.timeout(20 if loop is None else 72_000):
                await scene(lambda path, who="root", seen="": Listener(app, f"/api/v1/events{path}", who, seen))
            self.hub.close()
            await running

        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(play())

    def committed(self, name, day):
        """A run of a DAG begins."""
        run = self.run(name, day)
        self.hub.poke()
        return run

    async def _events(self, after, limit):
        return MemoryReader(self.world.store).events(after, limit=limit)

    async def _last(self):
        return MemoryReader(self.world.store).last_event()


@pytest.fixture
def house():
    made = House()
    yield made
    made.close()


def test_whoever_may_see_one_dag_hears_nothing_of_others_then_and_now(house):
    house.principal("olaf", ("viewer", "mine"))
    house.run("theirs", 0)
    house.run("mine", 0)

    async def scene(follow):
        olaf, root = follow("", "olaf", "0"), follow("", "root", "0")
        assert await olaf.hears("event: open") and await root.hears("event: open")
        theirs, mine = house.committed("theirs", 1), house.committed("mine", 1)
        assert await olaf.hears(mine) and await root.hears(theirs)
        assert "mine" in olaf.text and "theirs" not in olaf.text
        await olaf.leave()
        await root.leave()

    house.played(scene)


def test_of_one_run_only_its_own_events_are_told(house):
    first = house.run("mine", 0)

    async def scene(follow):
        one, dag = follow(f"?run={first}"), follow("?dag=mine")
        assert await one.hears("event: open") and await dag.hears("event: open")
        theirs, second = house.committed("theirs", 1), house.committed("mine", 1)
        house.world.start("a", MemoryReader(house.world.store).find(first).run)
        house.hub.poke()
        assert await one.hears(first) and await dag.hears(second)
        assert second not in one.text and theirs not in one.text + dag.text
        await one.leave()
        await dag.leave()

    house.played(scene)


def test_whoever_comes_again_hears_what_was_missed_and_nothing_twice(house):
    house.run("mine", 0)
    last = MemoryReader(house.world.store).last_event()

    async def scene(follow):
        whole, late = follow("", seen="0"), follow("", seen=str(last - 2))
        run = house.committed("mine", 1)
        assert await whole.hears(run) and await late.hears(run)
        newest = MemoryReader(house.world.store).last_event()
        assert await whole.hears(f"id: {newest}\n") and await late.hears(f"id: {newest}\n")
        assert whole.numbers() == [0, *range(1, newest + 1)]
        assert late.numbers() == [last - 2, *range(last - 1, newest + 1)]
        await whole.leave()
        await late.leave()

    house.played(scene)


def test_whoever_loses_a_right_while_following_hears_nothing_more(house):
    house.principal("olaf", ("viewer", "mine"))
    house.principal("eve", ("viewer", "*"))

    async def scene(follow):
        olaf, eve = follow("", "olaf"), follow("", "eve")
        assert await olaf.hears("event: open") and await eve.hears("event: open")
        del house.gate.known["olaf"]
        house.principal("eve", ("viewer", "mine"))
        house.hub.recheck()
        await olaf.following
        theirs, mine = house.committed("theirs", 1), house.committed("mine", 1)
        assert await eve.hears(mine)
        assert theirs not in eve.text and mine not in olaf.text
        await eve.leave()

    house.played(scene)


def test_a_token_that_ends_ends_what_it_follows(house):
    root = house.gate.known["root"]
    house.gate.known["root"] = structs.replace(root, until=Instant(house.world.now + MINUTE))

    async def scene(follow):
        root = follow("")
        assert await root.hears("event: open")
        await asyncio.sleep(0.05)  # three minutes
        house.world.now += 2 * MINUTE
        run = house.committed("mine", 1)
        await root.following
        assert run not in root.text

    house.played(scene, Hurried)

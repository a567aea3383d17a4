"""The live stream, over fakes of the log and of the connection, in a real event loop."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from segue.model.errors import StoreDown
from segue.model.ids import Instant, RunKey
from segue.model.views import EventView
from segue.show.live.hub import Hub
from segue.show.live.stream import CATCH_UP, Leave, Stream
from segue.show.live.tape import Tape

RUN = RunKey("shop", "2026-04-01", 1)


def _event(seq: int, dag: str = "shop") -> EventView:
    return EventView(seq, Instant(seq * 1_000_000), 1, "run", dag, RUN, old="queued", new="running")


@dataclass
class Log:
    """The event log, and how often it was read."""

    events: list[EventView] = field(default_factory=list)
    reads: int = 0
    down: int = 0

    async def read(self, after: int, limit: int) -> list[EventView]:
        self.reads += 1
        if self.down:
            self.down -= 1
            raise StoreDown("away")
        return [event for event in self.events if event.seq > after][:limit]

    async def last(self) -> int:
        return self.events[-1].seq if self.events else 0

    def commit(self, hub: Hub, *events: EventView) -> None:
        self.events.extend(events)
        hub.poke()


@dataclass
class Reader:
    """A browser: what it has got, and whether it reads at all."""

    chunks: list[bytes] = field(default_factory=list)
    status: int = 0
    stuck: bool = False
    ended: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if self.stuck:
            await asyncio.Event().wait()
        self.chunks.append(message["body"])
        self.ended = not message["more_body"]

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def said(self) -> list[tuple[str, int]]:
        """Kind and number of every event."""
        blocks = [block.split("\n") for block in b"".join(self.chunks).decode().split("\n\n") if "event: " in block]
        return [(block[1].removeprefix("event: "), int(block[0].removeprefix("id: "))) for block in blocks]


async def _everything() -> Leave | None:
    return Leave(lambda entry: True, 900)


def _played(scene: Callable[[Hub, Log], Coroutine[Any, Any, None]], log: Log | None = None) -> None:
    async def play() -> None:
        known = Log() if log is None else log
        hub = Hub(known.read, known.last)
        running = asyncio.ensure_future(hub.run())
        await hub.ready()
        async with asyncio.timeout(20):
            await scene(hub, known)
        hub.close()
        await running

    asyncio.run(play())


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


def _listen(hub: Hub, log: Log, reader: Reader, seen: int | None = None, admit: Any = _everything) -> Any:
    return asyncio.ensure_future(Stream(hub, admit, seen, log.read)({}, reader.receive, reader.send))


def test_what_is_committed_reaches_who_listens():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        stream = _listen(hub, log, reader)
        await _until(lambda: hub.listeners == 1 and bool(reader.chunks))
        log.commit(hub, _event(4), _event(5))
        await _until(lambda: reader.said() == [("open", 3), ("run", 4), ("run", 5)])
        last = b"".join(reader.chunks).decode().split("data: ")[-1]
        assert json.loads(last)["run"] == "shop@2026-04-01"
        reader.gone.set()
        await stream
        assert hub.listeners == 0

    _played(scene, Log([_event(1), _event(2), _event(3)]))


def test_who_comes_again_gets_what_was_missed():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        _listen(hub, log, reader, seen=1)
        await _until(lambda: reader.said() == [("open", 1), ("run", 2), ("run", 3)])
        log.commit(hub, _event(4))
        await _until(lambda: reader.said()[-1] == ("run", 4))

    _played(scene, Log([_event(1), _event(2), _event(3)]))


@pytest.mark.parametrize("seen", [1, 99])
def test_events_that_are_gone_or_never_were_are_told_by_one_reset(seen: int):
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        _listen(hub, log, reader, seen=seen)
        await _until(lambda: bool(reader.chunks))
        log.commit(hub, _event(5))
        await _until(lambda: reader.said() == [("reset", 4), ("run", 5)])

    _played(scene, Log([_event(1), _event(3), _event(4)]))  # 2 was forgotten with its run


def test_who_is_very_far_behind_begins_anew():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        _listen(hub, log, reader, seen=1)
        await _until(lambda: reader.said() == [("reset", CATCH_UP + 2)])

    _played(scene, Log([_event(CATCH_UP + 2)]))


def test_the_log_is_read_once_for_all_who_listen():
    async def scene(hub: Hub, log: Log) -> None:
        readers = [Reader() for _ in range(50)]
        for reader in readers:
            _listen(hub, log, reader)
        await _until(lambda: all(reader.chunks for reader in readers))
        before = log.reads
        log.commit(hub, _event(1))
        await _until(lambda: all(("run", 1) in reader.said() for reader in readers))
        assert log.reads == before + 1

    _played(scene)


def test_a_reader_that_does_not_read_holds_up_nobody():
    async def scene(hub: Hub, log: Log) -> None:
        stuck, brisk = Reader(stuck=True), Reader()
        _listen(hub, log, stuck)
        _listen(hub, log, brisk)
        await _until(lambda: bool(brisk.chunks))
        log.commit(hub, _event(1))
        await _until(lambda: ("run", 1) in brisk.said())
        assert not stuck.chunks

    _played(scene)


def test_who_has_fallen_off_the_tape_is_dropped():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        stream = _listen(hub, log, reader)
        await _until(lambda: bool(reader.chunks))
        hub.tape = Tape(50)  # far on, while this one was busy
        hub.recheck()
        await stream
        assert reader.ended
        assert reader.said() == [("open", 0)]

    _played(scene)


def test_a_tape_forgets_its_beginning_and_says_where_it_begins():
    tape = Tape(0, length=3)
    tape.extend(_event(seq) for seq in range(1, 8))
    assert (tape.floor, tape.last) == (4, 7)
    wire, reached = tape.after(5, lambda entry: True, 100)
    assert reached == 7
    assert wire.count(b"event: run") == 2


def test_a_tape_is_looked_through_in_portions_and_nothing_between_them_is_lost():
    tape = Tape(0)
    tape.extend(_event(seq, "shop" if seq % 2 else "other") for seq in range(1, 8))
    told, position = b"", 0
    for reached in (3, 6, 7):
        wire, position = tape.after(position, lambda entry: entry.dag == "shop", 3)
        assert position == reached
        told += wire
    assert [line for line in told.split(b"\n") if line.startswith(b"id: ")] == [b"id: 1", b"id: 3", b"id: 5", b"id: 7"]


def test_who_may_not_listen_any_more_is_cut_off_at_once():
    rights = [True]

    async def admit() -> Leave | None:
        return Leave(lambda entry: True, 900) if rights[0] else None

    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        stream = _listen(hub, log, reader, admit=admit)
        await _until(lambda: bool(reader.chunks))
        rights[0] = False
        hub.recheck()
        await stream
        assert reader.ended
        assert reader.said() == [("open", 0)]

    _played(scene)


class _Hurried(asyncio.SelectorEventLoop):
    """A loop for which a second of ours is an hour."""

    def time(self) -> float:
        return super().time() * 3_600


def test_a_session_that_comes_to_its_end_is_noticed_on_a_busy_stream_too():
    log, reader, asked = Log([_event(1)]), Reader(), 0

    async def admit() -> Leave | None:
        nonlocal asked
        asked += 1
        return Leave(lambda entry: True, 1800) if asked < 3 else None

    async def play() -> None:
        hub = Hub(log.read, log.last)
        running = asyncio.ensure_future(hub.run())
        stream = _listen(hub, log, reader, admit=admit)
        seq = 1
        while not stream.done():
            seq += 1
            log.commit(hub, _event(seq))
            await asyncio.sleep(1)
        hub.close()
        await running

    with asyncio.Runner(loop_factory=_Hurried) as runner:
        runner.run(play())
    assert reader.ended and asked == 3


def test_who_may_not_listen_hears_nothing():
    async def nobody() -> None:
        return None

    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        await _listen(hub, log, reader, admit=nobody)
        assert reader.said() == []

    _played(scene, Log([_event(1)]))


def test_only_what_is_wanted_is_sent():
    async def shop() -> Leave | None:
        return Leave(lambda entry: entry.dag == "shop", 900)

    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        _listen(hub, log, reader, seen=1, admit=shop)
        log.commit(hub, _event(4, "other"), _event(5))
        await _until(lambda: reader.said() == [("open", 1), ("run", 3), ("run", 5)])

    _played(scene, Log([_event(1), _event(2, "other"), _event(3)]))


def test_a_store_that_is_away_for_a_moment_loses_nothing():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        _listen(hub, log, reader)
        await _until(lambda: bool(reader.chunks))
        log.down = 1
        log.commit(hub, _event(1))
        await _until(lambda: ("run", 1) in reader.said())

    _played(scene)


def test_every_stream_ends_when_the_hub_does():
    async def scene(hub: Hub, log: Log) -> None:
        reader = Reader()
        stream = _listen(hub, log, reader)
        await _until(lambda: bool(reader.chunks))
        hub.close()
        await stream
        assert reader.ended

    _played(scene)

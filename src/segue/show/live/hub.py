"""One reader of the log for all who listen: it is poked after a commit, reads once, and wakes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from segue.model.errors import EnvironmentFault
from segue.model.views import EventView
from segue.show.live.tape import Tape

__all__ = ["Hub"]

_PORTION: Final = 1_000
_PACE: Final = (
    0.05  # seconds between two reads: a busy log is sent in portions, and 500 listeners are not woken each time
)
_AGAIN: Final = 1.0  # seconds until a store that is away is tried again


class Hub:
    """The live stream's middle. It lives in one event loop; only `poke` may be called from elsewhere.

    Args:
        read: gives events after a number, at most so many; it waits for the store, in a thread.
        last: gives the newest event's number, likewise.

    Attributes:
        tape: the newest events.
        closed: every stream ends.
        generation: grows when somebody's rights have changed.
    """

    def __init__(
        self, read: Callable[[int, int], Awaitable[Sequence[EventView]]], last: Callable[[], Awaitable[int]]
    ) -> None:
        self._read, self._last = read, last
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poked = asyncio.Event()
        self._bells: set[asyncio.Event] = set()
        self._ready = asyncio.Event()
        self.tape = Tape(0)
        self.closed = False
        self.generation = 0

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._bells)

    def poke(self) -> None:
        """Say that something was committed; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._poked.set)

    def recheck(self) -> None:
        """Have every listener see whether it still may listen; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._turn)

    async def run(self) -> None:
        """Read on whenever poked, until closed."""
        self._loop = asyncio.get_running_loop()
        await self._begin()
        while not self.closed:
            await self._poked.wait()
            self._poked.clear()
            await self._read_on()
            await asyncio.sleep(_PACE)

    async def ready(self) -> None:
        """Wait until the log's end is known."""
        await self._ready.wait()

    def close(self) -> None:
        """End every stream; in the event loop."""
        self.closed = True
        self._poked.set()
        self._ready.set()
        self._ring()

    def bell(self) -> asyncio.Event:
        """A bell that rings at news; to be given back."""
        bell = asyncio.Event()
        self._bells.add(bell)
        return bell

    def give_back(self, bell: asyncio.Event) -> None:
        """Let go of a bell."""
        self._bells.discard(bell)

    def _turn(self) -> None:
        self.generation += 1
        self._ring()

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()

    async def _begin(self) -> None:
        while not self.closed:
            try:
                self.tape = Tape(await self._last())
            except EnvironmentFault:
                await asyncio.sleep(_AGAIN)
            else:
                self._ready.set()
                self._poked.set()
                return

    async def _read_on(self) -> None:
        while not self.closed:
            try:
                views = await self._read(self.tape.last, _PORTION)
            except EnvironmentFault:
                await asyncio.sleep(_AGAIN)
                continue
            if views:
                self.tape.extend(views)
                self._ring()
            if len(views) < _PORTION:
                return

from __future__ import annotations

import heapq
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count

__all__ = ["Attendant"]


class Attendant:
    """A thread that waits for descriptors and calls what they are watched with. Only it touches its selector."""

    def __init__(self, name: str) -> None:
        self._selector = selectors.DefaultSelector()
        self._jobs: deque[Callable[[], object]] = deque()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._count = count()
        self._hears, self._bell = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(self._bell, False)
        self._selector.register(self._hears, selectors.EVENT_READ, self._work)
        self._open, self._closed = True, False
        self._ringing = threading.Lock()  # other threads may still have something to say when it is closed
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], object]) -> None:
        """Call `job` in the thread; one that has ended calls nothing."""
        with self._ringing:
            if self._closed:
                return
            self._jobs.append(job)
            with suppress(BlockingIOError):
                os.write(self._bell, b"!")

    def watch(self, fd: int, events: int, call: Callable[[int], object]) -> None:
        """In the thread: call `call(events)` when `fd` is ready for one of `events`."""
        if fd in self._selector.get_map():
            self._selector.modify(fd, events, call)
        else:
            self._selector.register(fd, events, call)

    def forget(self, fd: int) -> None:
        """In the thread: watch it no longer."""
        self._selector.unregister(fd)

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        """In the thread: call `call` after so long; never, where it is closed before."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._count), call))

    def close(self, patience: float | None = None) -> None:
        """Do what was submitted, then end; after so many seconds leave the thread to the end of the process."""
        self.submit(self._stop)
        self._thread.join(patience)
        if self._thread.is_alive():
            return
        with self._ringing:
            self._closed = True
            self._selector.close()
            os.close(self._hears)
            os.close(self._bell)

    def _run(self) -> None:
        while self._open:
            until = self._later[0][0] if self._later else None
            for key, events in self._selector.select(None if until is None else max(0.0, until - time.monotonic())):
                key.data(events)
            while self._later and self._later[0][0] <= time.monotonic():
                heapq.heappop(self._later)[2]()

    def _work(self, _: int) -> None:
        with suppress(BlockingIOError):
            os.read(self._hears, 4096)
        while self._jobs:
            self._jobs.popleft()()

    def _stop(self) -> None:
        self._open = False

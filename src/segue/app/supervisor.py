"""The process that a person starts and that outlives the others: it holds the home, and starts again what dies.

It imports the standard library only, does nothing but wait, and has no state that could be wrong. Its children inherit
the home's lock, so the home is free only when all of them are gone; they die with it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from segue.app.journal import inherited, say

__all__ = ["DELAYS", "main", "words_for"]

DELAYS: Final = (0.1, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds until a child is started again, by how often it has died; from the last one on always that."""

_SETTLED: Final = 60.0  # seconds after which a child counts as alive and well
_FAREWELL: Final = 5.0  # seconds to send what the loop said last, and to end what is being answered
_ENDS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)  # two of one number that wait for a process are one
_HOPELESS: Final = (2, 3)  # exit codes of a loop that cannot begin: wrong usage, no store


def words_for(lock: int, kind: str, *, web: bool = False) -> list[str]:
    """The command line of a supervisor.

    Args:
        lock: descriptor of the home's lock, which the process inherits.
        kind: `up`, `dev` or `scheduler`.
        web: a web server is one of its children.
    """
    name = __name__ if __name__ != "__main__" else "segue.app.supervisor"
    return [sys.executable, "-P", "-m", name, str(lock), kind, *(["web"] if web else [])]


class _Child:
    """One process that is to be there."""

    def __init__(self, name: str, words: Sequence[str], lock: int, say: Callable[[str], None]) -> None:
        self.name, self._words, self._lock, self._say = name, words, lock, say
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = self.deaths = 0
        self.due: float | None = 0.0
        self._began = 0.0

    def begin(self) -> None:
        self.starts += 1
        self._began, self.due = time.monotonic(), None
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", *self._words], stdin=subprocess.DEVNULL, pass_fds=[self._lock],
            start_new_session=True,
        )  # fmt: skip

    def reap(self) -> int | None:
        """Its exit code, if it has ended just now."""
        code = None if self.process is None else self.process.poll()
        if code is not None:
            self.process = None
        return code

    def plan(self, code: int) -> None:
        """Start it again, the later the more often it has died."""
        now = time.monotonic()
        if now - self._began > _SETTLED:
            self.deaths = 0
        delay = DELAYS[min(self.deaths, len(DELAYS) - 1)]
        self.deaths += 1
        self.due = now + delay
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._say(f"the {self.name} has ended ({how}): it is started again in {delay:g} s")

    def send(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)


class _Supervisor:
    def __init__(self, lock: int, kind: str, say: Callable[[str], None], *, web: bool) -> None:
        parent = str(os.getpid())
        self._loop = _Child("scheduler", ["segue.app.scheduler", parent, str(lock), kind], lock, say)
        self._others = [_Child("sender of alerts", ["segue.app.telling", parent], lock, say)]
        if web:
            self._others.append(_Child("web server", ["segue.app.web", parent], lock, say))
        self._children = (self._loop, *self._others)
        self._stops = 0
        self._heard, self._wake = os.pipe()
        for end in (self._heard, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self) -> int:
        code: int | None = None
        while code is None:
            self._begin_due()
            self._wait()
            code = self._reap()
        self._say_farewell()
        return code

    def _begin_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now and not self._stops:
                child.begin()

    def _wait(self) -> None:
        dues = [child.due for child in self._children if child.due is not None and not self._stops]
        timeout = max(0.0, min(dues) - time.monotonic()) if dues else None
        with suppress(BlockingIOError):
            select.select([self._heard], [], [], timeout)
            os.read(self._heard, 4096)

    def _reap(self) -> int | None:
        """Plan what follows from deaths; the exit code where all is over."""
        code = self._loop.reap()
        if code is not None:
            if self._stops:
                return max(0, code)
            if self._loop.starts == 1 and code in _HOPELESS:
                return code
            self._loop.plan(code)
        elif self._stops and self._loop.process is None:
            return 0
        for child in self._others:
            code = child.reap()
            if code is not None and not self._stops:  # also where somebody has told it to end
                child.plan(code)
        return None

    def _stop(self, number: int, frame: object) -> None:
        self._stops += 1
        self._loop.send(_ENDS[min(self._stops, len(_ENDS)) - 1])

    def _say_farewell(self) -> None:
        left = [child.process for child in self._others if child.process is not None]
        for process in left:
            process.terminate()
        end = time.monotonic() + (0 if self._stops > 1 else _FAREWELL)
        for process in left:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main(lock: int, kind: str, *, web: bool = False) -> int:
    """Supervise until TERM or Ctrl-C, which the loop is told; gives the exit code.

    Args:
        lock: descriptor of the home's lock.
        kind: `up`, `dev` or `scheduler`.
        web: a web server is one of its children.
    """
    inherited("supervisor")
    return _Supervisor(lock, kind, say, web=web).run()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], web="web" in sys.argv[3:]))

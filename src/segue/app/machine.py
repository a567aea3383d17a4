"""What the workers' processes use of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Final

import psutil

from segue.show.vitals import Usage

__all__ = ["HostMachine"]

_AGAIN: Final = 1.0  # seconds


class HostMachine:
    """This machine; see `segue.show.vitals.Machine`. May be asked from any thread.

    Args:
        seconds: a clock that only goes forwards.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lock = seconds, Lock()
        self._seen: dict[tuple[int, float], tuple[float, float]] = {}  # (pid, since when it lives): clock, CPU seconds
        self._asked, self._until, self._found = frozenset[int](), 0.0, dict[int, Usage]()

    def usage(self, pids: Sequence[int]) -> Mapping[int, Usage]:
        """What these processes use, with all that they have started; of the first look the mean of their lives.

        It looks once a second at most: that goes through all processes of the machine, and less is no mean.
        """
        with self._lock:
            now, seen, found = self._seconds(), dict[tuple[int, float], tuple[float, float]](), dict[int, Usage]()
            if now < self._until and self._asked.issuperset(pids):
                return {pid: self._found[pid] for pid in pids if pid in self._found}
            for pid in pids:
                try:
                    began, spent, memory = _measure(psutil.Process(pid))
                except psutil.Error:
                    continue
                at, before = self._seen.get((pid, began), (now - max(time.time() - began, 0.01), 0.0))
                seen[pid, began] = now, spent
                # A child that has ended takes its share along: what is used never goes below nothing.
                found[pid] = Usage(max(0.0, spent - before) / max(now - at, 0.01), memory)
            self._seen, self._found = seen, found
            self._asked, self._until = frozenset(pids), now + _AGAIN
            return found


def _measure(process: psutil.Process) -> tuple[float, float, int]:
    """When it began, CPU seconds and bytes of it and all that it has started."""
    began, spent, memory = process.create_time(), 0.0, 0
    for one in _family(process):
        try:
            with one.oneshot():
                times = one.cpu_times()
                spent += times.user + times.system
                memory += one.memory_info().rss
        except psutil.Error:
            if one is process:
                raise
    return began, spent, memory


def _family(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    yield from process.children(recursive=True)

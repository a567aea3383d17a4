"""One page of memory that a worker shares with its executor.

The worker writes which attempt it has and since when its code runs; the executor looks when it wants to know. So
*Started* and timeouts need no message, no thread beside the user's code and no cooperation of code that holds the
interpreter lock for minutes.

The page also tells whether an attempt said anything, exactly and without a word in the pipe. Bytes ever written to a
pipe = bytes the collector has drained + bytes still in it. The collector counts what it drains in `DRAINED` and makes
`TURN` odd while it reads, so the worker knows when the sum is not to be trusted (it then assumes output).

Cells are aligned 64-bit integers, each written by one side only.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import termios
from typing import Final

__all__ = ["BEGAN", "BEGAN_AT", "PHASE_ASKS", "PID", "STREAMS", "TAKEN", "TOKEN", "Page", "make_page"]

TOKEN: Final = 0  # the attempt received last, 0: none yet
TAKEN: Final = 1  # monotonic nanoseconds of its arrival
BEGAN: Final = 2  # monotonic nanoseconds of its code's first instant, 0: does not run, PHASE_ASKS: waits for permission
BEGAN_AT: Final = 3  # the same instant in microseconds UTC, 0: not yet; kept when the code has ended
PID: Final = 4  # the worker's process id
PHASE_ASKS: Final = -1

STREAMS: Final = ("out", "err")
_FIRST, _WIDTH = 8, 8
_TURN, _DRAINED, _BASE, _MARKED = range(4)
_INT = struct.Struct("i")


class Page:
    """The page; `fd` is its descriptor, closed by whoever has passed it on."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map = mmap.mmap(fd, mmap.PAGESIZE)
        self.cells = memoryview(self._map).cast("q")

    def close(self) -> None:
        """Unmap; the descriptor is not touched."""
        self.cells.release()
        self._map.close()

    # -- the worker's side
    def written(self, stream: int, fd: int) -> int | None:
        """Bytes ever written to the pipe of `stream`, None while the collector is reading it."""
        cells, at = self.cells, _FIRST + stream * _WIDTH
        turn = cells[at + _TURN]
        total = cells[at + _DRAINED] + _INT.unpack(fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0]
        return total if not turn & 1 and turn == cells[at + _TURN] else None

    def spoke(self, stream: int, fd: int) -> bool:
        """Whether anything was written to `stream` since `settle`."""
        return self.written(stream, fd) != self.cells[_FIRST + stream * _WIDTH + _BASE]

    def settle(self, stream: int, fd: int) -> None:
        """From now on only what is written later counts; an unclear count makes the next attempt mark in vain."""
        total = self.written(stream, fd)
        self.cells[_FIRST + stream * _WIDTH + _BASE] = -1 if total is None else total

    def mark(self, stream: int, token: int) -> None:
        """The newest mark in the pipe of `stream` is that of attempt `token`."""
        self.cells[_FIRST + stream * _WIDTH + _MARKED] = token

    # -- the collector's side
    def drain(self, stream: int, fd: int, size: int) -> bytes:
        """Read from the pipe of `stream` and count."""
        cells, at = self.cells, _FIRST + stream * _WIDTH
        cells[at + _TURN] += 1
        try:
            data = os.read(fd, size)
            cells[at + _DRAINED] += len(data)
        finally:
            cells[at + _TURN] += 1
        return data

    def newest_mark(self, stream: int) -> int:
        """The token of the newest mark that the worker wrote to `stream`."""
        return int(self.cells[_FIRST + stream * _WIDTH + _MARKED])


def make_page() -> Page:
    """A new page, zeroed, whose descriptor is closed on exec."""
    fd = os.memfd_create("segue-page", os.MFD_CLOEXEC)
    os.ftruncate(fd, mmap.PAGESIZE)
    return Page(fd)

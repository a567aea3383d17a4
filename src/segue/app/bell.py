"""A bell that rings when something in a folder changes.

On Linux it is inotify, asked through the C library: what is not touched costs nothing, and no thread of a library wakes
up to look. Which files changed it does not say: that is found by comparing sizes and times, which is right also where
events were lost, merged or came in an order nobody thought of. Where there is no inotify, or no watch is left, it rings
every two seconds.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Final

__all__ = ["FolderBell"]

_CLOSE_WRITE, _MOVED, _CREATE, _DELETE, _GONE = 0x8, 0x40 | 0x80, 0x100, 0x200, 0x400 | 0x800
_MASK: Final = _CLOSE_WRITE | _MOVED | _CREATE | _DELETE | _GONE | 0x01000000  # folders only
_OVERFLOW, _IGNORED, _FOLDER = 0x4000, 0x8000, 0x40000000
_HEAD: Final = struct.Struct("iIII")
_EVERY: Final = 2.0  # seconds between two looks where there is no inotify
_QUIET: Final = 0.05  # seconds without a change that end a burst of them
_LONGEST: Final = 1.0  # seconds that a burst is waited for
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class FolderBell:
    """Rings when a file of interest, or a folder, is written, made, moved or removed in one of some folders.

    Args:
        matters: whether a change of a file of this name is of interest.
    """

    def __init__(self, matters: Callable[[str], bool]) -> None:
        self._matters = matters
        self._poke_in, self._poke_out = os.pipe()
        self._poking = Lock()
        self._inotify = -1 if _libc is None else _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._watched: dict[int, Path] = {}

    def watch(self, folders: Iterable[Path]) -> None:
        """From now on watch these, and no others."""
        if _libc is None or self._inotify < 0:
            return
        wanted: dict[int, Path] = {}
        for folder in folders:
            number = _libc.inotify_add_watch(self._inotify, os.fsencode(folder), _MASK)
            if number >= 0:
                wanted[number] = folder
            elif ctypes.get_errno() not in (2, 20):  # gone meanwhile; else there is no watch left
                self._give_up()
                return
        for number in self._watched.keys() - wanted.keys():
            _libc.inotify_rm_watch(self._inotify, number)
        self._watched = wanted

    def _give_up(self) -> None:
        os.close(self._inotify)
        self._inotify = -1

    @property
    def polls(self) -> bool:
        """Whether it rings by the clock because it cannot watch."""
        return self._inotify < 0

    def wait(self, seconds: float | None) -> bool:
        """Wait until something has changed and the burst of changes is over, so long at most; says whether it rang."""
        if not self._rings(_EVERY if self.polls and (seconds is None or seconds > _EVERY) else seconds):
            return self.polls
        for _ in range(round(_LONGEST / _QUIET)):
            if not self._rings(_QUIET):
                break
        return True

    def poke(self) -> None:
        """Ring it; from any thread, also when it is closed: its number may be another file's by then."""
        with self._poking:
            if self._poke_out >= 0:
                os.write(self._poke_out, b"!")

    def _rings(self, seconds: float | None) -> bool:
        poll, end = select.poll(), None if seconds is None else time.monotonic() + seconds
        for fd in (self._inotify, self._poke_in):
            if fd >= 0:
                poll.register(fd, select.POLLIN)
        while ready := poll.poll(None if end is None else max(0.0, end - time.monotonic()) * 1000):
            if any(fd == self._poke_in for fd, _ in ready):
                os.read(self._poke_in, 4096)
                return True
            if self._heard():
                return True
        return False

    def _heard(self) -> bool:
        """Take in what the kernel has; says whether any of it is of interest."""
        data, at, found = os.read(self._inotify, 65536), 0, False
        while at < len(data):
            number, mask, _, length = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
            at += _HEAD.size + length
            if mask & _IGNORED:
                self._watched.pop(number, None)
            found = found or bool(mask & (_OVERFLOW | _FOLDER | _GONE)) or self._matters(os.fsdecode(name))
        return found

    def close(self) -> None:
        """Let go of everything."""
        with self._poking:
            for fd in (self._inotify, self._poke_in, self._poke_out):
                if fd >= 0:
                    os.close(fd)
            self._inotify = self._poke_in = self._poke_out = -1

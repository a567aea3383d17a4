from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import msgspec

from segue.model.ids import AttemptKey

__all__ = ["AttemptLog", "Limits", "Line", "log_path"]

_encode = msgspec.json.Encoder().encode


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of a log: when it was read, where it was written, what it says; level and fields of a record."""

    t: str
    stream: str
    msg: str
    level: str | None = None
    fields: msgspec.Raw | None = None


class Limits(msgspec.Struct, frozen=True, gc=False):
    """Bytes kept of the head of a log and of the tail of a longer one."""

    head: int
    tail: int


def log_path(key: AttemptKey) -> PurePosixPath:
    """Where the log of an attempt lies, relative to the folder of logs."""
    run = key.run
    text = run.key if run.n == 1 else f"{run.key}.{run.n}"
    index = "-" if key.index is None else str(key.index)
    return PurePosixPath(_plain(run.dag), _plain(text), _plain(key.task), index, f"{key.number}.jsonl")


def _plain(name: str) -> str:
    text = quote(name, safe="")
    return "%2E" + text[1:] if text.startswith(".") else text


class AttemptLog:
    """The log of one attempt: made with its first line, cut in the middle where it grows too long."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._fd = -1
        self._size = 0
        self._tail: deque[tuple[str, str, bytes]] = deque()
        self._kept = self._cut = 0

    @property
    def full(self) -> bool:
        """Whether the head is written; from now on only the newest bytes are kept, unparsed."""
        return self._size >= self._limits.head

    def write(self, at: str, stream: str, text: bytes) -> None:
        """Add whole lines of a stream."""
        if self.full:
            self._keep(at, stream, text)
        elif text:
            self._append(self._lines(at, stream, text))

    def record(self, line: Line) -> None:
        """Add a structured line."""
        if self.full:
            self._keep(line.t, line.stream, line.msg.encode())
        else:
            self._append([_encode(line)])

    def rest(self) -> None:
        """Write the tail and close the file; a later word opens it again."""
        if self._kept:
            at = self._tail[0][0]
            parts = [line for one in self._tail for line in self._lines(*one)]
            size, first = 0, len(parts)
            while first and size + len(parts[first - 1]) < self._limits.tail:
                first -= 1
                size += len(parts[first]) + 1
            note = f"(cut here: {self._cut + self._kept} more bytes, the last of them below)"
            self._append([_encode(Line(at, "segue", note)), *parts[first:]])
            self._tail.clear()
            self._kept = self._cut = 0
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _keep(self, at: str, stream: str, text: bytes) -> None:
        self._tail.append((at, stream, text))
        self._kept += len(text)
        while self._tail and self._kept - len(self._tail[0][2]) > self._limits.tail:
            dropped = len(self._tail.popleft()[2])
            self._kept -= dropped
            self._cut += dropped

    @staticmethod
    def _lines(at: str, stream: str, text: bytes) -> list[bytes]:
        lines = text.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return [_encode(Line(at, stream, line.rstrip(b"\r").decode("utf-8", "replace"))) for line in lines]

    def _append(self, lines: Iterable[bytes]) -> None:
        data = b"".join(line + b"\n" for line in lines)
        self._size += len(data)
        with suppress(OSError):  # a disk that is full loses a log, not a run
            if self._fd < 0:
                _make_folder(self._path.parent)
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]


def _make_folder(folder: Path) -> None:
    """Closed to others at every level: `Path.mkdir` gives its mode to the last one only."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)

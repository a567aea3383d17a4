"""What a worker's user code says: two pipes, the records of `logging`, and the marks that cut it all by attempt.

A mark is written after an attempt that said something, and only then. It begins with a NUL and the seal, a word that
the executor made for this worker, so output that looks like a mark is none.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

import msgspec

from segue.run.page import STREAMS, Page

__all__ = ["Voice"]

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_encode = msgspec.json.Encoder(enc_hook=repr).encode


class Voice:
    """Standard output, standard error and logging of a worker.

    Args:
        page: counts what the collector has read.
        seal: begins every mark.
        pipes: descriptors of the pipes for output and errors.
    """

    def __init__(self, page: Page, seal: bytes, pipes: tuple[int, int]) -> None:
        self._page, self._seal, self._pipes = page, b"\0" + seal, pipes
        self._handler = _Records(self.record)
        self._texts: tuple[TextIO, TextIO]
        self.redirect()
        logging.root.handlers[:] = [self._handler]
        logging.root.setLevel(logging.INFO)
        for stream, pipe in enumerate(pipes):
            page.settle(stream, pipe)

    def redirect(self) -> None:
        """Let descriptors 1 and 2 and Python's text streams lead to the pipes."""
        for fd, pipe in enumerate(self._pipes, start=1):
            os.dup2(pipe, fd)
        self._texts = (_text(1), _text(2))
        sys.stdout, sys.stderr = self._texts

    def reconnect(self) -> None:
        """Undo what an attempt did to descriptors 1 and 2."""
        os.dup2(self._pipes[0], 1)
        os.dup2(self._pipes[1], 2)
        if self._texts[0].closed or self._texts[1].closed:
            self.redirect()

    def finish(self, token: int) -> bool:
        """Mark the end of an attempt where it said something, and say whether it did."""
        self._flush()
        said = False
        for stream, pipe in enumerate(self._pipes):
            if self._page.spoke(stream, pipe):
                self._write(pipe, self._seal + b"E%d\n" % token)
                self._page.mark(stream, token)
                self._page.settle(stream, pipe)
                said = True
        return said

    def record(self, level: str, message: str, fields: dict[str, object]) -> None:
        """Write a structured line. Never raises for what cannot be encoded."""
        line = {"t": _now(), "level": level, "msg": message, "fields": fields}
        try:
            body = _encode(line)
        except (UnicodeEncodeError, TypeError, ValueError):
            body = _encode(line | {"msg": ascii(message), "fields": {name: ascii(one) for name, one in fields.items()}})
        self._flush()
        self._write(self._pipes[STREAMS.index("err")], self._seal + b"L" + body + b"\n")

    def complain(self, error: BaseException, begin: TracebackType | None) -> None:
        """Write a traceback that begins at `begin`."""
        with suppress(Exception):  # an exception whose own text raises
            lines = traceback.format_exception(type(error), error, begin)
            self.record("ERROR", "".join(lines).rstrip("\n"), {"error": type(error).__qualname__})

    def _flush(self) -> None:
        for text in self._texts:
            with suppress(ValueError, OSError):  # closed by the task
                text.flush()

    @staticmethod
    def _write(fd: int, data: bytes) -> None:
        while data:
            data = data[os.write(fd, data) :]


class _Records(logging.Handler):
    """Hands records of `logging` to the voice."""

    def __init__(self, say: Callable[[str, str, dict[str, object]], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit their format are the task's
            message = f"{record.msg} {record.args!r}"
        fields = {name: one for name, one in vars(record).items() if name not in _PLAIN}
        if record.name != "root":
            fields["logger"] = record.name
        if record.exc_info and record.exc_info[1]:
            message += "\n" + "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        self._say(record.levelname, message, fields)


def _text(fd: int) -> TextIO:
    return open(fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

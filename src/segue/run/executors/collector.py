"""Cuts what workers say by attempt, hides secrets in it and writes it down, in one thread of its own.

A mark in the pipe ends the words of the attempt it names. What comes after the newest mark belongs to the attempt that
runs now, if the worker has written no mark that is still to come; so a log can be followed while it grows.

Secrets are hidden in whole lines, before these are kept anywhere; a line too long to wait for is cut where no secret
can lie. A worker gets a secret only after its veil knows it, so nothing that it says can come too early.
"""

from __future__ import annotations

import os
import selectors
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from segue.model.ids import AttemptKey, Instant
from segue.model.masking import Veil
from segue.run.executors.attendant import Attendant
from segue.run.executors.logfile import AttemptLog, Limits, Line, log_path
from segue.run.page import STREAMS, TOKEN, Page

__all__ = ["Collector"]

_CHUNK = 64 * 1024
_LONGEST_LINE, _LONGEST_RECORD = 64 * 1024, 16 * 1024 * 1024
_OPEN = 8  # logs of a worker that may still get a word


class _Record(msgspec.Struct, frozen=True, gc=False):
    t: str
    level: str
    msg: str
    fields: msgspec.Raw


_record = msgspec.json.Decoder(_Record)


class Collector:
    """The thread that reads the output of workers.

    Args:
        folder: the folder of logs.
        limits: sizes of a log.
        now: reads the clock.
    """

    def __init__(self, folder: Path, limits: Limits, now: Callable[[], Instant]) -> None:
        self._folder, self._limits, self._now = folder, limits, now
        self._attendant = Attendant("segue-collector")
        self._streams: set[_Stream] = set()

    def attend(
        self, seal: bytes, page: Page, keys: Mapping[int, AttemptKey], pipes: tuple[int, int], veil: Veil
    ) -> None:
        """Read these pipes of a worker to their ends; takes them over.

        Args:
            seal: begins the marks of the worker.
            page: the worker's.
            keys: names the attempts behind tokens.
            pipes: its output and its errors.
            veil: hides the secrets that the worker knows.
        """
        desk = _Desk(self._folder, self._limits, keys, veil)
        for number, pipe in enumerate(pipes):
            os.set_blocking(pipe, False)
            stream = _Stream(number, pipe, b"\0" + seal, page, desk)
            self._streams.add(stream)
            self._attendant.submit(
                partial(self._attendant.watch, pipe, selectors.EVENT_READ, partial(self._read, stream))
            )

    def close(self) -> None:
        """Read what is left and end the thread."""
        self._attendant.close()
        while self._streams:
            stream = self._streams.pop()
            while stream.read(self._stamp()):
                pass
            stream.end(self._stamp())

    def _read(self, stream: _Stream, _: int) -> None:
        if stream.read(self._stamp()) is False:
            self._attendant.forget(stream.pipe)
            self._streams.discard(stream)
            stream.end(self._stamp())

    def _stamp(self) -> str:
        at = datetime.fromtimestamp(self._now() / 1e6, UTC)
        return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


class _Desk:
    """The logs of one worker, the newest few of them."""

    def __init__(self, folder: Path, limits: Limits, keys: Mapping[int, AttemptKey], veil: Veil) -> None:
        self._folder, self._limits, self._keys, self.veil = folder, limits, keys, veil
        self._logs: OrderedDict[int, AttemptLog] = OrderedDict()

    def log(self, token: int) -> AttemptLog | None:
        if token not in self._logs:
            key = self._keys.get(token)
            if key is None:
                return None
            self._logs[token] = AttemptLog(self._folder / log_path(key), self._limits)
            if len(self._logs) > _OPEN:
                self._logs.popitem(last=False)[1].rest()
        return self._logs[token]


class _Stream:
    """One pipe of one worker."""

    def __init__(self, number: int, pipe: int, seal: bytes, page: Page, desk: _Desk) -> None:
        self.pipe = pipe
        self._number, self._name, self._seal = number, STREAMS[number], seal
        self._page, self._desk = page, desk
        self._pending: list[tuple[str, bytes | Line]] = []  # since the newest mark, owner not known yet
        self._rest = b""  # since the newest complete line
        self._marked = 0

    def read(self, at: str) -> bool | None:
        """Read once. False at the end of the pipe, None where there is nothing now."""
        try:
            data = self._page.drain(self._number, self.pipe, _CHUNK)
        except BlockingIOError:
            return None
        if data:
            self._cut(at, self._rest + data)
            self._settle(at)
        return bool(data)

    def end(self, at: str) -> None:
        """No more will come: what is left belongs to the attempt that the worker died with."""
        self._say(at, self._rest)
        self._rest = b""
        self._write(self._page.cells[TOKEN] or self._marked, last=True)
        os.close(self.pipe)

    def _cut(self, at: str, data: bytes) -> None:
        """Take frames out of the text around them."""
        while (start := data.find(self._seal)) >= 0:
            stop = data.find(b"\n", start)
            if stop < 0:
                break
            self._say(at, data[:start])
            frame, data = data[start + len(self._seal) : stop], data[stop + 1 :]
            if frame[:1] == b"E":
                self._marked = int(frame[1:])
                self._write(self._marked, last=True)
            else:
                with suppress(msgspec.DecodeError):
                    self._pending.append((at, self._line(_record.decode(frame[1:]))))
        self._rest = data

    def _say(self, at: str, text: bytes) -> None:
        if text:
            self._pending.append((at, self._desk.veil.mask.hide(text)))

    def _line(self, record: _Record) -> Line:
        mask, fields = self._desk.veil.mask, record.fields
        if mask:
            fields = msgspec.Raw(msgspec.json.encode(mask.hide_within(msgspec.json.decode(fields))))
        return Line(record.t, "log", mask.hide_text(record.msg), record.level, fields)

    def _settle(self, at: str) -> None:
        """Write complete lines down if it is known whose they are."""
        end = self._rest.rfind(b"\n") + 1
        if not end and len(self._rest) > (_LONGEST_RECORD if self._seal in self._rest else _LONGEST_LINE):
            end = self._desk.veil.mask.safe_end(self._rest, len(self._rest) - len(self._seal) - 1)
        text, self._rest = self._rest[:end], self._rest[end:]
        self._say(at, text)
        token = int(self._page.cells[TOKEN]) or self._marked
        if self._page.newest_mark(self._number) == self._marked:
            self._write(token, last=False)

    def _write(self, token: int, last: bool) -> None:
        log = self._desk.log(token) if last or self._pending else None
        if log is not None:
            for at, part in self._pending:
                if isinstance(part, Line):
                    log.record(part)
                else:
                    log.write(at, self._name, part)
            if last:
                log.rest()
        self._pending.clear()

"""Logs in portions: where to begin, what fits, where to go on. Bytes come through a door."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from segue.model.api.logs import Found, LogLine, LogPage
from segue.model.errors import UsageError
from segue.model.escapes import only_colours
from segue.model.state import AttemptState
from segue.model.views import AttemptView
from segue.show.archive import Logs

__all__ = [
    "LEVELS",
    "LogFilter",
    "Portion",
    "log_page",
    "portion_of",
    "read_filter",
    "search_logs",
    "tail_of",
    "text_of",
]

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_CHUNK: Final = 1 << 20
_LINE: Final = 64 << 20  # a line cannot be longer than a whole log may be
_SCANNED: Final = 32 << 20
_TOLD: Final = 2 << 20  # bytes of one answer
_MESSAGE: Final = 64 << 10  # characters of one line
_FIELDS: Final = 1 << 20  # bytes of one line beside its message
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_LIVE: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})


class _Stored(msgspec.Struct, frozen=True):
    t: str
    stream: str
    msg: str
    level: str | None = None
    fields: Any = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines: all that fit every part that is given.

    Args:
        level: of a record, at least.
        text: stands in the line, whatever its case.
        fields: a record has them, with these values as text.
    """

    level: str | None = None
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def fits(self, line: LogLine) -> bool:
        """Whether a line is one of them."""
        if self.level is not None and _rank(line.level) < LEVELS.index(self.level):
            return False
        if self.text and self.text.casefold() not in line.msg.casefold():
            return False
        own = line.fields if isinstance(line.fields, dict) else {}
        return all(name in own and _text(own[name]) == value for name, value in self.fields.items())


def read_filter(level: str | None, text: str, fields: Mapping[str, str]) -> LogFilter:
    """A filter as somebody has written it.

    Raises:
        UsageError: there is no such level.
    """
    if level is None:
        return LogFilter(None, text, fields)
    if level.upper() not in LEVELS:
        near = get_close_matches(level.upper(), LEVELS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(LEVELS)}"
        raise UsageError(f"no line ever has the level {level[:40]!r}: {hint}")
    return LogFilter(level.upper(), text, fields)


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True)
class Portion:
    """Some lines of a log.

    Args:
        lines: those that fit.
        start, end: bytes that were read.
        size: of the log.
        more: there is more behind `end` already.
        scanned: bytes that were looked at.
    """

    lines: tuple[LogLine, ...]
    start: int
    end: int
    size: int
    more: bool
    scanned: int = 0


def portion_of(
    logs: Logs,
    attempt: AttemptView,
    start: int,
    limit: int,
    wanted: LogFilter = LogFilter(),  # noqa: B008  # frozen
) -> Portion:
    """Read lines forward.

    Args:
        logs: the door.
        attempt: whose.
        start: the byte to begin at; amid a line: with the next one. Negative: so many bytes before the end.
        limit: lines at most; what is looked at and what is told are bounded, too.
        wanted: which lines.
    """
    at, size = _line_start(logs, attempt, start)
    first, found, told, chunk, scanned = at, list[LogLine](), 0, _CHUNK, 0
    while scanned < _SCANNED:
        part = logs.read(attempt, at, chunk)
        size = part.size
        whole = part.data.rfind(b"\n") + 1
        scanned += len(part.data)
        if not whole:
            if at + len(part.data) >= size or chunk >= _LINE:
                return Portion(tuple(found), first, at, size, False, scanned)
            chunk *= 8
            continue
        chunk = _CHUNK
        for data in _split(part.data[:whole]):
            line = _line(at, data)
            at += len(data)
            if wanted.fits(line):
                found.append(line)
                told += len(line.msg)
            if len(found) >= limit or told >= _TOLD:
                return Portion(tuple(found), first, at, size, at < size, scanned)
    return Portion(tuple(found), first, at, size, at < size, scanned)


def _split(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        stop = data.index(b"\n", at) + 1
        yield data[at:stop]
        at = stop


def _line_start(logs: Logs, attempt: AttemptView, start: int) -> tuple[int, int]:
    """Where the first whole line at or after a byte begins, and how large the log is."""
    if start == 0:
        return 0, 0
    part = logs.read(attempt, start - 1, _CHUNK)
    if part.start == 0 and start < 0:
        return 0, part.size
    cut = part.data.find(b"\n")
    return (part.start + cut + 1 if cut >= 0 else part.start + len(part.data)), part.size


def tail_of(logs: Logs, attempt: AttemptView, limit: int, wanted: LogFilter) -> Portion:
    """The last lines that fit."""
    back = _CHUNK
    while True:
        found, left_out = _last_from(logs, attempt, -back, wanted, limit)
        if left_out or found.start == 0 or back >= _SCANNED:
            break
        back *= 8
    return replace(found, start=found.lines[0].offset) if left_out else found


def _last(lines: Sequence[LogLine], limit: int) -> tuple[LogLine, ...]:
    """The last lines that one answer may tell."""
    told, count = 0, 0
    for line in reversed(lines[-limit:]):
        told += len(line.msg)
        if count and told > _TOLD:
            break
        count += 1
    return tuple(lines[len(lines) - count :])


def _last_from(logs: Logs, attempt: AttemptView, start: int, wanted: LogFilter, limit: int) -> tuple[Portion, bool]:
    """What one answer may tell of the end of all that fits from a byte on, and whether that is not all of it."""
    first: int | None = None
    lines: tuple[LogLine, ...] = ()
    left_out = False
    while True:
        part = portion_of(logs, attempt, start, _CHUNK, wanted)
        first = part.start if first is None else first
        lines, known = _last(lines + part.lines, limit), len(lines) + len(part.lines)
        left_out = left_out or len(lines) < known
        start = part.end
        if not part.more:
            return Portion(lines, first, part.end, part.size, False, part.scanned), left_out


def _line(at: int, data: bytes) -> LogLine:
    try:
        stored = msgspec.json.decode(data, type=_Stored)
    except (msgspec.MsgspecError, RecursionError):
        text = only_colours(data.decode(errors="replace").rstrip("\n"))
        return LogLine(at, "", "damaged", text[:_MESSAGE], cut=len(text) > _MESSAGE)
    text = only_colours(stored.msg[: 2 * _MESSAGE])
    long = len(data) - len(stored.msg) > _FIELDS
    cut = long or len(stored.msg) > 2 * _MESSAGE or len(text) > _MESSAGE
    fields = None if long else stored.fields
    return LogLine(at, stored.t, stored.stream, text[:_MESSAGE], stored.level, fields, cut)


def log_page(attempt: AttemptView, portion: Portion) -> LogPage:
    """Some lines of an attempt's log."""
    key = attempt.key
    return LogPage(
        str(attempt.id), str(key.run), key.task, key.index, key.number, str(attempt.state), portion.size,
        portion.start, portion.end, portion.more, attempt.state in _LIVE, portion.lines,
    )  # fmt: skip


def text_of(logs: Logs, attempt: AttemptView) -> Iterator[bytes]:
    """A whole log as plain text, in pieces: time, stream or level, message; no code of a terminal is left in it."""
    at = 0
    while True:
        part = portion_of(logs, attempt, at, _CHUNK)
        for line in part.lines:
            text = _COLOUR.sub("", line.msg) + (" … (cut)" if line.cut else "")
            yield f"{line.t}  {line.level or line.stream:<8}  {text}\n".encode(errors="replace")
        at = part.end
        if not part.more:
            return


def search_logs(
    logs: Logs, attempts: Sequence[AttemptView], wanted: LogFilter, limit: int, offset: int = 0
) -> tuple[tuple[Found, ...], int, tuple[int, int] | None]:
    """Look for lines in several logs.

    Args:
        logs: the door.
        attempts: in the order in which they are looked through.
        wanted: which lines.
        limit: lines at most; what is looked at is bounded, too.
        offset: the byte of the first log at which to begin.

    Returns:
        What was found; how many attempts were looked through; number in `attempts` and byte at which to go on, None
        where all were.
    """
    found: list[Found] = []
    scanned = 0
    for number, attempt in enumerate(attempts):
        part = portion_of(logs, attempt, offset, limit - len(found), wanted)
        key, offset = attempt.key, 0
        found += [Found(str(attempt.id), str(key.run), key.task, key.index, key.number, line) for line in part.lines]
        scanned += part.scanned
        if part.more:
            return tuple(found), number + 1, (number, part.end)
        if number + 1 < len(attempts) and (len(found) >= limit or scanned >= _SCANNED):
            return tuple(found), number + 1, (number + 1, 0)
    return tuple(found), len(attempts), None

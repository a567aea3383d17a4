"""Logs, as they are read in portions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Found", "LogLine", "LogPage", "LogSearch"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line.

    Attributes:
        offset: the byte at which it begins in its file: its permanent address.
        t: when it was read, ISO 8601 UTC; empty where the line is damaged.
        stream: `out`, `err`, `log` (a record), `segue` (ours), `damaged`.
        msg: what it says; codes that only colour are kept, all others dropped.
        level, fields: of a record.
        cut: it is longer than what is shown.
    """

    offset: int
    t: str
    stream: str
    msg: str
    level: str | None = None
    fields: Any = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some lines of an attempt's log.

    Attributes:
        size: bytes that the log has now.
        start, end: the bytes that were read; `offset=end` goes on.
        more: there is more behind `end` already.
        live: the attempt is alive, so more may come.
        lines: those that fit what was asked for.
    """

    attempt_id: str
    run_id: str
    task_id: str
    map_index: int | None
    attempt: int
    state: str
    size: int
    start: int
    end: int
    more: bool
    live: bool
    lines: tuple[LogLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A line that was looked for, and where it stands."""

    attempt_id: str
    run_id: str
    task_id: str
    map_index: int | None
    attempt: int
    line: LogLine


@dataclass(frozen=True, slots=True)
class LogSearch:
    """Lines of a DAG and day, in order of attempts.

    Attributes:
        attempts: how many were looked through for this page.
        next: the cursor to go on from, None at the end; a page may be empty and yet not be the last.
    """

    dag_id: str
    date: str
    items: tuple[Found, ...] = ()
    attempts: int = 0
    next: str | None = None

"""What attempts wrote: JSON lines, one file an attempt, made with its first line."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from segue.app.settings import Settings
from segue.model.errors import EnvironmentFault, UsageError
from segue.model.state import FINAL, RUN_FINAL, AttemptState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.run.executors.logfile import log_path
from segue.show.archive import LogBytes
from segue.show.reading import Reading

__all__ = ["AttemptLog", "Line", "LogFiles", "TaskLogs"]

_LABEL = re.compile(r"(?P<task>[^\[\]]+)(?:\[(?P<index>\d{1,9})\])?")
_LIVE = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})


class Line(msgspec.Struct, frozen=True):
    """One line as it is stored: when, on which stream, what; level and fields where it is a log record."""

    t: str
    stream: str
    msg: str
    level: str | None = None
    fields: Any = None


class AttemptLog:
    """One attempt's log, read on from where the last read stopped."""

    def __init__(self, attempt: AttemptView, path: Path) -> None:
        self.attempt, self._path = attempt, path
        self._at = 0

    @property
    def label(self) -> str:
        """The task as people write it."""
        return self.attempt.key.of.label

    def lines(self) -> Iterator[Line]:
        """The lines that are new; one that is being written comes next time."""
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            stream.seek(self._at)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                self._at += len(line)
                try:
                    yield msgspec.json.decode(line, type=Line)
                except msgspec.MsgspecError:
                    yield Line("", "damaged", line.decode(errors="replace").rstrip("\n"))


class TaskLogs:
    """The logs of one task of a run, of one item or all.

    Args:
        reading: of the home.
        settings: in force.
        run: the run.
        label: `clean` or `clean[3]`.
        number: of one attempt; None: all.

    Raises:
        UsageError: there is no such task.
    """

    def __init__(self, reading: Reading, settings: Settings, run: RunView, label: str, number: int | None) -> None:
        self._reading, self._folder, self._run, self._number = reading, settings.logs, run, number
        self._logs: dict[tuple[str, int | None, int], AttemptLog] = {}
        found = _LABEL.fullmatch(label)
        detail = reading.detail(run)
        known = [task.id for task in detail.spec.tasks]
        if found is None or found["task"] not in known:
            raise UsageError(f"{run.run} has no task {label}: it has {', '.join(known[:20])}")
        self._task, self._index = found["task"], None if found["index"] is None else int(found["index"])
        if self._index is not None and not any(entry.index == self._index for entry in self._entries(detail)):
            raise UsageError(f"{run.run} has no task {label}")
        self.label = label
        self.refresh()

    def refresh(self) -> bool:
        """Look for new attempts; says whether more may be written."""
        self._run = self._reading.find(str(self._run.run))
        detail = self._reading.detail(self._run)
        for attempt in detail.attempts:
            key = (attempt.key.task, attempt.key.index, attempt.key.number)
            if self._wanted(attempt):
                # Where it lies is said when it has ended; its DAG may have another id since.
                path = self._folder / (attempt.log or log_path(attempt.key))
                log = self._logs.setdefault(key, AttemptLog(attempt, path))
                log.attempt = attempt
        if self._run.state in RUN_FINAL or self._reading.state(self._run, fresh=True) == "interrupted":
            return False
        if self._number is not None and self._logs:
            return any(log.attempt.state in _LIVE for log in self._logs.values())
        return any(entry.state not in FINAL | {TaskState.HELD} for entry in self._entries(detail))

    def _wanted(self, attempt: AttemptView) -> bool:
        key = attempt.key
        fits = key.task == self._task and (self._index is None or key.index == self._index)
        return fits and self._number in (None, key.number)

    def _entries(self, detail: RunDetail) -> list[TaskView]:
        return [
            entry
            for entry in detail.entries()
            if entry.task == self._task and (self._index is None or entry.index == self._index)
        ]

    def all(self) -> Sequence[AttemptLog]:
        """The logs of the attempts there are, in order of item and number."""
        return [self._logs[key] for key in sorted(self._logs, key=lambda key: (key[1] or 0, key[2]))]


class LogFiles:
    """Reads the logs of attempts for the web child: plain files below one folder, and nothing else.

    The name of a log comes from the store, never from a request. No link is followed on the way to it, and what is no
    plain file is not read: a task may have put anything there.

    Args:
        folder: of the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, attempt: AttemptView, start: int, limit: int) -> LogBytes:
        """Read some bytes; none where nothing was written, or it was removed since.

        Args:
            attempt: whose.
            start: where to begin; negative: so many bytes before its end.
            limit: so many at most.

        Raises:
            EnvironmentFault: it is there and cannot be read, or is no plain file.
        """
        try:
            with _opened(self._folder, PurePosixPath(attempt.log or log_path(attempt.key))) as fd:
                size = os.fstat(fd).st_size
                begin = min(start, size) if start >= 0 else max(0, size + start)
                return LogBytes(_all_of(fd, begin, limit), begin, size)
        except FileNotFoundError:
            return LogBytes(b"", 0, 0)
        except OSError as why:
            raise EnvironmentFault(f"the log of {attempt.key} cannot be read: {why.strerror or why}") from None


def _all_of(fd: int, begin: int, limit: int) -> bytes:
    parts = []
    while limit > 0 and (data := os.pread(fd, limit, begin)):
        parts.append(data)
        begin, limit = begin + len(data), limit - len(data)
    return b"".join(parts)


@contextmanager
def _opened(folder: Path, name: PurePosixPath) -> Iterator[int]:
    """Open a plain file below a folder without following any link."""
    if not name.parts or name.is_absolute() or ".." in name.parts:
        raise OSError("its name leads elsewhere")
    *folders, last = name.parts
    with ExitStack() as stack:

        def entered(part: str | Path, flags: int, within: int | None) -> int:
            fd = os.open(part, flags | os.O_RDONLY | os.O_CLOEXEC, dir_fd=within)
            stack.callback(os.close, fd)
            return fd

        at = entered(folder, os.O_DIRECTORY, None)
        for part in folders:
            at = entered(part, os.O_DIRECTORY | os.O_NOFOLLOW, at)
        # A pipe would keep us waiting for whoever writes into it.
        fd = entered(last, os.O_NOFOLLOW | os.O_NONBLOCK, at)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("it is no plain file")
        yield fd

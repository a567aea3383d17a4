"""What our own processes say: sentences in the terminal for people, lines of JSON in a file for machines.

One line is one object, whatever a DAG file, a request or an error has put into the text: control characters are
escaped. The standard library only, because the supervisor writes it as well.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

__all__ = ["FIELDS", "configure", "inherited", "line_of", "log", "pass_on", "say", "whisper"]

FIELDS: Final = ("dag", "run", "task", "attempt", "request", "actor", "incident")
"""What a line may carry beside its text; give it with `extra=`."""

_FILE_BYTES: Final = 10_000_000
_KEPT: Final = 3
_LOGGER: Final = logging.getLogger("segue")
_FOLDER: Final = "SEGUE_LOGS"
_FORM: Final = "SEGUE_LOG_FORMAT"
_LEVEL: Final = "SEGUE_LOG_LEVEL"


class _State:
    process = ""
    form = "text"
    terminal: TextIO = sys.stdout


def configure(
    process: str, folder: Path | None, form: str = "text", level: str = "info", terminal: TextIO | None = None
) -> None:
    """Begin to write what this process says.

    Args:
        process: *loop*, *web*, *tell* or *supervisor*.
        folder: of logs; the file in it is `segue-<process>.log`. None: no file.
        form: *text*: people read the terminal; *json*: a machine does, and gets the lines that the file gets.
        level: of what is written: *debug*, *info*, *warning* or *error*.
        terminal: where people read; default: standard output.
    """
    _State.process, _State.form, _State.terminal = process, form, terminal or sys.stdout
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _File | _Terminal)]:
        root.removeHandler(old)
        old.close()
    if folder is not None:
        root.addHandler(_File(folder / f"segue-{process}.log"))
    root.addHandler(_Terminal())
    _LOGGER.setLevel(level.upper())


def pass_on(folder: Path, form: str, level: str) -> None:
    """Put into the environment, which children inherit, where and how they are to write."""
    os.environ.update({_FOLDER: str(folder), _FORM: form, _LEVEL: level})


def inherited(process: str) -> None:
    """Begin as the environment says, in a process that reads no settings."""
    folder = os.environ.get(_FOLDER)
    form, level = os.environ.get(_FORM, "text"), os.environ.get(_LEVEL, "info")
    configure(process, Path(folder) if folder else None, form, level)


def log(level: str, text: str, **fields: object) -> None:
    """Write a line.

    Args:
        level: *debug*, *info*, *warning* or *error*.
        text: a sentence.
        fields: of `FIELDS`.
    """
    _LOGGER.log(logging.getLevelNamesMapping()[level.upper()], "%s", text, extra=fields)


def say(text: str, **fields: object) -> None:
    """Tell people something that they may want to know; it is written as well."""
    if _State.form == "text":
        _print(_shown(text))
    _LOGGER.info("%s", text, extra=fields)


def whisper(text: str) -> None:
    """Tell whoever looks at the terminal something that no file may keep."""
    if _State.form == "text":
        _print(_shown(text))
    else:
        _print(line_of(logging.LogRecord("segue", logging.INFO, "", 0, text, None, None), _State.process))


def _print(text: str) -> None:
    with suppress(OSError):
        _State.terminal.write(f"{text}\n")
        _State.terminal.flush()


def line_of(record: logging.LogRecord, process: str) -> str:
    """A record as one line of JSON."""
    found: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "process": process,
        "pid": record.process,
        "message": record.getMessage(),
    }
    found |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
    if record.name.partition(".")[0] != "segue":
        found["logger"] = record.name
    if record.exc_info:
        found["error"] = "".join(traceback.format_exception(*record.exc_info))
    return json.dumps(found, default=str).replace("\x7f", "\\u007f")


def _shown(text: str) -> str:
    """A text for a terminal, which its control characters must not reach; lines stay lines."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


class _File(logging.Handler):
    """A file that does not grow for ever: the three before it are kept."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._out: TextIO | None = None
        self._size = 0

    def emit(self, record: logging.LogRecord) -> None:
        line = line_of(record, _State.process) + "\n"
        with suppress(OSError):  # a full disk stops nothing, and there is nobody to tell
            out = self._out or self._open()
            if self._size + len(line) > _FILE_BYTES:
                out = self._turn()
            self._size += len(line)
            out.write(line)
            out.flush()

    def close(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None
        super().close()

    def _open(self) -> TextIO:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        self._out = self._path.open("a", encoding="ascii")
        self._size = self._out.tell()
        return self._out

    def _turn(self) -> TextIO:
        assert self._out is not None
        self._out.close()
        self._out = None
        older = [self._path, *(self._path.with_name(f"{self._path.name}.{at}") for at in range(1, _KEPT + 1))]
        for at in range(_KEPT, 0, -1):
            if older[at - 1].exists():
                older[at - 1].replace(older[at])
        return self._open()


class _Terminal(logging.Handler):
    """Where a machine reads the terminal it gets all lines; a person gets what `say` tells, and errors."""

    def emit(self, record: logging.LogRecord) -> None:
        if _State.form == "json":
            text = line_of(record, _State.process)
        elif record.levelno >= logging.ERROR:
            error = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
            text = _shown(f"{record.getMessage()}\n{error}".rstrip())
        else:
            return
        _print(text)

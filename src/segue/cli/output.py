"""How the terminal speaks: states as glyph, word and colour; errors; times; nothing from outside unescaped."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, Literal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from segue.model.duration import show_duration
from segue.model.errors import Bug, DefinitionError, EnvironmentFault, Refused, SegueError, UsageError
from segue.model.moment import datetime_at

__all__ = [
    "STYLES",
    "Code",
    "about",
    "console",
    "duration",
    "errors",
    "minute",
    "plain",
    "print_json",
    "reason",
    "say_error",
    "say_errors",
    "state_text",
    "table",
    "terminal_safe",
    "warn",
    "when",
]


class Code(IntEnum):
    """Exit codes (INTERFACE, "Command line")."""

    GOOD = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    HELD = 4
    CANCELLED = 130


STYLES: Final[dict[str, tuple[str, str, str]]] = {
    "pending": ("·", "waiting", "dim"),
    "queued": ("◌", "queued", "blue"),
    "running": ("●", "running", "cyan"),
    "up_for_retry": ("↻", "retrying", "yellow"),
    "deferred": ("…", "deferred", "blue"),
    "held": ("‖", "held", "magenta"),
    "success": ("✓", "done", "green"),
    "failed": ("✗", "failed", "bold red"),
    "upstream_failed": ("⇣", "upstream failed", "red"),
    "skipped": ("–", "skipped", "dim"),
    "cancelled": ("■", "cancelled", "yellow"),
    "timed_out": ("✗", "timed out", "bold red"),
    "lost": ("✗", "lost", "bold red"),
    "interrupted": ("!", "interrupted", "yellow"),
    "missing": ("○", "missing", "bold yellow"),
    "fresh": ("✓", "fresh", "green"),
    "stale": ("~", "stale", "yellow"),
    "retired": ("▫", "retired", "dim"),
}

_WIDE: Final = 400
_ZERO = re.compile(r"(:\d\d):00(Z|[+-]\d\d:\d\d)$")
_STEERING = re.compile(r"(?P<colour>\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console() -> Console:
    """Standard output; what goes into a pipe is not cut to any width."""
    wide = None if sys.stdout.isatty() else _WIDE
    return Console(highlight=False, soft_wrap=wide is not None, width=wide)


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say on standard error what a person should know but need not act on."""
    errors().print(Text.assemble(("warning: ", "yellow"), terminal_safe(text)))


def terminal_safe(text: str, *, colours: bool = False) -> str:
    """Escape what would steer the terminal; with `colours` the codes that only colour stay."""

    def escape(found: re.Match[str]) -> str:
        if colours and found["colour"]:
            return found[0]
        return found[0].encode("unicode_escape").decode()

    return _STEERING.sub(escape, text)


def plain(text: str) -> Text:
    """A text from outside as it may stand on the terminal: one line, nothing in it is markup."""
    return Text(terminal_safe(" ".join(text.split("\n"))))


def state_text(state: str) -> Text:
    """A state as glyph and word in its colour."""
    glyph, word, style = STYLES[state]
    return Text(f"{glyph} {word}", style=style)


def reason(state: str, why: str) -> str:
    """Why something is in a state, as it may stand behind the state's word without saying it twice."""
    word = STYLES[state][1]
    return why.removeprefix(f"is {word}: ").removeprefix(f"{word}: ")


def duration(started: int | None, ended: int | None) -> str:
    """How long something took, empty where it has not begun or ended; microseconds."""
    return "" if started is None or ended is None else show_duration(max(0, ended - started))


def about(length: int) -> str:
    """A duration where there is little room, as people write one: `350ms`, `45s`, `17m`, `2h24m`, `1d03h`.

    Args:
        length: microseconds.
    """
    if length < 1_000_000:
        return f"{length // 1_000}ms"
    whole = (length + 500_000) // 1_000_000
    if whole < 60:
        return f"{whole}s"
    minutes = (whole + 30) // 60
    if minutes < 60:
        return f"{minutes}m"
    hours = minutes // 60
    return f"{hours}h{minutes % 60:02}m" if hours < 24 else f"{hours // 24}d{hours % 24:02}h"


def when(instant: int | None, zone: str = "UTC") -> str:
    """An instant as `2026-04-01 02:00:07-07:00` in a zone."""
    if instant is None:
        return ""
    at = datetime_at(instant, zone)
    return at.replace(microsecond=0).isoformat(sep=" ").replace("+00:00", "Z")


def minute(instant: int | None, zone: str = "UTC") -> str:
    """An instant as `2026-04-01 02:00-07:00`; with seconds where it has some."""
    return _ZERO.sub(r"\1\2", when(instant, zone))


def table(*columns: str) -> Table:
    """A table without lines; a column whose name begins with `>` is right-aligned, only the last one is folded."""
    result = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        last = column is columns[-1]
        side: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        result.add_column(column.lstrip(">"), justify=side, overflow="fold", no_wrap=not last)
    return result


def print_json(value: Any) -> None:
    """Write one line of JSON on standard output; dataclasses become objects."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say_error(error: SegueError, as_json: bool) -> Code:
    """Tell one error and give the exit code that fits it."""
    return say_errors([error], as_json)


def say_errors(found: Sequence[SegueError], as_json: bool) -> Code:
    """Tell errors, on standard output as JSON or on standard error for people; the first decides the exit code."""
    if as_json:
        first, *others = map(_described, found)
        print_json({"error": first, "others": others} if others else {"error": first})
    else:
        screen = errors()
        for error in found:
            screen.print(Text.assemble(("error: ", "bold red"), terminal_safe(str(error))))
    return _code(found[0])


def _code(error: SegueError) -> Code:
    match error:
        case EnvironmentFault() | Bug():
            return Code.UNREACHABLE
        case UsageError() if not isinstance(error, Refused):
            return Code.USAGE
        case _:
            return Code.FAILED


def _described(error: SegueError) -> dict[str, str | None]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    if not isinstance(error, DefinitionError):
        return {"code": name, "message": str(error), "where": None, "hint": None}
    where = ":".join(str(part) for part in (error.file, error.line) if part is not None)
    return {"code": name, "message": error.message, "where": where or None, "hint": None}

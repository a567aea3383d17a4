"""From exceptions to outcomes: what a failure is called, where it happened, whether it may be tried again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from segue.model.errors import DefinitionError, Fail, RetryAfter, Skip, StorageRefused, UnknownName, UnstorableValue
from segue.model.events import Failure, Outcome, Skipped

__all__ = ["begin_of_user_code", "outcome_of"]

_NEVER: Final = (
    Fail, UnstorableValue, StorageRefused, UnknownName, DefinitionError, ImportError, NameError, SyntaxError
)  # fmt: skip
_LONGEST: Final = 500  # characters of a failure's one line
_DAY: Final = 24 * 3600
_OURS: Final = str(Path(__file__).parents[2])


def outcome_of(
    error: BaseException,
    root: str,
    may_retry: Callable[[BaseException], bool],
    hide: Callable[[str], str] = str,
) -> Outcome:
    """What an attempt that raised has to report (SEMANTICS, "Attempts").

    Args:
        error: what was raised.
        root: folder of the bundle; places in it are named relative to it.
        may_retry: what the task's `Retry(on=, not_on=)` says about the error.
        hide: takes secrets out of its text, before that is shortened and may keep half of one.
    """
    if isinstance(error, Skip):
        return Skipped(_first_line(error, hide))
    name = type(error).__qualname__
    text = f"{name}: {line}" if (line := _first_line(error, hide)) else name
    if place := _place(error, root):
        text = f"{text} ({place})"
    if isinstance(error, RetryAfter):
        return Failure(name, text, retry_after=int(max(0.0, min(error.seconds, _DAY)) * 1e6))
    kind = "unstorable" if isinstance(error, UnstorableValue) else name
    return Failure(kind, text, retryable=not isinstance(error, _NEVER) and may_retry(error))


def begin_of_user_code(error: BaseException) -> TracebackType | None:
    """The traceback without the frames of ours that lead to the user's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    return trace


def _first_line(error: BaseException, hide: Callable[[str], str]) -> str:
    try:
        text = hide(str(error))
    except Exception as own:  # noqa: BLE001 - an exception whose own text raises
        text = f"(its text raises {type(own).__qualname__})"
    line = " ".join(text.split("\n", 1)[0].split())
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return line.encode("utf-8", "backslashreplace").decode()


def _place(error: BaseException, root: str) -> str:
    """File and line: the innermost frame in the bundle, else the innermost frame of the user's."""
    if isinstance(error, DefinitionError):
        return ""  # says its place itself
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, root)}:{error.lineno}"
    found = None
    trace = begin_of_user_code(error)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if found is None or not _within(found[0], root) or _within(file, root):
            found = (file, trace.tb_lineno)
        trace = trace.tb_next
    return f"{_relative(found[0], root)}:{found[1]}" if found else ""


def _within(file: str, root: str) -> bool:
    return bool(root) and file.startswith(root.rstrip("/") + "/")


def _relative(file: str, root: str) -> str:
    return file[len(root.rstrip("/")) + 1 :] if _within(file, root) else Path(file).name

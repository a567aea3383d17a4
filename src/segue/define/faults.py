"""Errors of a DAG file: raised at once in a plain import, gathered while a file is loaded or a DAG is traced."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from types import FrameType
from typing import NamedTuple

from segue.define.tracing import active
from segue.model.errors import DefinitionError

__all__ = ["Place", "fault", "gathering", "here", "joined", "nearest", "registrar"]

_gathered: ContextVar[list[DefinitionError] | None] = ContextVar("segue_faults", default=None)


class Place(NamedTuple):
    """A line of the user's code."""

    file: str
    line: int


@contextmanager
def gathering() -> Iterator[list[DefinitionError]]:
    """Within it `fault` adds to the list instead of raising."""
    faults: list[DefinitionError] = []
    token = _gathered.set(faults)
    try:
        yield faults
    finally:
        _gathered.reset(token)


def fault(message: str, place: Place | None = None, *, dag: str | None = None, task: str | None = None) -> None:
    """Report an error of the user's file; where it is gathered, declaring goes on."""
    where, declaring = place or here(), active.get()
    if dag is None and declaring is not None:
        dag = declaring.id
    error = DefinitionError(message, file=where.file, line=where.line, dag=dag, task=task)
    faults = _gathered.get()
    if faults is None:
        raise error
    faults.append(error)


def joined(faults: list[DefinitionError]) -> DefinitionError:
    """One error that says them all."""
    first = faults[0]
    if len(faults) == 1:
        return first
    text = "\n".join(f"- {error}" for error in faults)
    return DefinitionError(f"{len(faults)} errors:\n{text}", dag=first.dag)


def here() -> Place:
    """The innermost line that is not Segue's own."""
    frame = _user_frame()
    return Place("<unknown>", 0) if frame is None else Place(frame.f_code.co_filename, frame.f_lineno)


def registrar() -> Place:
    """The line whose import is running: a factory's DAG belongs to the file that calls it at module level."""
    frame = _user_frame()
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return here() if frame is None else Place(frame.f_code.co_filename, frame.f_lineno)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The most similar of `words`, if one is similar at all."""
    return next(iter(get_close_matches(word, list(words), n=1)), None)


def _user_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "segue":
        frame = frame.f_back
    return frame

"""Which attempt this code runs in."""

from __future__ import annotations

from contextvars import ContextVar

from segue.model.context import Context
from segue.model.errors import UsageError

__all__ = ["current", "current_or_none", "entered"]

_current: ContextVar[Context | None] = ContextVar("segue_context", default=None)


def current() -> Context:
    """The context of the attempt this code runs in; the same object that an injected `Context` parameter gets.

    Raises:
        UsageError: no task is running here.
    """
    context = _current.get()
    if context is None:
        raise UsageError("no task is running here: current() works inside a task, or with segue.testing.context(...)")
    return context


def current_or_none() -> Context | None:
    """The context of the attempt this code runs in, if it runs in one."""
    return _current.get()


class entered:  # noqa: N801 - reads as what it does
    """Within it `current()` gives this context."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._token = _current.set(self._context)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

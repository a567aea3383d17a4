from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final

from segue.model.errors import UnstorableValue

__all__ = ["MAX_NAME", "MAX_NAMES", "MAX_VALUE", "KeptState"]

MAX_NAMES: Final = 16
MAX_NAME, MAX_VALUE = 200, 4096
"""Bytes in UTF-8."""


class KeptState:
    """`context.state` of one attempt: reading is local, setting waits until the value is durable.

    May be used from every thread of the task; one value is set at a time.

    Args:
        kept: (name, value) pairs that the task keeps already.
        keep: makes a value durable, or raises.
    """

    def __init__(
        self, kept: Iterable[tuple[str, str]] = (), keep: Callable[[str, str], object] = lambda *_: None
    ) -> None:
        self._kept, self._keep = dict(kept), keep
        self._lock = Lock()

    def get(self, key: str, default: str | None = None) -> str | None:
        """The value last set in this task of this run, or the default."""
        return self._kept.get(key, default)

    def set(self, key: str, value: str) -> None:
        """Keep a value; it is durable when this returns.

        Raises:
            UnstorableValue: name or value is no text, is too long, or there are 16 other names.
            StoreDown: it is not durable, and does not count as set.
        """
        what = f"context.state[{key!r}]"
        _check(key, "a name in context.state", MAX_NAME)
        _check(value, what, MAX_VALUE)
        with self._lock:
            if key not in self._kept and len(self._kept) >= MAX_NAMES:
                raise UnstorableValue(
                    f"{what} would be name {MAX_NAMES + 1}, {MAX_NAMES} are the most: it is for a few ids, not for data"
                )
            self._keep(key, value)
            self._kept[key] = value


def _check(text: object, what: str, most: int) -> None:
    if not isinstance(text, str):
        raise UnstorableValue(f"{what} must be a str, not {type(text).__name__}")
    try:
        length = len(text.encode())
    except UnicodeEncodeError as why:
        raise UnstorableValue(f"{what} cannot be encoded: {why.reason}") from why
    if length > most:
        raise UnstorableValue(f"{what} takes {length:,} bytes, {most:,} are the most: keep data elsewhere, its id here")
    if "\0" in text:
        raise UnstorableValue(f"{what} holds a NUL, which not every database keeps")

"""What people are shown of a value that is too large to be shown: its kind, size, columns, first rows.

A preview is an encoded dict (MessagePack), at most 4 KiB. Of a table: `kind rows columns bytes head`, where `columns`
are pairs of name and type, of the first ones, and `head` the first five rows of those as short text, and `more` is the
number of columns left out. Of other values: `kind bytes items text`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from segue.data.codecs.registry import head_of
from segue.model.value import Ref

__all__ = ["LIMIT", "Hide", "preview_of", "table_preview"]

Hide: TypeAlias = Callable[[str], str]
"""Masks the secrets of the attempt in a text."""

LIMIT: Final = 4096
"""Bytes of an encoded preview."""

_CELL: Final = 40  # characters
_TEXT: Final = 1000
_SHAPES: Final = ((30, 5), (15, 5), (8, 5), (8, 2), (4, 2), (2, 1), (1, 0))  # columns and rows, until it fits


def table_preview(value: object, ref: Ref, hide: Hide | None = None) -> bytes:
    """Make the preview of a table that is stored under `ref`."""
    hide = hide or _as_it_is
    columns, rows = head_of(value, ref.format, *_SHAPES[0])
    names = [(_short(name, hide), _short(kind, hide)) for name, kind in columns]
    cells = [[_short(_text(cell), hide) for cell in row] for row in rows]
    width = _width(value)
    for count, depth in _SHAPES:
        shown = {
            "kind": ref.format.rpartition("/")[2].replace(".unnamed", ""),
            "rows": ref.length,
            "columns": names[:count],
            "bytes": ref.size,
            "head": [row[:count] for row in cells[:depth]],
            "more": max(0, width - count),
        }
        data = msgspec.msgpack.encode(shown)
        if len(data) <= LIMIT:
            break
    return data


def preview_of(value: object, ref: Ref, hide: Hide | None = None) -> bytes:
    """Make the preview of any other value that is stored under `ref`."""
    text = _Brief(hide or _as_it_is).repr(value)
    shown = {
        "kind": type(value).__qualname__[:_CELL],
        "bytes": ref.size,
        "items": ref.length,
        "text": text if len(text) <= _TEXT else text[: _TEXT - 1] + "…",
    }
    return msgspec.msgpack.encode(shown)


class _Brief(reprlib.Repr):
    """Short text of nested values; secrets are hidden before anything is cut, or half of one would be shown."""

    def __init__(self, hide: Hide) -> None:
        super().__init__()
        self._hide = hide
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 5
        self.maxlevel = 4

    def repr_str(self, value: str, level: int) -> str:
        return repr(_short(value, self._hide))

    def repr_bytes(self, value: bytes, level: int) -> str:
        return f"<{len(value):,} bytes>"

    def repr_instance(self, value: object, level: int) -> str:
        return _short(_text(value), self._hide)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, str):
        return value
    return reprlib.Repr().repr1(value, 1) if type(value).__repr__ is object.__repr__ else str(value)


def _short(text: str, hide: Hide) -> str:
    shown = hide(text).encode("utf-8", "replace").decode()
    return shown if len(shown) <= _CELL else shown[: _CELL - 1] + "…"


def _as_it_is(text: str) -> str:
    return text


def _width(value: object) -> int:
    shape: tuple[int, ...] = getattr(value, "shape", (0, 1))
    return shape[1] if len(shape) > 1 else 1

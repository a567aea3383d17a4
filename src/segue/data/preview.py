"""What people are shown of a value that is too large to be shown: its kind, size, columns, first rows.

A preview is an encoded dict (MessagePack), at most 4 KiB. Of a table: `kind rows columns bytes head`, where `columns`
are pairs of name and type, of the first ones, and `head` the first five rows of those as short text, and `more` is the
number of columns left out. Of other values: `kind bytes items text`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec

from segue.data.codecs.registry import format_of, head_of
from segue.model.value import Ref
from segue.model.value_classes import fields_of, is_model

__all__ = ["LIMIT", "Hide", "preview_of", "table_preview"]

Hide: TypeAlias = Callable[[str], str]
"""Masks the secrets of the attempt in a text."""

LIMIT: Final = 4096
"""Bytes of an encoded preview."""

_CELL: Final = 40  # characters
_TEXT: Final = 900
_ITEMS: Final = 5
_LEVELS: Final = 3
_BRACKETS: Final = {list: ("[", "]"), tuple: ("(", ")")}
_SHAPES: Final = ((30, 5), (15, 5), (8, 5), (8, 2), (4, 2), (2, 1), (1, 0))  # columns and rows, until it fits


def table_preview(value: object, ref: Ref, hide: Hide | None = None) -> bytes:
    """Make the preview of a table that is stored under `ref`."""
    hide = hide or _as_it_is
    columns, rows = head_of(value, ref.format, *_SHAPES[0])
    names = [(_short(name, hide), _short(kind, hide)) for name, kind in columns]
    cells = [[_cell(cell, hide) for cell in row] for row in rows]
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
    text = _brief(value, hide or _as_it_is, 0)
    shown = {
        "kind": type(value).__qualname__[:_CELL],
        "bytes": ref.size,
        "items": ref.length,
        "text": text if len(text) <= _TEXT else text[: _TEXT - 1] + "…",
    }
    return msgspec.msgpack.encode(shown)


def _cell(value: object, hide: Hide) -> str:
    text = value if isinstance(value, str) else _brief(value, hide, 1)
    return _short(text, hide)


def _brief(value: Any, hide: Hide, level: int) -> str:
    """Short text of what can be stored. Secrets are hidden before anything is cut, or half of one would be shown."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, str):
        return repr(_short(value, hide))
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, dict):
        return _listed("{", ((f"{_brief(k, hide, level + 1)}: ", v) for k, v in value.items()), "}", hide, level)
    if isinstance(value, list | tuple | set | frozenset):
        begin, end = _BRACKETS.get(type(value), ("{", "}"))
        return _listed(begin, (("", item) for item in value), end, hide, level)
    if is_model(type(value)):
        fields = fields_of(value)[0].items()
        return type(value).__qualname__ + _listed("(", ((f"{k}=", v) for k, v in fields), ")", hide, level)
    if format_of(value):
        return f"<{type(value).__qualname__} of {len(value):,} rows>"
    return _short(str(value), hide)


def _listed(begin: str, items: Iterable[tuple[str, object]], end: str, hide: Hide, level: int) -> str:
    if level == _LEVELS:
        return f"{begin}…{end}"
    first = list(islice(items, _ITEMS + 1))
    parts = [name + _brief(item, hide, level + 1) for name, item in first[:_ITEMS]]
    return begin + ", ".join(parts + ["…"] * (len(first) > _ITEMS)) + end


def _short(text: str, hide: Hide) -> str:
    shown = hide(text).encode("utf-8", "replace").decode()
    return shown if len(shown) <= _CELL else shown[: _CELL - 1] + "…"


def _as_it_is(text: str) -> str:
    return text


def _width(value: object) -> int:
    shape: tuple[int, ...] = getattr(value, "shape", (0, 1))
    return shape[1] if len(shape) > 1 else 1

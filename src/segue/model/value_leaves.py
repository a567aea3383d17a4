"""Node tags of stored values, and the types that become a node without containing anything that could be refused."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

__all__ = ["BUILDERS", "DAMAGE", "LEAVES", "Tag", "Unspeakable"]


class Tag(enum.IntEnum):
    """What a node is. The numbers are part of the format: never reuse one."""

    INT, COMPLEX, RANGE, DECIMAL, UUID, DATE, TIME, DATETIME, TIMEDELTA, PATH = range(1, 11)
    TUPLE, SET, FROZENSET, MAP, ENUM, MODEL, NUMPY, REF = range(11, 19)


_PATHS: dict[type, str] = {
    kind: kind.__name__
    for kind in (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)
}
_PATH_KINDS = {name: kind for kind, name in _PATHS.items()}


class Unspeakable(Exception):
    """A value that no text gives back: a time zone without a name, a path that reads back as another."""


def _zone(zone: tzinfo | None) -> object:
    if zone is None or (type(zone) is ZoneInfo and zone.key):
        return zone and zone.key
    if type(zone) is timezone:
        offset, name = zone.utcoffset(None), zone.tzname(None)
        return [offset, None if timezone(offset).tzname(None) == name else name]
    raise Unspeakable(f"its time zone is of type {type(zone).__module__}.{type(zone).__qualname__}: use zoneinfo")


def _zone_back(zone: Any) -> tzinfo | None:
    match zone:
        case None:
            return None
        case str():
            return ZoneInfo(zone)
        case [timedelta() as offset, None]:
            return timezone(offset)
        case [timedelta() as offset, str(name)]:
            return timezone(offset, name)
    raise ValueError("no time zone")


def _path(path: pathlib.PurePath) -> str:
    text = str(path)
    if type(path)(text) != path:
        raise Unspeakable(f"its text {text!r} reads back as another path")
    return text


def _text_back(kind: type[Any]) -> Callable[[Any], Any]:
    def back(text: str) -> Any:
        if type(text) is not str:
            raise TypeError("no text")
        return kind(text)

    return back


def _map_back(*parts: Any) -> dict[Any, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


LEAVES: dict[type, tuple[Tag, Callable[[Any], tuple[object, ...]]]] = {
    complex: (Tag.COMPLEX, lambda v: (v.real, v.imag)),
    range: (Tag.RANGE, lambda v: (v.start, v.stop, v.step)),
    Decimal: (Tag.DECIMAL, lambda v: (str(v),)),
    UUID: (Tag.UUID, lambda v: (v.bytes,)),
    date: (Tag.DATE, lambda v: (v.isoformat(),)),
    time: (Tag.TIME, lambda v: (v.replace(tzinfo=None).isoformat(), v.fold, _zone(v.tzinfo))),
    datetime: (Tag.DATETIME, lambda v: (v.replace(tzinfo=None).isoformat(), v.fold, _zone(v.tzinfo))),
    timedelta: (Tag.TIMEDELTA, lambda v: (v.days, v.seconds, v.microseconds)),
    **{kind: (Tag.PATH, lambda v: (_PATHS[type(v)], _path(v))) for kind in _PATHS},
}

BUILDERS: dict[Tag, Callable[..., Any]] = {
    Tag.INT: lambda data: int.from_bytes(data, "little", signed=True),
    Tag.COMPLEX: complex,
    Tag.RANGE: range,
    Tag.DECIMAL: _text_back(Decimal),
    Tag.UUID: lambda data: UUID(data.hex()),
    Tag.DATE: date.fromisoformat,
    Tag.TIME: lambda text, fold, zone: time.fromisoformat(text).replace(fold=fold, tzinfo=_zone_back(zone)),
    Tag.DATETIME: lambda text, fold, zone: datetime.fromisoformat(text).replace(fold=fold, tzinfo=_zone_back(zone)),
    Tag.TIMEDELTA: timedelta,
    Tag.PATH: lambda kind, text: _PATH_KINDS[kind](text),
    Tag.TUPLE: lambda *parts: parts,
    Tag.SET: lambda *parts: set(parts),
    Tag.FROZENSET: lambda *parts: frozenset(parts),
    Tag.MAP: _map_back,
}
# What a builder raises that is given nonsense; a time zone's name may lead to a folder.
DAMAGE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError, OSError)

"""What an attempt was told in confidence must not leave it with its result.

Looked through are texts and bytes in containers, dataclasses, models and the text columns of tables, in every form in
which the masking of logs knows a secret. Not looked through: what a user writes to files himself, numbers, and tables
inside files that are returned as a path.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Set
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

import msgspec

from segue.model.address import Address
from segue.model.errors import UnstorableValue
from segue.model.masking import REFUSED, Mask, bytes_of
from segue.model.sealing import text_of
from segue.run.wire import Revealed

__all__ = ["Secrecy"]

_TABLES: Final = frozenset({"pandas", "polars", "pyarrow"})
_NUMBERS: Final = (int, float, complex, type(None))


class Secrecy:
    """The secrets of one attempt.

    Args:
        revealed: what it was told.
    """

    def __init__(self, revealed: Revealed) -> None:
        known: list[tuple[str, tuple[str, ...]]]
        known = [(f"secret {name}", (value,)) for name, value in revealed.secrets.items()]
        known += [(f"connection {name}", Address.of(uri).secrets) for name, uri in revealed.connections.items()]
        known += [(f"param {name}", (text_of(value),)) for name, value in revealed.params.items()]
        self._mask = Mask(value for _, values in known for value in values)
        long = [(what, [value for value in values if len(value) >= REFUSED]) for what, values in known]
        self._refused = Mask(value for _, values in long for value in values)
        self._of = [(what, Mask(values)) for what, values in long]

    def hide(self, text: str) -> str:
        """The text without secrets."""
        return self._mask.hide_text(text)

    def check(self, value: object, path: str = "result") -> None:
        """Let a value go.

        Raises:
            UnstorableValue: it contains a secret of eight characters or more; names the place inside the value.
        """
        if not self._refused:
            return
        for place, data in _texts(value, path):
            if self._refused.finds(data):
                what = next(what for what, mask in self._of if mask.finds(data))
                raise UnstorableValue(f"{place} contains {what}: results are kept and shown, return something else")


def _texts(value: object, path: str) -> Iterator[tuple[str, bytes]]:
    """Every text in a value and where it stands."""
    seen: set[int] = set()
    todo: list[tuple[str, object]] = [(path, value)]
    while todo:
        place, one = todo.pop()
        match one:
            case str():
                yield place, bytes_of(one)
            case bytes() | bytearray() | memoryview():
                yield place, bytes(one)
            case PurePath():
                yield place, bytes_of(str(one))
            case Enum():
                todo.append((place, one.value))
            case _ if id(one) not in seen:
                seen.add(id(one))
                todo += _parts(one, place)


def _parts(value: Any, place: str) -> Iterable[tuple[str, object]]:
    """What a value is made of."""
    if type(value).__module__.partition(".")[0] in _TABLES:
        return [(f"{place}[{name!r}]", _joined(name, column)) for name, column in _columns(value)]
    if isinstance(value, Mapping):
        return [part for key, one in value.items() for part in ((f"{place} (a key)", key), (f"{place}[{key!r}]", one))]
    if isinstance(value, list | tuple):
        return [(f"{place}[{number}]", one) for number, one in enumerate(value) if not isinstance(one, _NUMBERS)]
    if isinstance(value, Set):
        return [(f"{place} (an item)", one) for one in value]
    if isinstance(value, msgspec.Struct):
        return [(f"{place}.{name}", getattr(value, name)) for name in value.__struct_fields__]
    if dataclasses.is_dataclass(value):
        return [(f"{place}.{one.name}", getattr(value, one.name)) for one in dataclasses.fields(value)]
    return [(f"{place}.{name}", one) for name, one in getattr(value, "__dict__", {}).items()]


def _columns(table: Any) -> Iterator[tuple[object, Iterable[object]]]:
    """The columns of a table of any library; a series is one column."""
    if hasattr(table, "index"):
        yield "index", table.index
    if hasattr(table, "column_names"):
        yield from ((name, table.column(name).to_pylist()) for name in table.column_names)
    elif hasattr(table, "get_columns"):
        yield from ((column.name, column.to_list()) for column in table.get_columns())
    elif hasattr(table, "columns"):
        yield from table.items()
    elif hasattr(table, "to_list"):
        yield getattr(table, "name", None), table.to_list()


def _joined(name: object, column: Iterable[object]) -> str:
    """The texts of a column as one, so that it is searched at the speed of bytes."""
    return "\n".join(str(one) for one in (name, *column) if not isinstance(one, _NUMBERS))

"""Results of tasks as bytes: values come back equal and of the same type, or encoding refuses them.

Theory. MessagePack already has None, bool, 64-bit int, float, str, bytes, list and dict with text keys; such
values are stored as they are. Everything else is a *node*: a MessagePack array whose first element is an empty
extension, the node's tag. No storable value begins a list with an extension, so a node is never mistaken for a
list and nothing has to be escaped. Objects of other libraries (tables) are handed to `spill`, and the reference
it answers is stored in their place.

Two forms. Both begin with the format number and a letter: `V`, one value; `I`, the items of something that is
mapped over, back to back, with their offsets at the end, so that one item can be read without the others.

Classes are named by path, `module:qualname`, and looked up only through the caller's `classes`; an instance gets
its fields back as they were, whatever its constructor would make of them.
Sources: SEMANTICS "Results", RULINGS "Values".
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from segue.model.errors import UnreadableValue, UnstorableValue
from segue.model.value_nodes import Decoder, Encoder, Ref, pack

__all__ = [
    "Classes",
    "Fetch",
    "Ref",
    "Spill",
    "decode",
    "decode_item",
    "encode",
    "encode_items",
    "encode_pieces",
    "length_of",
]

Spill = Callable[[object, str], Ref | None]
Fetch = Callable[[Ref], object]
Classes = Callable[[str], type | None]

FORMAT = 1
_VALUE = bytes([FORMAT]) + b"V"
_ITEMS = bytes([FORMAT]) + b"I"
_MAPPABLE = (list, tuple, set, frozenset, dict, range)
_START = struct.Struct("<Q")
_END = struct.Struct("<QQB4s")  # where the offsets begin, number of items, place in _MAPPABLE, mark
_MARK = b"item"


def encode(value: object, *, spill: Spill | None = None) -> bytes:
    """Encode one result.

    `spill` is asked for objects of other libraries, with the path inside the value; it answers a reference, or None
    where it does not know the type. Raises `UnstorableValue`, naming type and path.
    """
    return _VALUE + pack(Encoder(spill).walk(value))


def decode(
    data: bytes, *, fetch: Fetch | None = None, annotation: object = None, classes: Classes | None = None
) -> Any:
    """Decode what `encode` or `encode_items` made.

    A model becomes the class that `annotation` asks for, else the class that `classes` finds under its path, else a
    dict. Raises `UnreadableValue` where `data` is damaged or of a newer format.
    """
    decoder = Decoder(fetch, classes)
    if data[:2] == _VALUE:
        return decoder.read(memoryview(data)[2:], annotation)
    if data[:2] == _ITEMS:
        items = _Items(io.BytesIO(data))
        return items.kind(items.all(decoder, decoder.item_hint(annotation, items.kind)))
    raise _unknown(data)


def encode_pieces(value: object, *, spill: Spill | None = None, mapped: bool = False) -> Iterator[bytes]:
    """Encode as `encode` does, or `encode_items` where it is `mapped` over, in pieces that follow each other.

    For long values: beside the value only a piece of its encoding is in memory.
    """
    if mapped:
        yield from _item_pieces(value, spill)
    else:
        yield _VALUE
        yield from Encoder(spill).pieces(value)


def encode_items(value: object, *, spill: Spill | None = None) -> bytes:
    """Encode a list, tuple, set, dict (as pairs) or range so that `decode_item` can read one item alone.

    Raises `UnstorableValue` for anything else, naming the conversion.
    """
    return b"".join(_item_pieces(value, spill))


def _item_pieces(value: object, spill: Spill | None) -> Iterator[bytes]:
    if not isinstance(value, _MAPPABLE) or type(value) not in _MAPPABLE:
        raise UnstorableValue(f"result is of type {type(value).__qualname__} and {_conversion(value)}")
    if type(value) is range:
        yield encode(value)  # any item of a range is arithmetic
        return
    yield _ITEMS
    at, starts = len(_ITEMS), bytearray()
    for item in Encoder(spill).items(value):
        starts += _START.pack(at)
        at += len(item)
        yield item
    yield bytes(starts) + _START.pack(at)
    yield _END.pack(at, len(starts) // _START.size, _MAPPABLE.index(type(value)), _MARK)


def decode_item(
    source: bytes | BinaryIO,
    k: int,
    *,
    fetch: Fetch | None = None,
    annotation: object = None,
    classes: Classes | None = None,
) -> Any:
    """Read item `k` (from 0) of what `encode_items` made, from bytes or a seekable file; a dict's item is a pair.

    Raises `IndexError` where there is no such item, `UnreadableValue` where the data is damaged.
    """
    items = _opened(source)
    if isinstance(items, range):
        return items[k]
    if not 0 <= k < items.count:
        raise IndexError(f"item {k} of {items.count}")
    return Decoder(fetch, classes).read(items.packed(k), annotation)


def length_of(value: object) -> int | None:
    """Number of items of something that can be mapped over, else None."""
    if type(value) is range:
        return _range_length(value)
    return len(value) if isinstance(value, _MAPPABLE) and type(value) in _MAPPABLE else None


class _Items:
    """The items form, read from a seekable file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size = file.seek(0, io.SEEK_END)
        if size < len(_ITEMS) + _END.size:
            raise UnreadableValue("stored items are cut short")
        self._at, self.count, kind, mark = _END.unpack(self._read(size - _END.size, size))
        whole = self._at + 8 * (self.count + 1) + _END.size == size
        if mark != _MARK or not whole or kind >= len(_MAPPABLE):
            raise UnreadableValue("stored items are damaged: the index at their end does not fit")
        self.kind: type = _MAPPABLE[kind]

    def packed(self, k: int) -> bytes:
        first = self._at + 8 * k
        start, stop = struct.unpack("<2Q", self._read(first, first + 16))
        return self._item(start, stop)

    def all(self, decoder: Decoder, hint: object) -> Iterator[Any]:
        starts = struct.unpack(f"<{self.count + 1}Q", self._read(self._at, self._at + 8 * (self.count + 1)))
        for start, stop in zip(starts, starts[1:], strict=False):
            yield decoder.read(self._item(start, stop), hint)

    def _item(self, start: int, stop: int) -> bytes:
        if not len(_ITEMS) <= start < stop <= self._at:
            raise UnreadableValue("stored items are damaged: an item lies outside of them")
        return self._read(start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        self._file.seek(start)
        data = self._file.read(stop - start)
        if len(data) != stop - start:
            raise UnreadableValue("stored items are cut short")
        return data


def _opened(source: bytes | BinaryIO) -> _Items | range:
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    file.seek(0)
    head = file.read(2)
    if head == _ITEMS:
        return _Items(file)
    if head == _VALUE:
        value = Decoder(None, None).read(file.read(4096), None)
        if isinstance(value, range):
            return value
        raise UnreadableValue("this value was not stored item by item")
    raise _unknown(head)


def _range_length(value: range) -> int:
    return (value[-1] - value[0]) // value.step + 1 if value else 0  # len() refuses what exceeds a machine word


def _conversion(value: object) -> str:
    if hasattr(value, "__next__"):
        return "something maps over it: return list(...)"
    if hasattr(value, "columns") or hasattr(value, "column_names"):
        return "something maps over it: return a list, for example of its rows as dicts"
    return "something maps over it: return a list, tuple, set, dict or range"


def _unknown(data: bytes) -> UnreadableValue:
    if data[:1] and data[0] > FORMAT:
        return UnreadableValue(f"stored value has format {data[0]}; this version of Segue reads up to {FORMAT}")
    return UnreadableValue("these bytes are no stored value")

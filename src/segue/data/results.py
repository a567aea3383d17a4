"""What an attempt does with values: keep its own result, get those of others.

Up to 64 KiB of encoded value travel in the store. What is larger, and every table, wherever it stands in the value,
goes to the storage, and a reference travels instead.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final, TypeVar, overload

import msgspec

from segue.data.classes import find_class
from segue.data.codecs.registry import format_of, load_table, store_table
from segue.data.preview import Hide, preview_of, table_preview
from segue.data.storage import Storage, digest_of
from segue.model.errors import UnreadableValue, UnstorableValue
from segue.model.events import Value
from segue.model.value import Classes, Ref, decode, decode_item, encode_pieces, length_of

__all__ = ["INLINE_LIMIT", "LazyResults", "StoredValue", "load_item", "load_result", "store_result"]

INLINE_LIMIT: Final = 64 * 1024
_ENCODED = "value"  # format of a reference to what `encode` made
_BLOCK = 100
_CHUNK = 1 << 20  # bytes written at once
_T = TypeVar("_T")


class StoredValue(msgspec.Struct, frozen=True, gc=False):
    """A result as it is kept: either the encoded bytes or where they lie.

    Args:
        inline: the encoded value.
        ref: where the value lies in the storage.
        length: number of items of a list, tuple, set, range or dict, of rows of a table, else None.
        digest: blake2b of the encoded bytes, or of the stored file.
        preview: of what a reference stands for, for people (`segue.data.preview`).
    """

    inline: bytes | None
    ref: Ref | None
    length: int | None
    digest: bytes
    preview: bytes = b""

    def outcome(self) -> Value:
        """What an attempt reports."""
        ref = None if self.ref is None else msgspec.msgpack.encode(self.ref)
        return Value(self.inline, ref, self.length, self.digest, self.preview)

    @classmethod
    def of(cls, inline: bytes | None, ref: bytes | None, length: int | None, digest: bytes) -> StoredValue:
        """Make one of what the store keeps of it. Raises `UnreadableValue` where `ref` is damaged."""
        try:
            return cls(inline, None if ref is None else msgspec.msgpack.decode(ref, type=Ref), length, digest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableValue(f"the reference to a stored value is damaged: {error}") from error


def store_result(
    value: object,
    storage: Storage,
    prefix: str,
    inline_limit: int = INLINE_LIMIT,
    mapped: bool = False,
    hide: Hide | None = None,
) -> StoredValue:
    """Keep what a task returned.

    `prefix` is that of the attempt (`values_prefix`); `inline_limit` in bytes of the encoded value; `mapped` says
    that something maps over it, so that each item must be readable alone; `hide` masks secrets in the preview. Raises
    `UnstorableValue`, naming type and path, `StorageDown` and `StorageRefused`.
    """

    def spill(part: object, path: str) -> Ref | None:
        try:
            return _store_table(part, storage, prefix)
        except UnstorableValue as error:
            raise UnstorableValue(f"{path} cannot be stored: {error}") from error

    table = None if mapped else spill(value, "result")
    if table is not None:
        return StoredValue(None, table, table.length, table.digest, table_preview(value, table, hide))
    length = length_of(value)
    chunks = _chunks(encode_pieces(value, spill=spill, mapped=mapped), inline_limit)
    first = next(chunks)
    second = next(chunks, None)
    if second is None and len(first) <= inline_limit:
        return StoredValue(first, None, length, digest_of(first))

    def fill(file: BinaryIO) -> None:
        file.write(first)
        if second is not None:
            file.write(second)
        file.writelines(chunks)

    written = storage.write(prefix, fill)
    ref = Ref(written.path, _ENCODED, length, written.digest, written.size)
    return StoredValue(None, ref, length, written.digest, preview_of(value, ref, hide))


def load_result(stored: StoredValue, storage: Storage, annotation: object = None, classes: Classes = find_class) -> Any:
    """Get a result back. `annotation` is that of the consumer's parameter, `classes` finds a class by its path.

    Raises `UnreadableValue` where it is gone or damaged.
    """

    def fetch(ref: Ref) -> object:
        return _load_table(ref, storage)

    if stored.inline is not None:
        return decode(stored.inline, fetch=fetch, annotation=annotation, classes=classes)
    ref = _ref_of(stored)
    if ref.format != _ENCODED:
        return fetch(ref)
    return decode(_read(ref, storage), fetch=fetch, annotation=annotation, classes=classes)


def load_item(
    stored: StoredValue, storage: Storage, k: int, annotation: object = None, classes: Classes = find_class
) -> Any:
    """Get item `k` (from 0) of a result that was stored as `mapped`, without reading the others.

    Raises `IndexError` where there is no such item, `UnreadableValue` where the result is gone or damaged.
    """

    def fetch(ref: Ref) -> object:
        return _load_table(ref, storage)

    if stored.inline is not None:
        return decode_item(stored.inline, k, fetch=fetch, annotation=annotation, classes=classes)
    with storage.open(_ref_of(stored).path) as file:
        return decode_item(file, k, fetch=fetch, annotation=annotation, classes=classes)


class LazyResults(Sequence[_T]):
    """The results of many attempts, in order, read in blocks of 100 as they are asked for.

    Args:
        count: how many there are.
        fetch: answers the stored values from `start` up to, without, `stop`.
        load: turns one of them into the value (`load_result` with its storage).
    """

    def __init__(
        self, count: int, fetch: Callable[[int, int], Sequence[StoredValue]], load: Callable[[StoredValue], _T]
    ) -> None:
        self._count = count
        self._fetch = fetch
        self._load = load
        self._number = -1
        self._block: Sequence[StoredValue] = ()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> _T: ...

    @overload
    def __getitem__(self, place: slice) -> list[_T]: ...

    def __getitem__(self, place: int | slice) -> _T | list[_T]:
        if isinstance(place, slice):
            return [self._one(k) for k in range(*place.indices(self._count))]
        k = place + self._count if place < 0 else place
        if not 0 <= k < self._count:
            raise IndexError(f"result {place} of {self._count}")
        return self._one(k)

    def __iter__(self) -> Iterator[_T]:
        return map(self._one, range(self._count))

    def __repr__(self) -> str:
        return f"<{self._count} results, read as they are asked for>"

    def _one(self, k: int) -> _T:
        number, place = divmod(k, _BLOCK)
        if number != self._number:
            start = number * _BLOCK
            self._block = self._fetch(start, min(start + _BLOCK, self._count))
            self._number = number
        return self._load(self._block[place])


def _store_table(value: object, storage: Storage, prefix: str) -> Ref | None:
    form = format_of(value)
    if form is None:
        return None
    written = storage.write(prefix, lambda file: store_table(value, form, file))
    return Ref(written.path, form, len(value), written.digest, written.size)  # type: ignore[arg-type]


def _load_table(ref: Ref, storage: Storage) -> object:
    return load_table(ref.format, io.BytesIO(_read(ref, storage)))


def _read(ref: Ref, storage: Storage) -> bytes:
    data = storage.read(ref.path)
    if digest_of(data) != ref.digest:
        raise UnreadableValue(f"{storage.url(ref.path)} is damaged: its bytes are not those that were stored")
    return data


def _ref_of(stored: StoredValue) -> Ref:
    if stored.ref is None:
        raise UnreadableValue("this result has neither a value nor a reference to one")
    return stored.ref


def _chunks(pieces: Iterable[bytes], first: int) -> Iterator[bytes]:
    """Join pieces to chunks: one of more than `first` bytes, if there are so many, then such of about a megabyte."""
    gathered, enough = bytearray(), first
    for piece in pieces:
        gathered += piece
        if len(gathered) > enough:
            yield bytes(gathered)
            gathered, enough = bytearray(), _CHUNK
    if gathered or enough == first:
        yield bytes(gathered)

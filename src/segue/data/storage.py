"""Where values lie that are too large for the store.

A storage is a tree of immutable objects. An object appears whole or not at all (written beside, made durable,
renamed), and its name ends with the digest of its bytes: writing the same again changes nothing, and an attempt that
died leaves nothing that a reference could name. Paths are relative to the root, so that a home may be moved.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import quote

import msgspec

from segue.data.files import make_folders, sync_folder
from segue.model.errors import UnreadableValue

__all__ = ["LocalStorage", "Storage", "Written", "digest_of", "values_prefix"]

_DIGEST_BYTES = 16
_LONGEST_PART = 200  # file systems allow 255 bytes, and the digest follows
_ESCAPED = re.compile(r"\.+")


class Written(msgspec.Struct, frozen=True, gc=False):
    """An object that is now in the storage.

    Args:
        path: relative to the root.
        digest: blake2b, 16 bytes, of what it holds.
        size: their number.
    """

    path: str
    digest: bytes
    size: int


class Storage(Protocol):
    """A door: an object with these five methods is a storage."""

    def url(self, path: str = "") -> str:
        """Name an object, or the whole storage, for people."""

    def write(self, prefix: str, fill: Callable[[BinaryIO], None]) -> Written:
        """Keep what `fill` writes, front to back, under `<prefix>-<digest>`; durable on return."""

    def read(self, path: str) -> bytes:
        """Read a whole object. Raises `UnreadableValue` where it is gone."""

    def open(self, path: str) -> BinaryIO:
        """Open an object for reading parts of it: a seekable file. Raises `UnreadableValue` where it is gone."""

    def delete(self, path: str) -> None:
        """Remove an object or everything below a folder; what is not there is fine."""


class LocalStorage:
    """A storage in a folder. Folders are made for the owner alone (0700), files too (0600)."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()

    def url(self, path: str = "") -> str:
        return (self._place(path) if path else self._root).as_uri()

    def write(self, prefix: str, fill: Callable[[BinaryIO], None]) -> Written:
        final = self._place(prefix)
        make_folders(final.parent, mode=0o700)
        number, temporary = mkstemp(dir=final.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(number, "wb", buffering=1 << 20) as raw:
                file = _Digesting(raw)
                fill(cast("BinaryIO", file))
                raw.flush()
                os.fsync(raw.fileno())
            path = f"{prefix}-{file.digest.hexdigest()}"
            Path(temporary).replace(self._place(path))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(final.parent)
        return Written(path, file.digest.digest(), file.count)

    def read(self, path: str) -> bytes:
        with self.open(path) as file:
            return file.read()

    def open(self, path: str) -> BinaryIO:
        try:
            return self._place(path).open("rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UnreadableValue(
                f"{self.url(path)} is gone; results are kept for a limited time, then the task has to run again"
            ) from error

    def delete(self, path: str) -> None:
        place = self._place(path)
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        if path.startswith("/") or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise UnreadableValue(f"{path!r} is no path of a storage")
        return self._root / path


def values_prefix(dag: str, run: str, task: str, index: int | None, number: int) -> str:
    """Path of the values of one attempt, without the digest (RULINGS "storage path").

    `run` is the printed id; `index` is None where the task is not mapped; `number` that of the attempt.
    """
    item = "-" if index is None else index
    return f"values/{_part(dag)}/{_part(run)}/{_part(task)}/{item}/{number}"


def digest_of(data: bytes) -> bytes:
    """The digest that names stored bytes."""
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()


@lru_cache(1024)  # one for every attempt, of few DAGs, runs and tasks
def _part(text: str) -> str:
    escaped = quote(text, safe="@+=,")
    if _ESCAPED.fullmatch(escaped):
        escaped = escaped.replace(".", "%2E")
    if len(escaped) > _LONGEST_PART:
        escaped = escaped[: _LONGEST_PART - 33] + "~" + digest_of(text.encode()).hex()
    return escaped


class _Digesting(io.RawIOBase):
    """Passes bytes on and takes their digest and number."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = blake2b(digest_size=_DIGEST_BYTES)
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        size = self._file.write(data)
        self.count += size
        return size

    def tell(self) -> int:
        return self.count

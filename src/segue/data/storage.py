"""Where values lie that are too large for the store.

A storage is a tree of immutable objects. An object appears whole or not at all (written beside, made durable,
renamed), and its name ends with the digest of its bytes: writing the same again changes nothing, and an attempt that
died leaves nothing that a reference could name. Paths are relative to the root, so that a home may be moved.

A folder needs nothing but this module; any other URL goes through fsspec (`segue.data.filesystems`).
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO, Final, Protocol, cast
from urllib.parse import quote, unquote, urlsplit

import msgspec

from segue.data.files import make_folders, sync_folder
from segue.model.errors import (
    EnvironmentFault,
    SegueError,
    StorageDown,
    StorageRefused,
    UnreadableValue,
    UsageError,
)
from segue.model.ids import Instant

__all__ = [
    "Digesting",
    "LocalStorage",
    "Storage",
    "StoredObject",
    "Talking",
    "Written",
    "check_path",
    "digest_of",
    "is_url",
    "open_storage",
    "refuse_unshared",
    "run_prefix",
    "values_prefix",
]

_DIGEST_BYTES = 16
_LONGEST_PART = 200  # file systems allow 255 bytes, and the digest follows
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
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


class StoredObject(msgspec.Struct, frozen=True, gc=False):
    """An object as a listing shows it; `modified` is None where the file system does not tell."""

    path: str
    size: int
    modified: Instant | None


class Storage(Protocol):
    """A door: an object with these six methods is a storage.

    All raise `StorageDown` where it is full or does not answer, `StorageRefused` where it forbids it.
    """

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

    def list(self, folder: str) -> Iterator[StoredObject]:
        """List the objects below a folder, also half-written ones, folder by folder; none where it is not there."""


class LocalStorage:
    """A storage in a folder. Folders are made for the owner alone (0700), files too (0600)."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()

    def url(self, path: str = "") -> str:
        return (self._place(path) if path else self._root).as_uri()

    def write(self, prefix: str, fill: Callable[[BinaryIO], None]) -> Written:
        folder = self._place(prefix).parent
        talking = Talking(self.url(), "written")
        with talking:
            make_folders(folder, mode=0o700)
            number, temporary = mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            raw = os.fdopen(number, "wb", buffering=1 << 20)
            file = Digesting(raw)
            try:
                file.fill(fill, talking)
                with talking:
                    raw.flush()
                    os.fsync(number)
            finally:
                with suppress(OSError):  # it could not be flushed, which has been said
                    raw.close()
            path = f"{prefix}-{file.digest.hexdigest()}"
            with talking:
                Path(temporary).replace(self._place(path))
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        with talking:
            sync_folder(folder)
        return Written(path, file.digest.digest(), file.count)

    def read(self, path: str) -> bytes:
        with self.open(path) as file:
            return file.read()

    def open(self, path: str) -> BinaryIO:
        with Talking(self.url(path), "read"):
            return self._place(path).open("rb")

    def delete(self, path: str) -> None:
        place = self._place(path)
        with Talking(self.url(path), "removed"):
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def list(self, folder: str) -> Iterator[StoredObject]:
        for above, folders, names in os.walk(self._place(folder)):
            folders.sort()
            for name in sorted(names):
                place = Path(above, name)
                with suppress(FileNotFoundError):  # a half-written one that was renamed
                    about = place.stat()
                    modified = Instant(about.st_mtime_ns // 1000)
                    yield StoredObject(str(place.relative_to(self._root)), about.st_size, modified)

    def _place(self, path: str) -> Path:
        check_path(path)
        return self._root / path


def open_storage(url: str | os.PathLike[str]) -> Storage:
    """Open the storage that a setting names: a folder, a `file://` URL, or any URL that fsspec knows.

    Raises `UsageError` where fsspec, or the library it needs for this URL, is not installed.
    """
    text = os.fspath(url)
    if (folder := _folder_of(text)) is not None:
        return LocalStorage(folder)
    try:
        storage: Storage = import_module("segue.data.filesystems").open_url(text)
    except ModuleNotFoundError as error:
        raise UsageError(f'storage {text} needs {error.name}: pip install "segue[fsspec]"') from error
    return storage


def refuse_unshared(storage_url: str | os.PathLike[str], executor_is_local: bool) -> None:
    """Raise `UsageError` where the workers of an executor would not see the storage that a setting names."""
    text = os.fspath(storage_url)
    if text.startswith("memory:"):
        raise UsageError(
            f"storage = {text!r} lives in the memory of one process, and tasks run in others: name a folder, or a "
            "file system that all of them reach, such as s3://bucket/folder"
        )
    if not executor_is_local and _folder_of(text) is not None:
        raise UsageError(
            f"storage = {text!r} is a folder of this machine, and tasks run on others that do not share it: name a "
            "file system that all of them reach, such as s3://bucket/folder"
        )


def is_url(setting: str) -> bool:
    """Whether a setting names a URL; else it is a path."""
    return "://" in setting or "::" in setting


def _folder_of(url: str) -> str | None:
    if not is_url(url):
        return url
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


def check_path(path: str) -> None:
    """Raises `UnreadableValue` where it could lead out of a storage."""
    if path.startswith("/") or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise UnreadableValue(f"{path!r} is no path of a storage")


def run_prefix(dag: str, run: str) -> str:
    """The folder of the values of one run; `run` is the printed id."""
    return f"values/{_part(dag)}/{_part(run)}"


def values_prefix(dag: str, run: str, task: str, index: int | None, number: int) -> str:
    """Path of the values of one attempt, without the digest (RULINGS "storage path").

    `run` is the printed id; `index` is None where the task is not mapped; `number` that of the attempt.
    """
    item = "-" if index is None else index
    return f"{run_prefix(dag, run)}/{_part(task)}/{item}/{number}"


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


class Digesting(io.RawIOBase):
    """Passes bytes on and takes their digest and number."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._fault: OSError | None = None
        self.digest = blake2b(digest_size=_DIGEST_BYTES)
        self.count = 0

    def fill(self, fill: Callable[[BinaryIO], None], talking: Talking) -> None:
        """Let `fill` write. What it raises passes, but for a fault of the file, whatever a library made of it."""
        try:
            fill(cast("BinaryIO", self))
        finally:
            if self._fault is not None:
                raise talking.fault(self._fault) from self._fault

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            size = self._file.write(data)
        except OSError as error:
            self._fault = error
            raise
        self.digest.update(data)
        self.count += size
        return size

    def tell(self) -> int:
        return self.count


class Talking:
    """Within it, whatever a file system raises becomes ours: full or unreachable, forbidden, or gone.

    Args:
        url: what is talked to, for people.
        done: what was to be done to it: written, read, removed, listed.
    """

    def __init__(self, url: str, done: str) -> None:
        self._url, self._done = url, done

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, SegueError):
            raise self.fault(error) from error

    def fault(self, error: Exception) -> EnvironmentFault:
        """Say it in our words. Libraries of clouds have errors of their own, which tell by a code or their name."""
        if self._done == "read" and isinstance(error, FileNotFoundError | NotADirectoryError):
            return UnreadableValue(
                f"{self._url} is gone; results are kept for a limited time, then the task has to run again"
            )
        number = getattr(error, "errno", None)
        reason = getattr(error, "strerror", None) or str(error)
        what = f"the storage {self._url} cannot be {self._done}"
        if number in (errno.ENOSPC, errno.EDQUOT):
            return StorageDown(f"{what}: it is full ({reason}). Free some space, or name another one by `storage`")
        name = type(error).__name__
        if (
            isinstance(error, PermissionError)
            or number in _FORBIDDEN
            or _status(error) in (401, 403)
            or "Creden" in name
        ):
            return StorageRefused(
                f"{what}: it is forbidden ({reason}). Give this user the right to, or other credentials"
            )
        return StorageDown(f"{what}: {name}: {reason}")


def _status(error: Exception) -> object:
    return getattr(error, "status_code", None) or getattr(error, "status", None) or getattr(error, "code", None)

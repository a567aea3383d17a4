"""A storage on any file system that fsspec knows.

What a task gives is written to a temporary file of this machine first, because its name, the digest, is known at the
end only. Where the file system can rename in one step it is then copied beside its place and renamed. Elsewhere, in
object stores above all, it is written to its final name at once: most of them show an object when it is complete, and
where one does not, nothing refers to half an object, since its name is told after it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, Final, cast

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from segue.data.storage import Digesting, Storage, StoredObject, Talking, Written, check_path
from segue.model.errors import UsageError
from segue.model.ids import Instant

__all__ = ["FsspecStorage", "open_url"]

_RENAMING: Final = frozenset({"arrow_hdfs", "file", "hdfs", "local", "sftp", "smb", "ssh", "webhdfs"})
_TIMES: Final = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_LOGIN = re.compile(r"://[^/@]*@")


class FsspecStorage:
    """A storage below `root` of a file system; `url` names it for people."""

    def __init__(self, files: AbstractFileSystem, root: str, url: str) -> None:
        self._files, self._root = files, root.rstrip("/")
        self._url = _LOGIN.sub("://", url).rstrip("/")
        self._renames = not _protocols(files).isdisjoint(_RENAMING)

    def url(self, path: str = "") -> str:
        check_path(path or "-")
        return f"{self._url}/{path}" if path else self._url

    def write(self, prefix: str, fill: Callable[[BinaryIO], None]) -> Written:
        check_path(prefix)
        talking = Talking(self.url(), "written")
        with NamedTemporaryFile(prefix="segue-") as raw:
            file = Digesting(cast("BinaryIO", raw))
            file.fill(fill, Talking(raw.name, "written"))
            with Talking(raw.name, "written"):
                raw.flush()
            path = f"{prefix}-{file.digest.hexdigest()}"
            with talking:
                self._upload(raw.name, self._place(path))
        return Written(path, file.digest.digest(), file.count)

    def read(self, path: str) -> bytes:
        with Talking(self.url(path), "read"):
            data: bytes = self._files.cat_file(self._place(path))
            return data

    def open(self, path: str) -> BinaryIO:
        with Talking(self.url(path), "read"):
            self._files.invalidate_cache()  # somebody else may have written it since
            return cast("BinaryIO", self._files.open(self._place(path), "rb"))

    def delete(self, path: str) -> None:
        with Talking(self.url(path), "removed"):
            self._files.invalidate_cache()
            if self._files.exists(self._place(path)):
                self._files.rm(self._place(path), recursive=True)

    def list(self, folder: str) -> Iterator[StoredObject]:
        with Talking(self.url(folder), "listed"):
            self._files.invalidate_cache()
            try:
                found = self._files.find(self._place(folder), detail=True)
            except FileNotFoundError:
                return
        start = len(self._place(folder)) - len(folder)
        for path, about in found.items():
            yield StoredObject(path[start:], int(about.get("size") or 0), _modified(about))

    def _upload(self, local: str, final: str) -> None:
        if not self._renames:
            self._files.put_file(local, final)
            return
        above, _, name = final.rpartition("/")
        part = f"{above}/.{name}.part" if above else f".{name}.part"
        self._files.makedirs(above, exist_ok=True)
        self._files.put_file(local, part)
        if self._files.exists(final):  # some refuse to rename onto it; it came here whole
            self._files.rm_file(part)
        else:
            self._files.mv(part, final)

    def _place(self, path: str) -> str:
        check_path(path)
        return f"{self._root}/{path}" if self._root else path


def open_url(url: str) -> Storage:
    """Open the storage that a URL names. Raises `UsageError` where fsspec cannot."""
    try:
        files, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"storage {_LOGIN.sub('://', url)} cannot be opened: {error}") from error
    return FsspecStorage(files, root, url)


def _protocols(files: Any) -> set[str]:
    while hasattr(files, "fs"):  # a folder of another file system
        files = files.fs
    return {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)


def _modified(about: Mapping[str, Any]) -> Instant | None:
    for name in _TIMES:
        match about.get(name):
            case int() | float() as seconds:
                return Instant(int(seconds * 1e6))
            case datetime() as at:
                return _instant(at)
            case str() as text:
                return _instant(datetime.fromisoformat(text))
    return None


def _instant(at: datetime) -> Instant:
    return Instant(int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6))

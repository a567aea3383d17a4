import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
import pandas as pd
import polars as pl
import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from segue.data.filesystems import FsspecStorage
from segue.data.results import load_item, load_result, store_result
from segue.data.retention import sweep
from segue.data.storage import LocalStorage, Storage, StoredObject, digest_of, open_storage, refuse_unshared
from segue.model.errors import StorageDown, StorageRefused, UnreadableValue, UsageError
from segue.model.ids import Instant

PREFIX = "values/d/r/t/-/1"


class Moving(LocalFileSystem):  # type: ignore[misc]
    """Remembers what it was asked."""

    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.moved: list[str] = []

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        self.moved.append(Path(path2).name)
        super().mv(path1, path2, **options)


class Failing(MemoryFileSystem):  # type: ignore[misc]
    """Writes half of an object and then raises, as a connection that breaks does."""

    cachable = False
    protocol = "failing"
    error: Exception | None = None

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        if self.error:
            data = Path(lpath).read_bytes()
            self.pipe_file(rpath, data[: len(data) // 2])
            raise self.error
        super().put_file(lpath, rpath, **options)

    def cat_file(self, path: str, **options: Any) -> bytes:
        if self.error:
            raise self.error
        return bytes(super().cat_file(path, **options))

    _open_there = MemoryFileSystem._open

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if self.error and mode == "rb":
            raise self.error
        return self._open_there(path, mode, **options)

    def find(self, path: str, **options: Any) -> Any:
        if self.error:
            raise self.error
        return super().find(path, **options)


class Botched(Exception):
    """An error of a library of a cloud."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class NoCredentialsError(Exception):
    pass


def put(storage: Storage, prefix: str, data: bytes) -> str:
    return storage.write(prefix, lambda file: file.writelines([data])).path


@pytest.fixture(params=["memory", "local", "folder", "dirfs", "dirfs of memory", "failing, but not now"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    root = tmp_path.as_posix()
    match request.param:
        case "memory":
            return open_storage(f"memory:/{root}")
        case "local":
            return open_storage(f"local://{root}/with space")
        case "folder":
            return open_storage(root)
        case "dirfs":
            return FsspecStorage(DirFileSystem(root, LocalFileSystem()), "", "dir://here")
        case "dirfs of memory":
            return FsspecStorage(DirFileSystem(root, MemoryFileSystem()), "", "dir://there")
    return FsspecStorage(Failing(), root, "failing://x")


def test_every_file_system_keeps_lists_and_removes_objects(storage: Storage) -> None:
    written = storage.write(PREFIX, lambda file: file.writelines([b"hello ", b"world"]))
    assert (written.size, written.digest) == (11, digest_of(b"hello world"))
    assert written.path == f"{PREFIX}-{written.digest.hex()}"
    assert storage.read(written.path) == b"hello world"
    with storage.open(written.path) as file:
        file.seek(6)
        assert file.read(3) == b"wor"
    assert put(storage, PREFIX, b"hello world") == written.path
    other = put(storage, "staged/place", b"x")
    assert [(one.path, one.size) for one in storage.list("values")] == [(written.path, 11)]
    assert all(one.modified and one.modified > 1_700_000_000_000_000 for one in storage.list("values"))
    storage.delete(written.path)
    storage.delete(written.path)
    assert list(storage.list("values")) == []
    storage.delete("staged")
    storage.delete("staged")
    with pytest.raises(UnreadableValue, match="is gone; results are kept for a limited time"):
        storage.read(other)
    with pytest.raises(UnreadableValue, match="is gone"):
        storage.open(other)


def test_every_file_system_keeps_results(storage: Storage) -> None:
    frame = pd.DataFrame({"a": range(10)})
    value = {"table": frame, "other": pl.DataFrame({"b": [1]}), "text": "x" * 100_000}
    back = load_result(store_result(value, storage, PREFIX), storage)
    pd.testing.assert_frame_equal(back["table"], frame)
    assert back["other"].equals(value["other"]) and back["text"] == value["text"]
    items = store_result([{"k": k} for k in range(30_000)], storage, PREFIX, mapped=True)
    assert load_item(items, storage, 29_999) == {"k": 29_999}
    assert len(list(storage.list("values/d/r"))) == 4
    assert sweep(storage, lambda run: (), Instant(4_000_000_000_000_000)).count == 4
    assert list(storage.list("values")) == []


def test_no_path_leads_out_of_a_file_system(storage: Storage) -> None:
    for path in ("../x", "/x", "a/../../x", "a//b", "a/./b", "a\0b"):
        for use in (storage.read, storage.open, storage.delete, storage.url):
            with pytest.raises(UnreadableValue, match="is no path of a storage"):
                use(path)
        with pytest.raises(UnreadableValue, match="is no path of a storage"):
            put(storage, path, b"x")


def test_where_a_file_system_renames_nothing_appears_under_its_name_before_it_is_whole(tmp_path: Path) -> None:
    files = Moving()
    storage = FsspecStorage(DirFileSystem(tmp_path.as_posix(), files), "", "dir://here")
    path = put(storage, PREFIX, b"x")
    assert files.moved == [Path(path).name]
    assert put(storage, PREFIX, b"x") == path  # it is there whole: nothing is renamed onto it
    assert len(files.moved) == 1
    assert [one.path for one in storage.list("values")] == [path]


def test_half_an_object_is_never_referred_to_and_is_replaced(tmp_path: Path) -> None:
    files = Failing()
    storage = FsspecStorage(files, tmp_path.as_posix(), "failing://x")
    files.error = ConnectionResetError(errno.ECONNRESET, "peer is gone")
    with pytest.raises(StorageDown):
        put(storage, PREFIX, b"0123456789")
    files.error = None
    assert [one.size for one in storage.list("values")] == [5]
    assert storage.read(put(storage, PREFIX, b"0123456789")) == b"0123456789"


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            StorageDown,
            r"cannot be \w+: it is full \(No space left on device\)\. Free some",
        ),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageDown, "it is full .Disk quota exceeded"),
        (TimeoutError("no answer in 30 s"), StorageDown, "TimeoutError: no answer in 30 s"),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
            StorageDown,
            "ConnectionRefusedError: Connection refused",
        ),
        (OSError(errno.EIO, "An error occurred (SlowDown)"), StorageDown, r"OSError: An error occurred \(SlowDown\)$"),
        (Botched("slow down", 503), StorageDown, "Botched: slow down"),
        (Botched("who are you", 403), StorageRefused, "it is forbidden .who are you.. Give this user the right"),
        (PermissionError("Access Denied"), StorageRefused, "it is forbidden .Access Denied"),
        (OSError(errno.EROFS, "Read-only file system"), StorageRefused, "it is forbidden .Read-only file system"),
        (NoCredentialsError("Unable to locate credentials"), StorageRefused, "it is forbidden .Unable to locate"),
    ],
)
def test_what_a_file_system_says_is_told_by_who_can_help(
    error: Exception, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    files = Failing()
    storage = FsspecStorage(files, tmp_path.as_posix(), "failing://user:pw@x/y")
    path = put(storage, PREFIX, b"x")
    files.error = error
    uses: list[Callable[[], object]] = [
        lambda: put(storage, PREFIX, b"y"),
        lambda: storage.read(path),
        lambda: storage.open(path),
        lambda: list(storage.list("values")),
    ]
    for use in uses:
        with pytest.raises(kind, match=message) as caught:
            use()
        assert "failing://x/y" in str(caught.value) and "pw" not in str(caught.value)
        assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "value",
    [
        "x" * 3_000_000,
        [os.urandom(1000) for _ in range(3000)],
        pd.DataFrame({"a": [os.urandom(1000) for _ in range(3000)]}),
        pl.DataFrame({"a": [os.urandom(1000) for _ in range(3000)]}),
    ],
    ids=["text", "list", "pandas", "polars"],
)
@pytest.mark.parametrize("kind", ["folder", "local"])
def test_a_full_disk_is_said_and_leaves_nothing(tiny: Path, kind: str, value: object) -> None:
    storage = open_storage(tiny) if kind == "folder" else open_storage(f"local://{tiny}")
    kept = store_result("y" * 100_000, storage, PREFIX)
    with pytest.raises(StorageDown, match="it is full .No space left on device"):
        store_result(value, storage, PREFIX)
    if kind == "folder":
        assert len(list(storage.list("values"))) == 1
    assert load_result(kept, storage) == "y" * 100_000


def test_a_disk_that_may_not_be_written_is_forbidden(tiny: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny)], check=True)
    with pytest.raises(StorageRefused, match="cannot be written: it is forbidden .Read-only file system"):
        put(open_storage(tiny), PREFIX, b"x")


def test_what_a_task_raises_while_it_is_stored_is_its_own(tmp_path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "of another place")

    for storage in (LocalStorage(tmp_path), FsspecStorage(Failing(), tmp_path.as_posix(), "failing://x")):
        with pytest.raises(OSError, match="of another place"):
            storage.write(PREFIX, fill)
        assert list(storage.list("values")) == []


@pytest.mark.parametrize(
    ("about", "modified"),
    [
        ({"mtime": 1.5}, 1_500_000),
        ({"updated": "1970-01-01T00:00:02Z"}, 2_000_000),
        ({"updated": "1970-01-01T00:00:02"}, 2_000_000),
        ({}, None),
    ],
)
def test_the_age_of_an_object_is_found_by_the_names_that_file_systems_use(about: Any, modified: int | None) -> None:
    class Listing(MemoryFileSystem):  # type: ignore[misc]
        cachable = False

        def find(self, path: str, **options: Any) -> Any:
            return {f"{path}/a-1": {"size": 3, **about}}

    (found,) = FsspecStorage(Listing(), "/root", "x://root").list("values")
    assert found == StoredObject("values/a-1", 3, modified and Instant(modified))


def test_a_setting_is_opened_as_what_it_names(tmp_path: Path) -> None:
    for setting in (tmp_path, str(tmp_path), tmp_path.as_uri(), f"file://localhost{tmp_path}"):
        storage = open_storage(setting)
        assert isinstance(storage, LocalStorage) and storage.url() == tmp_path.as_uri()
    assert open_storage("file:///a%20b").url() == "file:///a%20b"
    assert open_storage("memory://x/y").url("a/b") == "memory://x/y/a/b"
    assert isinstance(open_storage("dir::memory://x"), FsspecStorage)


@pytest.mark.parametrize("url", ["nowhere://user:pw@x", "smb://user:pw@x/y"])
def test_a_url_that_cannot_be_opened_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=f"storage {url[:4]}.* cannot be opened: ") as caught:
        open_storage(url)
    assert "pw" not in str(caught.value)


def test_without_fsspec_a_folder_works_and_a_url_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['fsspec'] = None\n"
        "from segue.data.storage import open_storage\n"
        "print(open_storage(sys.argv[1]).write('a', lambda file: file.write(b'x')).size)\n"
        "open_storage('s3://bucket')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout == "1\n"
    assert done.stderr.strip().endswith('UsageError: storage s3://bucket needs fsspec: pip install "segue[fsspec]"')


def test_a_storage_that_workers_do_not_see_is_refused(tmp_path: Path) -> None:
    for setting in (tmp_path, tmp_path.as_uri(), "storage"):
        refuse_unshared(setting, executor_is_local=True)
        with pytest.raises(UsageError, match="is a folder of this machine, and tasks run on others .* s3://bucket"):
            refuse_unshared(setting, executor_is_local=False)
    for local in (True, False):
        refuse_unshared("s3://bucket/x", local)
        with pytest.raises(UsageError, match="lives in the memory of one process"):
            refuse_unshared("memory://x", local)


def test_files_of_a_folder_stay_with_their_owner(tmp_path: Path) -> None:
    path = tmp_path / put(open_storage(tmp_path.as_uri()), PREFIX, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert fsspec.filesystem("file").exists(str(path))

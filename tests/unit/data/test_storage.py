import os
import stat
from pathlib import Path
from typing import BinaryIO

import pytest

from segue.data.storage import LocalStorage, Storage, digest_of, values_prefix
from segue.model.errors import UnreadableValue


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


def put(storage: Storage, prefix: str, data: bytes) -> str:
    return storage.write(prefix, lambda file: file.writelines([data])).path


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_can_be_read_whole_and_in_parts(storage: LocalStorage) -> None:
    written = storage.write("values/a/1", lambda file: file.writelines([b"hello ", b"world"]))
    assert storage.read(written.path) == b"hello world"
    assert (written.size, written.digest) == (11, digest_of(b"hello world"))
    assert written.path == f"values/a/1-{written.digest.hex()}"
    with storage.open(written.path) as file:
        file.seek(6)
        assert file.read(3) == b"wor"


def test_the_url_names_the_object(storage: LocalStorage, tmp_path: Path) -> None:
    path = put(storage, "values/a", b"x")
    assert storage.url(path) == (tmp_path / "storage" / path).as_uri()
    assert storage.url() == (tmp_path / "storage").as_uri()


def test_writing_the_same_again_changes_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    assert put(storage, "values/a", b"x") == put(storage, "values/a", b"x")
    assert len(files_below(tmp_path)) == 1


def test_a_failed_write_leaves_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        storage.write("values/a", fill)
    assert files_below(tmp_path) == set()


def test_only_the_owner_can_enter(storage: LocalStorage, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        path = tmp_path / "storage" / put(storage, "values/a/b", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, tmp_path / "storage"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_delete_removes_objects_and_folders_and_minds_nothing_missing(storage: LocalStorage, tmp_path: Path) -> None:
    first, second = put(storage, "values/a/1", b"x"), put(storage, "values/a/2", b"y")
    storage.delete(first)
    storage.delete(first)
    assert files_below(tmp_path / "storage") == {second}
    storage.delete("values/a")
    storage.delete("values/a")
    assert files_below(tmp_path / "storage") == set()


def test_a_missing_object_is_named(storage: LocalStorage) -> None:
    for read in (storage.read, storage.open):
        with pytest.raises(UnreadableValue, match="values/gone is gone; results are kept for a limited time"):
            read("values/gone")


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "values/../../x", "values//x", "./x", "a\0b", "values/"])
def test_a_path_cannot_leave_the_storage(storage: LocalStorage, path: str) -> None:
    for act in (storage.read, storage.open, storage.delete, storage.url):
        with pytest.raises(UnreadableValue, match="no path of a storage"):
            act(path)
    with pytest.raises(UnreadableValue, match="no path of a storage"):
        put(storage, path, b"x")


@pytest.mark.parametrize("path", ["", "."])
def test_the_whole_storage_is_never_deleted(storage: LocalStorage, path: str) -> None:
    kept = put(storage, "values/a", b"x")
    with pytest.raises(UnreadableValue, match="no path of a storage"):
        storage.delete(path)
    assert storage.read(kept) == b"x"


@pytest.mark.parametrize(
    ("parts", "prefix"),
    [
        (("daily", "daily@2013-01-01", "clean", None, 1), "values/daily/daily@2013-01-01/clean/-/1"),
        (("d", "d@2026-04-01T02:00-07:00", "g.t", 3, 2), "values/d/d@2026-04-01T02%3A00-07%3A00/g.t/3/2"),
        (("d", "d@a/b", "..", 0, 1), "values/d/d@a%2Fb/%2E%2E/0/1"),
        (("d", "d@é", ".", 0, 1), "values/d/d@%C3%A9/%2E/0/1"),
    ],
)
def test_the_path_of_values_is_safe_everywhere(parts: tuple[str, str, str, int | None, int], prefix: str) -> None:
    assert values_prefix(*parts) == prefix


def test_a_long_name_is_cut_and_stays_its_own(storage: LocalStorage) -> None:
    first, second = (values_prefix("d", "x" * 300 + end, "t", None, 1) for end in "ab")
    assert first != second
    assert storage.read(put(storage, first, b"1")) == b"1"

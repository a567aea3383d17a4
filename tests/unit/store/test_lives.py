"""A database that was put in another one's place is recognised, and stands still."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from segue.model.changes import VersionAdded
from segue.model.errors import StoreDown
from segue.model.ids import Instant
from segue.store.sqlite import SqliteReader, open_writer
from segue.store.sqlite.lives import MARK
from segue.store.sqlite.upkeep import back_up, manifest_of
from tests.contract.stores import NOW, VERSION, created, write


class Home:
    """A home whose owners come and go."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder, self.path = folder, folder / "segue.db"

    def live(self, *changes) -> str:
        """An owner's life; gives why its database was taken for one that was put there."""
        with closing(open_writer(self.path, NOW)) as writer:
            write(Owner(writer), *changes)
            return writer.restored

    def paused(self) -> list[bool]:
        with closing(SqliteReader(self.path)) as reader:
            return [view.timing.hard for view in reader.dags()]

    def copy(self, name: str) -> Path:
        return Path(shutil.copy(self.path, self.folder.parent / name))

    def put(self, copy: Path) -> None:
        shutil.copy(copy, self.path)


class Owner:
    def __init__(self, writer) -> None:
        self.writer, self.epoch = writer, writer.lease().epoch


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home")
    assert home.live(VersionAdded("daily", VERSION, "here", NOW)) == ""
    return home


def test_one_life_after_another_is_nothing_special(home):
    assert [home.live() for _ in range(3)] == ["", "", ""]
    assert home.paused() == [False]


def test_a_copy_of_an_earlier_life_is_paused_hard_with_new_secrets(home):
    copy = home.copy("old.db")
    with closing(open_writer(home.path, NOW)) as writer:
        before = writer.lease().epoch, writer.snapshot(None).fence_key
    home.put(copy)
    with closing(open_writer(home.path, NOW)) as writer:
        assert writer.restored == "it is older than what this home had"
        snapshot = writer.snapshot(None)
        assert snapshot.braked and snapshot.fence_key != before[1]
        assert writer.lease().epoch >= before[0]
    assert home.paused() == [True]
    assert home.live() == "", "it is this home's own from then on"
    assert home.paused() == [True], "until a person says so"


def test_a_copy_of_the_same_life_is_recognised_by_what_it_does_not_know(home):
    copy = home.folder.parent / "copy.db"
    with closing(open_writer(home.path, NOW)) as writer:
        with closing(sqlite3.connect(home.path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        write(Owner(writer), created())
    home.put(copy)
    assert home.live() == "it is older than what this home had"


def test_the_same_bytes_put_back_are_nothing_special(home):
    home.put(home.copy("same.db"))
    assert home.live() == ""


def test_a_backup_says_so_itself_also_where_the_home_knows_nothing(home, tmp_path):
    copy = tmp_path / "backup.db"
    manifest = back_up(home.path, copy, NOW)
    assert (manifest.at, manifest.dags, manifest.runs) == (NOW, 1, 0)
    assert manifest_of(copy) == manifest and manifest_of(home.path) is None
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.db", "home"], "it is one file"
    new = Home(tmp_path / "new")
    new.put(copy)
    assert new.live() == "it is a backup"
    assert new.paused() == [True]
    assert new.live() == "" and manifest_of(new.path) is None


def test_a_database_of_another_home_is_recognised(home, tmp_path):
    other = Home(tmp_path / "other")
    other.live(VersionAdded("daily", VERSION, "here", NOW))
    home.put(other.path)
    assert home.live() == "it is another database than this home had"
    new = Home(tmp_path / "new")
    new.put(other.path)
    assert new.live() == "it comes from another home"


def test_a_home_that_is_copied_whole_goes_on(home, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(home.folder, moved)
    one = object.__new__(Home)
    one.folder, one.path = moved, moved / "segue.db"
    assert one.live() == ""


def test_a_new_database_in_an_old_home_is_nothing_special(home):
    home.path.unlink()
    assert home.live() == ""


def test_an_owner_that_died_before_the_home_knew_of_its_life_is_no_stranger(home):
    mark = (home.folder / MARK).read_bytes()
    for _ in range(3):
        home.live()
        (home.folder / MARK).write_bytes(mark)
    assert home.live() == "" and home.paused() == [False]


def test_a_note_that_cannot_be_read_counts_as_none(home):
    (home.folder / MARK).write_text("{")
    assert home.live() == "it comes from another home"


def test_a_home_that_cannot_be_written_is_told(home):
    (home.folder / MARK).unlink()
    (home.folder / MARK).mkdir()
    with pytest.raises(StoreDown, match=r"database.json cannot be written"):
        open_writer(home.path, Instant(NOW + 1))

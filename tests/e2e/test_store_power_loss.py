"""Row 18: what was acknowledged is there after the power went.

The disk is a VFS that notes what each write replaced and forgets its notes when the file is synced. A power loss is a
copy of the files with all writes undone that were not synced.
"""

import shutil
from pathlib import Path

import apsw
import apsw.ext
import pytest

from segue.store.audit import compare, validate_state
from segue.store.sqlite import SqliteReader, open_writer
from tests.contract.stores import NOW, RUN, R, created, defined, moved, queued, succeeded


class Disk(apsw.VFS):
    """The machine's file system, with a memory of what a power loss would take back."""

    def __init__(self):
        self.unsynced = {}
        self.syncs = 0
        super().__init__("forgetful", base="")

    def xOpen(self, name, flags):  # noqa: N802 - the interface's name
        return File(self, name, flags)

    def after_power_loss(self, folder: Path, copy: Path) -> Path:
        copy.mkdir()
        for name in ("segue.db", "segue.db-wal"):
            shutil.copyfile(folder / name, copy / name)
            with (copy / name).open("r+b") as file:
                for offset, old, size in reversed(self.unsynced.get(str(folder / name), [])):
                    file.seek(offset)
                    file.write(old)
                    file.truncate(size)
        return copy / "segue.db"


class File(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self.disk, self.path = disk, Path(name.filename() if hasattr(name, "filename") else name or "/dev/null")
        super().__init__("", name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        self._note(offset, len(data))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802
        self._note(size, max(self.path.stat().st_size - size, 0))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802
        super().xSync(flags)
        self.disk.syncs += 1
        self.disk.unsynced.pop(str(self.path), None)

    def _note(self, offset, length):
        with self.path.open("rb") as file:
            file.seek(offset)
            old = file.read(length)
        self.disk.unsynced.setdefault(str(self.path), []).append((offset, old, self.path.stat().st_size))


class Cursor:
    """As much of a DB-API cursor as SQLAlchemy needs."""

    description = None
    lastrowid = None
    rowcount = -1

    def __init__(self, connection):
        self._db, self._rows = connection, iter(())

    def execute(self, statement, values=()):
        self.executemany(statement, [values])

    def executemany(self, statement, rows):
        self.description = apsw.ext.query_info(self._db, statement).description or None
        before = self._db.total_changes()
        found = [row for values in rows for row in self._db.execute(statement, values)]
        self._rows, self.rowcount = iter(found), self._db.total_changes() - before
        self.lastrowid = self._db.last_insert_rowid()

    def fetchone(self):
        return next(self._rows, None)

    def fetchall(self):
        return list(self._rows)

    def close(self):
        pass


class Connection:
    isolation_level = None

    def __init__(self, uri):
        flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self.db = apsw.Connection(uri, flags=flags, vfs="forgetful")
        # Shared memory is not the VFS's to give: with exclusive locking the WAL needs none.
        self.db.execute("PRAGMA locking_mode=EXCLUSIVE")

    def cursor(self):
        return Cursor(self.db)

    def create_function(self, *_, **__):
        pass

    def commit(self):
        pass

    def rollback(self):
        pass

    def close(self):
        self.db.close()


@pytest.fixture
def disk():
    disk = Disk()
    yield disk
    disk.unregister()


def acknowledged(folder, disk, weaken=""):
    """Commit turn after turn; after each one the power goes once: its number, its syncs, and the disk as it then is."""
    drivers = []

    def driver(uri):
        drivers.append(Connection(uri))
        return drivers[-1]

    folder.mkdir()
    writer = open_writer(folder / "segue.db", NOW, driver=driver)
    if weaken:
        drivers[-1].db.execute(weaken)
    epoch = writer.lease().epoch
    turns = [(defined(), created(), moved(RUN, R.QUEUED, R.RUNNING))]
    for item in range(15):
        turns += [queued("report", item), succeeded("report", item, value=bytes(2000))]
    for turn, changes in enumerate(turns):
        before = disk.syncs
        with writer.transaction(epoch) as transaction:
            transaction.apply(changes)
        yield turn, disk.syncs - before, disk.after_power_loss(folder, folder.with_name(f"{folder.name}-{turn}"))
    writer.close()


def events_in(path):
    writer = open_writer(path, NOW)
    writer.close()
    reader = SqliteReader(path)
    found = reader.last_event(), validate_state(reader), compare(reader)
    reader.close()
    return found


def test_what_was_acknowledged_is_there_after_power_loss(tmp_path, disk):
    expected = 0
    for turn, syncs, image in acknowledged(tmp_path / "home", disk):
        expected += 3 if turn == 0 else 1 + (turn + 1) % 2
        assert syncs >= 1
        assert events_in(image) == (expected, [], [])


def test_the_disk_would_notice_a_store_that_does_not_sync(tmp_path, disk):
    seen = [events_in(image)[0] for _, _, image in acknowledged(tmp_path / "home", disk, "PRAGMA synchronous=NORMAL")]
    assert seen[-1] < 3 + 15 * 3

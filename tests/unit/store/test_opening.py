import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import msgspec
import pytest

from segue.model.errors import HomeUnusable, StoreDown, StoreEmpty
from segue.model.ids import Instant
from segue.store.audit import compare, validate_state
from segue.store.schema import SCHEMA
from segue.store.sqlite import SqliteReader, open_writer
from segue.store.sqlite.connection import WAL_BYTES, connect_writer
from tests.contract import stores
from tests.contract.stores import Sqlite, begun_run, dump, queued, succeeded

NOW = Instant(1)
A_DAY_LATER = Instant(NOW + 86_400_000_000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "segue.db"


def filled(folder):
    store = Sqlite(folder)
    begun_run(store, *queued())
    for item in range(300):
        with store.writer.transaction(store.epoch) as transaction:
            transaction.apply((*queued("report", item), *succeeded("report", item)))
    seen = dump(store)
    store.close()
    return seen


def set_meta(path, name, value):
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE meta SET value = ? WHERE name = ?", (msgspec.msgpack.encode(value), name))


def test_a_database_is_made_with_a_secret_of_its_own(tmp_path):
    secrets = set()
    for name in ("a", "b"):
        writer = open_writer(tmp_path / name, NOW)
        secrets.add(writer.snapshot(None).fence_key)
        writer.close()
    assert [len(secret) for secret in secrets] == [32, 32]


def test_every_table_is_strict(path):
    open_writer(path, NOW).close()
    with closing(sqlite3.connect(path)) as raw:
        assert {name for (_, name, *_, strict) in raw.execute("PRAGMA table_list") if not strict} == {
            "sqlite_schema", "sqlite_temp_schema", "sqlite_sequence",
        }  # fmt: skip


def test_the_writer_survives_power_loss_by_its_settings(path):
    connection = connect_writer(path)
    settings = {
        name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        for name in ("journal_mode", "synchronous", "mmap_size", "journal_size_limit")
    }
    connection.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "mmap_size": 0, "journal_size_limit": WAL_BYTES}


def test_the_wal_is_grown_before_it_is_needed_and_kept(path):
    writer = open_writer(path, NOW)
    wal = path.with_name("segue.db-wal")
    assert wal.stat().st_size == WAL_BYTES
    for _ in range(50):
        writer.lease()
    assert wal.stat().st_size == WAL_BYTES
    writer.close()


def test_a_database_of_a_newer_version_is_refused_with_both(path):
    open_writer(path, NOW).close()
    set_meta(path, "schema", SCHEMA + 1)
    with pytest.raises(HomeUnusable, match=f"version {SCHEMA + 1}, this Segue reads up to {SCHEMA}"):
        open_writer(path, NOW)


def test_a_database_of_something_else_is_refused(path):
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE songs (title)")
    with pytest.raises(HomeUnusable, match="database of something else"):
        open_writer(path, NOW)


def test_a_file_that_is_no_database_is_refused_with_the_way_out(path):
    path.write_bytes(b"not a database at all, but long enough to look like one" * 100)
    with pytest.raises(HomeUnusable, match="is damaged.*in its place"):
        open_writer(path, NOW)


def test_a_file_cut_in_half_is_refused(path, tmp_path):
    filled(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HomeUnusable, match="is damaged.*in its place"):
        open_writer(path, NOW)


def test_flipped_bytes_are_detected_or_change_nothing(path, tmp_path):
    """The file header, and the head of every page: what the tree of pages hangs on."""
    before = filled(tmp_path)
    whole = path.read_bytes()
    refused = 0
    for at in (*range(100), *(page + byte for page in range(4096, len(whole), 8 * 4096) for byte in range(8))):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        for leftover in tmp_path.glob("segue.db-*"):
            leftover.unlink()
        try:
            open_writer(path, A_DAY_LATER).close()
        except HomeUnusable:
            refused += 1
            continue
        reader = SqliteReader(path)
        assert list(reader.run_rows()) == before[0], at
        assert (validate_state(reader), compare(reader)) == ([], []), at
        reader.close()
    assert refused > 20


def spoil_unread_pages(path):
    """Damage that nobody meets who does not look for it: the pages of an index that no question of these tests uses."""
    with closing(sqlite3.connect(path)) as raw:
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events_run'").fetchone()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(bytes(4096))


def opens(path, now):
    try:
        open_writer(path, now).close()
    except HomeUnusable:
        return False
    return True


def test_every_page_is_checked_once_a_day_where_the_last_owner_closed(path, tmp_path):
    filled(tmp_path)
    open_writer(path, NOW).close()
    spoil_unread_pages(path)
    assert opens(path, A_DAY_LATER - 1)
    assert not opens(path, A_DAY_LATER)


def test_every_page_is_checked_where_the_clock_was_set_back(path, tmp_path):
    filled(tmp_path)
    assert opens(path, A_DAY_LATER)
    spoil_unread_pages(path)
    assert not opens(path, NOW)


def test_every_page_is_checked_after_an_owner_was_killed(path, tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from tests.contract.stores import *\n"
        "store = Sqlite(Path(sys.argv[1])); begun_run(store); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    spoil_unread_pages(path)
    assert not opens(path, stores.NOW)


def test_every_page_is_checked_after_an_owner_met_damage(path, tmp_path):
    filled(tmp_path)
    writer = open_writer(path, NOW)
    lease = writer.lease()
    spoil_unread_pages(path)
    with pytest.raises(HomeUnusable), writer.transaction(lease.epoch) as transaction:
        transaction.apply(queued("report", 400))
    writer.close()
    assert not opens(path, NOW)


def test_a_flipped_wal_gives_an_earlier_whole_state(path, tmp_path):
    """SQLite ends a WAL at its first bad frame: what is read is what was committed before it."""
    store = Sqlite(tmp_path)
    begun_run(store)
    for item in range(50):
        with store.writer.transaction(store.epoch) as transaction:
            transaction.apply((*queued("report", item), *succeeded("report", item)))
    wal = path.with_name("segue.db-wal")
    main, log = path.read_bytes(), wal.read_bytes()
    used = len(log.rstrip(b"\0"))
    store.close()
    for at in range(40, used, used // 12):
        copy = tmp_path / f"at-{at}"
        copy.mkdir()
        (copy / "segue.db").write_bytes(main)
        (copy / "segue.db-wal").write_bytes(log[:at] + bytes([log[at] ^ 0xFF]) + log[at + 1 :])
        open_writer(copy / "segue.db", NOW).close()
        reader = SqliteReader(copy / "segue.db")
        assert (validate_state(reader), compare(reader)) == ([], [])
        reader.close()


def test_a_reader_makes_no_database(path):
    with pytest.raises(StoreDown, match="cannot be opened"):
        SqliteReader(path)
    assert not path.exists()


def test_a_database_that_is_only_being_made_is_no_damage(path):
    path.touch()
    with pytest.raises(StoreEmpty, match="its owner is only making it"):
        SqliteReader(path)


def test_a_database_whose_owner_was_killed_while_it_made_it_is_empty_until_the_next_one(path, tmp_path):
    """The step from the journal to the WAL is a transaction of the journal, which only who may write can undo."""
    with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA cache_size=1")
        raw.execute("CREATE TABLE t (x)")
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 1000)  # spills out of the cache
        for end in ("", "-journal"):
            shutil.copy(tmp_path / f"other.db{end}", f"{path}{end}")
    with pytest.raises(StoreEmpty, match="killed while it made it"):
        SqliteReader(path)


def test_a_reader_refuses_what_is_not_ours_or_newer(path, tmp_path):
    with closing(sqlite3.connect(tmp_path / "songs.db")) as raw:
        raw.execute("CREATE TABLE songs (title)")
    with pytest.raises(HomeUnusable, match="database of something else"):
        SqliteReader(tmp_path / "songs.db")
    open_writer(path, NOW).close()
    set_meta(path, "schema", SCHEMA + 1)
    with pytest.raises(HomeUnusable, match="install the newer"):
        SqliteReader(path)


def test_a_reader_cannot_write(path, tmp_path):
    filled(tmp_path)
    reader = SqliteReader(path)
    with pytest.raises(Exception, match="readonly"):
        reader._connection.exec_driver_sql("DELETE FROM runs")
    reader.close()


def test_a_reader_sees_what_an_owner_left_in_its_wal(path, tmp_path):
    """SIGKILL leaves a WAL behind; reading must not need an owner to clean up first."""
    script = (
        "import os, sys; from pathlib import Path; from tests.contract.stores import *\n"
        "store = Sqlite(Path(sys.argv[1])); begun_run(store); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    reader = SqliteReader(path)
    assert [event.kind for event in reader.events()] == ["version", "run", "run"]
    reader.close()


def test_a_read_that_takes_too_long_is_cut(path, tmp_path):
    filled(tmp_path)
    ticks = iter(range(1_000_000))
    reader = SqliteReader(path, lambda: float(next(ticks)))
    with pytest.raises(StoreDown, match="took too long"):
        reader._all(reader_bomb())
    assert reader.last_event() > 0
    reader.close()


def reader_bomb():
    """A join that no index helps."""
    from sqlalchemy import func, select

    from segue.store.schema import events

    one, two = events.alias(), events.alias()
    return select(func.count()).select_from(one.join(two, one.c.at + two.c.at > 0))


def test_opening_an_up_to_date_database_loads_no_alembic(path):
    script = (
        "import sys; from pathlib import Path; from segue.store.sqlite import open_writer\n"
        "[open_writer(Path(sys.argv[1]), 1).close() for _ in range(2)]; print('alembic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"


def test_the_store_in_memory_loads_no_database():
    script = "import sys, segue.store.memory, segue.store.audit; print({'sqlalchemy', 'sqlite3'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "set()\n"

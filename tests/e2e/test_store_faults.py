"""Real disks and real processes against the store: rows 1, 13, 16, 17 of the catalogue, as far as SQLite is meant."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from segue.model.changes import SlotMoved
from segue.model.errors import StoreDown
from segue.model.state import SlotState
from segue.store.audit import compare, validate_state
from segue.store.sqlite import SqliteReader, SqliteResults
from segue.store.sqlite.connection import WAL_BYTES
from tests.contract.stores import (
    NOW,
    RUN,
    SLOT,
    R,
    Sqlite,
    T,
    begun_run,
    created,
    defined,
    dump,
    moved,
    opened,
    queued,
    succeeded,
    task,
    write,
)

HEAD = "import os, sys\nfrom pathlib import Path\nfrom tests.contract.stores import *\nhome = Path(sys.argv[1])\n"


def python(script, home, prefix=()):
    return [*prefix, sys.executable, "-c", HEAD + script, str(home)]


def talking(script, home):
    return subprocess.Popen(python(script, home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def mounted(home, options):
    """A command prefix that mounts a file system of its own on `home`; skips where this machine forbids it."""
    command = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"', str(home))
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    return command


# ---------------------------------------------------------------------------------------------------------------- kills
def test_a_kill_inside_a_transaction_leaves_nothing_of_it(tmp_path):
    with opened(Sqlite, tmp_path) as store:
        begun_run(store)
        before = dump(store)
    script = (
        "store = Sqlite(home)\n"
        "with store.writer.transaction(store.epoch) as transaction:\n"
        "    for item in range(5000):\n"
        "        transaction.apply((*queued('report', item), *succeeded('report', item, value=bytes(3000))))\n"
        "    print('inside', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with talking(script, tmp_path) as child:
        assert child.stdout.readline() == "inside\n"
        child.kill()
    with opened(Sqlite, tmp_path) as store:
        assert dump(store) == before
        assert (validate_state(store.reader), compare(store.reader)) == ([], [])


def test_what_was_acknowledged_before_a_kill_is_there(tmp_path):
    script = (
        "store = Sqlite(home)\n"
        "begun_run(store)\n"
        "for item in range(100_000):\n"
        "    write(store, *queued('report', item))\n"
        "    write(store, *succeeded('report', item))\n"
        "    os.write(1, b'.')\n"
    )
    for round_, patience in enumerate((1, 7, 40, 150)):
        home = tmp_path / str(round_)
        home.mkdir()
        with subprocess.Popen(python(script, home), stdout=subprocess.PIPE) as child:
            said = child.stdout.read(patience)
            child.kill()
            said += child.stdout.read()
        with opened(Sqlite, home) as store:
            found = store.results.results(RUN, "report", 0, 100_000)
            assert len(said) <= len(found) <= len(said) + 1
            assert (validate_state(store.reader), compare(store.reader)) == ([], [])


def test_a_kill_while_old_runs_are_removed_leaves_each_whole_or_nothing_of_it(tmp_path):
    old = [RUN._replace(key=str(number)) for number in range(24)]
    with opened(Sqlite, tmp_path) as store:
        write(store, defined())
        for run in old:
            write(store, created(run, slot=SLOT), moved(run, R.QUEUED, R.RUNNING))
            write(store, SlotMoved("daily", SLOT, SlotState.FRESH, run, 1, NOW))
            write(store, *(task(T.PENDING, T.SUCCESS, "report", item, run=run) for item in range(200)))
            write(store, moved(run, R.RUNNING, R.SUCCESS, ended=NOW))
        ledger = store.reader.slots("daily")
    script = (
        "from segue.model.changes import RunsForgotten\n"
        "store = Sqlite(home)\n"
        "for run in [view.run for view in store.reader.runs()]:\n"
        "    with store.writer.transaction(store.epoch) as transaction:\n"
        "        transaction.apply((RunsForgotten((run,), NOW),))\n"
        "        os.write(1, b'i')\n"
        "    os.write(1, b'o')\n"
    )
    kept = len(old)
    for patience in (1, 2, 5, 3):
        with subprocess.Popen(python(script, tmp_path), stdout=subprocess.PIPE) as child:
            said = child.stdout.read(patience)
            child.kill()
            said += child.stdout.read()
        with opened(Sqlite, tmp_path) as store:
            left = len(store.reader.runs())
            assert kept - said.count(b"o") - 1 <= left <= kept - said.count(b"o")
            assert len(list(store.reader.task_rows())) == 200 * left
            assert store.reader.slots("daily") == ledger
            assert (validate_state(store.reader), compare(store.reader)) == ([], [])
        kept = left
    assert 0 < kept < len(old)


# ---------------------------------------------------------------------------------------------------------------- disks
def test_a_full_disk_stops_writing_and_nothing_else(tmp_path):
    """Row 13: said clearly, nothing lost, and writing goes on by itself when there is room again."""
    script = (
        "from segue.model.errors import StoreDown\n"
        "store = Sqlite(home)\n"
        "begun_run(store)\n"
        "ballast = home / 'ballast'\n"
        "with ballast.open('wb', buffering=0) as file:\n"
        "    try:\n"
        "        while file.write(bytes(65536)) == 65536: pass\n"
        "    except OSError: pass\n"
        "done, down = 0, []\n"
        "while not down:\n"
        "    try:\n"
        "        write(store, *queued('report', done), *succeeded('report', done, value=bytes(60_000)))\n"
        "        done += 1\n"
        "    except StoreDown as why: down.append(str(why))\n"
        "assert 'the disk is full' in down[0], down\n"
        "assert len(store.results.results(RUN, 'report', 0, 10_000)) == done\n"
        "for _ in range(3):\n"
        "    try: write(store, *queued('report', done), *succeeded('report', done, value=bytes(60_000)))\n"
        "    except StoreDown: continue\n"
        "    raise AssertionError('written to a full disk')\n"
        "ballast.unlink()\n"
        "write(store, *queued('report', done), *succeeded('report', done, value=bytes(60_000)))\n"
        "from segue.store.audit import compare, validate_state\n"
        "assert (validate_state(store.reader), compare(store.reader)) == ([], [])\n"
        "store.reopen()\n"
        "assert len(store.results.results(RUN, 'report', 0, 10_000)) == done + 1\n"
        "assert done > 0\n"
    )
    subprocess.run(python(script, tmp_path, mounted(tmp_path, "size=24m")), check=True)


def test_a_home_on_a_read_only_mount_is_refused(tmp_path):
    """Row 17."""
    script = (
        "from segue.model.errors import HomeUnusable\n"
        "from segue.store.home import check_home\n"
        "import subprocess\n"
        "subprocess.run(['mount', '-o', 'remount,ro', str(home)], check=True)\n"
        "for place in (home, home / 'new'):\n"
        "    try: check_home(place)\n"
        "    except HomeUnusable as why: assert 'Read-only file system' in str(why) and 'SEGUE_HOME' in str(why)\n"
        "    else: raise AssertionError(place)\n"
    )
    subprocess.run(python(script, tmp_path, mounted(tmp_path, "size=1m")), check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_home_of_somebody_else_is_refused(tmp_path):
    script = (
        "from segue.model.errors import HomeUnusable\n"
        "from segue.store.home import check_home\n"
        "os.setuid(65534)\n"
        "try: check_home(home)\n"
        "except HomeUnusable as why: assert 'Permission denied' in str(why)\n"
        "else: raise AssertionError('passed')\n"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder.name.startswith("pytest"):
            folder.chmod(0o755)
    subprocess.run(python(script, tmp_path), check=True)


def test_a_database_that_turns_read_only_stops_writing_until_it_is_not(tmp_path):
    script = (
        "from segue.model.errors import StoreDown\n"
        "import subprocess\n"
        "store = Sqlite(home)\n"
        "begun_run(store)\n"
        "store.writer.close()\n"
        "store.reader.close(); store.results.close()\n"
        "subprocess.run(['mount', '-o', 'remount,ro', str(home)], check=True)\n"
        "try: store.another().lease()\n"
        "except StoreDown as why: assert 'written' in str(why) or 'opened' in str(why), why\n"
        "else: raise AssertionError('written')\n"
        "subprocess.run(['mount', '-o', 'remount,rw', str(home)], check=True)\n"
        "store.writer = store.another()\n"
        "store.epoch = store.writer.lease().epoch\n"
        "write(store, *queued())\n"
    )
    subprocess.run(python(script, tmp_path, mounted(tmp_path, "size=24m")), check=True)


# -------------------------------------------------------------------------------------------------------- one writer
def ways_in(path):
    """Access modes of this process's descriptors of a file."""
    modes = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if entry.readlink() == path:
                modes.append(fcntl.fcntl(int(entry.name), fcntl.F_GETFL) & os.O_ACCMODE)
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return sorted(modes)


def test_one_connection_can_write_and_all_others_cannot(tmp_path):
    """Row 16: SQLite before 3.51.3 may damage a file that two connections write and checkpoint."""
    with opened(Sqlite, tmp_path) as store:
        begun_run(store, *queued())
        assert ways_in(store.path) == [os.O_RDONLY, os.O_RDONLY, os.O_RDWR]


def test_a_locked_database_is_down_and_not_broken(tmp_path):
    """Somebody's shell holds the write lock for longer than we wait."""
    script = (
        "import sqlite3\n"
        "raw = sqlite3.connect(home / 'segue.db', isolation_level=None)\n"
        "raw.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with opened(Sqlite, tmp_path) as store:
        begun_run(store)
        with talking(script, tmp_path) as child:
            assert child.stdout.readline() == "locked\n"
            store.writer._connection.exec_driver_sql("PRAGMA busy_timeout=50")
            with pytest.raises(StoreDown, match="another process has locked"):
                write(store, *queued())
            child.stdin.close()
        write(store, *queued())


def test_readers_see_whole_transactions_while_the_owner_writes(tmp_path):
    """Each transaction makes an attempt and ends it; a reader that sees a living one saw half of it."""
    with opened(Sqlite, tmp_path) as store:
        torn, reads, stop = [], [], threading.Event()

        def read():
            reader = SqliteReader(store.path)
            while not stop.is_set():
                detail = reader.run(RUN)
                if detail is not None:
                    reads.append(len(detail.tasks))
                    torn.extend(view for view in detail.attempts if view.state != "success")
            reader.close()

        thread = threading.Thread(target=read)
        thread.start()
        begun_run(store)
        item = 0
        while len(set(reads)) < 20 and thread.is_alive():
            write(store, *queued("report", item), *succeeded("report", item))
            item += 1
        stop.set()
        thread.join()
        assert torn == []
        assert len(set(reads)) >= 20 and reads == sorted(reads)


def test_short_reads_keep_the_wal_from_growing(tmp_path):
    with opened(Sqlite, tmp_path) as store:
        begun_run(store)
        results = SqliteResults(store.path)
        for item in range(400):
            write(store, *queued("report", item), *succeeded("report", item, value=bytes(50_000)))
            results.result(RUN, "report", item)
        results.close()
        assert store.path.stat().st_size > 2 * WAL_BYTES
        assert store.path.with_name("segue.db-wal").stat().st_size <= WAL_BYTES

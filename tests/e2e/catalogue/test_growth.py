"""Logs and tables do not grow for ever (row 24)."""

import os
import sqlite3
from contextlib import closing

from segue.app.retention import prune
from segue.app.settings import read_settings
from segue.data.results import store_result
from segue.data.storage import LocalStorage, values_prefix
from segue.model.changes import Answered, RunsForgotten, SlotMoved
from segue.model.events import Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.state import SlotState
from segue.model.views import RunQuery
from segue.run.executors.logfile import log_path
from segue.store.audit import compare, validate_state
from tests.contract.stores import NOW, R, Sqlite, T, created, defined, moved, task, write

HOUR = 3_600_000_000
DAY = 24 * HOUR
RUNS = 4
"""A day."""


class Home:
    """A home in which a DAG runs all day long, and an owner who removes what is old in the evening."""

    def __init__(self, folder):
        (folder / "segue.toml").write_text('home = "home"\n[keep]\nruns = "14d"\nlogs = "7d"\nresults = "7d"\n')
        self.settings = read_settings(folder, {})
        self.settings.home.mkdir()
        self.storage = LocalStorage(self.settings.storage)
        self.store = Sqlite(self.settings.home)
        self.now = NOW
        self.asked = []
        write(self.store, defined())

    def day(self, number):
        changes = []
        for part in range(RUNS):
            self.now = Instant(NOW + number * DAY + part * 6 * HOUR)
            changes += self.ran(large=part == 0)
        write(self.store, *changes)
        prune(self.settings, self.store.reader, self.storage, self.now, self.asked.append, self.obey)

    def ran(self, large):
        at, run = self.now, RunKey("daily", str(self.now), 1)
        slot = (Instant(at - 6 * HOUR), at)
        log = self.settings.logs / log_path(AttemptKey(run, "extract", None, 1))
        log.parent.mkdir(parents=True)
        log.write_bytes(bytes(1000))
        os.utime(log, ns=(at * 1000, at * 1000))
        value = Value(b"v")
        if large:
            stored = store_result("x" * 70_000, self.storage, values_prefix("daily", str(run), "extract", None, 1))
            os.utime(self.settings.home / "storage" / stored.ref.path, ns=(at * 1000, at * 1000))
            value = stored.outcome()
        return (
            created(run, slot=slot, kind="scheduled"), moved(run, R.QUEUED, R.RUNNING, placed=True),
            *(task(T.PENDING, T.SUCCESS, "load", item, run=run, result=Value(b"v")) for item in range(20)),
            task(T.PENDING, T.SUCCESS, run=run, attempt=1, result=value),
            Answered(str(at), "ann", "MarkAlert", True, "", at),
            SlotMoved("daily", slot, SlotState.FRESH, run, 1, at), moved(run, R.RUNNING, R.SUCCESS, ended=at),
        )  # fmt: skip

    def obey(self, _):
        if self.asked:
            write(self.store, RunsForgotten(self.asked.pop().runs, self.now))
        return False

    def size(self):
        with closing(sqlite3.connect(self.settings.home / "segue.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else what is in the log counts some days later
        found = (path for path in self.settings.home.rglob("*") if path.is_file() and path.suffix != ".db-wal")
        return sum(path.stat().st_size for path in found)


def test_row_24_a_home_stops_growing_when_what_is_old_is_removed(tmp_path):
    """Ninety days, of which a fortnight is kept; of what is older there is one small row for each interval."""
    home, sizes = Home(tmp_path), []
    for number in range(90):
        home.day(number)
        sizes.append(home.size())
    reader = home.store.reader
    assert sizes[-1] - sizes[29] < 60 * RUNS * 300, sizes
    assert sizes[13] - sizes[0] > 13 * RUNS * 3000, sizes
    assert len(reader.runs(RunQuery(limit=999))) <= 15 * RUNS
    slots = reader.slots("daily")
    assert (len(slots), {slot.state for slot in slots}) == (90 * RUNS, {SlotState.FRESH})
    assert (validate_state(reader), compare(reader)) == ([], [])
    home.store.close()

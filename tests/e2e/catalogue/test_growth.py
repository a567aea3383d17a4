"""Logs and tables do not grow for ever (row 24)."""

import os

from segue.app.retention import prune
from segue.app.settings import read_settings
from segue.data.results import store_result
from segue.data.storage import LocalStorage, values_prefix
from segue.model.changes import Answered, RunsForgotten, SlotMoved
from segue.model.events import Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.state import SlotState
from segue.run.executors.logfile import log_path
from segue.store.audit import compare, validate_state
from tests.contract.stores import NOW, R, Sqlite, T, created, defined, moved, task, write

HOUR = 3_600_000_000
DAY = 24 * HOUR


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-wal"))


def test_row_24_a_home_stops_growing_when_what_is_old_is_removed(tmp_path):
    """Ninety days of hourly runs, of which a fortnight is kept."""
    (tmp_path / "segue.toml").write_text('home = "home"\n[keep]\nruns = "14d"\nlogs = "7d"\nresults = "7d"\n')
    settings = read_settings(tmp_path, {})
    settings.home.mkdir()
    storage = LocalStorage(settings.storage)
    store = Sqlite(settings.home)
    write(store, defined())
    sizes = []
    for day in range(90):
        for hour in range(24):
            at = Instant(NOW + day * DAY + hour * HOUR)
            run = RunKey("daily", str(at), 1)
            slot = (Instant(at - HOUR), at)
            prefix = values_prefix("daily", str(run), "extract", None, 1)
            value = store_result("x" * 70_000, storage, prefix) if hour == 0 else None
            log = settings.logs / log_path(AttemptKey(run, "extract", None, 1))
            log.parent.mkdir(parents=True)
            log.write_bytes(bytes(1000))
            for path in (log, *([settings.home / "storage" / value.ref.path] if value else [])):
                os.utime(path, ns=(at * 1000, at * 1000))
            write(
                store, created(run, slot=slot, kind="scheduled"), moved(run, R.QUEUED, R.RUNNING, placed=True),
                *(task(T.PENDING, T.SUCCESS, "load", item, run=run, result=Value(b"v")) for item in range(20)),
                task(T.PENDING, T.SUCCESS, run=run, attempt=1, result=value.outcome() if value else Value(b"v")),
                Answered(str(at), "ann", "MarkAlert", True, "", at), SlotMoved("daily", slot, SlotState.FRESH, run, 1, at),
                moved(run, R.RUNNING, R.SUCCESS, ended=at),
            )  # fmt: skip
        asked = []

        def obey(_):
            write(store, RunsForgotten(asked.pop(), at)) if asked else None
            return False

        prune(settings, store.reader, storage, at, lambda event: asked.append(event.runs), obey)
        sizes.append(size_of(settings.home))
    assert sizes[-1] <= 1.1 * sizes[29], sizes
    assert sizes[13] > 5 * sizes[0]
    assert len(store.reader.runs()) == 50
    assert len(store.reader.slots("daily")) == 90 * 24
    assert {slot.state for slot in store.reader.slots("daily")} == {SlotState.FRESH}
    assert (validate_state(store.reader), compare(store.reader)) == ([], [])
    store.close()

"""Pruning because a person says so: with an owner and without one."""

import os
import threading
from contextlib import closing

import pytest

from segue.app.pruning import count_old, prune_home
from segue.app.settings import read_settings
from segue.model.changes import RunsForgotten
from segue.model.errors import UsageError
from segue.model.events import Expired
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.run.control import ControlServer
from segue.run.executors.logfile import log_path
from tests.contract.stores import R, Sqlite, created, defined, moved, write

OLD, NEW = RunKey("daily", "2026-01-01", 1), RunKey("daily", "2026-01-02", 1)
LATE = Instant(4_000_000_000_000_000)  # a run that has ended in the year 2096


def quiet(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def settings(tmp_path):
    settings = read_settings(tmp_path, {})
    settings.home.mkdir(mode=0o700)
    with closing(Sqlite(settings.home)) as store:
        write(store, defined(), created(OLD), created(NEW))
        for run, ended in ((OLD, Instant(1_000_000)), (NEW, LATE)):
            write(store, moved(run, R.QUEUED, R.RUNNING, placed=True), moved(run, R.RUNNING, R.SUCCESS, ended=ended))
    for run, age in ((OLD, 1), (NEW, 4_000_000_000)):
        log = settings.logs / log_path(AttemptKey(run, "extract", None, 1))
        log.parent.mkdir(parents=True)
        log.write_text("12345")
        os.utime(log, (age, age))
    return settings


def kept(settings) -> list[RunKey]:
    with closing(Sqlite(settings.home)) as store:
        return [view.run for view in store.reader.runs()]


def test_what_would_be_removed_is_counted_and_stays(settings):
    old = count_old(settings, None)
    assert (old.runs, old.logs, old.size) == (1, 1, 5)
    assert kept(settings) == [NEW, OLD]


def test_without_an_owner_the_database_is_pruned_directly(settings):
    gone = prune_home(settings, None, quiet)
    assert (gone.runs, gone.logs) == (1, 1)
    assert kept(settings) == [NEW]
    assert prune_home(settings, None, quiet).runs == 0


def test_an_age_counts_for_all_and_must_be_one(settings):
    assert count_old(settings, "36500d").runs == 0
    assert prune_home(settings, "36500d", quiet).runs == 0
    with pytest.raises(UsageError, match="--older-than"):
        prune_home(settings, "soon", quiet)


def test_a_home_without_a_database_has_nothing_to_prune(tmp_path):
    settings = read_settings(tmp_path, {"SEGUE_HOME": str(tmp_path / "none")})
    assert count_old(settings, None).runs == 0
    with pytest.raises(UsageError, match="no database yet"):
        prune_home(settings, None, quiet)


def test_an_owner_is_asked_and_does_it_itself(settings):
    server = ControlServer(settings.home / "owner.sock", lambda look: {})
    heard, over = [], threading.Event()

    def own() -> None:
        with closing(Sqlite(settings.home)) as store:
            while not over.wait(0.01):
                for event in server.poll():
                    assert isinstance(event, Expired)
                    heard.append(event.runs)
                    write(store, RunsForgotten(event.runs, LATE))
                    server.ack([event], [])

    owner = threading.Thread(target=own)
    owner.start()
    try:
        assert prune_home(settings, None, quiet).runs == 1
    finally:
        over.set()
        owner.join()
        server.close()
    assert heard == [(OLD,)] and kept(settings) == [NEW]

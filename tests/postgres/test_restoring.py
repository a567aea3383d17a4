"""A database that a server's own tools have put back is paused before anybody leads it (row 60)."""

from contextlib import closing

import pytest

from segue.app.restoring import restore_home
from segue.app.settings import read_settings
from segue.model.changes import VersionAdded
from segue.model.errors import HomeBusy, UsageError
from segue.model.ids import Instant
from segue.store.postgres import Pace, open_writer
from tests.contract.stores import NOW, VERSION, R, created, moved, write
from tests.contract.stores import RUN as ONE


def quiet(text: str) -> None:
    raise AssertionError(text)


class Leader:
    def __init__(self, url: str) -> None:
        self.writer = open_writer(url, NOW, Pace(expiry=0.0, look=0.01))
        self.epoch = self.writer.lease().epoch


@pytest.fixture
def settings(url, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGUE_DATABASE_URL", url)
    return read_settings(tmp_path, {})


def test_everything_is_paused_under_a_new_secret_and_what_would_run_is_listed(url, settings):
    before = Leader(url)
    write(before, VersionAdded("daily", VERSION, "here", NOW), created(), moved(ONE, R.QUEUED, R.RUNNING, placed=True))
    secret = before.writer.snapshot(None).fence_key
    before.writer.close()
    done = restore_home(settings, None, quiet)
    assert done.left.runs == ((str(ONE), "running"),)
    after = Leader(url)
    with closing(after.writer):
        snapshot = after.writer.snapshot(None)
        assert snapshot.braked and snapshot.fence_key != secret
        assert [(dag.timing.paused, dag.timing.hard) for dag in snapshot.dags] == [(True, True)]
        assert after.epoch > before.epoch + 1000, "none of the epochs that the backup does not know"


def test_a_database_that_somebody_leads_is_left_alone(url, settings):
    leader = open_writer(url, NOW, Pace())
    with closing(leader):
        leader.lease()
        with pytest.raises(HomeBusy, match="stop it first"):
            restore_home(settings, None, quiet)
        assert not leader.snapshot(None).braked


def test_a_database_without_tables_has_nothing_to_restore(settings):
    with pytest.raises(UsageError, match="no database yet"):
        restore_home(settings, None, quiet)


def test_the_time_of_the_restoration_is_noted(url, settings, server, database):
    open_writer(url, Instant(1)).close()
    restore_home(settings, None, quiet)
    assert server.execute("SELECT count(*) FROM meta WHERE name = 'restored'", database)[0][0] == 1

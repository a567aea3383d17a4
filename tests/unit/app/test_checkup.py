"""Each thing that can be wrong with a home is named, with what helps."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from segue.app.backup import LastBackup, backup_home
from segue.app.checkup import check_access, check_files, check_leftovers, check_port, check_store
from segue.app.settings import read_settings
from segue.model.access import ALL, Grant, Role
from segue.model.alerts import Alert
from segue.model.changes import AlertMarked, AlertRaised, DefinitionFailed, Quarantined, TimingSet
from segue.model.ids import Instant
from segue.model.timing import Timing
from segue.model.why import Why
from segue.run.executors.forks import HOME_MARK
from segue.run.executors.home import mark_of
from segue.store.access.book import Note, Token, User
from segue.store.access.sqlite import open_book
from segue.store.sqlite.upkeep import SAFE_WAL
from tests.contract.stores import NOW, Sqlite, created, defined, write

DAY = 86_400_000_000
LATER = Instant(NOW + 1_000_000)
PLENTY = 10**12


def found(findings) -> dict:
    return {one.topic: one for one in findings}


@pytest.fixture
def home(tmp_path) -> Path:
    home = tmp_path / ".segue"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def settings(tmp_path, home):
    return read_settings(tmp_path, {})


@pytest.fixture
def store(home):
    with closing(Sqlite(home)) as store:
        write(store, defined(), created())
        yield store


# ------------------------------------------------------------------------------------------------------------- files
def test_sizes_are_told_and_a_log_that_somebody_keeps_from_ending_is_noted(home, store):
    told = found(check_files(home, PLENTY, LATER))
    assert told["size"].good and "database" in told["size"].text and "room" not in told
    with (home / "segue.db-wal").open("r+b") as wal:
        wal.truncate(SAFE_WAL + 1)
    assert found(check_files(home, PLENTY, LATER))["size"].good is None


def test_a_disk_without_room_for_a_copy_is_noted(home, store):
    told = found(check_files(home, 1000, LATER))["room"]
    assert told.good is None and "segue db prune" in told.fix


def test_a_home_that_was_never_backed_up_or_long_ago_is_noted(home, store, settings, tmp_path):
    assert "never" in found(check_files(home, PLENTY, LATER))["backup"].text
    backup_home(settings, tmp_path / "copy.db")
    said = msgspec.json.decode((home / "backup.json").read_bytes(), type=LastBackup)
    assert found(check_files(home, PLENTY, said.at))["backup"].good
    assert found(check_files(home, PLENTY, Instant(said.at + 8 * DAY)))["backup"].good is None
    (tmp_path / "copy.db").unlink()
    assert "is not there" in found(check_files(home, PLENTY, said.at))["backup"].text


def test_a_home_that_others_can_look_into_is_wrong(home, store):
    assert "modes" not in found(check_files(home, PLENTY, LATER))
    home.chmod(0o755)
    told = found(check_files(home, PLENTY, LATER))["modes"]
    assert told.good is False and told.fix == f"chmod -R go= {home}"


# --------------------------------------------------------------------------------------------------------- processes
def test_what_an_owner_that_is_gone_has_left_alive_is_named(home):
    env = {HOME_MARK: mark_of(home)}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=env, stdin=subprocess.PIPE) as left:
        try:
            told = found(check_leftovers(home, owned=False))["leftovers"]
            assert told.good is False and str(left.pid) in told.text
            assert not list(check_leftovers(home, owned=True)), "then they are the owner's"
        finally:
            left.kill()
    assert not list(check_leftovers(home, owned=False))


@pytest.mark.parametrize(("owned", "good"), [(True, False), (False, None)])
def test_a_port_that_another_program_has_is_named_with_the_way_round(tmp_path, home, owned, good):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = read_settings(tmp_path, {"SEGUE_WEB_PORT": str(port)})
        told = found(check_port(settings, owned=owned))["web"]
    assert told.good is good and str(port) in told.text and f"--port {port + 1}" in told.fix
    assert not list(check_port(settings, owned=owned)), "it is free now"


def test_a_web_server_that_answers_is_told_with_its_address(tmp_path, home, settings):
    (home / "web.json").write_bytes(msgspec.json.encode({"url": "http://x:1", "pid": 2**22 + 1}))
    assert all("http://x:1" not in one.text for one in check_port(settings, owned=True)), "that process is gone"
    (home / "web.json").write_bytes(msgspec.json.encode({"url": "http://x:1", "pid": 1}))
    told = found(check_port(settings, owned=True))["web"]
    assert told.good and "http://x:1" in told.text
    assert not list(check_port(read_settings(tmp_path, {"SEGUE_WEB": "false"}), owned=True))


# ------------------------------------------------------------------------------------------------------------- users
def test_a_home_whose_users_nobody_has_made_or_who_cannot_manage_it_is_told(home):
    assert not list(check_access(home, LATER))
    with closing(open_book(home)) as book:
        note = Note(NOW, "ana", "user.add")
        told = found(check_access(home, LATER))["users"]
        assert told.good is None and "segue user add" in told.fix
        book.add_user(User("ben", NOW, (Grant(Role.VIEWER, ALL),)), note)
        assert found(check_access(home, LATER))["users"].good is False
        book.add_user(User("ana", NOW, (Grant(Role.ADMIN, ALL),)), note)
        told = found(check_access(home, LATER))
        assert told["users"].good and "tokens" not in told
        book.add_token(Token("t", "ana", "ci", b"d" * 32, Grant(Role.VIEWER, ALL), NOW, until=NOW), note)
        assert "1 has expired" in found(check_access(home, LATER))["tokens"].text
    (home / "access.db").write_bytes(b"rubbish" * 1000)
    assert found(check_access(home, LATER))["users"].good is False


# ------------------------------------------------------------------------------------------------------------- store
def test_a_clock_that_was_set_back_is_wrong(store, settings):
    assert "clock" not in found(check_store(settings, LATER))
    told = found(check_store(settings, Instant(NOW - DAY)))["clock"]
    assert told.good is False and "set back" in told.text


def test_a_file_that_cannot_be_read_is_named_once_with_its_error(store, settings):
    write(store, defined(dag="twin"), DefinitionFailed("here", "daily.py", "line 3: no such thing", LATER))
    told = [one for one in check_store(settings, LATER) if one.topic == "dag"]
    assert [one.good for one in told] == [False]
    assert "line 3: no such thing" in told[0].text and "segue check" in told[0].fix


def test_a_quarantined_dag_is_wrong(store, settings):
    write(store, Quarantined("daily", Why("failed", ("boom",)), LATER))
    told = found(check_store(settings, LATER))["dag"]
    assert told.good is False and "boom" in told.text and "segue unpause daily" in told.fix


def test_a_hard_pause_is_noted_until_somebody_lifts_it(store, settings):
    write(store, TimingSet("daily", Timing(paused=True, hard=True), LATER))
    told = found(check_store(settings, LATER))["paused"]
    assert told.good is None and told.fix == "segue unpause --all"


def test_alerts_that_do_not_arrive_are_named_with_the_channel(store, settings):
    alert = Alert("daily@x", "failed", LATER, "daily", text="it failed")
    write(store, AlertRaised(alert, LATER))
    assert "alerts" not in found(check_store(settings, LATER))
    write(store, AlertMarked("daily@x", "failed", LATER, "slack:#ops", "parked", "404 no such channel", LATER))
    told = found(check_store(settings, LATER))["alerts"]
    assert told.good is False and "slack:#ops" in told.text and "404" in told.text
    assert "alerts" not in found(check_store(settings, Instant(LATER + 8 * DAY)))

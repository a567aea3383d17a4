import fcntl
from pathlib import Path

import pytest

from segue.app.doctor import examine
from segue.app.settings import read_settings
from segue.model.ids import Instant
from segue.store.home import OwnerFacts, take_home
from segue.store.sqlite import open_writer


def found(folder: Path, **environ: str):
    findings = list(examine(read_settings(folder, environ)))
    return {finding.what: finding for finding in findings}, [one for one in findings if one.level == "bad"]


def made_home(folder: Path) -> Path:
    home = folder / ".segue"
    home.mkdir()
    open_writer(home / "segue.db", Instant(0)).close()
    return home


def test_a_missing_home_is_no_fault_and_is_not_made(tmp_path):
    told, bad = found(tmp_path)
    assert bad == []
    assert "made by the first run" in told["home"].found
    assert list(tmp_path.iterdir()) == []


def test_a_sound_home_is_told_with_its_version(tmp_path):
    made_home(tmp_path)
    told, bad = found(tmp_path)
    assert bad == [] and told["database"].found.endswith("sound")
    assert told["runs"].found == "0" and told["owner"].found == "none"


def test_a_damaged_database_is_named_with_what_helps(tmp_path):
    home = made_home(tmp_path)
    (home / "segue.db").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    _, (bad,) = found(tmp_path)
    assert bad.what == "database" and str(home / "segue.db") in bad.found and "restore" in bad.fix


def test_a_home_that_is_a_file_is_named_with_the_way_out(tmp_path):
    (tmp_path / ".segue").touch()
    _, bad = found(tmp_path)
    assert bad[0].what == "home" and "SEGUE_HOME" in bad[0].fix


def test_a_living_owner_is_named_with_its_pid(tmp_path):
    home = made_home(tmp_path)
    with take_home(home, OwnerFacts(4711, "run", Instant(0))):
        told, _ = found(tmp_path)
    assert "process 4711" in told["owner"].found


def test_what_a_killed_owner_left_is_harmless(tmp_path):
    home = made_home(tmp_path)
    owner = take_home(home, OwnerFacts(4711, "run", Instant(0)))
    fcntl.flock(owner.fileno(), fcntl.LOCK_UN)
    told, bad = found(tmp_path)
    owner.close()
    assert bad == [] and "4711 was killed" in told["owner"].found


def test_a_setting_that_does_not_come_from_the_file_says_where_it_comes_from(tmp_path):
    findings = examine(read_settings(tmp_path, {"SEGUE_WORKERS": "7"}))
    assert [one.found for one in findings if one.what == "workers"][0] == "7 (from SEGUE_WORKERS)"


@pytest.mark.parametrize("what", ["filesystem", "free space", "SQLite", "Python", "system", "versions"])
def test_the_machine_is_looked_at(tmp_path, what):
    told, _ = found(tmp_path)
    assert told[what].found

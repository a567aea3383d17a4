import os
import socket
import sys
from pathlib import Path

import pytest

from segue.app.doctor import examine
from segue.app.settings import read_settings
from segue.model.ids import Instant
from segue.store.home import OwnerFacts, take_home
from segue.store.sqlite import open_writer


def examined(folder: Path, filesystem: str = "ext4", **environ: str):
    """What was found by topic, and the topics of what is wrong."""
    findings = list(examine(read_settings(folder, {"SEGUE_WEB": "0"} | environ), lambda path: filesystem))
    return {finding.topic: finding for finding in findings}, [one.topic for one in findings if one.good is False]


@pytest.fixture
def home(tmp_path) -> Path:
    home = tmp_path / ".segue"
    home.mkdir(mode=0o700)
    open_writer(home / "segue.db", Instant(0)).close()
    return home


def test_a_missing_home_is_no_fault_and_is_not_made(tmp_path):
    found, wrong = examined(tmp_path)
    assert wrong == [] and "not made yet" in found["home"].text
    assert list(tmp_path.iterdir()) == []


def test_a_sound_home_is_told_with_its_version(tmp_path, home):
    found, wrong = examined(tmp_path)
    assert wrong == [] and found["database"].text.startswith("whole, version")
    assert found["owner"].text == "none"


def test_a_damaged_database_is_named_with_what_helps(tmp_path, home):
    (home / "segue.db").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    found, wrong = examined(tmp_path)
    assert wrong == ["database"]
    assert str(home / "segue.db") in found["database"].text and found["database"].fix


def test_a_home_that_is_a_file_is_named_with_the_way_out(tmp_path):
    (tmp_path / ".segue").touch()
    found, wrong = examined(tmp_path)
    assert wrong == ["home"] and "SEGUE_HOME" in found["home"].fix


def test_a_home_on_a_network_filesystem_is_wrong_and_one_in_a_container_is_a_note(tmp_path, home):
    found, wrong = examined(tmp_path, "nfs4")
    assert wrong == ["home"] and "nfs4" in found["home"].text
    found, wrong = examined(tmp_path, "overlay")
    assert wrong == [] and found["home"].good is None


def test_an_owner_that_lives_and_does_not_answer_is_named_with_its_pid(tmp_path, home):
    with take_home(home, OwnerFacts(os.getpid(), "run", Instant(0))):
        found, wrong = examined(tmp_path)
    assert wrong == ["owner"] and str(os.getpid()) in found["owner"].text and "kill" in found["owner"].fix


def test_what_a_killed_owner_left_is_no_fault(tmp_path, home):
    gone = 2**22 + 1  # above the greatest process id
    take_home(home, OwnerFacts(gone, "run", Instant(0)))
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home / "owner.sock"))
    found, wrong = examined(tmp_path)
    assert wrong == [] and f"process {gone} ended" in found["owner"].text


def test_each_setting_says_where_it_comes_from(tmp_path):
    (tmp_path / "segue.toml").write_text('dags = "flows"\n')
    findings = list(examine(read_settings(tmp_path, {"SEGUE_WORKERS": "7"})))
    said = [one.text for one in findings if one.topic == "setting"]
    assert said == ["dags = flows (segue.toml)", "workers = 7 (SEGUE_WORKERS)"]
    assert [one.topic for one in findings if one.good is False] == ["dags"]


def test_the_sqlite_in_use_is_told(tmp_path):
    found, _ = examined(tmp_path)
    assert found["sqlite"].text[0].isdigit()


def test_the_interpreter_of_a_location_is_tried(tmp_path):
    (tmp_path / "segue.toml").write_text('locations.here.path = "a"\nlocations.there = {path = "b", python = "./gone"}')
    for name in "ab":
        (tmp_path / name).mkdir()
    _, wrong = examined(tmp_path)
    assert wrong == ["location"]
    found = [one.text for one in examine(read_settings(tmp_path, {})) if one.topic == "location"]
    assert found[0] == f"here: {sys.executable}"
    assert found[1].startswith(f"there: there is no {tmp_path}/gone")

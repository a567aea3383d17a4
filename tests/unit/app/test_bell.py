import os
import threading
from pathlib import Path

import pytest

from segue.app.bell import FolderBell


@pytest.fixture
def bell(tmp_path):
    one = FolderBell(lambda name: name.endswith(".py"))
    one.watch([tmp_path])
    yield one
    one.close()


def test_it_rings_for_a_file_that_is_written_made_moved_or_removed(bell, tmp_path):
    file = tmp_path / "a.py"
    file.write_text("1")
    assert bell.wait(10)
    assert not bell.wait(0)
    with file.open("a") as stream:
        stream.write("2")
    assert bell.wait(10)
    file.rename(tmp_path / "b.py")
    assert bell.wait(10)
    (tmp_path / "b.py").unlink()
    assert bell.wait(10)
    assert not bell.wait(0)


def test_it_is_silent_about_what_does_not_matter_and_what_is_only_read(bell, tmp_path):
    (tmp_path / "a.py").write_text("1")
    assert bell.wait(10)
    (tmp_path / "data.csv").write_text("1")
    (tmp_path / "a.py").read_text()
    list(tmp_path.iterdir())
    assert not bell.wait(0.1)


def test_a_folder_that_is_made_rings_and_is_heard_once_it_is_watched(bell, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    assert bell.wait(10)
    bell.watch([tmp_path, inner])
    (inner / "a.py").write_text("1")
    assert bell.wait(10)
    bell.watch([tmp_path])
    assert not bell.wait(0.1)
    (inner / "a.py").write_text("2")
    assert not bell.wait(0.1)


def test_a_watched_folder_that_is_moved_away_rings(bell, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    bell.watch([inner])
    bell.wait(0.1)
    inner.rename(tmp_path / "elsewhere")
    assert bell.wait(10)


def test_a_folder_that_has_gone_is_no_trouble(bell, tmp_path):
    bell.watch([tmp_path, tmp_path / "gone"])
    (tmp_path / "a.py").write_text("1")
    assert bell.wait(10)


def test_it_is_poked_from_another_thread(bell):
    thread = threading.Thread(target=bell.poke)
    thread.start()
    assert bell.wait(10)
    thread.join()


def test_a_name_that_is_no_text_is_no_trouble(bell, tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text("1")
    assert bell.wait(10)


def test_who_pokes_it_when_it_is_closed_writes_into_no_other_file(tmp_path):
    one = FolderBell(lambda _: True)
    one.close()
    files = [(tmp_path / str(number)).open("wb") for number in range(8)]  # they take the numbers that it had
    one.poke()
    one.close()
    for file in files:
        file.close()
    assert [path.stat().st_size for path in tmp_path.iterdir()] == [0] * 8

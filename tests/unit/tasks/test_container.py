import json
import sys
from pathlib import Path

import pytest

from segue import tasks as t
from segue.model.errors import Fail
from segue.tasks.container import stop_container
from segue.testing import context
from tests.unit.tasks.places import attempt

FAKE = Path(__file__).with_name("fake_engine.py")


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A `docker` in PATH, and nothing else there."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/docker"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "$@"\n')
    program.chmod(0o755)
    (tmp_path / "engine").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    monkeypatch.setenv("FAKE_ENGINE", str(tmp_path / "engine"))
    return tmp_path / "engine"


def asked(engine: Path) -> list[list[str]]:
    return [json.loads(line) for line in (engine / "asked.jsonl").read_text().splitlines()]


def test_a_container_runs_with_its_arguments_and_environment(engine, capfd):
    with attempt(params={"who": "o'hara; rm -rf /"}):
        last = t.container("shop/etl:{{ ds }}", ["load", "--who", "{{ params.who }}"], env={"KEY": "s3cret {{ ds }}"})
    assert json.loads(last) == [
        ["shop/etl:2026-04-01", "load", "--who", "o'hara; rm -rf /"], {"KEY": "s3cret 2026-04-01"},
    ]  # fmt: skip
    assert capfd.readouterr().out.startswith("starting\n")
    assert "s3cret" not in (engine / "asked.jsonl").read_text(), "other users can read a command line"
    assert [words[0] for words in asked(engine)] == ["container", "run", "logs", "wait", "rm"]


def test_folders_are_mounted(engine):
    with attempt():
        t.container("x", mounts={"/data": "/srv/{{ ds }}"})
    run = asked(engine)[1]
    assert run[run.index("--volume") + 1] == "/srv/2026-04-01:/data"


def test_a_container_that_is_there_already_is_waited_for(engine, monkeypatch):
    monkeypatch.setenv("FAKE_MODE", "")
    with attempt():
        t.container("x")
    name = asked(engine)[1][3]
    folder = engine / name
    folder.mkdir()
    (folder / "output").write_text("from the first attempt\n")
    (folder / "exit").write_text("0")
    (engine / "asked.jsonl").unlink()
    with attempt():
        assert t.container("x") == "from the first attempt"
    assert "run" not in [words[0] for words in asked(engine)]


def test_other_runs_and_items_have_containers_of_their_own(engine):
    names = set()
    for day in ("2026-04-01", "2026-04-02"):
        with attempt(day):
            t.container("x")
        names.add(asked(engine)[-1][-1])
    assert len(names) == 2


@pytest.mark.parametrize(
    ("mode", "error", "message"),
    [
        ("fails", RuntimeError, "ended with exit code 3"),
        ("no_image", Fail, "no such image"),
        ("daemon_down", RuntimeError, "was not started: Cannot connect to the daemon. Is it running\\?"),
        ("hangs_up", RuntimeError, "was not started"),
    ],
)
def test_what_goes_wrong_is_named_and_nothing_is_left_behind(engine, monkeypatch, mode, error, message):
    monkeypatch.setenv("FAKE_MODE", mode)
    with attempt(), pytest.raises(error, match=message):
        t.container("x:1")
    assert [path.name for path in engine.iterdir()] == ["asked.jsonl"]


def test_cancelling_the_task_removes_its_container(engine):
    with attempt():
        t.container("x")
    name = asked(engine)[-1][-1]
    (engine / name).mkdir()
    stop_container(None, context("2026-04-01"))
    assert not (engine / name).exists()


def test_without_an_engine_it_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with attempt(), pytest.raises(Fail, match="docker and podman cannot be found in PATH"):
        t.container("x")
    with attempt(), pytest.raises(Fail, match="podman cannot be found"):
        t.container("x", engine="podman")

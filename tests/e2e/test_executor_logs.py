"""What tasks say: cut by attempt, written as JSON lines, bounded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.ids import AttemptKey, RunKey
from segue.run.executors.logfile import log_path
from tests.unit.run.driver import Driver, log_lines, process_driver


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def shop(home: Path) -> Iterator[Driver]:
    with process_driver(home, workers=1) as driver:
        yield driver


def _read(home: Path, event) -> list[dict]:
    return log_lines(home, event)


def _messages(lines: list[dict], *streams: str) -> list[str]:
    return [line["msg"] for line in lines if line["stream"] in streams]


def _say(shop: Driver, texts: list[str]) -> list:
    return [shop.run("say", text) for text in texts]


def test_a_log_has_every_way_of_saying_something(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("say_in_every_way")
    lines = log_lines(home, event)
    assert _messages(lines, "out") == ["to out", "raw", "from a child", "no newline"]
    assert _messages(lines, "err") == ["to err"]
    [record] = [line for line in lines if line["stream"] == "log"]
    assert (record["level"], record["msg"]) == ("WARNING", "sold 3")
    assert record["fields"] == {"item": "tea", "logger": "shop"}
    assert all(line["t"].endswith("Z") for line in lines)


def test_a_task_that_says_nothing_has_no_log(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("nothing")
    assert event.usage.log is None
    assert not (home / "logs").exists()


def test_each_attempt_has_its_own_words(home: Path):
    texts = [f"word {k}" if k % 3 else "" for k in range(60)]
    with process_driver(home, workers=2) as shop:
        keys = [shop.launch("say", text, ahead=True) if text else shop.launch("nothing", ahead=True) for text in texts]
        events = [shop.end(key) for key in keys]
    # Where the collector was just reading, an attempt that was silent counts as one that may have spoken.
    logs = [event if event.usage.log and (home / "logs" / event.usage.log).exists() else None for event in events]
    said = [_messages(log_lines(home, event), "out") if event else [] for event in logs]
    assert said == [[text] if text else [] for text in texts]


def test_a_log_can_be_read_while_its_task_runs(home: Path, shop: Driver, tmp_path: Path):
    key = shop.launch("say_and_hang", str(tmp_path / "pid"))
    log = home / "logs" / log_path(key)
    shop.turn_until(lambda: log.exists() and b"so far so good" in log.read_bytes())
    assert shop.ends(key) == []


def test_last_words_of_a_killed_task_are_kept(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("say_and_die")
    assert _messages(log_lines(home, event), "out") == ["last words"]


def test_a_failure_leaves_its_traceback(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("fail")
    [record] = log_lines(home, event)
    assert record["level"] == "ERROR"
    assert record["msg"].startswith("Traceback") and "in fail" in record["msg"] and "segue/run" not in record["msg"]


def test_a_segfault_leaves_its_stack(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("segfault")
    assert any("Segmentation fault" in text for text in _messages(log_lines(home, event), "err"))


def test_output_that_looks_like_a_mark_is_output(home: Path):
    with process_driver(home, workers=1) as shop:
        event = shop.run("forge_a_mark")
        other = shop.run("say", "mine")
    assert _messages(log_lines(home, event), "out")[-1] == "still mine"
    assert _messages(log_lines(home, other), "out") == ["mine"]


def test_a_flood_is_cut_in_the_middle(home: Path):
    with process_driver(home, workers=1, log_head=2_000_000, log_tail=500_000) as shop:
        event = shop.run("flood", 100)
        other = shop.run("say", "after the flood")
    lines = log_lines(home, event)
    messages = _messages(lines, "out")
    assert (messages[0], messages[-1]) == ("the first line", "the last line")
    [cut] = _messages(lines, "segue")
    assert "cut here" in cut
    assert (home / "logs" / event.usage.log).stat().st_size < 3_000_000
    assert _messages(log_lines(home, other), "out") == ["after the flood"]


def test_a_log_lies_below_its_folder_whatever_its_run_is_called():
    path = log_path(AttemptKey(RunKey("shop", "../../etc", 2), "buy", 3, 4))
    assert path.parts == ("shop", "%2E.%2F..%2Fetc.2", "buy", "3", "4.jsonl")

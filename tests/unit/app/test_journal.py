"""Lines of our own processes."""

import io
import json
import logging

import pytest

from segue.app import journal, noting
from segue.model.changes import Answered, AttemptMoved, Quarantined, RunCreated, RunMoved, TaskMoved, VersionAdded
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.images import RunRow, Version
from segue.model.spec import DagSpec
from segue.model.state import AttemptState, RunState, TaskState
from segue.model.why import Why

RUN = RunKey("daily", "2026-04-01", 1)
AT = Instant(1)
WHY = Why("failed", ("boom",))


@pytest.fixture(autouse=True)
def quiet():
    """What a test has configured ends with it."""
    root, level = logging.getLogger(), logging.getLogger("segue").level
    before = list(root.handlers)
    yield
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    logging.getLogger("segue").setLevel(level)


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


def lines(folder, process="loop"):
    return [json.loads(line) for line in (folder / f"segue-{process}.log").read_text().splitlines()]


def test_what_is_said_is_a_sentence_for_people_and_an_object_for_machines(tmp_path, terminal):
    journal.configure("loop", tmp_path, terminal=terminal)
    journal.say("run x is made", run="x", task="a[3]", attempt=2)
    assert terminal.getvalue() == "run x is made\n"
    [line] = lines(tmp_path)
    assert (line["message"], line["run"], line["task"], line["attempt"]) == ("run x is made", "x", "a[3]", 2)
    assert (line["level"], line["process"]) == ("info", "loop")
    assert line["time"].endswith("Z") and len(line["time"]) == 27


def test_where_a_machine_reads_the_terminal_it_gets_the_same_lines(tmp_path, terminal):
    journal.configure("web", tmp_path, "json", terminal=terminal)
    journal.say("served")
    assert [json.loads(terminal.getvalue())] == lines(tmp_path, "web")


@pytest.mark.parametrize(
    "text", ["a\nb", "\x1b]52;c;ZXZpbA==\x07", "x\x9b31m\x7f\x00", "\u2028\u202e\ud800"], ids=range(4)
)
def test_control_characters_forge_no_line_and_reach_no_terminal(tmp_path, terminal, text):
    root = logging.getLogger()
    for listening in list(root.handlers):  # pytest would send what it heard to its controller, which takes no surrogate
        root.removeHandler(listening)
    journal.configure("loop", tmp_path, terminal=terminal)
    journal.say(text)
    written = (tmp_path / "segue-loop.log").read_bytes()
    assert written.count(b"\n") == 1 and all(32 <= byte < 127 for byte in written.rstrip(b"\n"))
    assert lines(tmp_path)[0]["message"] == text
    assert all(one.isprintable() or one == "\n" for one in terminal.getvalue())


def test_what_is_whispered_is_in_no_file(tmp_path, terminal):
    for form in ("text", "json"):
        journal.configure("web", tmp_path, form, terminal=terminal)
        journal.whisper("sign in with canary")
    journal.say("hello")
    assert terminal.getvalue().count("canary") == 2
    assert "canary" not in (tmp_path / "segue-web.log").read_text()


def test_an_error_of_a_library_is_written_with_its_trace_and_shown(tmp_path, terminal):
    journal.configure("web", tmp_path, terminal=terminal)
    try:
        raise ValueError("bad\x1b[31m")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("it failed")
    logging.getLogger("uvicorn.error").warning("only written")
    first, second = lines(tmp_path, "web")
    assert first["logger"] == "uvicorn.error" and "ValueError: bad" in first["error"]
    assert second["level"] == "warning"
    assert "it failed" in terminal.getvalue() and "\x1b" not in terminal.getvalue()
    assert "only written" not in terminal.getvalue()


def test_a_level_is_kept_and_a_second_configuration_replaces_the_first(tmp_path, terminal):
    journal.configure("loop", tmp_path, level="warning", terminal=terminal)
    journal.configure("loop", tmp_path, level="error", terminal=terminal)
    journal.log("warning", "no")
    journal.log("error", "yes")
    assert [line["message"] for line in lines(tmp_path)] == ["yes"]


def test_a_file_does_not_grow_for_ever(tmp_path, terminal):
    journal.configure("loop", tmp_path, terminal=terminal)
    for number in range(60):
        journal.log("info", f"{number} " + "x" * 1_000_000)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["segue-loop.log", "segue-loop.log.1", "segue-loop.log.2", "segue-loop.log.3"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 40_000_000
    assert lines(tmp_path)[-1]["message"].startswith("59 ")
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path, terminal):
    (tmp_path / "logs").touch()
    journal.configure("loop", tmp_path / "logs", terminal=terminal)
    journal.say("still here")
    assert terminal.getvalue() == "still here\n"


def test_children_write_as_the_environment_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("os.environ", {})
    journal.pass_on(tmp_path, "json", "warning")
    journal.inherited("supervisor")
    journal.log("info", "no")
    journal.log("warning", "yes")
    assert [line["message"] for line in lines(tmp_path, "supervisor")] == ["yes"]


# ----------------------------------------------------------------------------------------------------------- changes
CHANGES = [
    RunCreated(RunRow(RUN, "r", 1, kind="manual", actor="ana"), AT),
    TaskMoved(RUN, "a", 3, TaskState.RUNNING, TaskState.SUCCESS, AT, WHY),
    TaskMoved(RUN, "a", None, TaskState.RUNNING, TaskState.FAILED, AT, WHY),
    AttemptMoved(AttemptKey(RUN, "a", 3, 2), AttemptState.RUNNING, AttemptState.SUCCESS, AT),
    AttemptMoved(AttemptKey(RUN, "a", 3, 2), AttemptState.RUNNING, AttemptState.LOST, AT, cause="worker", text="gone"),
    RunMoved(RUN, RunState.RUNNING, RunState.FAILED, AT, WHY, culprits=(("a", "boom"),)),
    Answered("r1", "ana", "CancelRun", False, "there is no run", AT),
    Answered("r2", "ana", "CancelRun", True, "it stops", AT, RUN),
    Quarantined("daily", WHY, AT),
    VersionAdded("daily", Version(1, DagSpec("daily")), "", AT),
]


def test_what_goes_wrong_is_written_with_run_task_and_attempt(tmp_path, terminal):
    journal.configure("loop", tmp_path, terminal=terminal)
    noting.note(CHANGES)
    found = [(line["level"], line.get("run"), line.get("task"), line.get("attempt")) for line in lines(tmp_path)]
    assert found == [
        ("info", str(RUN), None, None), ("warning", str(RUN), "a", None), ("warning", str(RUN), "a[3]", 2),
        ("warning", str(RUN), None, None), ("info", None, None, None), ("info", str(RUN), None, None),
        ("error", None, None, None),
    ]  # fmt: skip
    assert [line["message"] for line in lines(tmp_path)][2:5] == [
        "attempt 2 of a[3] is lost: worker: gone",
        f"run {RUN} is failed: a: boom",
        "CancelRun is refused: there is no run",
    ]
    assert (lines(tmp_path)[4]["actor"], lines(tmp_path)[4]["request"]) == ("ana", "r1")


def test_what_goes_well_is_written_where_somebody_wants_to_know_it(tmp_path, terminal):
    journal.configure("loop", tmp_path, level="debug", terminal=terminal)
    noting.note(CHANGES)
    assert [line["task"] for line in lines(tmp_path) if line["level"] == "debug"] == ["a[3]", "a[3]"]

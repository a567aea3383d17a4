"""The parts of the process executor that need no process."""

import os
import signal
import socket
from pathlib import Path

import msgspec
import pytest

from segue.model.errors import DefinitionError, Fail, RetryAfter, Skip, StoreDown, UnstorableValue
from segue.model.events import Cancelled, Failure, LostCause, Skipped, Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.masking import Veil
from segue.run.children.outcome import outcome_of
from segue.run.executors.collector import Collector
from segue.run.executors.inspection import NEVER, inspect
from segue.run.executors.logfile import AttemptLog, Limits, log_path
from segue.run.executors.memory import MemoryWatch
from segue.run.executors.pace import Pace
from segue.run.executors.reader import Reader
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.verdicts import cause_of, judged
from segue.run.executors.worker import Sight
from segue.run.page import PHASE_ASKS, TOKEN, make_page
from segue.run.wire import Block, Body, Gone, One, Question, Report, read_frame, write_frame
from tests.unit.run.driver import RUN, FakeResults

SETTINGS = ExecutorSettings(Path(), Path(), "", Path())
REPORT = Report(1, Instant(5), Instant(9), Value(b"x"))


# ------------------------------------------------------------------------------------------------------- inspection
def _inspect(began: float, now: float, *, taken=100.0, reported=False, queued=False, timeout: int | None = None):
    return inspect(Sight(1, taken, began, None), timeout, reported, queued, now, SETTINGS)


def test_a_short_attempt_is_looked_at_again_when_it_counts_as_started():
    assert _inspect(100.0, 100.005) == (100.02, False, False, None)


def test_an_attempt_counts_as_started_after_20_ms():
    found = _inspect(100.0, 100.021)
    assert found.started and found.look_at == NEVER


def test_an_attempt_is_reported_as_started_once():
    assert not _inspect(100.0, 107.0, reported=True).started


def test_a_long_head_frees_what_is_queued_behind_it():
    assert not _inspect(100.0, 100.009, queued=True).slow
    assert _inspect(100.0, 100.011, queued=True).slow


def test_a_file_that_takes_long_to_load_frees_what_is_queued_behind_it():
    assert _inspect(0, 100.011, queued=True).slow


def test_a_timeout_counts_from_the_start_of_the_code():
    assert _inspect(150.0, 150.9, timeout=1_000_000, reported=True) == (151.0, False, False, None)
    overdue = _inspect(150.0, 151.0, timeout=1_000_000, reported=True).overdue
    assert overdue == Failure("timeout", "ran longer than its timeout of 1.0 s")


def test_waiting_for_permission_is_neither_loading_nor_running():
    assert _inspect(PHASE_ASKS, 9_999.0, timeout=1) == (9_999.25, False, False, None)


def test_loading_has_a_limit_of_its_own():
    assert _inspect(0, 399.0, timeout=1).overdue is None
    assert _inspect(0, 400.0).overdue.kind == "load_timeout"


# ------------------------------------------------------------------------------------------------------------- pace
def test_the_queue_deepens_to_its_most_for_short_attempts():
    pace = Pace(16, 0.005)
    changes = [pace.record(0.0) for _ in range(100)]
    assert (pace.depth, changes.count(True)) == (16, 1)


def test_nothing_is_queued_behind_long_attempts():
    pace = Pace(16, 0.005)
    for _ in range(30):
        pace.record(3600.0)
    assert pace.depth == 0


def test_one_long_attempt_is_soon_forgotten():
    pace = Pace(16, 0.005)
    pace.record(3600.0)
    for _ in range(60):
        pace.record(0.0001)
    assert pace.depth >= 8


def test_a_clock_that_was_set_back_does_no_harm():
    pace = Pace(16, 0.005)
    pace.record(-5.0)
    assert pace.depth == 16


def test_queueing_ahead_can_be_turned_off():
    pace = Pace(0, 0.005)
    assert not any(pace.record(0.0) for _ in range(20))
    assert pace.depth == 0


# --------------------------------------------------------------------------------------------------------- verdicts
def test_a_result_beats_a_cancel():
    assert judged(REPORT, Cancelled()) == REPORT


def test_a_failure_on_the_way_out_is_a_cancel():
    report = msgspec.structs.replace(REPORT, outcome=Failure("Oops", "closed"))
    assert judged(report, Cancelled()).outcome == Cancelled()


def test_a_cancel_before_the_code_began_says_so():
    report = msgspec.structs.replace(REPORT, began=None, outcome=Cancelled())
    assert judged(report, Cancelled()).outcome == Cancelled(begun=False)


def test_a_timeout_beats_a_result_that_comes_late():
    late = Failure("timeout", "too long")
    assert judged(REPORT, late).outcome == late


@pytest.mark.parametrize(
    ("number", "ours", "scarce", "cause"),
    [
        (signal.SIGKILL, False, False, LostCause.SIGNAL),
        (signal.SIGKILL, False, True, LostCause.MEMORY),
        (signal.SIGSEGV, False, True, LostCause.SIGNAL),
        (signal.SIGKILL, True, True, LostCause.WORKER),
        (None, False, True, LostCause.EXIT),
    ],
)
def test_the_cause_of_a_loss(number: int | None, ours: bool, scarce: bool, cause: LostCause):
    gone = Gone(1, number, None if number else 0, 0, 0)
    assert cause_of(gone, ours, lambda: scarce) is cause


# ----------------------------------------------------------------------------------------------------------- memory
def _machine(folder: Path, version: int, available: int = 90) -> tuple[Path, Path, Path]:
    proc, groups = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")
    line, counter = ("0::/a", "a/memory.events") if version == 2 else ("4:memory:/a", "memory/a/memory.oom_control")
    (proc / "self" / "cgroup").write_text(f"{line}\n1:cpu:/\n")
    (groups / counter).parent.mkdir(parents=True)
    (groups / counter).write_text("low 0\noom_kill 3\n")
    return proc, groups, groups / counter


@pytest.mark.parametrize("version", [1, 2])
def test_a_kill_that_the_kernel_counts_was_for_memory(tmp_path: Path, version: int):
    proc, groups, counter = _machine(tmp_path, version)
    watch = MemoryWatch(proc, groups)
    watch.sample()
    assert not watch.to_blame()
    counter.write_text("low 0\noom_kill 4\n")
    assert watch.to_blame()
    assert not watch.to_blame()


@pytest.mark.parametrize(("available", "blamed"), [(5, False), (4, True)])
def test_a_kill_while_memory_was_scarce_was_for_memory(tmp_path: Path, available: int, blamed: bool):
    proc, groups, _ = _machine(tmp_path, 2, available)
    watch = MemoryWatch(proc, groups)
    watch.sample()
    assert watch.to_blame() is blamed


def test_a_machine_without_counters_blames_nothing(tmp_path: Path):
    watch = MemoryWatch(tmp_path / "proc", tmp_path / "cgroup")
    watch.sample()
    assert not watch.to_blame()


# --------------------------------------------------------------------------------------------------------- outcomes
def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return caught


@pytest.mark.parametrize("kind", [Fail, UnstorableValue, DefinitionError, ImportError, NameError, SyntaxError])
def test_what_cannot_be_mended_is_never_retried(kind: type[Exception]):
    assert outcome_of(_raised(kind("no")), "", lambda _: True).retryable is False


def test_the_task_decides_about_other_errors():
    assert outcome_of(_raised(OSError("gone")), "", lambda _: False).retryable is False
    assert outcome_of(_raised(OSError("gone")), "", lambda _: True).retryable is True


def test_a_skip_is_no_failure():
    assert outcome_of(Skip("nothing new"), "", lambda _: True) == Skipped("nothing new")


@pytest.mark.parametrize(
    ("seconds", "micros"), [(60, 60_000_000), (-1, 0), (float("nan"), 0), (float("inf"), 86_400_000_000)]
)
def test_a_delay_of_the_tasks_own_is_finite_and_at_most_a_day(seconds: float, micros: int):
    assert outcome_of(RetryAfter(seconds), "", lambda _: True).retry_after == micros


def test_a_failure_names_the_line_in_the_bundle():
    folder = str(Path(__file__).parent)
    text = outcome_of(_raised(ValueError("bad row 3\nmore")), folder, lambda _: True).text
    line = _raised.__code__.co_firstlineno + 2
    assert text == f"ValueError: bad row 3 (test_executor_parts.py:{line})"


def test_a_failure_without_text_is_its_class():
    assert outcome_of(ValueError(), "", lambda _: True).text == "ValueError"


def test_an_error_whose_text_raises_is_still_a_failure():
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert "its text raises RuntimeError" in outcome_of(Broken(), "", lambda _: True).text


def test_the_line_of_a_failure_is_short_and_can_be_encoded():
    text = outcome_of(ValueError("\ud800" + "x" * 9_999), "", lambda _: True).text
    assert len(text) < 600 and text.encode()


# ------------------------------------------------------------------------------------------------------------- logs
def _limits(head: int = 10_000, tail: int = 1_000) -> Limits:
    return Limits(head, tail)


def _lines(path: Path) -> list[str]:
    return [msgspec.json.decode(line)["msg"] for line in path.read_bytes().splitlines()]


def test_a_log_is_made_with_its_first_line(tmp_path: Path):
    log = AttemptLog(tmp_path / "a" / "1.jsonl", _limits())
    log.rest()
    assert not (tmp_path / "a").exists()
    log.write("now", "out", b"one\n\ntwo\r\n")
    log.rest()
    assert _lines(tmp_path / "a" / "1.jsonl") == ["one", "", "two"]


def test_a_long_log_keeps_its_head_and_its_tail(tmp_path: Path):
    log = AttemptLog(tmp_path / "1.jsonl", _limits())
    for k in range(1_000):
        log.write("now", "out", b"line %d\n" % k)
    log.rest()
    lines = _lines(tmp_path / "1.jsonl")
    assert (lines[0], lines[-1]) == ("line 0", "line 999")
    [cut] = [k for k, line in enumerate(lines) if line.startswith("(cut here")]
    assert lines[:cut] == [f"line {k}" for k in range(cut)]
    assert (tmp_path / "1.jsonl").stat().st_size < 13_000


def test_a_log_lies_below_its_folder_whatever_its_run_is_called():
    path = log_path(AttemptKey(RunKey("shop", "../../etc", 2), "buy", 3, 4))
    assert path.parts == ("shop", "%2E.%2F..%2Fetc.2", "buy", "3", "4.jsonl")


class _Pipe:
    """A worker's pipe without a worker."""

    def __init__(self, folder: Path, keys: dict[int, AttemptKey]) -> None:
        self.page = make_page()
        self.collector = Collector(folder, _limits(), lambda: Instant(0))
        (out_read, self.out), (err_read, err) = os.pipe(), os.pipe()
        os.close(err)
        self.veil = Veil()
        self.collector.attend(b"seal", self.page, keys, (out_read, err_read), self.veil)

    def close(self) -> None:
        os.close(self.out)
        self.collector.close()
        os.close(self.page.fd)


def _keys(count: int) -> dict[int, AttemptKey]:
    return {k: AttemptKey(RUN, f"t{k}", None, 1) for k in range(1, count + 1)}


def test_words_belong_to_the_attempt_whose_mark_follows(tmp_path: Path):
    keys = _keys(3)
    pipe = _Pipe(tmp_path, keys)
    pipe.page.cells[TOKEN] = 3
    pipe.page.mark(0, 2)
    for part in (b"one\nhalf a li", b"ne\0sealE1\ntwo\0se", b"alE2\nthree\n"):
        os.write(pipe.out, part)
    pipe.close()
    assert {k: _lines(tmp_path / log_path(key)) for k, key in keys.items()} == {
        1: ["one", "half a line"], 2: ["two"], 3: ["three"],
    }  # fmt: skip


def test_what_is_said_between_attempts_belongs_to_the_last_one(tmp_path: Path):
    keys = _keys(1)
    pipe = _Pipe(tmp_path, keys)
    os.write(pipe.out, b"one\n\0sealE1\nlate\n")
    pipe.page.mark(0, 1)
    pipe.close()
    assert _lines(tmp_path / log_path(keys[1])) == ["one", "late"]


def test_the_page_tells_whether_anything_was_said():
    page = make_page()
    read, write = os.pipe()
    page.settle(0, write)
    assert not page.spoke(0, write)
    os.write(write, b"word")
    assert page.spoke(0, write)
    page.drain(0, read, 100)
    assert page.spoke(0, write)
    page.settle(0, write)
    assert not page.spoke(0, write)
    for fd in (read, write, page.fd):
        os.close(fd)


# ----------------------------------------------------------------------------------------------------------- reader
def _ask(side: socket.socket, question: Question) -> bytes:
    write_frame(side, msgspec.msgpack.encode(question))
    return read_frame(side)


def test_the_reader_answers_from_store_and_memory():
    results = FakeResults()
    results.keep("up", 7)
    results.keep("items", "a", 0)
    results.keep("items", "b", 1)
    reader = Reader(results, {5: b"work"})
    ours, theirs = socket.socketpair()
    reader.serve(theirs)
    try:
        assert msgspec.msgpack.decode(_ask(ours, One(RUN, "up", None)), type=Value) == results.kept[RUN, "up", None]
        assert msgspec.msgpack.decode(_ask(ours, One(RUN, "none", None))) is None
        assert len(msgspec.msgpack.decode(_ask(ours, Block(RUN, "items", 0, 2)))) == 2
        assert _ask(ours, Body(5)) == b"work"
    finally:
        ours.close()
        reader.close()


def test_a_store_that_cannot_be_read_is_an_empty_answer():
    class Down(FakeResults):
        def result(self, run, task, index):
            raise OSError("disk away")

    reader = Reader(Down(), {})
    ours, theirs = socket.socketpair()
    reader.serve(theirs)
    try:
        assert _ask(ours, One(RUN, "up", None)) == b""
        assert msgspec.msgpack.decode(_ask(ours, Block(RUN, "items", 0, 2))) == []
    finally:
        ours.close()
        reader.close()


def test_an_attempt_waits_for_a_store_that_is_away():
    class Away(FakeResults):
        tries = 0

        def result(self, run, task, index):
            self.tries += 1
            if self.tries < 3:
                raise StoreDown("the server is not there")
            return super().result(run, task, index)

    results = Away()
    results.keep("up", 7)
    reader = Reader(results, {})
    ours, theirs = socket.socketpair()
    gone, side = socket.socketpair()
    reader.serve(side)
    reader.serve(theirs)
    try:
        write_frame(gone, msgspec.msgpack.encode(One(RUN, "up", None)))
        gone.close()  # who has asked and gone is not asked for again
        assert msgspec.msgpack.decode(_ask(ours, One(RUN, "up", None)), type=Value) == results.kept[RUN, "up", None]
    finally:
        ours.close()
        reader.close()


def test_a_worker_that_does_not_listen_keeps_no_other_waiting():
    results = FakeResults()
    results.keep("big", "x" * 5_000_000)
    results.keep("small", 1)
    reader = Reader(results, {})
    deaf, deaf_side = socket.socketpair()
    ours, side = socket.socketpair()
    reader.serve(deaf_side)
    reader.serve(side)
    try:
        write_frame(deaf, msgspec.msgpack.encode(One(RUN, "big", None)))
        assert _ask(ours, One(RUN, "small", None))
        assert len(read_frame(deaf)) > 5_000_000
    finally:
        deaf.close()
        ours.close()
        reader.close()

"""How attempts end: every way a task can leave, and what is said about it."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.commands import Answer, Cancel, Kill
from segue.model.events import Cancelled, Ended, Failure, Followed, Lost, LostCause, Skipped
from tests.unit.run.driver import PATIENCE, Driver, alive, brief, process_driver, result_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """For tests that leave nothing behind, not even a busy worker."""
    with process_driver(tmp_path_factory.mktemp("ends") / "home") as driver:
        yield driver


def test_a_task_gives_its_value(shop: Driver):
    assert shop.result("add", 2, 3) == 5


def test_what_dies_between_its_code_and_its_report_has_begun(shop: Driver):
    event = shop.run("die_after_its_code")
    assert isinstance(event, Lost) and event.cause is LostCause.SIGNAL and event.started is not None


def test_an_async_task_is_awaited(shop: Driver):
    assert shop.result("sleep_async") == "awaited"


def test_a_failure_is_one_line_with_its_place(shop: Driver):
    outcome = shop.run("fail").outcome
    assert (outcome.kind, outcome.retryable, outcome.retry_after) == ("ValueError", True, None)
    assert outcome.text.startswith("ValueError: bad row 3 (errands.py:")


@pytest.mark.parametrize("errand", ["fail_for_good", "fail_by_key", "misspell", "unstorable"])
def test_what_another_attempt_cannot_mend_is_not_retryable(shop: Driver, errand: str):
    assert shop.run(errand).outcome.retryable is False


def test_an_import_that_fails_is_not_retryable(shop: Driver):
    outcome = shop.run("nothing", brief=brief(bundle="b2", file="broken.py")).outcome
    assert isinstance(outcome, Failure) and not outcome.retryable


def test_a_task_names_its_own_delay(shop: Driver):
    assert shop.run("retry_after").outcome.retry_after == 90_000_000


def test_a_task_skips_itself(shop: Driver):
    assert shop.run("skip").outcome == Skipped("nothing new")


def test_a_branch_says_what_it_follows(shop: Driver):
    assert shop.run("left", kind="branch").outcome == Followed(("left",))


def test_a_branch_to_nowhere_fails(shop: Driver):
    assert "not directly downstream" in shop.run("astray", kind="branch").outcome.text


def test_a_short_circuit_that_is_false_follows_nothing(shop: Driver):
    assert shop.run("falsy", kind="short_circuit").outcome.ids == ()


@pytest.mark.parametrize(
    ("errand", "arguments", "code"), [("exit_silently", (), 0), ("exit_with", (0,), 0), ("exit_with", (3,), 3)]
)
def test_an_exit_without_a_result_is_no_success(shop: Driver, errand: str, arguments: tuple, code: int):
    event = shop.run(errand, *arguments)
    assert isinstance(event, Lost)
    assert (event.cause, event.exit_code, event.signal) == (LostCause.EXIT, code, None)
    assert event.started is not None


@pytest.mark.parametrize(
    ("errand", "arguments", "number"),
    [("die", (9,), signal.SIGKILL), ("segfault", (), signal.SIGSEGV), ("kill_group", (), signal.SIGKILL)],
)
def test_a_worker_that_dies_loses_its_attempt_by_signal(shop: Driver, errand: str, arguments: tuple, number: int):
    event = shop.run(errand, *arguments)
    assert isinstance(event, Lost)
    assert (event.cause, event.signal, event.exit_code) == (LostCause.SIGNAL, number, None)
    assert event.usage.peak_rss
    assert shop.result("add", 1, 1) == 2


def test_a_timeout_lets_the_code_tidy_up(shop: Driver, tmp_path: Path):
    note = tmp_path / "note"
    event = shop.run("tidy_when_stopped", str(note), timeout=1_000_000, grace=30_000_000)
    assert isinstance(event, Ended) and event.outcome.kind == "timeout" and event.outcome.retryable
    assert note.read_text() == "tidied"


def test_a_timeout_ends_a_task_that_ignores_term(shop: Driver, tmp_path: Path):
    note = tmp_path / "note"
    event = shop.run("ignore_term", str(note), timeout=1_000_000, grace=100_000)
    assert event.outcome.kind == "timeout"
    assert not alive(int(note.read_text()))


def test_an_import_that_hangs_is_ended(tmp_path: Path):
    with process_driver(tmp_path / "home", load_limit=0.3, grace=0.2) as shop:
        assert shop.run("nothing", brief=brief(file="hangs.py")).outcome.kind == "load_timeout"


def test_a_cancelled_task_tidies_up(shop: Driver, tmp_path: Path):
    note = tmp_path / "note"
    key = shop.launch("tidy_when_stopped", str(note), grace=30_000_000)
    shop.started(key)
    shop.turn_until(note.with_name("note.began").exists)
    shop.executor.do([Cancel(key)])
    assert shop.end(key).outcome == Cancelled()
    assert note.read_text() == "tidied"


def test_a_result_that_comes_between_cancel_and_kill_is_accepted(shop: Driver, tmp_path: Path):
    key = shop.launch("finish_when_stopped", str(tmp_path / "note"), grace=30_000_000)
    shop.turn_until((tmp_path / "note").exists)
    shop.executor.do([Cancel(key)])
    assert result_of(shop.end(key)) == "finished all the same"


def test_to_cancel_what_has_just_ended_leaves_alone_what_runs_behind_it(tmp_path: Path):
    patient = {"take_back_after": 3600.0, "queue_for": 3600.0}  # however long a busy machine takes, it queues ahead
    with process_driver(tmp_path / "home", workers=1, **patient) as shop:
        shop.run("nothing")
        first = shop.launch("add", 1, 1, ahead=True)
        second = shop.launch("touch_and_wait", str(tmp_path / "note"), ahead=True)
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "note").exists():  # the executor has not heard that the first has ended
            assert time.monotonic() < deadline
            time.sleep(0.01)
        shop.executor.do([Cancel(first)])
        (tmp_path / "note.go").touch()
        assert result_of(shop.end(first)) == 2
        assert result_of(shop.end(second)) == "seen"


def test_a_kill_gives_no_grace(shop: Driver, tmp_path: Path):
    note = tmp_path / "note"
    key = shop.launch("tidy_when_stopped", str(note), grace=3_600_000_000)
    shop.turn_until(note.with_name("note.began").exists)
    shop.executor.do([Kill(key)])
    assert shop.end(key).outcome == Cancelled()
    assert not note.exists()


def test_a_kill_shortens_the_grace_of_a_cancel(shop: Driver, tmp_path: Path):
    note = tmp_path / "note"
    key = shop.launch("ignore_term", str(note), grace=3_600_000_000)
    shop.turn_until(note.exists)
    shop.executor.do([Cancel(key)])
    shop.executor.do([Kill(key)])
    assert shop.end(key).outcome == Cancelled()


def test_a_waiting_attempt_that_is_cancelled_never_begins(shop: Driver, tmp_path: Path):
    heads = [shop.launch("wait_for", str(tmp_path / "go")) for _ in range(2)]
    waiting = shop.launch("touch", str(tmp_path / "begun"))
    shop.executor.do([Cancel(waiting)])
    event = shop.end(waiting)
    assert (event.outcome, event.started) == (Cancelled(begun=False), None)
    (tmp_path / "go").touch()
    assert [result_of(shop.end(key)) for key in heads] == ["seen", "seen"]
    assert not (tmp_path / "begun").exists()


def test_an_attempt_queued_ahead_that_is_cancelled_never_begins(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1, take_back_after=3600.0) as shop:
        head = shop.launch("wait_for", str(tmp_path / "go"))
        queued = shop.launch("touch", str(tmp_path / "begun"), ahead=True)
        shop.started(head)
        shop.executor.do([Cancel(queued)])
        assert shop.end(queued).outcome == Cancelled(begun=False)
        (tmp_path / "go").touch()
        assert result_of(shop.end(head)) == "seen"
        assert not (tmp_path / "begun").exists()


def test_a_task_that_is_not_idempotent_asks_before_it_begins(shop: Driver, tmp_path: Path):
    key = shop.launch("touch", str(tmp_path / "begun"), idempotent=False)
    question = shop.asked(key)
    assert not (tmp_path / "begun").exists()
    shop.executor.do([Answer(key, question.seq, yes=True)])
    assert isinstance(shop.end(key), Ended)
    assert (tmp_path / "begun").exists()


def test_a_task_that_may_not_begin_does_not(shop: Driver, tmp_path: Path):
    key = shop.launch("touch", str(tmp_path / "begun"), idempotent=False)
    shop.executor.do([Answer(key, shop.asked(key).seq, yes=False)])
    event = shop.end(key)
    assert (event.outcome, event.started) == (Cancelled(begun=False), None)
    assert not (tmp_path / "begun").exists()


def test_a_task_that_waits_for_permission_can_be_cancelled(shop: Driver, tmp_path: Path):
    key = shop.launch("touch", str(tmp_path / "begun"), idempotent=False)
    shop.asked(key)
    shop.executor.do([Cancel(key)])
    assert shop.end(key).outcome == Cancelled(begun=False)

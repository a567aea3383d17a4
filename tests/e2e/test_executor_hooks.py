"""What is called when a task has ended, and when it is stopped: real files, real processes, real signals."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.model.commands import Cancel, Kill
from segue.model.events import Cancelled, Ended, Failure, Lost, LostCause, Value
from segue.model.ids import AttemptKey
from tests.unit.run.driver import alive, log_lines, result_of
from tests.unit.run.files import FileShop, file_shop

FILE = """
import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from segue import dag, task, Context, current

def note(text):
    with open("ledger", "a") as file:
        file.write(f"{text}\\n")

def tell(context: Context):
    print("told")
    note(f"{context.task_id}|{context.run_id}|{context.state.get('job')}|{current() is context}")

async def tell_async(context: Context):
    await asyncio.sleep(0)
    note(f"async {context.task_id} {current().task_id}")

def moan(context: Context): raise ValueError("no mail server")

def linger(context: Context): time.sleep(3600)

def remember(context: Context): context.state.set("told", "yes")

@task(on_failure=tell, on_success=remember)
def plain(): pass

@task(on_failure=tell_async, on_success=moan)
def other(): pass

@task(on_failure=linger)
def slow(): pass

# ------------------------------------------------------------------------------------------------------ on_cancel
def stop(context: Context):
    print("stopping")
    note(f"stop {os.getpid()} {context.state.get('job')} {current() is context}")

def stop_and_set(context: Context): context.state.set("job", "gone")

def stop_and_fail(context: Context): note("failing"); raise ValueError("cannot stop it")

def stop_for_ever(context: Context): note(f"hanging {os.getpid()}"); time.sleep(3600)

async def stop_async(context: Context):
    await asyncio.sleep(0)
    note(f"stop async {current().task_id}")

def _begin(context): context.state.set("job", "j-1"); note(f"began {os.getpid()}")

@task(on_cancel=stop)
def hang(context: Context):
    _begin(context)
    try:
        time.sleep(3600)
    finally:
        note("unwound")

@task(on_cancel=stop)
def hold_the_lock(context: Context): _begin(context); sum(range(10**13))

@task(on_cancel=stop)
def ignore_term(context: Context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _begin(context)
    time.sleep(3600)

@task(on_cancel=stop_and_set)
def forget(context: Context): _begin(context); time.sleep(3600)

@task(on_cancel=stop_and_fail)
def cannot(context: Context): _begin(context); time.sleep(3600)

@task(on_cancel=stop_for_ever)
def stuck(context: Context): _begin(context); time.sleep(3600)

@task(on_cancel=stop_async)
async def waiting(context: Context): _begin(context); await asyncio.sleep(3600)

@task(on_cancel=stop)
def finishing(context: Context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _begin(context)
    while "stop" not in Path("ledger").read_text():
        time.sleep(0.01)
    return "finished all the same"

@task(on_cancel=stop)
def fails(context: Context): _begin(context); raise ValueError("by itself")

@task
def begins(): note("began 0")

@task
def threads(): return threading.active_count()

@task(on_cancel=stop)
def hooked_threads(): return threading.active_count()

@dag(on_failure=tell, on_success=remember)
def shop():
    plain(), other(), slow(), hang(), hold_the_lock(), ignore_term(), forget(), cannot(), stuck(), waiting()
    finishing(), fails(), begins(), threads(), hooked_threads()
"""


LONG = 30.0
"""Seconds of grace where what is stopped heeds it, however busy the machine is."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[FileShop]:
    with file_shop(tmp_path, FILE, hook_limit=30.0, grace=LONG) as driver:
        yield driver


def _ledger(shop: FileShop) -> list[str]:
    path = shop.folder / "ledger"
    return path.read_text().splitlines() if path.exists() else []


def _running(shop: FileShop, task: str, **options: object) -> tuple[AttemptKey, int]:
    """Launch a task and wait until its code says that it runs; its process."""
    key = shop.begin(task, **options)
    shop.turn_until(lambda: any(line.startswith("began") for line in _ledger(shop)))
    return key, int(_ledger(shop)[-1].split()[1])


def _log(shop: FileShop, event: Ended) -> list[str]:
    """What the log says, once its first line is whole: a thread of its own makes the file and writes into it."""
    log = shop.folder.parent / "home" / "logs" / event.usage.log
    shop.turn_until(lambda: log.exists() and b"\n" in log.read_bytes())
    return [line["msg"] for line in log_lines(shop.folder.parent / "home", event)]


def _stopped(shop: FileShop, key: AttemptKey) -> Ended:
    shop.executor.do([Cancel(key)])
    event = shop.end(key)
    assert isinstance(event, Ended)
    return event


# ------------------------------------------------------------------------------------------------------ after the end
def test_a_hook_gets_the_context_of_its_task_and_a_log_of_its_own(shop: FileShop):
    shop.kept["plain", None] = {"job": "j-9"}
    event = shop.done("plain!failure", kind="hook")
    assert event.outcome == Value()
    assert _ledger(shop) == ["plain|shop@2026-04-01|j-9|True"]
    assert "plain%21failure" in event.usage.log
    assert _log(shop, event) == ["told"]


def test_a_hook_may_be_a_coroutine(shop: FileShop):
    assert shop.done("other!failure", kind="hook").outcome == Value()
    assert _ledger(shop) == ["async other other"]


def test_a_hook_of_the_dag_has_no_task(shop: FileShop):
    assert shop.done("!failure", kind="hook").outcome == Value()
    assert _ledger(shop) == ["|shop@2026-04-01|None|True"]


def test_a_hook_that_fails_says_so(shop: FileShop):
    outcome = shop.done("other!success", kind="hook").outcome
    assert isinstance(outcome, Failure) and "no mail server" in outcome.text


def test_a_hook_sets_the_state_of_its_task(shop: FileShop):
    assert shop.done("plain!success", kind="hook").outcome == Value()
    assert shop.kept == {("plain", None): {"told": "yes"}}


def test_a_hook_of_the_dag_keeps_no_state(shop: FileShop):
    assert "belongs to a task" in shop.done("!success", kind="hook").outcome.text


def test_a_hook_that_hangs_is_ended(tmp_path: Path):
    with file_shop(tmp_path, FILE, hook_limit=0.3, grace=0.2) as shop:
        assert shop.done("slow!failure", kind="hook").outcome.kind == "timeout"


# ------------------------------------------------------------------------------------------------------------ on_cancel
def test_on_cancel_is_called_beside_the_code_before_that_is_stopped(shop: FileShop):
    key, pid = _running(shop, "hang")
    event = _stopped(shop, key)
    assert event.outcome == Cancelled() and event.usage.notes == ()
    assert _ledger(shop) == [f"began {pid}", f"stop {pid} j-1 True", "unwound"]
    assert _log(shop, event) == ["stopping"]


def test_a_timeout_calls_on_cancel(tmp_path: Path):
    text = FILE.replace("@task(on_cancel=stop)\ndef hang", '@task(on_cancel=stop, timeout="2s")\ndef hang')
    with file_shop(tmp_path, text, grace=LONG) as shop:
        assert shop.done("hang").outcome.kind == "timeout"
        assert [line.split()[0] for line in _ledger(shop)] == ["began", "stop", "unwound"]


def test_a_task_that_holds_the_interpreter_is_tended_from_outside(tmp_path: Path):
    with file_shop(tmp_path, FILE, hook_limit=LONG) as shop:
        key, pid = _running(shop, "hold_the_lock")
        event = _stopped(shop, key)
        assert event.outcome == Cancelled() and not alive(pid)
        stops = [line for line in _ledger(shop) if line.startswith("stop")]
    assert len(stops) == 1 and stops[0].endswith("j-1 True") and str(pid) not in stops[0]
    assert event.usage.notes[-1] == "its on_cancel was called in a process of its own"


def test_what_does_not_answer_by_half_its_grace_is_tended_while_it_lives(tmp_path: Path):
    with file_shop(tmp_path, FILE, grace=6.0) as shop:
        key, pid = _running(shop, "hold_the_lock")
        shop.executor.do([Cancel(key)])
        shop.turn_until(lambda: any(line.startswith("stop") for line in _ledger(shop)))
        assert alive(pid)
        shop.executor.do([Kill(key)])
        assert shop.end(key).outcome == Cancelled()
        assert len(_ledger(shop)) == 2


def test_a_task_that_ignores_term_is_tended_and_killed(tmp_path: Path):
    with file_shop(tmp_path, FILE, grace=2.0) as shop:
        key, pid = _running(shop, "ignore_term")
        assert _stopped(shop, key).outcome == Cancelled()
        assert _ledger(shop) == [f"began {pid}", f"stop {pid} j-1 True"] and not alive(pid)


def test_on_cancel_may_set_state(shop: FileShop):
    key, _ = _running(shop, "forget")
    _stopped(shop, key)
    assert shop.kept["forget", None] == {"job": "gone"}


def test_on_cancel_may_be_a_coroutine(shop: FileShop):
    key, _ = _running(shop, "waiting")
    assert _stopped(shop, key).outcome == Cancelled()
    assert _ledger(shop)[1:] == ["stop async waiting"]


def test_an_on_cancel_that_fails_is_in_the_log_and_not_called_again(shop: FileShop):
    key, _ = _running(shop, "cannot")
    event = _stopped(shop, key)
    assert event.outcome == Cancelled() and _ledger(shop)[1:] == ["failing"]
    assert "cannot stop it" in _log(shop, event)[0]


def test_an_on_cancel_that_hangs_is_tried_once_more_and_given_up(tmp_path: Path):
    with file_shop(tmp_path, FILE, hook_limit=0.5, grace=1.0) as shop:
        key, pid = _running(shop, "stuck")
        event = _stopped(shop, key)
        assert event.outcome == Cancelled() and not alive(pid)
        assert len(_ledger(shop)) == 3
        assert "and failed: ran longer" in event.usage.notes[-1]


def test_a_task_that_ends_well_because_it_was_asked_to_counts(shop: FileShop):
    key, pid = _running(shop, "finishing")
    shop.executor.do([Cancel(key)])
    assert result_of(shop.end(key)) == "finished all the same"
    assert _ledger(shop) == [f"began {pid}", f"stop {pid} j-1 True"]


def test_a_kill_calls_on_cancel_from_outside(shop: FileShop):
    key, pid = _running(shop, "hang")
    shop.executor.do([Kill(key)])
    assert shop.end(key).outcome == Cancelled()
    assert [line.split()[0] for line in _ledger(shop)] == ["began", "stop"] and str(pid) not in _ledger(shop)[1]


def test_a_worker_that_somebody_kills_is_not_cancelled(shop: FileShop):
    key, pid = _running(shop, "hang")
    os.kill(pid, signal.SIGKILL)
    event = shop.end(key)
    assert isinstance(event, Lost) and event.cause is LostCause.SIGNAL
    assert _ledger(shop) == [f"began {pid}"]


def test_a_worker_that_dies_while_it_is_cancelled_is_tended_from_outside(shop: FileShop):
    key, pid = _running(shop, "ignore_term")
    os.kill(pid, signal.SIGSTOP)
    shop.executor.do([Cancel(key)])
    os.kill(pid, signal.SIGKILL)
    assert shop.end(key).outcome == Cancelled()
    assert [line.split()[0] for line in _ledger(shop)] == ["began", "stop"]


def test_a_task_that_fails_by_itself_is_not_cancelled(shop: FileShop):
    assert shop.done("fails").outcome.kind == "ValueError"
    assert [line.split()[0] for line in _ledger(shop)] == ["began"]


@pytest.mark.parametrize(("kept", "called"), [({"job": "j-5"}, True), ({}, False)])
def test_what_waits_is_tended_where_an_earlier_attempt_left_something(tmp_path: Path, kept: dict, called: bool):
    with file_shop(tmp_path, FILE, workers=1) as shop:
        busy, _ = _running(shop, "ignore_term")
        shop.kept["hang", None] = kept
        key = shop.begin("hang", number=2)
        assert _stopped(shop, key).outcome == Cancelled(begun=False)
        assert [line.split()[2] for line in _ledger(shop) if line.startswith("stop")] == ["j-5"] * called
        shop.executor.do([Kill(busy)])
        shop.end(busy)


def test_a_shutdown_calls_on_cancel(tmp_path: Path):
    with file_shop(tmp_path, FILE, grace=LONG) as shop:
        _, pid = _running(shop, "hang")
    assert _ledger(shop) == [f"began {pid}", f"stop {pid} j-1 True", "unwound"]


def test_a_shutdown_begins_nothing_that_waits(tmp_path: Path):
    with file_shop(tmp_path, FILE, workers=2, grace=2.0) as shop:
        _running(shop, "ignore_term")
        shop.begin("hang")
        shop.turn_until(lambda: len(_ledger(shop)) == 2)
        shop.begin("begins")  # there is room for it while the first one is not yet dead
    assert [line.split()[0] for line in _ledger(shop)].count("began") == 2


def test_who_was_asked_to_stop_already_is_not_waited_for(tmp_path: Path):
    with file_shop(tmp_path, FILE, grace=3600.0, hook_limit=3600.0) as shop:
        key, pid = _running(shop, "stuck")
        shop.executor.do([Cancel(key)])
        shop.turn_until(lambda: len(_ledger(shop)) == 2)
    assert not alive(pid)


def test_what_is_set_at_a_shutdown_is_refused_and_holds_nobody_up(tmp_path: Path):
    with file_shop(tmp_path, FILE, grace=LONG) as shop:
        _running(shop, "forget")
    assert shop.kept["forget", None] == {"job": "j-1"}


def test_only_a_task_with_on_cancel_has_a_second_thread(shop: FileShop):
    assert result_of(shop.done("threads")) == 1
    assert result_of(shop.done("hooked_threads")) == 2
    assert result_of(shop.done("threads", number=2)) == 1

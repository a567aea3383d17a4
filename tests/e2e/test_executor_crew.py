"""Who works: reuse, replacing, queueing ahead, taking back, preloading; and the death of those above."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.app.clock import SystemClock
from segue.model.commands import Adopt, Stored
from segue.model.errors import HomeBusy
from segue.model.events import Ended, Lost, LostCause
from segue.model.ids import AttemptKey
from segue.run.executors.home import HomeLock, mark_of
from segue.run.executors.process import ProcessExecutor
from tests.unit.run.driver import (
    ROOT,
    RUN,
    Driver,
    FakeResults,
    alive,
    brief,
    process_driver,
    process_settings,
    result_of,
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Driver]:
    with process_driver(tmp_path / "home") as driver:
        yield driver


def test_a_warm_worker_is_used_again(shop: Driver):
    assert len({shop.result("pid") for _ in range(5)}) == 1


@pytest.mark.parametrize("other", [{"bundle": "b2"}, {"location": "there"}])
def test_attempts_of_another_bundle_or_location_share_no_worker(shop: Driver, other: dict):
    assert shop.result("pid") != shop.result("pid", brief=brief(**other))


def test_an_idle_worker_is_replaced_where_another_bundle_needs_its_place(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=1) as shop:
        first = shop.result("pid")
        second = shop.result("pid", brief=brief(bundle="b2"))
        assert first != second
        shop.turn_until(lambda: not alive(first))


def test_fresh_isolation_gives_each_attempt_a_process_of_its_own(shop: Driver):
    assert len({shop.result("pid", isolation="fresh") for _ in range(4)}) == 4


def test_no_more_attempts_run_at_once_than_there_are_workers(shop: Driver, tmp_path: Path):
    heads = [shop.launch("wait_for", str(tmp_path / "go")) for _ in range(2)]
    third = shop.launch("touch", str(tmp_path / "third"))
    for key in heads:
        shop.started(key)
    assert not (tmp_path / "third").exists()
    (tmp_path / "go").touch()
    assert isinstance(shop.end(third), Ended)


def test_work_queued_behind_a_long_attempt_is_taken_back_and_done_elsewhere(shop: Driver, tmp_path: Path):
    long = shop.launch("wait_for", str(tmp_path / "go"))
    shorts = [shop.launch("add", k, ahead=True) for k in range(20)]
    assert [result_of(shop.end(key)) for key in shorts] == list(range(20))
    assert shop.ends(long) == []
    (tmp_path / "go").touch()
    assert result_of(shop.end(long)) == "seen"


def test_work_that_was_taken_back_is_still_cancelled_or_done_once(tmp_path: Path):
    with process_driver(tmp_path / "home", workers=2) as shop:
        ledger = tmp_path / "ledger"
        longs = [shop.launch("wait_for", str(tmp_path / "go")) for _ in range(2)]
        keys = [shop.launch("append", str(ledger), str(k), ahead=True) for k in range(30)]
        for key in longs:
            shop.started(key)
        (tmp_path / "go").touch()
        for key in keys:
            shop.end(key)
        assert sorted(ledger.read_text().split(), key=int) == [str(k) for k in range(30)]


def test_short_attempts_deepen_the_queue_and_long_ones_empty_it(tmp_path: Path):
    with process_driver(tmp_path / "home", queue_for=0.02) as shop:
        for _ in range(40):
            shop.run("nothing")
        assert shop.depth > 1
        for _ in range(25):
            shop.run("nap", 0.06)
        assert shop.depth == 0


def test_only_the_attempt_that_ran_is_blamed_for_its_worker(tmp_path: Path):
    with process_driver(tmp_path / "home", take_back_after=3600.0) as shop:
        ledger = tmp_path / "ledger"
        keys = []
        for k in range(60):
            keys.append(shop.launch("append", str(ledger), str(k), ahead=True))
            if k % 20 == 10:
                keys.append(shop.launch("segfault", ahead=True))
        events = [shop.end(key) for key in keys]
        lost = [event for event in events if isinstance(event, Lost)]
        assert [event.key.task.partition(".")[0] for event in lost] == ["segfault"] * 3
        assert {event.signal for event in lost} == {signal.SIGSEGV}
        assert sorted(ledger.read_text().split(), key=int) == [str(k) for k in range(60)]


def test_an_attempt_nobody_knows_is_lost_with_its_owner(shop: Driver):
    key = AttemptKey(RUN, "gone", None, 3)
    shop.executor.do([Adopt(key, b"fence")])
    event = shop.end(key)
    assert (event.cause, event.fence) == (LostCause.OWNER, b"fence")


def test_an_attempt_that_lives_is_adopted(shop: Driver, tmp_path: Path):
    key = shop.launch("wait_for", str(tmp_path / "go"))
    shop.started(key)
    shop.executor.do([Adopt(key, b"fence")])
    (tmp_path / "go").touch()
    assert result_of(shop.end(key)) == "seen"


def test_a_question_comes_again_where_its_attempt_is_adopted(shop: Driver, tmp_path: Path):
    key = shop.launch("touch", str(tmp_path / "begun"), idempotent=False)
    first = shop.asked(key)
    shop.events.clear()
    shop.executor.do([Adopt(key, b"fence")])
    assert shop.asked(key).seq == first.seq


@pytest.mark.parametrize("size", [1_000, 100_000, 300_000, 5_000_000])
def test_a_launch_of_any_size_arrives(shop: Driver, size: int):
    assert shop.result("length", "x" * size) == size


def test_many_large_launches_block_nobody(shop: Driver):
    keys = [shop.launch("length", "x" * 60_000, ahead=True) for _ in range(64)]
    assert [result_of(shop.end(key)) for key in keys] == [60_000] * 64


def test_a_value_that_was_made_again_is_fetched_again(tmp_path: Path):
    results = FakeResults()
    with process_driver(tmp_path / "home", results, workers=1) as shop:
        results.keep("upstream", 1)
        assert [shop.result("add", inputs=(Stored("upstream"),)) for _ in range(2)] == [1, 1]
        assert len(results.asked) == 1
        results.keep("upstream", 2)
        shop.result("nothing", number=2)
        assert shop.result("add", inputs=(Stored("upstream"),)) == 2


def test_a_package_whose_import_starts_a_thread_is_not_preloaded(tmp_path: Path):
    start = "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()"
    (tmp_path / "threaded.py").write_text(f"import threading, time\n{start}\n")
    (tmp_path / "plain.py").write_text("import os\nPID = os.getpid()\n")
    env = {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    with process_driver(tmp_path / "home", preload=("plain", "threaded", "nonesuch"), env=env) as shop:
        assert shop.result("add", 1) == 1
        skipped = shop.executor._crew.own.skipped
    assert skipped[0] == "threaded: its import starts a thread"
    assert skipped[1].startswith("nonesuch: ModuleNotFoundError")
    assert len(skipped) == 2


def test_a_fork_server_that_dies_is_replaced_and_its_attempts_are_the_platforms_loss(shop: Driver, tmp_path: Path):
    key = shop.launch("announce_and_hang", str(tmp_path / "pid"))
    shop.turn_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    os.kill(shop.executor._crew.own.server.pid, signal.SIGKILL)
    event = shop.end(key)
    assert isinstance(event, Lost) and event.cause is LostCause.WORKER
    shop.turn_until(lambda: not alive(int((tmp_path / "pid").read_text())))
    assert shop.result("add", 1, 2) == 3


def _descriptors() -> list[str]:
    return sorted(str(one) for one in Path("/proc/self/fd").iterdir())


OWNER = """
import sys, time
from pathlib import Path
from tests.unit.run.driver import process_driver
home, note = Path(sys.argv[1]), sys.argv[2]
with process_driver(home) as shop:
    shop.launch("leave_daemon_and_hang", note)
    while True:
        shop.turn()
"""


def _owner(home: Path, note: Path) -> subprocess.Popen:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(home), str(note)], cwd=ROOT)
    while not note.with_name(note.name + ".hangs").exists():
        assert owner.poll() is None
        time.sleep(0.01)
    return owner


def _until(done) -> None:
    end = time.monotonic() + 50
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_nothing_outlives_an_owner_that_is_killed(tmp_path: Path):
    owner = _owner(tmp_path / "home", tmp_path / "pid")
    owner.kill()
    owner.wait()
    _until(lambda: not alive(int((tmp_path / "pid").read_text())))
    lock = HomeLock(tmp_path / "home", mark_of(tmp_path / "home"))
    lock.pass_barrier()
    lock.close()


def test_a_new_owner_waits_until_the_processes_of_the_old_one_are_gone(tmp_path: Path):
    """Even those that nothing else ends: the old fork server is stopped, so it cannot clean up."""
    owner = _owner(tmp_path / "home", tmp_path / "pid")
    left = int((tmp_path / "pid").read_text())
    server = int(subprocess.run(["pgrep", "-P", str(owner.pid)], capture_output=True, text=True, check=True).stdout)
    os.kill(server, signal.SIGSTOP)
    owner.kill()
    owner.wait()
    assert alive(left)
    with process_driver(tmp_path / "home") as shop:
        assert not alive(left) and not alive(server)
        assert shop.result("add", 1, 1) == 2


def test_a_barrier_that_cannot_be_passed_says_so(tmp_path: Path):
    (tmp_path / "home").mkdir()
    first = HomeLock(tmp_path / "home", "mark")
    first.pass_barrier()
    second = HomeLock(tmp_path / "home", "mark", patience=0.1)
    with pytest.raises(HomeBusy, match="earlier owner"):
        second.pass_barrier()
    first.close()
    second.pass_barrier()
    second.close()


def test_a_closed_executor_leaves_no_process_and_no_descriptor(tmp_path: Path):
    before = _descriptors()
    executor = ProcessExecutor(process_settings(tmp_path / "home"), FakeResults(), SystemClock())
    shop = Driver(executor)
    key = shop.launch("announce_and_hang", str(tmp_path / "pid"))
    shop.result("nothing")
    shop.turn_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    executor.close()
    assert shop.ends(key) == []
    assert not alive(int((tmp_path / "pid").read_text()))
    assert _descriptors() == before


def test_children_of_a_task_inherit_no_descriptor_of_ours(shop: Driver):
    assert shop.result("inherited") == [0, 1, 2]

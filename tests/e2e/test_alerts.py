"""Alerts leave the machine, to receivers that are good, slow, failing, silent (RELIABILITY, rows 54 and 55)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segue.run.processes import descendants
from tests.e2e.commands import Project
from tests.e2e.standing import TICKING, Up, eventually, up, words_of
from tests.receivers import HttpReceiver, black_hole, http_receiver, mail_receiver

FAILING = """
from segue import dag, every, task

@task(owner="dana", retry=0)
def load() -> int:
    raise ConnectionError("refused: hunter2hunter2")

@task
def report(rows: int) -> int:
    return rows

@dag(schedule=every("1d"), start="2026-01-01", tags=["retail"], owner="ops")
def orders() -> None:
    report(load())
"""

NEVER = """
import time
from pathlib import Path
from segue import dag, every, task

@task
def slow() -> int:
    while not Path("go").exists():
        time.sleep(0.01)
    return 1

@task(deadline="500ms", owner="dana")
def late(one: int) -> int:
    return one

@dag(schedule=every("2s"), start="2026-01-01")
def waiting() -> None:
    late(slow())
"""


def project(tmp_path: Path, settings: str, **files: str) -> Project:
    shop = Project(tmp_path / "shop", workers=2, alert_hosts=["127.0.0.1"])
    with (shop.folder / "segue.toml").open("a") as file:
        file.write(settings)
    for name, text in files.items():
        shop.write(f"{name}.py", text)
    return shop


def channel(name: str, url: str, kind: str = "webhook", more: str = "") -> str:
    return f'\n[channels.{name}]\nkind = "{kind}"\nurl = "{url}"\n{more}\n'


def rule(*to: str, more: str = "") -> str:
    return f"\n[[alerts]]\nto = [{', '.join(map(repr, to))}]\n{more}\n"


def fail(shop: Project) -> None:
    assert shop.segue("trigger", "orders").returncode == 0


def deliveries(shop: Project) -> dict[str, str]:
    with shop.reader() as reader:
        return {one.target: one.state for view in reader.alerts() for one in view.deliveries}


def teller(one: Up) -> int:
    return next(pid for pid in descendants(one.process.pid) if b"segue.app.telling" in words_of(pid))


def test_an_alert_goes_to_program_chat_and_mail_and_says_what_one_must_know(tmp_path):
    with http_receiver() as hook, http_receiver() as chat, mail_receiver() as post:
        settings = (
            channel("hook", hook.url) + channel("chat", chat.url, "slack")
            + channel("mail", post.url, "email", 'from = "segue@example.com"\nto = "ops@example.com"')
            + rule("hook", "slack:#data", "mail", more='select = "tag:retail"\nwhen = "failed"')
        )  # fmt: skip
        shop = project(tmp_path, settings, orders=FAILING)
        with up(shop) as one:
            fail(shop)
            (said,) = hook.await_count(1)
            (talked,) = chat.await_count(1)
            (message,) = post.await_count(1)
            eventually(lambda: set(deliveries(shop).values()) == {"sent"} and len(deliveries(shop)) == 3)
            run = said["run_id"]
            assert (said["dag_id"], said["task_id"], said["owner"], said["kind"]) == (
                "orders",
                "load",
                "dana",
                "failed",
            )
            assert run.startswith(f"orders@{said['date']}")
            assert said["command"] == f"segue retry {run}"
            assert said["log"] == f"segue logs {run} load"
            log = shop.home / "logs" if not Path(said["log_file"]).is_absolute() else Path("/")
            eventually((log / said["log_file"]).exists, said["log_file"])  # a thread of its own writes it
            assert "ConnectionError" in said["text"] and "1 task below it" in said["text"]
            assert (talked["channel"], run in talked["text"]) == ("#data", True)
            body = message.get_payload(decode=True).decode()
            for word in ("orders", "load", said["date"], "dana", f"segue logs {run} load", f"segue retry {run}"):
                assert word in body and word in talked["text"] and word in said["message"]
            assert shop.segue("retry", run).returncode == 1
            assert one.end() == 0
        assert (len(hook.got), len(chat.got), len(post.got)) == (1, 1, 1)
        shop.check_nothing_is_left()


def test_bad_receivers_keep_neither_runs_nor_good_receivers_waiting(tmp_path):
    with http_receiver() as good, http_receiver() as failing, http_receiver() as slow, black_hole() as hole:
        failing.statuses = [500]
        slow.slow = 3.0
        names = {"good": good.url, "failing": failing.url, "slow": slow.url, "hole": hole}
        settings = "".join(channel(name, url) for name, url in names.items()) + rule(*names)
        shop = project(tmp_path, settings, orders=FAILING, ticking=TICKING)
        with up(shop) as one:
            fail(shop)
            good.await_count(1)
            before = len(one.runs("ticking"))
            one.await_runs("ticking", before + 3)
            failing.await_count(1)
            slow.await_count(1)
            eventually(lambda: list(deliveries(shop).values()).count("sent") == 3)
            assert deliveries(shop)["hole"] == "failed"
            assert one.end() == 0
        with shop.reader() as reader:
            ((tries, text),) = [
                (one.tries, one.text) for view in reader.alerts() for one in view.deliveries if one.target == "hole"
            ]
        assert tries >= 1 and "no answer in time" in text
        assert [len(each.got) for each in (good, failing, slow)] == [1, 1, 1]
        assert failing.tries == 2
        shown = shop.segue("alerts", "list", "--open").stdout
        assert "hole failed" in shown and "no answer in time" in shown
        shop.check_nothing_is_left()


def test_what_a_killed_sender_had_under_way_arrives_again_under_the_same_key(tmp_path):
    with http_receiver() as receiver:
        receiver.slow = 60.0
        shop = project(tmp_path, channel("hook", receiver.url) + rule("hook"), orders=FAILING)
        with up(shop) as one:
            fail(shop)
            receiver.await_count(1)
            os.kill(teller(one), signal.SIGKILL)
            receiver.slow = 0.0
            receiver.released.set()
            receiver.await_count(2)
            eventually(lambda: deliveries(shop) == {"hook": "sent"})
            assert one.end() == 0
        assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 1


def test_a_task_that_never_started_misses_its_deadline_once(tmp_path):
    with http_receiver() as receiver:
        shop = project(tmp_path, channel("hook", receiver.url) + rule("hook"), waiting=NEVER)
        with up(shop) as one:
            first = receiver.await_count(1)[0]
            os.kill(one.loop(), signal.SIGKILL)
            receiver.await_count(2)
            (shop.folder / "go").touch()
            assert one.end() == 0
        assert (first["kind"], first["task_id"], first["owner"]) == ("deadline", "late", "dana")
        assert "waits for slow" in first["text"]
        keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
        assert len(keys) == len(set(keys))


def test_a_dag_names_targets_of_its_own_and_an_address_may_be_a_secret(tmp_path):
    with http_receiver() as receiver:
        vault = tmp_path / "vault.toml"
        vault.touch(0o600)
        vault.write_text(f'[secrets]\nown_hook = "{receiver.url}"\n')
        settings = f'\n[secrets]\nbackend = "file"\npath = "{vault}"\n' + channel("own", "secret:own_hook")
        orders = FAILING.replace('owner="ops"', 'owner="ops", alerts=["own", "gone"]')
        shop = project(tmp_path, settings, orders=orders)
        with up(shop) as one:
            fail(shop)
            receiver.await_count(1)
            eventually(lambda: deliveries(shop) == {"own": "sent", "gone": "parked"})
            shown = shop.segue("alerts", "list").stdout
            assert "gone parked: there is no channel 'gone'; there are own" in shown
            assert receiver.url not in shown + one.said
            checked = shop.segue("check").stdout
            assert "there is no channel 'gone'" in checked and "'own'" not in checked
            assert one.end() == 0


def test_what_is_silenced_is_not_sent_and_shown_as_silenced(tmp_path):
    with http_receiver() as receiver:
        shop = project(tmp_path, channel("hook", receiver.url) + rule("hook"), orders=FAILING)
        with up(shop) as one:
            done = shop.segue("alerts", "silence", "tag:retail", "--until", "1h", "--reason", "we know")
            assert done.returncode == 0, done.stdout
            fail(shop)
            eventually(lambda: deliveries(shop) == {"hook": "silenced"})
            shown = shop.segue("alerts").stdout
            assert "tag:retail: we know" in shown and "hook silenced" in shown
            assert one.end() == 0
        assert receiver.got == []


# ------------------------------------------------------------------------------------------------ dead man's switch
@contextmanager
def watching(shop: Project, seconds: float = 2.0) -> Iterator[subprocess.Popen[bytes]]:
    """A sender of its own, which no supervisor has started; for so long a busy machine keeps no loop from a turn."""
    script = Path(__file__).with_name("soon_telling.py")
    with subprocess.Popen([sys.executable, script, str(seconds)], cwd=shop.folder) as process:
        try:
            yield process
        finally:
            process.kill()


def kinds(receiver: HttpReceiver) -> list[str]:
    return [body["kind"] for _, body in receiver.got]


def test_a_scheduler_that_takes_no_turn_is_told_of_once_and_so_is_its_return(tmp_path):
    with http_receiver() as receiver:
        shop = project(tmp_path, channel("hook", receiver.url) + rule("hook"), ticking=TICKING)
        with up(shop) as one, watching(shop):
            one.await_runs("ticking", 2)
            os.kill(one.loop(), signal.SIGSTOP)
            receiver.await_count(1)
            before = len(one.runs("ticking"))
            os.kill(one.loop(), signal.SIGCONT)
            receiver.await_count(2)
            one.await_runs("ticking", before + 3)
            assert kinds(receiver) == ["dead", "back"]
            assert one.end() == 0


def test_a_sender_outlives_the_loop_and_says_that_it_is_gone(tmp_path):
    with http_receiver() as receiver:
        receiver.statuses = [503]
        shop = project(tmp_path, channel("hook", receiver.url) + rule("hook"), ticking=TICKING)
        with up(shop) as one, watching(shop):
            one.await_runs("ticking", 2)
            one.process.kill()
            one.process.wait()
            (said,) = receiver.await_count(1)
        assert said["kind"] == "dead" and str(shop.home) in said["message"]


# ------------------------------------------------------------------------------------------------------------- words
def test_it_can_be_tried_whether_alerts_arrive(tmp_path):
    with http_receiver() as good, black_hole():
        settings = channel("good", good.url) + channel("bad", "http://127.0.0.1:9/")
        shop = project(tmp_path, settings)
        done = shop.segue("alerts", "test")
        assert (done.returncode, done.stdout.splitlines()) == (
            1, ["good: sent", "bad: 127.0.0.1 cannot be reached: Connection refused"],
        )  # fmt: skip
        assert shop.segue("alerts", "test", "good").returncode == 0
        assert [body["kind"] for _, body in good.got] == ["test", "test"]
        done = shop.segue("alerts", "test", "godo")
        assert (done.returncode, "did you mean 'good'?" in done.stdout) == (2, True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("silence",), "segue alerts silence SELECTION --until T"),
        (("silence", "orders"), "--until T"),
        (("silence", "orders", "--until", "soon"), "--until soon"),
        (("silence", "orders", "--until", "2h"), "names no DAG"),
        (("shout",), "segue alerts list"),
        (("test",), "no channel is set"),
    ],
)
def test_words_that_mean_nothing_are_refused(tmp_path, words, text):
    done = project(tmp_path, "").segue("alerts", *words)
    assert (done.returncode, text in done.stdout) == (2, True), done.stdout


def test_a_rule_that_names_no_channel_is_refused_at_the_start_with_the_nearest(tmp_path):
    shop = project(tmp_path, channel("oncall", "https://hooks.example.com/x") + rule("oncal"), orders=FAILING)
    done = shop.segue("up")
    assert (done.returncode, "there is no channel 'oncal': did you mean 'oncall'?" in done.stdout) == (2, True)

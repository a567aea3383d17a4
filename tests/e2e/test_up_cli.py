"""What a person asks of `segue up` from a second terminal."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from segue.model.state import RunState
from tests.e2e.commands import PATIENCE, Project
from tests.e2e.standing import Up, eventually, up

SLOW = """
import time
from pathlib import Path
from segue import Interval, daily, dag, injected, task

@task(grace="100s")
def waits(name: str = "go") -> str:
    Path("began").touch()
    while not Path(name).exists():
        time.sleep(0.01)
    return name

@dag
def slow() -> None:
    waits()

@task
def cover(interval: Interval = injected) -> str:
    return str(interval)

@task
def breaks() -> None:
    raise OSError("no such luck")

@dag(schedule=daily(), start="2026-04-01", end="2026-04-30", tags=["april"])
def april() -> None:
    cover()

@dag(schedule=daily(), start="2026-04-01", end="2026-04-30", tags=["april"])
def broken() -> None:
    breaks()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("slow.py", SLOW)
    return project


@pytest.fixture
def one(shop: Project) -> Iterator[Up]:
    with up(shop) as started:
        eventually(lambda: len(known(shop)) == 3, "the DAGs")
        yield started
        (shop.folder / "go").touch()
        assert started.end() == 0
        shop.check_nothing_is_left()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One owner for tests that ask it for runs and leave it at work."""
    project = Project(tmp_path_factory.mktemp("calm") / "shop", workers=2)
    project.write("slow.py", SLOW)
    (project.folder / "go").touch()
    with up(project) as started:
        eventually(lambda: len(known(project)) == 3, "the DAGs")
        yield started
        assert started.end() == 0
    project.check_nothing_is_left()


def known(shop: Project) -> list[str]:
    with shop.reader() as reader:
        return [view.dag for view in reader.dags()]


def state(shop: Project, run: str = "slow@latest") -> RunState:
    return shop.detail(run).run.state


# ----------------------------------------------------------------------------------------------------------------- run
def test_run_asks_the_owner_and_follows(calm):
    shop, one = calm.project, calm
    done = shop.run_json("run", "slow.py:slow")
    assert (done["exit_code"], done["state"], done["dag_id"]) == (0, "success", "slow")
    assert one.process.poll() is None
    shown = shop.segue("run", "april", "--date", "2026-04-02")
    assert shown.returncode == 0 and "april@2026-04-02" in shown.stdout and "cover" in shown.stdout
    failed = shop.segue("run", "broken", "--date", "2026-04-02")
    assert (
        failed.returncode == 1 and "no such luck" in failed.stdout and "segue logs broken@2026-04-02" in failed.stdout
    )


def test_run_takes_a_file_that_the_owner_does_not_know(calm):
    shop = calm.project
    other = shop.folder.parent / "other.py"
    head = "from segue import dag, task\n\n@task\ndef one() -> int:\n    return 1\n\n"
    other.write_text(f"{head}@dag\ndef other() -> None:\n    one()\n")
    assert shop.segue("run", str(other)).returncode == 0
    other.write_text("from segue import dag\n\n@dag\ndef other() -> None:\n    one()\n")
    wrong = shop.segue("run", str(other))
    assert wrong.returncode == 1 and "one" in wrong.stdout


def test_ctrl_c_cancels_the_run_and_a_second_one_leaves_it(shop, one):
    with shop.start("run", "slow.py:slow") as first:
        eventually((shop.folder / "began").exists)
        first.send_signal(signal.SIGINT)
        eventually(lambda: shop.detail("slow@latest").run.cancel_at is not None, "the cancellation")
        first.communicate(timeout=PATIENCE)
    assert first.returncode == 130 and state(shop) == RunState.CANCELLED
    (shop.folder / "began").unlink()
    with shop.start("run", "slow.py:slow") as second:
        eventually((shop.folder / "began").exists)
        os.kill(one.loop(), signal.SIGSTOP)  # so that nothing is cancelled before the second Ctrl-C
        while second.poll() is None:  # two that come close together are one, on a busy machine also after a while
            second.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                second.wait(1.5)
        second.communicate(timeout=PATIENCE)
        os.kill(one.loop(), signal.SIGCONT)
    assert second.returncode == 130


def test_ctrl_c_while_the_run_is_only_asked_for_cancels_it(shop, one):
    os.kill(one.loop(), signal.SIGSTOP)  # so that it is not answered
    with shop.start("trigger", "slow", "--wait") as asks:
        eventually(lambda: psutil.Process(asks.pid).net_connections("unix"), "the question")
        time.sleep(0.3)  # until it is sent; before that nothing is to be cancelled
        asks.send_signal(signal.SIGINT)
        time.sleep(0.3)
        os.kill(one.loop(), signal.SIGCONT)
        asks.communicate(timeout=PATIENCE)
    assert asks.returncode == 130
    assert shop.segue("trigger", "april", "--wait").returncode == 0
    with shop.reader() as reader:
        assert {view.state for view in reader.runs() if view.run.dag == "slow"} <= {RunState.CANCELLED}


def test_run_follows_through_the_death_of_the_loop(shop, one):
    with shop.start("run", "slow.py:slow") as follower:
        eventually((shop.folder / "began").exists)
        os.kill(one.loop(), signal.SIGKILL)
        one.await_word("is started again")
        (shop.folder / "go").touch()
        said, _ = follower.communicate(timeout=PATIENCE)
    assert (follower.returncode, state(shop)) == (0, RunState.SUCCESS), said


# ------------------------------------------------------------------------------------------------------------- trigger
def test_trigger_names_the_newest_complete_interval(calm):
    shop = calm.project
    said = shop.segue("trigger", "april", "--wait")
    assert said.returncode == 0, said.stdout
    assert "the newest complete interval of april is 2026-04-30" in said.stdout
    assert state(shop, "april@2026-04-30") is RunState.SUCCESS


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing"], "there is no DAG nothing"),
        (["april", "--date", "2026-05-02"], "has no interval"),
        (["april", "--interval", "2026-04-03..2026-04-05"], "has no interval 2026-04-03..2026-04-05: the next one is"),
        (["april", "--interval", "yesterday"], "write A..B"),
        (["slow", "--interval", "2026-04-03..2026-04-04"], "has no schedule"),
        (["april", "--date", "2026-04-02", "--interval", "2026-04-03..2026-04-04"], "leave one of them out"),
        (["slow", "--param", "nme=x"], "nme"),
    ],
)  # fmt: skip
def test_trigger_refuses_what_makes_no_sense(calm, words, sentence):
    said = calm.project.segue("trigger", *words)
    assert (said.returncode, sentence in said.stdout) == (2, True), said.stdout


def test_trigger_takes_an_interval_by_its_ends_and_says_what_it_made(calm):
    shop = calm.project
    made = shop.run_json("trigger", "april", "--interval", "2026-04-03..2026-04-04")
    assert (made["exit_code"], made["runs"]) == (0, ["april@2026-04-03"])
    eventually(lambda: state(shop, "april@2026-04-03") is RunState.SUCCESS, "its end")
    assert "2026-04-03" in str(shop.detail("april@2026-04-03").tasks[0].inline)


def test_trigger_without_an_owner_says_who_could_do_it(shop):
    shop.segue("run", "april", "--date", "2026-04-02")
    assert shop.segue("run", "slow.py:april", "--date", "2026-04-02").returncode == 0
    said = shop.segue("trigger", "april")
    assert said.returncode == 3 and "start `segue up`" in said.stdout


# ------------------------------------------------------------------------------------------------------ pause, unpause
def test_pause_and_unpause_take_selections_with_and_without_an_owner(shop, one):
    assert shop.run_json("pause", "tag:april", "--reason", "a strike")["dags"] == ["april", "broken"]
    assert shop.run_json("pause", "tag:april&b*", "--hard")["dags"] == ["broken"]
    one.process.terminate()
    one.process.wait()
    assert shop.run_json("unpause", "--all")["dags"] == ["april", "broken", "slow"]
    with shop.reader() as reader:
        assert not any(view.timing.paused for view in reader.dags())
    refused = shop.segue("pause", "aprl")
    assert (refused.returncode, "did you mean april?" in refused.stdout) == (2, True), refused.stdout
    assert shop.segue("pause").returncode == shop.segue("unpause", "april", "--run", "all").returncode == 2
    assert shop.segue("pause", "april", "--until", "2020-01-01").returncode == 2


# --------------------------------------------------------------------------------------------------------------- drain
def test_drain_waits_until_nothing_runs_and_off_goes_on(shop, one):
    assert shop.segue("trigger", "slow").returncode == 0
    eventually((shop.folder / "began").exists)
    with shop.start("drain") as drain:
        eventually(lambda: json.loads(shop.segue("show", "slow@latest", "--json").stdout)["state"] == "running")
        assert drain.poll() is None
        assert shop.segue("trigger", "april").returncode == 0
        (shop.folder / "go").touch()
        said, _ = drain.communicate(timeout=PATIENCE)
    assert drain.returncode == 0 and "it is safe to restart" in said and "1 task runs to the end" in said
    assert state(shop, "april@2026-04-30") is RunState.QUEUED
    assert shop.segue("drain", "--off").returncode == 0
    one.await_runs("april", 1)


# -------------------------------------------------------------------------------------------------------------- deploy
def test_deploy_says_what_changes_and_takes_all_or_nothing(shop):
    first = shop.segue("deploy")
    assert first.returncode == 0, first.stdout
    assert "+ april  new" in first.stdout and "30 intervals that have ended are missing" in first.stdout
    assert "nothing changes: 3 DAGs as before" in shop.segue("deploy", "--dry-run").stdout
    shop.write(
        "slow.py",
        SLOW.replace("def april", "def mai").replace(
            'daily(), start="2026-04-01", end="2026-04-30", tags=["april"])\ndef broken',
            'daily(at="02:00"), start="2026-04-01", tags=["april"])\ndef broken',
        ),
    )
    shop.write(
        "more.py",
        "from segue import dag, task\n\n@task\ndef oops() -> int:\n    return 1\n\n"
        "@dag(retries=3)\ndef more() -> None:\n    oops()\n",
    )
    refused = shop.segue("deploy")
    assert refused.returncode == 1 and "retries" in refused.stdout
    assert known(shop) == ["april", "broken", "slow"]
    (shop.folder / "more.py").unlink()
    plan = shop.run_json("deploy", "--dry-run")
    kinds = {change["dag"]: change["kind"] for change in plan["dags"]}
    assert kinds == {"april": "gone", "mai": "new", "broken": "changed", "slow": "changed"}
    [mai] = [change for change in plan["dags"] if change["dag"] == "mai"]
    assert mai["suspects"] == ["april"]
    second = shop.segue("deploy", "--label", "v2")
    assert second.returncode == 0 and "as v2" in second.stdout and "was it renamed?" in second.stdout
    assert "runs at 02:00" in second.stdout and "next runs: " in second.stdout
    with shop.reader() as reader:
        assert {view.dag: view.timing.retired for view in reader.dags()}["april"]


def test_a_deploy_that_catches_up_much_wants_a_yes(shop):
    (shop.folder / "watched").mkdir()
    shop.write("slow.py", SLOW.replace('end="2026-04-30", tags', 'end="2026-04-30", catchup=True, tags', 1))
    with up(shop, "watched") as one:
        refused = shop.segue("deploy", "slow.py")
        assert refused.returncode == 2 and "april runs 30 intervals of the past" in refused.stdout
        assert known(shop) == []
        assert shop.segue("deploy", "slow.py", "--yes").returncode == 0
        one.await_runs("april", 3)


def test_a_deploy_in_mid_run_lets_the_run_end_as_it_began(shop, one):
    """S109."""
    assert shop.segue("trigger", "slow").returncode == 0
    eventually((shop.folder / "began").exists)
    text = SLOW.replace("    waits()\n", "    waits()\n    cover_more()\n", 1).replace(
        "@dag\n", "@task\ndef cover_more() -> int:\n    return 1\n\n@dag\n", 1
    )
    shop.write("slow.py", text)
    said = shop.segue("deploy")
    assert said.returncode == 0, said.stdout
    (shop.folder / "go").touch()
    one.await_runs("slow", 1)
    assert [task.task for task in shop.detail("slow@latest").tasks] == ["waits"]
    assert shop.segue("trigger", "slow", "--wait").returncode == 0
    assert len(shop.detail("slow@latest").tasks) == 2

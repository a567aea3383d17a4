"""A backfill as a person asks for it: with and without an owner that stays."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.catalogue.machine import wait
from tests.e2e.commands import Project

DAYS = """
import time
from pathlib import Path
from segue import Interval, dag, daily, task

@task
def loads(interval: Interval) -> str:
    while Path("closed").exists():
        time.sleep(0.01)
    if interval.ds.endswith("3") and not Path("whole").exists():
        raise ConnectionError("shop is down")
    return interval.ds

@dag(schedule=daily(), start="2026-04-01")
def days() -> None:
    loads()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=4)
    (project.folder / "dags").mkdir()
    project.write("dags/days.py", DAYS)
    return project


@contextmanager
def standing(project: Project) -> Iterator[None]:
    """An owner that stays, stopped in the end."""
    with project.start("up", "dags", stdout=-3) as owner:
        try:
            wait((project.home / "owner.sock").exists)
            wait(lambda: project.segue("next", "days").returncode == 0)
            yield
        finally:
            owner.send_signal(signal.SIGTERM)
            try:
                owner.wait(60)
            finally:
                owner.kill()


def listed(project: Project) -> list[dict[str, object]]:
    return json.loads(project.segue("backfills", "--json").stdout)["backfills"]


def test_without_an_owner_a_backfill_runs_in_the_foreground_and_its_failed_intervals_are_retried_alone(shop):
    done = shop.segue("backfill", "dags/days.py", "2026-04-01..2026-04-05", "--reason", "outage", "--cap", "2")
    assert done.returncode == 1, done.stdout
    assert "5 intervals, 2026-04-01 to 2026-04-05, oldest first, 2 at once" in done.stdout
    assert "✗ failed  days@2026-04-03  loads: ConnectionError: shop is down" in done.stdout
    assert "backfill 1 is done: 4 good, 1 failed" in done.stdout
    again = shop.segue("backfill", "dags/days.py", "2026-04-01..2026-04-05")
    assert (again.returncode, again.stdout.splitlines()[0]) == (
        0, "nothing to run: in 2026-04-01..2026-04-05 4 fresh, 1 failed",
    )  # fmt: skip
    assert "--only missing,failed" in again.stdout
    (shop.folder / "whole").touch()
    retried = shop.segue("backfills", "retry", "1")
    assert retried.returncode == 0, retried.stdout
    assert "backfill 1 is done: 5 good" in retried.stdout
    (one,) = listed(shop)
    assert (one["state"], one["reason"], one["runs"]) == ("done", "outage", {"success": 5})
    assert shop.segue("backfills", "retry", "1").returncode == 2


def test_what_failed_is_run_again_with_the_newest_code(shop):
    shop.segue("backfill", "dags/days.py", "2026-04-02..2026-04-04", "--order", "newest")
    shop.write("dags/days.py", DAYS.replace("raise ConnectionError", "print").replace("return", "return 'n' +"))
    done = shop.segue("backfills", "retry", "1", "--code", "newest")
    assert done.returncode == 0, done.stdout
    versions = {run["run_id"]: run["state"] for run in json.loads(shop.segue("runs", "--json").stdout)}
    assert versions["days@2026-04-03.2"] == "success"


def test_an_owner_that_stays_runs_it_pauses_it_and_goes_on_after_a_kill(shop):
    (shop.folder / "whole").touch()
    (shop.folder / "closed").touch()
    with standing(shop):
        asked = shop.segue("backfill", "days", "2026-04", "--yes", "--cap", "3")
        assert asked.returncode == 0, asked.stdout
        assert "backfill 1: 30 intervals of days, the oldest first, 3 at once" in asked.stdout
        assert shop.segue("backfills", "pause", "1").returncode == 0
        (shop.folder / "closed").unlink()
        wait(lambda: listed(shop)[0]["over"] == listed(shop)[0]["runs"].get("success"))
        assert listed(shop)[0]["state"] == "paused"
        assert shop.segue("backfills", "resume", "1").returncode == 0
    with standing(shop):
        done = shop.segue("backfills", "1", "--follow")
        assert done.returncode == 0, done.stdout
    assert listed(shop)[0]["runs"] == {"success": 30}


def test_a_cancelled_backfill_runs_nothing_more(shop):
    (shop.folder / "closed").touch()
    with standing(shop):
        shop.segue("backfill", "days", "2026-04", "--yes", "--cap", "3")
        assert "3 runs being stopped, 27 intervals left out" in shop.segue("backfills", "cancel", "1").stdout
        (shop.folder / "closed").unlink()
        shop.segue("backfills", "1", "--follow")
    (one,) = listed(shop)
    assert (one["state"], one["runs"]) == ("cancelled", {"cancelled": 3})


def test_ctrl_c_cancels_a_backfill_of_the_foreground(shop):
    (shop.folder / "closed").touch()
    with shop.start("backfill", "dags/days.py", "2026-04-01..2026-04-09") as process:
        wait(lambda: shop.home.exists() and any(one.get("runs", {}).get("running") for one in listed(shop)))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    (one,) = listed(shop)
    assert (one["state"], set(one["runs"])) == ("cancelled", {"cancelled"})


def test_a_foreground_backfill_that_was_killed_is_gone_on_with(shop):
    (shop.folder / "closed").touch()
    (shop.folder / "whole").touch()
    with shop.start("backfill", "dags/days.py", "2026-04-01..2026-04-06", "--cap", "2") as process:
        wait(lambda: shop.home.exists() and any(one.get("runs", {}).get("running") for one in listed(shop)))
        process.kill()
    (shop.folder / "closed").unlink()
    done = shop.segue("backfills", "resume", "1")
    assert done.returncode == 0, done.stdout
    assert listed(shop)[0]["runs"] == {"success": 6}


def test_many_intervals_need_a_yes_and_a_dry_run_does_nothing(shop):
    refused = shop.segue("backfill", "dags/days.py", "2026-04")
    assert (refused.returncode, "add --yes. Nothing was done" in refused.stdout) == (2, True)
    dry = shop.run_json("backfill", "dags/days.py", "2026-04", "--dry-run")
    assert (len(dry["plan"]["intervals"]), dry["exit_code"]) == (30, 0)
    assert listed(shop) == []


def test_what_cannot_be_backfilled_is_refused_with_the_reason(shop):
    for words, said in (
        (("2026-04-05..",), "is not a range"),
        (("2026-04", "--order", "random"), "there are oldest, newest and parallel"),
        (("2026-04", "--cap", "0"), "the least is 1"),
        (("2026-04", "--code", "7"), "begins with the newest code"),
    ):
        refused = shop.segue("backfill", "dags/days.py", *words)
        assert (refused.returncode, said in refused.stdout) == (2, True), refused.stdout


def test_a_dag_without_schedule_is_refused_with_what_to_do(shop):
    shop.write("plain.py", "from segue import dag, task\n\n@task\ndef a(): ...\n\n@dag\ndef plain():\n    a()\n")
    refused = shop.segue("backfill", "plain.py", "2026-04")
    assert refused.returncode == 2
    assert "plain has no schedule, so no interval to backfill: `segue run plain` runs it once" in refused.stdout


def test_the_words_of_the_list_are_read_with_care(shop):
    assert "there are none" in shop.segue("backfills").stdout
    for words in (("pause",), ("1", "2"), ("stop", "1"), ("7",), ("pause", "7"), ("cancel", "1", "--code", "newest")):
        assert shop.segue("backfills", *words).returncode == 2, words
    assert "segue backfill" in shop.segue("dags", "backfill", "-s", "2026-04-01").stdout


CHAIN = DAYS.replace("@task\ndef", "@task(depends_on_past=True)\ndef").replace("days()", "chain()")


def test_what_waits_for_the_slot_before_says_so_and_goes_on_when_that_is_mended(shop):
    shop.write("dags/chain.py", CHAIN)
    stopped = shop.segue("run", "dags/chain.py", "--date", "2026-04-03..2026-04-04")
    assert stopped.returncode == 1
    waits = "waits for loads of chain@2026-04-03, which failed: `segue retry chain@2026-04-03`"
    assert waits in stopped.stdout
    (shop.folder / "whole").touch()
    still = shop.segue("retry", "chain@2026-04-04")
    assert (still.returncode, waits in still.stdout) == (4, True)
    assert shop.segue("retry", "chain@2026-04-03").returncode == 0
    assert shop.segue("retry", "chain@2026-04-04").returncode == 0


def test_a_broken_chain_stops_its_backfill_and_its_retry_brings_it_to_the_end(shop):
    shop.write("dags/chain.py", CHAIN)
    stopped = shop.segue("backfill", "dags/chain.py", "2026-04-01..2026-04-06")
    assert stopped.returncode == 1
    assert "1 at once" in stopped.stdout and "2 intervals not begun" in stopped.stdout
    (shop.folder / "whole").touch()
    done = shop.segue("backfills", "retry", "1")
    assert done.returncode == 0, done.stdout
    assert listed(shop)[0]["runs"] == {"success": 6}

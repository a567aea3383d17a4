"""Exit codes, and what stands on the terminal or in the JSON when something is wrong."""

import ctypes
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.e2e.commands import PATIENCE, Project

GOOD = """
from segue import Params, dag, daily, injected, task

class Words(Params):
    count: int = 1
    fail: bool = False

@task
def counts(words: Words = injected) -> int:
    return words.count

@task
def ends(count: int, words: Words = injected) -> None:
    if words.fail:
        raise ValueError("as asked")

@dag(schedule=daily(), start="2026-04-01", max_active_runs=2, params=Words)
def shop() -> None:
    ends(counts())
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = Project(tmp_path / "shop", workers=2)
    project.write("good.py", GOOD)
    return project


def test_a_good_run_ends_with_0_and_one_object_as_json(shop):
    done = shop.run_json("run", "good.py", "--date", "2026-04-01")
    assert (done["exit_code"], done["run_id"], done["state"]) == (0, "shop@2026-04-01", "success")
    assert {task["task_id"]: task["state"] for task in done["tasks"]} == {"counts": "success", "ends": "success"}
    assert done["culprits"] == []
    shown = shop.run_json("show", "shop@2026-04-01")
    assert shown == done


def test_a_failed_run_ends_with_1_and_names_the_culprit_and_the_two_ways_on(shop):
    done = shop.segue("run", "good.py", "--date", "2026-04-01", "--param", "fail=true")
    assert done.returncode == 1
    for words in (
        "ValueError: as asked",
        "segue retry shop@2026-04-01",
        "segue rerun --failed shop@2026-04-01",
        "segue logs",
    ):
        assert words in done.stdout


def test_a_range_is_run_with_both_ends(shop):
    done = shop.run_json("run", "good.py", "--date", "2026-04-01..2026-04-03")
    assert [run["run_id"] for run in done["runs"]] == [f"shop@2026-04-0{day}" for day in (1, 2, 3)]
    assert done["exit_code"] == 0 and {run["state"] for run in done["runs"]} == {"success"}


HELD = """
from segue import dag, task

@task
def lists() -> list[int]:
    return []

@task
def each(x: int) -> int:
    return x

@dag()
def held() -> None:
    each.map(lists())
"""


def test_a_map_over_nothing_is_held_for_a_person_and_ends_with_4(shop):
    shop.write("held.py", HELD)
    done = shop.segue("run", "held.py")
    assert done.returncode == 4, done.stdout
    assert "each" in done.stdout and "is held" in done.stdout and "segue release" in done.stdout
    assert shop.segue("mark", "held@latest", "each", "skipped", "--reason", "nothing today").returncode == 0
    assert shop.detail("held@latest").run.state == "success"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "none.py"), 2, "there is no file none.py"),
        (("run", "shp"), 2, "this home knows no DAG shp"),
        (("run", "good.py:shp"), 2, "did you mean shop?"),
        (("run", "good.py", "--param", "cuont=2"), 2, "did you mean count?"),
        (("run", "good.py", "--param", "count=two"), 2, "int is wanted"),
        (("run", "good.py", "--date", "2999-01-01"), 2, "has not ended yet"),
        (("run", "good.py", "--dat", "2026-04-01"), 2, "No such option"),
        (("clear", "shop"), 2, "did you mean retry, rerun or rerun --failed?"),
        (("rnu", "good.py"), 2, "did you mean run"),
        (("show", "shop@latest"), 2, "does not exist yet"),
        (("retry",), 2, "which runs?"),
        (("mark", "1", "ends", "sucess", "--reason", "x"), 2, "is no state"),
        (("runs", "--state", "faild"), 2, "did you mean failed?"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_meant(shop, words, code, said):
    done = shop.segue(*words)
    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    told = shop.run_json(*words)
    assert told["exit_code"] == code and said in told["error"]["message"]


def test_looking_at_a_home_that_is_not_there_makes_none(shop):
    for words in (("runs",), ("runs", "--json")):
        assert shop.segue(*words).returncode == 0
    assert json.loads(shop.segue("runs", "--json").stdout) == []
    assert not shop.home.exists()


@pytest.mark.parametrize(
    ("text", "said", "code", "where"),
    [
        ("def broken(:\n", "invalid syntax", 1, "bad.py:1"),
        ("import nowhere_to_be_found\n", "nowhere_to_be_found", 1, "bad.py:1"),
        ("import time\ntime.sleep(1000)\n", "takes longer than 1 s", 1, "bad.py"),
        ("import os\nos._exit(0)\n", "must not call os._exit", 1, "bad.py"),
        ("x = 1\n", "declares no DAG", 2, None),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_and_nothing_is_run(tmp_path, text, said, code, where):
    project = Project(tmp_path / "shop", definition_timeout="1s" if "sleep" in text else "30s")
    project.write("bad.py", text)
    done = project.segue("run", "bad.py")
    assert done.returncode == code and said in done.stdout, done.stdout
    assert "bad.py" in done.stdout and "Traceback" not in done.stdout
    error = project.run_json("run", "bad.py")["error"]
    assert said in error["message"] and error["where"] == where
    assert project.segue("runs", "--json").stdout == "[]\n"


TROUBLES = """
import os, socket
from segue import Retry, dag, task

@task
def makes_lambda() -> object:
    return {"f": lambda: 1}

@task
def makes_socket() -> object:
    return socket.socket()

@task(retry=Retry(0, lost=0))
def leaves() -> None:
    os._exit(0)

@dag()
def troubles() -> None:
    makes_lambda(); makes_socket(); leaves()
"""


def test_results_that_cannot_be_stored_and_tasks_that_vanish_fail_with_their_reason(tmp_path):
    project = Project(tmp_path / "shop")
    project.write("troubles.py", TROUBLES)
    done = project.run_json("run", "troubles.py")
    reasons = {culprit["task_id"]: culprit["reason"] for culprit in done["culprits"]}
    assert done["exit_code"] == 1
    assert "function" in reasons["makes_lambda"] and "socket" in reasons["makes_socket"]
    assert "exit code 0 and no result" in reasons["leaves"]


# ---------------------------------------------------------------------------------------------------------- the home
def _obey_modes() -> None:
    """Root keeps to file modes from here on, as everybody else must."""
    if os.getuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) != 0:  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
        os._exit(99)


def test_a_home_that_cannot_be_written_is_refused_with_the_way_out(shop):
    shop.home.mkdir()
    shop.home.chmod(0o500)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "segue", "run", "good.py", "--json"], cwd=shop.folder, text=True, timeout=PATIENCE,
            capture_output=True, check=False, preexec_fn=_obey_modes,
        )  # fmt: skip
    finally:
        shop.home.chmod(0o700)
    assert done.returncode == 3, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "home_unusable"
    assert "cannot be written" in error["message"] and "SEGUE_HOME" in error["message"]


def _spoil_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (msgspec.msgpack.encode(99),))
        database.commit()


def _spoil_pages(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def _no_database(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 1000)


@pytest.mark.parametrize(
    ("spoil", "said"), [(_spoil_version, "version 99"), (_spoil_pages, "damaged"), (_no_database, "damaged")]
)
def test_a_database_that_cannot_be_trusted_is_refused_and_left_as_it_is(shop, spoil, said):
    assert shop.segue("run", "good.py", "--date", "2026-04-01").returncode == 0
    for side in ("-wal", "-shm"):
        if spoil is _no_database:
            (shop.home / f"segue.db{side}").unlink(missing_ok=True)
    spoil(shop.home / "segue.db")
    before = (shop.home / "segue.db").read_bytes()
    refused = shop.run_json("run", "good.py", "--date", "2026-04-02")
    assert refused["exit_code"] == 3 and said in refused["error"]["message"]
    assert (shop.home / "segue.db").read_bytes() == before
    looked = shop.segue("runs")
    assert looked.returncode in (0, 3) and "Traceback" not in looked.stdout


def test_a_run_that_is_held_and_in_which_something_failed_ends_with_1_and_names_both(tmp_path):
    source = """
from segue import dag, task

@task
def broken() -> None:
    raise ValueError("no")

@task
def load(one: int) -> None: ...

@dag
def mixed() -> None:
    broken()
    load.map([])
"""
    project = Project(tmp_path)
    (tmp_path / "mixed.py").write_text(source)
    done = project.segue("run", "mixed.py")
    assert done.returncode == 1
    assert "broken  ValueError: no" in done.stdout and "load  is held" in done.stdout

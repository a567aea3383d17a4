"""S98 (all but the backfill helper): helpers exist for: run twice, kill midway."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from segue.testing import execute_dag, kill_drill, run_twice
from segue.testing.finding import find_dag

FILE = """
import os, re, signal, sqlite3, time
from contextlib import closing
from pathlib import Path
from segue import Context, Params, dag, injected, task

@task
def extract() -> int:
    time.sleep(0.5)
    return 7

@task(connections=["shop"])
def load(n: int, append: bool, pause: float, context: Context = injected) -> int:
    with closing(sqlite3.connect(context.connection("shop").database, isolation_level=None)) as shop:
        shop.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        shop.execute("BEGIN IMMEDIATE")
        if not append:
            shop.execute("DELETE FROM t")
        shop.execute("INSERT INTO t VALUES (?)", (n,))
        shop.execute("COMMIT")
        time.sleep(pause)
    return n

def owner() -> tuple[int, Path]:
    pid = os.getppid()
    while not (home := re.search(rb"SEGUE_HOME=([^\\0]*)", Path(f"/proc/{pid}/environ").read_bytes())):
        pid = int(Path(f"/proc/{pid}/stat").read_text().split()[3])
    return pid, Path(os.fsdecode(home[1]))

def note(context: Context) -> None:
    pid, home = owner()
    if home.name != "calm" and not (home / "killed").exists():
        (home / "killed").touch()
        os.kill(pid, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    Path(context.params["folder"], "noted").touch()

class Where(Params):
    folder: str = ""

@dag(on_success=note, params=Where)
def noting():
    extract()

@dag
def loading(append=False, pause=0.5):
    load(extract(), append, pause)

@dag
def appending(append=True, pause=3.0):
    load(extract(), append, pause)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "loading.py").write_text(FILE)
    return tmp_path / "loading.py"


def given(file: Path) -> dict[str, str]:
    return {"shop": f"sqlite:///{file.parent}/shop.db"}


def test_s98_run_twice_tells_what_a_repetition_changes(file: Path) -> None:
    shop = file.parent / "shop.db"
    for name, same in [("loading", True), ("appending", False)]:
        twice = run_twice(find_dag(name, file), params={"pause": 0.0}, connections=given(file), outputs=[shop])
        assert twice.same is same, twice.differences
        shop.unlink()


def test_s98_a_dag_that_is_killed_midway_and_gone_on_with_leaves_what_an_undisturbed_run_leaves(file: Path) -> None:
    shop = file.parent / "shop.db"
    with closing(sqlite3.connect(shop)) as before:
        before.execute("CREATE TABLE kept (n INTEGER)")
    drill = kill_drill(f"{file}:loading", kills=2, seed=5, outputs=[shop], connections=given(file))
    assert drill.same, drill
    assert len(drill.killed) == 2 and "2 kills in" in str(drill) and "seed=5" in str(drill)
    with closing(sqlite3.connect(shop)) as after:
        assert after.execute("SELECT n FROM t").fetchall() == [(7,)]
        assert after.execute("SELECT n FROM kept").fetchall() == []


def test_s98_what_is_called_after_the_end_is_called_whoever_was_killed_over_it(file: Path) -> None:
    """In every disturbed home the hook kills its owner and itself when it is called first."""
    noted = file.with_name("noted")
    drill = kill_drill(f"{file}:noting", params={"folder": str(file.parent)}, kills=1, seed=2, outputs=[noted])
    assert drill.same and noted.exists(), drill


def test_s98_a_dag_that_appends_is_found_out(file: Path) -> None:
    """Nearly all of the run is spent after the row has been written, so that kills come too late for it."""
    shop = file.parent / "shop.db"
    drill = kill_drill(f"{file}:appending", kills=2, seed=3, outputs=[shop], connections=given(file))
    assert [one for one in drill.differences if 'INSERT INTO "t" VALUES(7);' in one], drill


def test_s98_a_drill_needs_a_run_that_succeeds_by_itself(file: Path) -> None:
    with pytest.raises(Exception, match="no connection 'shop'"):
        kill_drill(f"{file}:loading", kills=1)
    assert execute_dag("loading", path=file).state == "failed"

"""S23: a cycle made by two files, or hidden in what tasks read and write, is caught before anything is deployed."""

import json
import subprocess
import sys
from pathlib import Path

ORDERS = """
from segue import chain, dag, task

@task(inlets=["stock"])
def read(): ...

@task(outlets=["sales"])
def save(): ...

@dag
def orders():
    chain(read(), save())
"""
SHOP = """
from segue import dag, task

@task(inlets=["sales"], outlets=["stock"])
def count(): ...

@dag
def shop():
    count()
"""

STARTS = """
from segue import dag, tasks as t

@dag
def NAME():
    t.run_dag("OTHER")
"""


def check(folder: Path) -> tuple[int, list[str]]:
    (folder / "segue.toml").touch()
    command = [sys.executable, "-m", "segue", "check", ".", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    return done.returncode, [one["message"] for file in said["files"] for one in file["problems"]]


def test_s23_a_cycle_of_two_files_is_caught_and_its_path_names_both(tmp_path: Path):
    (tmp_path / "orders.py").write_text(ORDERS)
    assert check(tmp_path) == (0, [])
    (tmp_path / "shop.py").write_text(SHOP)
    code, (message,) = check(tmp_path)
    assert code == 1
    assert message.startswith("cycle: ")
    for step in ("orders.read (orders.py:12) → orders.save (orders.py:12) → sales", "shop.count (shop.py:9) → stock"):
        assert step in message


def test_s23_a_cycle_hidden_in_what_tasks_of_one_file_read_and_write_is_caught(tmp_path: Path):
    (tmp_path / "both.py").write_text(ORDERS + SHOP)
    code, (message,) = check(tmp_path)
    assert code == 1
    assert "sales → shop.count" in message


def starts(name: str, other: str) -> str:
    return STARTS.replace("NAME", name).replace("OTHER", other)


def test_s23_a_cycle_of_dags_that_start_each_other_is_caught_across_files(tmp_path: Path):
    (tmp_path / "first.py").write_text(starts("first", "second"))
    (tmp_path / "second.py").write_text(starts("second", "third"))
    assert check(tmp_path) == (0, [])
    (tmp_path / "third.py").write_text(starts("third", "first"))
    code, (message,) = check(tmp_path)
    assert code == 1
    for step in ("first.run_dag (first.py:6) → a run of second", "third.run_dag (third.py:6) → a run of first"):
        assert step in message


def test_s23_a_dag_that_starts_itself_and_two_of_one_file_that_start_each_other_are_caught(tmp_path: Path):
    (tmp_path / "dags.py").write_text(starts("alone", "alone"))
    code, (message,) = check(tmp_path)
    assert (code, message.startswith("cycle: ")) == (1, True)
    (tmp_path / "dags.py").write_text(starts("one", "two") + starts("two", "one"))
    code, (message,) = check(tmp_path)
    assert code == 1
    assert "one.run_dag" in message and "two.run_dag" in message


def test_s23_a_cycle_through_a_started_dag_and_what_it_writes_is_caught(tmp_path: Path):
    reads = "\n@task(inlets=['stock'])\ndef go(): ...\n\n@dag\ndef nightly():\n    go() >> t.run_dag('shop')\n"
    (tmp_path / "nightly.py").write_text("from segue import dag, task, tasks as t\n" + reads)
    (tmp_path / "shop.py").write_text(SHOP)
    code, messages = check(tmp_path)
    assert code == 1
    assert [one for one in messages if "stock" in one and "a run of shop" in one]

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

"""S107 (labels; the graph comes with the page): tasks are labelled source, transform, curated storage or consumer."""

import json
from pathlib import Path

from segue.define.loading import load_file
from tests.e2e.commands import Project

FILE = """
from segue import dag, task

@task(role="source")
def orders() -> list[int]:
    return [1]

@task(role="transform")
def clean(rows: list[int]) -> list[int]:
    return rows

@task(role="curated")
def store(rows: list[int]) -> int:
    return len(rows)

@task(role="consumer")
def report(n: int) -> None: ...

@task
def plain() -> None: ...

@dag
def daily():
    report(store(clean(orders())))
    plain()
"""
ROLES = {"orders": "source", "clean": "transform", "store": "curated", "report": "consumer"}


def test_s107_roles_are_stored_and_shown(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("daily.py", FILE)
    assert project.segue("run", "daily.py").returncode == 0
    assert project.detail("daily@latest").spec.roles == ROLES
    assert json.loads(project.segue("show", "daily@latest", "--json").stdout)["roles"] == ROLES
    shown = [line.split() for line in project.segue("show", "daily@latest").stdout.splitlines()]
    for task, role in ROLES.items():
        assert [line[1] for line in shown if line[:1] == [task]] == [role]


def test_s107_check_lists_them(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("daily.py", FILE)
    [file] = json.loads(project.segue("check", "--json").stdout)["files"]
    assert file["dags"][0]["roles"] == ROLES


def test_s107_another_label_is_refused_and_the_four_are_named(tmp_path: Path) -> None:
    (tmp_path / "daily.py").write_text(FILE.replace('"curated"', '"currated"'))
    [error] = load_file(tmp_path / "daily.py", tmp_path).errors
    assert "currated" in error.message
    assert all(role in error.message for role in ROLES.values())

"""`segue logs`: what tasks wrote, as text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands import Project

TALK = r"""
import logging
from segue import Retry, dag, task

@task
def names() -> list[int]:
    return [0, 1]

@task
def silent(x: int) -> int:
    return x

@task
def says(x: int) -> None:
    print(f"item {x}")
    print("\x1b]0;title\x07\x1b[31mred\x1b[0m")
    logging.getLogger("shop").warning("sold %s", x, extra={"item": "tea"})

@task(retry=Retry(1, delay="10ms"))
def fails() -> None:
    print("trying")
    raise ValueError("no such table")

@dag()
def talk() -> None:
    says.map(silent.map(names()))
    fails()
"""


@pytest.fixture(scope="module")
def talked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(Path(tmp_path_factory.mktemp("talk")) / "shop", workers=2)
    project.write("talk.py", TALK)
    assert project.segue("run", "talk.py").returncode == 1
    return project


def test_one_item_is_named_by_its_index(talked):
    said = talked.segue("logs", "talk@latest", "says[1]").stdout
    assert "item 1" in said and "item 0" not in said
    assert "WARNING" in said and "sold 1" in said


def test_what_would_steer_the_terminal_is_escaped(talked):
    said = talked.segue("logs", "talk@latest", "says[0]").stdout
    assert "\x1b]" not in said and "\x07" not in said
    assert "\\x1b]0;title\\x07" in said and "red" in said


def test_several_attempts_stand_under_a_head_each(talked):
    said = talked.segue("logs", "talk@latest", "fails").stdout.splitlines()
    assert [line.split("  ")[0] for line in said if line.startswith("fails #")] == ["fails #1", "fails #2"]
    assert sum("ValueError: no such table" in line for line in said) == 2
    only = talked.segue("logs", "talk@latest", "fails", "--attempt", "2").stdout
    assert only.count("trying") == 1


def test_json_is_one_object_a_line(talked):
    lines = [json.loads(line) for line in talked.segue("logs", "talk@latest", "says", "--json").stdout.splitlines()]
    records = [line for line in lines if line["stream"] == "log"]
    assert {line["map_index"] for line in lines} == {0, 1}
    assert [(line["level"], line["message"], line["fields"]["item"]) for line in records] == [
        ("WARNING", "sold 0", "tea"),
        ("WARNING", "sold 1", "tea"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("silent[0]",), 0, "silent[0] wrote nothing"),
        (("says", "--attempt", "7"), 0, "says has no attempt 7"),
        (("says[9]",), 2, "has no task says[9]"),
        (("sasy",), 2, "it has names, silent, says, fails"),
    ],
)
def test_a_task_without_words_says_so(talked, words, code, said):
    done = talked.segue("logs", "talk@latest", *words)
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout
    followed = talked.segue("logs", "talk@latest", *words, "--follow")
    assert followed.returncode == code

import inspect
import re

import pytest

from segue.model import errors
from segue.model.errors import (
    Bug,
    Conflict,
    DefinitionError,
    EnvironmentFault,
    Fail,
    HomeBusy,
    Refused,
    RetryAfter,
    SegueError,
    Skip,
    TaskError,
    UnstorableValue,
    UsageError,
)

CLASSES = {name: one for name, one in vars(errors).items() if inspect.isclass(one)}


def drawn() -> dict[str, str]:
    """Class to parent, as the docstring draws them."""
    stack, parents = [], {}
    for line in errors.__doc__.splitlines():
        match = re.match(r"([ │├└─]*)([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 4
            stack[depth:] = [match[2]]
            if depth:
                parents[match[2]] = stack[depth - 1]
    return parents


def test_the_tree_is_the_one_that_is_drawn():
    assert drawn() == {name: one.__bases__[0].__name__ for name, one in CLASSES.items() if one is not SegueError}


def test_all_errors_are_public():
    assert set(errors.__all__) == set(CLASSES)


@pytest.mark.parametrize(
    ("one", "blamed"),
    [(Fail, TaskError), (Skip, TaskError), (UnstorableValue, ValueError), (Refused, UsageError), (Conflict, Bug),
     (HomeBusy, EnvironmentFault)],
)  # fmt: skip
def test_errors_are_split_by_blame(one, blamed):
    assert issubclass(one, blamed)
    assert issubclass(one, SegueError)


@pytest.mark.parametrize(
    ("place", "text"),
    [({"file": "d.py", "line": 3}, "bad name (d.py:3)"), ({"file": "d.py"}, "bad name (d.py)"), ({}, "bad name")],
)
def test_a_definition_error_names_its_place(place, text):
    error = DefinitionError("bad name", dag="d", task="t", **place)
    assert str(error) == text
    assert (error.message, error.dag, error.task) == ("bad name", "d", "t")


def test_retry_after_keeps_its_seconds():
    assert (str(RetryAfter(60)), RetryAfter(60).seconds) == ("asked to be tried again in 60 s", 60)
    assert str(RetryAfter(1.5, "busy")) == "busy"


def test_a_busy_home_names_the_first_owner():
    assert HomeBusy("held", 41).pid == 41
    assert HomeBusy("held").pid == 0

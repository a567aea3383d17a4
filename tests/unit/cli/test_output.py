import json

import pytest

from segue.cli.output import Code, say_error, say_errors, terminal_safe
from segue.model.errors import Conflict, DefinitionError, HomeBusy, HomeUnusable, Refused, StoreDown, UsageError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("back\x08\x08", "back\\x08\\x08"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b31m", "\\x9b31m"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ],
)
def test_nothing_from_outside_steers_the_terminal(text, shown):
    assert terminal_safe(text) == shown


def test_colours_may_be_let_through_and_nothing_else():
    assert terminal_safe("\x1b[1;31mred\x1b[0m \x1b[2K", colours=True) == "\x1b[1;31mred\x1b[0m \\x1b[2K"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such thing"), Code.USAGE),
        (Refused("not now"), Code.FAILED),
        (DefinitionError("cycle"), Code.FAILED),
        (HomeBusy("owned", 7), Code.UNREACHABLE),
        (HomeUnusable("read-only"), Code.UNREACHABLE),
        (StoreDown("disk full"), Code.UNREACHABLE),
        (Conflict("ours"), Code.UNREACHABLE),
    ],
)
def test_the_exit_code_says_whose_fault_it_was(error, code, capsys):
    assert say_error(error, as_json=False) is code
    assert capsys.readouterr().err.startswith("error: ")


def test_an_error_as_json_stands_on_standard_output(capsys):
    assert say_error(DefinitionError("cycle: a → a", file="f.py", line=3, dag="d"), as_json=True) is Code.FAILED
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "error": {"code": "definition_error", "message": "cycle: a → a", "where": "f.py:3", "hint": None}
    }
    assert err == ""


def test_several_errors_are_all_told(capsys):
    say_errors([UsageError("one"), UsageError("two")], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["message"] == "one" and [other["message"] for other in told["others"]] == ["two"]

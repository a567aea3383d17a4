import json
import subprocess
import sys

import pytest

from segue.cli.main import VERBS, main


def test_the_overview_names_every_verb(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in VERBS)


@pytest.mark.parametrize(
    ("verb", "hint"),
    [
        ("clear", "did you mean retry, rerun or rerun --failed?"),
        ("rn", "did you mean run"),
        ("chekc", "did you mean check?"),
        ("serve", "did you mean up?"),
        ("resume", "did you mean unpause or retry?"),
        ("xyzzy", "there are init, check"),
        ("--json", "options stand after the command"),
    ],
)
def test_an_unknown_verb_suggests_what_may_be_meant(verb, hint, capsys):
    assert main([verb]) == 2
    out, err = capsys.readouterr()
    assert hint in out + err


def test_an_unknown_option_is_wrong_usage_without_a_traceback(capsys):
    assert main(["runs", "--stat", "failed"]) == 2
    assert "segue runs --help" in capsys.readouterr().err


def test_a_word_that_is_no_text_is_wrong_usage(capsys):
    assert main(["show", "a\udcff"]) == 2
    assert "'a?' is not UTF-8" in capsys.readouterr().err


def test_a_missing_argument_is_told_as_json_where_json_is_asked_for(capsys):
    assert main(["show", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "usage_error" and "RUN" in told["error"]["message"]


def test_without_a_verb_it_shows_the_overview_and_is_wrong_usage(capsys):
    assert main([]) == 2
    assert "retry" in capsys.readouterr().out


def test_the_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("segue ")


def test_it_runs_as_a_module():
    told = subprocess.run([sys.executable, "-m", "segue", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("segue ")

import subprocess
import sys

import pytest

from segue import Dag
from segue import tasks as t
from segue.model.errors import DefinitionError, Fail, Skip
from segue.testing import run
from tests.unit.tasks.places import attempt


def test_the_value_is_the_last_line_and_all_of_it_is_the_log(capfd):
    with attempt():
        assert t.bash("echo one; echo two {{ ds }}; echo") == "two 2026-04-01"
    assert capfd.readouterr().out == "one\ntwo 2026-04-01\n\n"


def test_a_param_cannot_become_code(tmp_path):
    victim = tmp_path / "victim"
    victim.touch()
    with attempt(params={"name": f"x; rm {victim} #"}):
        assert t.bash("echo {{ params.name }}") == f"x; rm {victim} #"
    assert victim.exists()


def test_values_go_in_by_the_environment(capfd):
    with attempt():
        assert t.bash('echo "$TARGET/$COUNT"', env={"TARGET": "day={{ ds }}", "COUNT": 3}) == "day=2026-04-01/3"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("exit 7", "bash ended with exit code 7"),
        ("kill -9 $$", "bash was killed by signal 9"),
        ("false; echo never", "exit code 1"),
        ("echo $UNSET", "exit code 1"),
        ("false | true", "exit code 1"),
    ],
)
def test_a_command_that_fails_is_a_failure_that_may_be_retried(command, message):
    with attempt(), pytest.raises(RuntimeError, match=message):
        t.bash(command)


def test_an_agreed_exit_code_skips(tmp_path):
    with attempt(), pytest.raises(Skip, match="exit code 99"):
        t.bash("exit 99")
    with attempt(), pytest.raises(RuntimeError, match="exit code 99"):
        t.bash("exit 99", skip_code=98)


def test_a_folder_that_is_not_there_is_named():
    with attempt(), pytest.raises(Fail, match="/nowhere/at/all: No such file"):
        t.bash("true", cwd="/nowhere/at/all")


def test_ready_made_tasks_are_tasks_of_a_dag():
    with Dag("shop", schedule="@daily", start="2026-01-01") as shop:
        begin = t.empty(id="begin")
        listed = t.bash("echo {{ ds }}", id="list", retry=2)
        begin >> listed >> t.bash("echo $DAY", env={"DAY": listed}, id="use")
    assert shop.task_ids == ["begin", "list", "use"]
    result = run(shop, date="2026-04-01")
    assert result.value("use") == "2026-04-01"


def test_two_commands_without_ids_are_told_how_to_name_them():
    with pytest.raises(DefinitionError, match="bash"):
        with Dag("shop") as shop:
            t.bash("echo 1")
            t.bash("echo 2")
        shop.tasks  # noqa: B018 - traced on first access


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(DefinitionError, match="retry"):
        with Dag("shop") as shop:
            t.bash("true", retrys=2)
        shop.tasks  # noqa: B018


def test_templates_cost_nothing_where_none_is_written():
    code = """
import sys
from segue import tasks as t
from segue.testing import context
with context("2026-04-01"):
    t.empty()
print("jinja2" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"

"""Traps T5, T7 and T16 of the sources' own snippets: the product does what the chapter says, or explains in one line.

T9 stands beside S82, the first half of T16 beside S83. T10, the shared breaker, comes with the breaker.
"""

from pathlib import Path

import pytest

from segue.define.loading import load_file
from segue.model.errors import DefinitionError
from tests.e2e.commands import Project


def fault(folder: Path, text: str) -> DefinitionError:
    (folder / "trap.py").write_text(text)
    [error] = load_file(folder / "trap.py", folder).errors
    return error


def test_t05_five_retries_are_shown_as_six_attempts(tmp_path: Path) -> None:
    project = Project(tmp_path)
    text = 'from segue import Retry, current, dag, task\n@task(retry=Retry(5, delay="10ms"))\ndef fetch():\n'
    text += '    if current().attempt < 3:\n        raise OSError("away")\n@dag\ndef fetching(): fetch()\n'
    project.write("fetching.py", text)
    done = project.segue("run", "fetching.py")
    assert done.returncode == 0
    assert "attempt 2 of 6 starts in" in done.stdout and "attempt 3 of 6 starts in" in done.stdout


@pytest.mark.parametrize("edge", ["wait_for_data >> process_data", "wait_for_data >> process_data()"])
def test_t07_an_edge_between_functions_that_are_not_called_is_explained_in_one_line(tmp_path: Path, edge: str) -> None:
    text = "from segue import dag, task\n@task\ndef wait_for_data(): ...\n@task\ndef process_data(): ...\n"
    error = fault(tmp_path, f"{text}@dag\ndef waiting():\n    {edge}\n")
    assert error.message == ("wait_for_data is a task, not a call of it: write wait_for_data() >> process_data()")
    assert (error.file, error.line) == ("trap.py", 8)


@pytest.mark.parametrize("use", ["config[env]", "env + '-data'", "1 if env == 'dev' else 2", "[*env]", "env['a']"])
def test_t16_a_param_that_is_known_only_when_a_run_starts_says_so(tmp_path: Path, use: str) -> None:
    text = "from segue import Param, dag, task\nconfig = {'dev': 1}\n@task\ndef read(x): ...\n"
    error = fault(tmp_path, f"{text}@dag(params={{'env': Param('dev')}})\ndef daily_etl(env):\n    read({use})\n")
    assert error.message.startswith("param 'env' is known only when a run starts: pass it to a task or format it")
    for way in ("environment", "branch", "flow"):
        assert way in error.message
    assert error.line == 7


def test_t16_formatted_into_text_it_is_a_reference(tmp_path: Path) -> None:
    text = "from segue import Param, dag, task\n@task\ndef read(path):\n    print('reading', path)\n"
    text += "@dag(params={'env': Param('dev')})\ndef daily_etl(env):\n    read(f's3://{env}-data/')\n"
    project = Project(tmp_path)
    project.write("daily_etl.py", text)
    assert project.segue("run", "daily_etl.py", "--param", "env=prod").returncode == 0
    assert "reading s3://prod-data/" in project.segue("logs", "daily_etl@latest", "read").stdout

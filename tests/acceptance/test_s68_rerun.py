"""S68 (code half): after a fix `rerun --failed` runs only the fixed task and what follows, with the new code."""

from pathlib import Path

from segue.model.state import RunState
from tests.e2e.commands import Project

SHOP = """
from segue import dag, task

def note(name):
    with open("ran.txt", "a") as file:
        file.write(name + "\\n")

@task
def extract() -> int:
    note("extract")
    return 20

@task
def load(rows: int) -> int:
    note("load")
    return rows / DIVISOR

@task
def report(rows: int) -> str:
    note("report")
    return f"{rows} rows"

@task
def other(rows: int) -> int:
    note("other")
    return rows

@dag
def shop():
    rows = extract()
    report(load(rows))
    other(rows)
"""


def test_s68_after_a_fix_only_the_fixed_task_and_what_follows_run_with_the_new_code(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("shop.py", SHOP.replace("DIVISOR", "0"))
    assert project.segue("run", "shop.py").returncode == 1
    first = project.detail("shop@latest")
    assert first.run.state is RunState.FAILED
    (tmp_path / "ran.txt").unlink()

    project.write("shop.py", SHOP.replace("DIVISOR", "4"))
    done = project.segue("rerun", "--failed", "shop@latest")

    assert done.returncode == 0, done.stdout
    assert (tmp_path / "ran.txt").read_text().split() == ["load", "report"]
    second = project.detail("shop@latest")
    assert (second.run.state, second.run.number) == (RunState.SUCCESS, first.run.number + 1)
    assert second.run.row.version > first.run.row.version
    reused = {entry.label: entry.reused_from for entry in second.entries()}
    old = str(first.run.run)
    assert reused == {"extract": old, "load": None, "report": None, "other": old}
    assert [b"5.0 rows" in (entry.inline or b"") for entry in second.entries() if entry.task == "report"] == [True]
    assert project.detail(old).run.state is RunState.FAILED


def test_s68_a_retry_says_that_there_is_newer_code(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("shop.py", SHOP.replace("DIVISOR", "0"))
    project.segue("run", "shop.py")
    project.write("shop.py", SHOP.replace("DIVISOR", "4"))
    done = project.segue("retry", "shop@latest")
    assert done.returncode == 1
    assert "rerun --failed" in done.stdout

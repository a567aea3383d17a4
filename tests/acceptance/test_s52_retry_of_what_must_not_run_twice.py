"""S52: automatic retry of a task known to be non-idempotent warns, and does not happen."""

from pathlib import Path

from segue.define.loading import load_file
from segue.testing import execute_dag

FILE = """
from pathlib import Path
from segue import dag, task

@task(retry=3, idempotent=False)
def pay():
    with open("paid.txt", "a") as file:
        file.write("paid\\n")
    raise ConnectionError("no answer")

@dag
def paying():
    pay()
"""


def test_s52_check_warns_of_a_retry_that_would_repeat_what_cannot_be_repeated(tmp_path: Path):
    (tmp_path / "paying.py").write_text(FILE)
    (finding,) = load_file(tmp_path / "paying.py", tmp_path).findings
    assert (finding.severity, finding.task) == ("warning", "pay")
    assert "retry=3 and idempotent=False" in finding.message


def test_s52_such_a_task_is_not_tried_again(tmp_path: Path, monkeypatch):
    (tmp_path / "paying.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    assert execute_dag("paying", path=tmp_path).state == "failed"
    assert (tmp_path / "paid.txt").read_text() == "paid\n"

"""S17: a one-step job needs one file and one command, with no server."""

import json
import subprocess
import sys
from pathlib import Path

JOB = """
from pathlib import Path
from segue import dag, task

@task
def greet():
    Path("greeting.txt").write_text("hello")

@dag
def job():
    greet()
"""


def segue(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "segue", *words], cwd=folder, capture_output=True, text=True)


def test_s17_one_file_and_one_command_run_a_job(tmp_path: Path):
    (tmp_path / "job.py").write_text(JOB)
    done = segue(tmp_path, "run", "job.py")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "greeting.txt").read_text() == "hello"


def test_s17_nothing_goes_on_when_the_command_has_ended(tmp_path: Path):
    (tmp_path / "job.py").write_text(JOB)
    run = json.loads(segue(tmp_path, "run", "job.py", "--json").stdout.splitlines()[-1])
    shown = json.loads(segue(tmp_path, "show", run["run_id"], "--json").stdout)
    assert {name: shown[name] for name in run} == run
    doctor = json.loads(segue(tmp_path, "doctor", "--json").stdout)
    assert [found["text"] for found in doctor["findings"] if found["topic"] == "owner"] == ["none"]


def test_s17_a_scratch_run_leaves_no_home(tmp_path: Path):
    (tmp_path / "job.py").write_text(JOB)
    assert segue(tmp_path, "run", "job.py", "--scratch").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["greeting.txt", "job.py"]

import os
import subprocess
import sys
from pathlib import Path

# Tells, whenever a process is started, whether the library that takes longest to import is there already.
WATCHED = """
import sys
def told(event, arguments):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
        print("started", "sqlalchemy" in sys.modules, file=sys.stderr)
sys.addaudithook(told)
from segue.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_children_start_before_the_database_library_is_imported(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("from segue import dag, task\n@task\ndef a(): ...\n@dag\ndef one():\n    a()\n")
    words = [sys.executable, "-c", WATCHED, "run", "one.py", "--json"]
    done = subprocess.run(words, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    started = [line for line in done.stderr.splitlines() if line.startswith("started")]
    assert started
    assert set(started) == {"started False"}

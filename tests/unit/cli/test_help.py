import subprocess
import sys

import pytest

from segue.cli.main import VERBS

HEAVY = ("sqlalchemy", "alembic", "pydantic", "fastapi", "pandas")
PROBE = f"""
import sys
from segue.cli.main import main
code = main(sys.argv[1:])
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert code == 0, code
assert not loaded, loaded
"""
COMMANDS = [(), *((verb,) for verb in VERBS), ("db", "upgrade"), ("db", "backup")]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_tells_what_a_command_takes_and_loads_nothing_heavy(words):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words, "--help"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

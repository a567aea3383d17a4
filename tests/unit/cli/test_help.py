import json
import subprocess
import sys

import pytest

from segue.cli.main import VERBS

HEAVY = {"sqlalchemy", "alembic", "pydantic", "fastapi", "pandas", "pyarrow", "polars", "duckdb"}
COMMANDS = [(), *((verb,) for verb in VERBS), ("db", "upgrade"), ("db", "backup")]
PROBE = """
import json, os, sys
from segue.cli.main import main

for words in json.loads(sys.argv[1]):
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.dup2(write, 1)
        code = main([*words, "--help"])
        sys.stdout.flush()
        os.write(1, ("\\n" + json.dumps([code, sorted(sys.modules)])).encode())
        os._exit(0)
    os.close(write)
    with open(read) as said:
        help, _, told = said.read().rpartition("\\n")
    os.waitpid(pid, 0)
    print(json.dumps([help, *json.loads(told)]))
"""


@pytest.fixture(scope="module")
def helps():
    """Of each command its help, the exit code, and what it had imported, in a process of its own."""
    words = [sys.executable, "-c", PROBE, json.dumps(COMMANDS)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    return dict(zip(COMMANDS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_tells_what_a_command_takes_and_loads_nothing_heavy(words, helps):
    told, code, loaded = helps[words]
    assert code == 0
    assert len(told.split()) > 5
    assert "segue.cli.main" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()

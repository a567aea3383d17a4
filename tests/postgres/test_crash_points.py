"""As `tests/e2e/test_crash_points.py`, the database on a server: an owner dies between the phases of every turn."""

import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

from segue.store.audit import compare, validate_state
from tests.e2e.commands import PATIENCE, Project, check_home
from tests.e2e.crashing_owner import DAG, PLACES, RUN, Kept
from tests.e2e.ledger import Ledger, check

ROOT = Path(__file__).parents[2]


def test_a_crash_between_any_two_phases_of_any_turn_loses_nothing_and_does_nothing_twice(server, tmp_path):
    Project(tmp_path / "project", f"{DAG}.py", "tracing.py")
    url = server.url("postgres")
    command = [sys.executable, "-m", "tests.e2e.crashing_owner", str(tmp_path), url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=5 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    *points, last = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert last[1] == "no such point"
    assert len(points) >= 3 * len(PLACES)
    # How many turns a run takes differs from home to home; each turn has all places.
    assert [place for _, place in points] == list(islice(cycle(PLACES), len(points)))
    for number, place in points:
        print(f"killed at {number}: {place}")
        check_home(tmp_path / number)
        with Kept(tmp_path / number, url).reading() as reader:
            assert validate_state(reader) == []
            assert compare(reader) == []
            detail = reader.run(RUN)
        check(detail, Ledger(tmp_path / number / "ledger"), owners=2)

"""An owner that dies exactly between the phases of a turn, at every turn of a small run; another goes on."""

import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

from tests.e2e.commands import PATIENCE, Project, check_home, reading
from tests.e2e.crashing_owner import DAG, PLACES, RUN
from tests.e2e.ledger import Ledger, check

ROOT = Path(__file__).parents[2]


def test_a_crash_between_any_two_phases_of_any_turn_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    Project(tmp_path / "project", f"{DAG}.py", "tracing.py")
    command = [sys.executable, "-m", "tests.e2e.crashing_owner", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=5 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    *points, last = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert last[1] == "no such point"
    assert len(points) >= 3 * len(PLACES)  # asked for, one task after the other; ends that arrive together share a turn
    # How many turns a run takes differs from home to home; each turn has all places.
    assert [place for _, place in points] == list(islice(cycle(PLACES), len(points)))
    for number, place in points:
        home = tmp_path / number
        print(f"killed at {number}: {place}")
        check_home(home)
        with reading(home) as reader:
            detail = reader.run(RUN)
        assert detail is not None
        check(detail, Ledger(home / "ledger"), owners=2)

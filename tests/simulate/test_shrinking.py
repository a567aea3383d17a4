import shlex
import subprocess
import sys
from pathlib import Path

from segue.testing.world.plan import draw_plan
from segue.testing.world.shrink import shrink, trouble_with
from tests.simulate.bugs import RULE_OFF_BY_ONE

ROOT = Path(__file__).parents[2]


def test_a_failing_world_shrinks_to_a_line_that_fails_in_the_same_way() -> None:
    seed, violation = next(
        (seed, seen) for seed in range(150) if (seen := trouble_with(draw_plan(seed), RULE_OFF_BY_ONE)) is not None
    )
    plan = draw_plan(seed)
    found = shrink(plan, RULE_OFF_BY_ONE, violation)
    assert found.violation.rule == violation.rule
    assert len(found.drops.faults) == len(plan.faults)
    assert sum(len(spec.tasks) for spec in found.drops.of(plan).dags) <= 4

    words = shlex.split(found.line)
    assert words[0] == "python"
    again = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert str(found.violation) in again.stdout


def test_without_the_bug_the_same_line_finds_nothing() -> None:
    line = "python -m segue.testing --seed 5 --without-faults crash,lost --without-actions 0 --without-tasks d0.t0"
    again = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stdout

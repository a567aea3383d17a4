"""S26: trigger rules other than all-success work."""

from typing import get_args

import pytest

from segue.model.events import Failure, Outcome, Skipped
from segue.model.spec import DagSpec, Rules, TaskSpec, TriggerRule
from tests.acceptance.stage import play

F: Outcome = Failure("Fail", "broken", retryable=False)
K: Outcome = Skipped("nothing to do")
SSS, SSF, SSK, FFF, KKK, SFK = (), (F,), (K,), (F, F, F), (K, K, K), (F, K)
RUNS, UPSTREAM, SKIPS = "success", "upstream_failed", "skipped"

# What becomes of a task above which three tasks end like this (the table "Trigger rules" of the design's rulings).
TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    #                             SSS    SSF       SSK    FFF       KKK    SFK
    "all_success":               (RUNS,  UPSTREAM, SKIPS, UPSTREAM, SKIPS, UPSTREAM),
    "none_failed":               (RUNS,  UPSTREAM, RUNS,  UPSTREAM, RUNS,  UPSTREAM),
    "none_failed_min_one_success": (RUNS, UPSTREAM, RUNS, UPSTREAM, SKIPS, UPSTREAM),
    "one_success":               (RUNS,  RUNS,     RUNS,  UPSTREAM, SKIPS, RUNS),
    "all_failed":                (SKIPS, SKIPS,    SKIPS, RUNS,     SKIPS, SKIPS),
    "one_failed":                (SKIPS, RUNS,     SKIPS, RUNS,     SKIPS, RUNS),
    "one_done":                  (RUNS,  RUNS,     RUNS,  RUNS,     SKIPS, RUNS),
    "none_skipped":              (RUNS,  RUNS,     SKIPS, RUNS,     SKIPS, SKIPS),
    "all_skipped":               (SKIPS, SKIPS,    SKIPS, SKIPS,    RUNS,  SKIPS),
    "all_done":                  (RUNS,) * 6,
    "always":                    (RUNS,) * 6,
}  # fmt: skip
CASES = [
    (rule, ends, wanted)
    for rule, row in TABLE.items()
    for ends, wanted in zip((SSS, SSF, SSK, FFF, KKK, SFK), row, strict=True)
]


def test_s26_the_table_has_every_rule() -> None:
    assert set(TABLE) == set(get_args(TriggerRule))


@pytest.mark.parametrize(("rule", "ends", "wanted"), CASES)
def test_s26_a_rule_decides_by_how_its_upstream_ended(
    rule: TriggerRule, ends: tuple[Outcome, ...], wanted: str
) -> None:
    ups = ("u0", "u1", "u2")
    spec = DagSpec("ruled", (*map(TaskSpec, ups), TaskSpec("t", Rules(trigger_rule=rule), after=ups)))
    endings = {name: [ends[at]] for at, name in enumerate(ups) if at < len(ends)}
    for slow in ups:  # whichever ends last, the outcome is the same
        assert play(spec, endings, seconds={slow: 100.0}).states["t"] == wanted


def test_s26_always_waits_for_nothing() -> None:
    spec = DagSpec("ruled", (TaskSpec("slow"), TaskSpec("t", Rules(trigger_rule="always"), after=("slow",))))
    played = play(spec, {}, seconds={"slow": 100.0})
    assert played.ended("t") < played.ended("slow")

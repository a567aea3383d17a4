"""The trigger rules against their definition, tried over all completions."""

from itertools import product
from typing import get_args

import pytest

from segue.model.spec import TriggerRule
from segue.model.state import FINAL, TaskState
from segue.resolve.rules import BIT, Verdict, judge

RULES = get_args(TriggerRule)
ENDS = (TaskState.SUCCESS, TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SKIPPED)


def defined(rule: str, ends: tuple[TaskState, ...]) -> Verdict:
    """The rulings' table, word for word, on final states of all upstream tasks."""
    n = len(ends)
    s, k, u = (ends.count(one) for one in (TaskState.SUCCESS, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED))
    f = n - s - k - u
    bad = f + u
    skip, fail = Verdict.SKIP, Verdict.UPSTREAM_FAILED
    runs, otherwise = {
        "all_success": (s == n, fail if bad else skip),
        "none_failed": (bad == 0, fail),
        "none_failed_min_one_success": (bad == 0 and s > 0, fail if bad else skip),
        "one_success": (s > 0, skip if k == n else fail),
        "all_failed": (bad == n, skip),
        "one_failed": (bad > 0, skip),
        "one_done": (s + f > 0, skip),
        "none_skipped": (k == 0, skip),
        "all_skipped": (k == n, skip),
        "all_done": (True, None),
        "always": (True, None),
    }[rule]
    return Verdict.RUN if runs or not n else otherwise


def decided(rule: str, ended: tuple[TaskState, ...], unfinished: int) -> Verdict:
    """What no completion can change, else WAIT."""
    if rule == "always":
        return Verdict.RUN
    if rule == "all_done" and unfinished:
        return Verdict.WAIT
    verdicts = {defined(rule, (*ended, *more)) for more in product(ENDS, repeat=unfinished)}
    return verdicts.pop() if len(verdicts) == 1 else Verdict.WAIT


def judged(rule: str, ended: tuple[TaskState, ...], unfinished: int) -> Verdict:
    seen = 0
    for state in ended:
        seen |= BIT[state]
    return judge(rule, seen, unfinished)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n", range(5))
def test_a_verdict_is_taken_as_soon_as_no_completion_can_change_it_and_not_before(rule, n):
    for count in range(n + 1):
        for ended in product(ENDS, repeat=count):
            assert judged(rule, ended, n - count) == decided(rule, ended, n - count), (ended, n - count)


@pytest.mark.parametrize("rule", RULES)
def test_a_cancelled_upstream_task_counts_as_failed(rule):
    for other in ENDS:
        assert judged(rule, (TaskState.CANCELLED, other), 0) == judged(rule, (TaskState.FAILED, other), 0)


@pytest.mark.parametrize("rule", RULES)
def test_a_task_without_upstream_runs(rule):
    assert judge(rule, 0, 0) is Verdict.RUN


def test_every_final_state_has_a_bit():
    assert set(BIT) == FINAL

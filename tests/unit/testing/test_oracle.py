"""The oracle and the product decide trigger rules in two ways that know nothing of each other."""

from itertools import combinations_with_replacement
from typing import get_args

import pytest

from segue.model.spec import TriggerRule
from segue.model.state import FINAL, TaskState
from segue.resolve.rules import BIT, Verdict, judge
from segue.testing.world.oracle import early_verdict

SAID = {None: Verdict.RUN, TaskState.SKIPPED: Verdict.SKIP, TaskState.UPSTREAM_FAILED: Verdict.UPSTREAM_FAILED}


@pytest.mark.parametrize("rule", get_args(TriggerRule))
def test_both_say_the_same_of_up_to_four_upstream_tasks(rule: TriggerRule) -> None:
    kinds = (*sorted(FINAL), TaskState.PENDING)
    for size in range(5):
        for states in combinations_with_replacement(kinds, size):
            sure, outcome = early_verdict(rule, states)
            seen = 0
            for state in states:
                seen |= BIT.get(state, 0)
            product = judge(rule, seen, states.count(TaskState.PENDING))
            assert product == (SAID[outcome] if sure else Verdict.WAIT), (rule, states)

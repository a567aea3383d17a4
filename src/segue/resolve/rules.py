"""Trigger rules: what the final states of all upstream tasks mean for a task.

Every rule of the field can be said with four bits (was any upstream successful, failed, upstream-failed, skipped) and
whether all have ended. A verdict before that is taken exactly when no completion can change it, so it never depends on
the order of events; the tables below are computed from the definition by trying all completions.
Source: the table "Trigger rules" of the design's rulings.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, get_args

from segue.model.spec import TriggerRule
from segue.model.state import TaskState

__all__ = ["BAD", "BIT", "SPREADING", "TABLES", "Verdict", "judge"]

SUCCESS, FAILED, UPSTREAM_FAILED, SKIPPED = 1, 2, 4, 8
BAD = FAILED | UPSTREAM_FAILED

SPREADING: Final[tuple[TriggerRule, ...]] = ("all_success", "none_failed", "none_failed_min_one_success", "one_success")
"""Rules by which bad upstream makes bad, not skipped."""

BIT: Final[dict[TaskState, int]] = {
    TaskState.SUCCESS: SUCCESS,
    TaskState.FAILED: FAILED,
    TaskState.CANCELLED: FAILED,
    TaskState.UPSTREAM_FAILED: UPSTREAM_FAILED,
    TaskState.SKIPPED: SKIPPED,
}


class Verdict(IntEnum):
    """What a rule says."""

    WAIT = 0
    RUN = 1
    SKIP = 2
    UPSTREAM_FAILED = 3


def _bad_else_skip(seen: int) -> Verdict:
    return Verdict.UPSTREAM_FAILED if seen & BAD else Verdict.SKIP


def _ended(rule: TriggerRule, seen: int) -> Verdict:
    runs = {
        "all_success": seen == SUCCESS,
        "none_failed": not seen & BAD,
        "none_failed_min_one_success": not seen & BAD and bool(seen & SUCCESS),
        "one_success": bool(seen & SUCCESS),
        "all_failed": not seen & (SUCCESS | SKIPPED),
        "one_failed": bool(seen & BAD),
        "one_done": bool(seen & (SUCCESS | FAILED)),
        "none_skipped": not seen & SKIPPED,
        "all_skipped": seen == SKIPPED,
        "all_done": True,
        "always": True,
    }[rule]
    if runs:
        return Verdict.RUN
    if rule in SPREADING:
        return _bad_else_skip(seen)
    return Verdict.SKIP


def _early(rule: TriggerRule, seen: int) -> Verdict:
    if rule == "always":
        return Verdict.RUN
    if rule == "all_done":
        return Verdict.WAIT
    verdicts = {_ended(rule, seen | final) for final in range(1, 16)}
    return verdicts.pop() if len(verdicts) == 1 else Verdict.WAIT


TABLES: Final[dict[str, tuple[Verdict, ...]]] = {
    rule: (*(_early(rule, seen) for seen in range(16)), *(_ended(rule, seen) for seen in range(16)))
    for rule in get_args(TriggerRule)
}
"""For each rule 32 verdicts: index `seen` while something is unfinished, `16 + seen` when all have ended."""


def judge(rule: TriggerRule, seen: int, unfinished: int) -> Verdict:
    """Apply a rule.

    Args:
        rule: the rule's name.
        seen: union of the `BIT`s of the upstream states that are final; 0 with nothing unfinished means no upstream.
        unfinished: number of upstream tasks that have not ended.
    """
    if not seen and not unfinished:
        return Verdict.RUN
    return TABLES[rule][seen if unfinished else 16 + seen]

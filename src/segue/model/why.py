"""Reasons as data: a code and its arguments, rendered here for terminal, page and alert alike."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["SENTENCES", "Why", "say"]


class Why(msgspec.Struct, frozen=True, gc=False):
    """A code of `SENTENCES` and the arguments of its sentence."""

    code: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return say(self)


SENTENCES: Final[dict[str, str]] = {
    # moves of tasks
    "ready": "its upstream is done",
    "begun": "its code began",
    "done": "it succeeded",
    "failed": "{0}",
    "failed_for_good": "{0}; no retry: {1}",
    "retry": "{0}; attempt {1} of {2} starts in {3}",
    "lost": "lost: {0}; starts again in {1}",
    "lost_for_good": "lost {0} times: {1}",
    "owner_gone": "its owner stopped while it ran; it starts again",
    "unknown": "outcome unknown: {0}. It is not idempotent: look at what it wrote, then `segue retry` or `segue mark`",
    "skip": "{0}",
    "upstream_failed": "upstream {0} failed",
    "upstream_skipped": "upstream {0} was skipped",
    "rule": "rule {0} cannot be met: {1}",
    "not_followed": "branch {0} did not choose it",
    "empty_map": "nothing to map over: {0} gave no items",
    "map_failed": "cannot be expanded: {0}",
    "cancelled": "{0} cancelled the run",
    "reopened": "{0} asked to run it again",
    "marked": "{0} marked it: {1}",
    "expanded": "{0} items",
    # moves of runs
    "triggered": "{0} asked for it",
    "rerun": "{0} asked to run {1} again",
    "dispatched": "its first task was dispatched",
    "all_good": "every task is done",
    "all_skipped": "every leaf was skipped",
    "culprits": "failed: {0}",
    "stopped": "cancelled",
    "parked": "held: {0}",
    "resumed": "it goes on",
    "retried": "{0} asked to run it again, round {1}",
    # why something waits
    "upstream": "waits for {0}",
    "delay": "waits {0} before attempt {1} of {2}",
    "loss_delay": "waits {0} after it was lost",
    "running": "is running, attempt {0}",
    "moving": "is running: {0} attempts are alive",
    "queued": "is queued behind other work of a worker",
    "workers": "waits for a free worker ({0} of {1} busy)",
    "max_active": "waits: {0} of {1} runs of task {2} are active (max_active)",
    "max_active_tasks": "waits: {0} of {1} tasks of DAG {2} are active (max_active_tasks)",
    "max_active_runs": "waits: {0} of {1} runs of {2} are active (max_active_runs): {3}",
    "slot": "waits: {0} is running for the same interval",
    "order": "waits for its turn: {0} tasks of higher rank are ready before it",
    "held": "is held: {0}",
    "quarantined": "DAG {0} is quarantined: {1}",
    "final": "has ended: {0}",
    "cancelling": "is being cancelled",
    "interrupted": "interrupted: no owner drives it; `segue retry {0}` goes on with it",
}


def say(why: Why) -> str:
    """Render a reason as a sentence without full stop."""
    return SENTENCES[why.code].format(*why.args)

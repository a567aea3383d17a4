"""What a worker's page means: pure, so that every case is a line in a test.

Times in seconds on the monotonic clock, which the worker's stamps share.
"""

from __future__ import annotations

from typing import NamedTuple

from segue.model.duration import show_duration
from segue.model.events import Failure
from segue.run.executors.settings import ExecutorSettings
from segue.run.executors.worker import Sight
from segue.run.page import PHASE_ASKS

__all__ = ["NEVER", "Finding", "inspect"]

NEVER = float("inf")
_UNHURRIED = 0.25


class Finding(NamedTuple):
    """When to look again, and what to do now.

    `started`: report it as started. `slow`: take back what is queued behind it. `overdue`: stop it with this outcome.
    """

    look_at: float
    started: bool = False
    slow: bool = False
    overdue: Failure | None = None


def inspect(
    sight: Sight, timeout: int | None, reported: bool, queued: bool, now: float, settings: ExecutorSettings
) -> Finding:
    """Judge a worker that has an attempt.

    Args:
        sight: its page.
        timeout: that of the attempt, in microseconds.
        reported: the attempt was reported as started.
        queued: others are queued behind it.
    """
    if sight.began == PHASE_ASKS:
        return Finding(now + _UNHURRIED)
    if not sight.began:
        return _inspect_loading(now - sight.taken, queued, now, settings)
    runs = now - sight.began
    started = not reported and runs >= settings.started_after
    slow = queued and runs >= settings.take_back_after
    if timeout is not None and runs * 1e6 >= timeout:
        text = f"ran longer than its timeout of {show_duration(timeout)}"
        return Finding(NEVER, started, slow, Failure("timeout", text))
    due = [sight.began + timeout / 1e6] if timeout is not None else []
    if not reported and not started:
        due.append(sight.began + settings.started_after)
    if queued and not slow:
        due.append(sight.began + settings.take_back_after)
    return Finding(min(due, default=NEVER), started, slow)


def _inspect_loading(taken: float, queued: bool, now: float, settings: ExecutorSettings) -> Finding:
    slow = queued and taken >= settings.take_back_after
    if taken >= settings.load_limit:
        text = f"its file or its inputs were not loaded within {show_duration(int(settings.load_limit * 1e6))}"
        return Finding(NEVER, slow=slow, overdue=Failure("load_timeout", text))
    return Finding(now + min(max(taken, settings.started_after), _UNHURRIED), slow=slow)

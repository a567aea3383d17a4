"""How long to wait before the next attempt. Exact, finite and never negative for every input.

Sources: SEMANTICS "Attempts" (30, 60, 120, 240, 480 s, capped) and the rulings on lost attempts.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from segue.model.ids import AttemptKey
from segue.model.spec import RetrySpec

__all__ = ["DAY", "LONG_ENOUGH", "PLATFORM_DELAY", "PLATFORM_LIMIT", "loss_delay", "retry_delay"]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
PLATFORM_DELAY: Final = 5 * SECOND
PLATFORM_LIMIT: Final = 10
LONG_ENOUGH: Final = 60 * SECOND
"""An attempt that lived longer than this ends a row of platform losses."""

_CEILING: Final = 10 * 366 * DAY


def retry_delay(retry: RetrySpec, failures: int, key: AttemptKey) -> int:
    """Microseconds between the n-th failure of a round and the next attempt: `min(delay * backoff^(n-1), max_delay)`.

    Args:
        retry: the task's retries.
        failures: n, user failures in this round, at least 1.
        key: the attempt that failed; jitter, where asked for, is derived from it.
    """
    limit = min(max(retry.max_delay, 0), _CEILING)
    if retry.delay <= 0:
        return 0
    try:
        delay = retry.delay * max(retry.backoff, 0.0) ** (failures - 1)
    except OverflowError:
        return limit
    if retry.jitter > 0.0:
        share = int.from_bytes(blake2b(str(key).encode(), digest_size=8).digest(), "big") / 2**64
        delay *= 1.0 + retry.jitter * share
    return int(delay) if delay < limit else limit  # not a number is not less either


def loss_delay(losses: int) -> int:
    """Microseconds after the n-th loss by the task's own doing: 10, 20, 40 s, …, at most an hour."""
    return min(10 * SECOND << min(losses - 1, 20), 3600 * SECOND)

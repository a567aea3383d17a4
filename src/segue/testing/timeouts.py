from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segue.model.duration import show_duration

__all__ = ["Overran", "limited"]


class Overran(TimeoutError):
    """An attempt ran longer than its timeout."""


@contextmanager
def limited(timeout: int | None) -> Iterator[None]:
    """Within it, code that runs too long is interrupted; where it cannot be, that is said when it has ended.

    A thread that is not the main one cannot be interrupted, nor where somebody else has set the process's alarm.

    Args:
        timeout: microseconds; None: no limit.

    Raises:
        Overran: it ran longer.
    """
    if timeout is None:
        yield
        return
    text = f"ran longer than its timeout of {show_duration(timeout)}"

    def interrupt(*_: Any) -> None:
        raise Overran(text)

    began = time.monotonic()
    alarm = threading.current_thread() is threading.main_thread() and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    before = signal.signal(signal.SIGALRM, interrupt) if alarm else None
    try:
        if alarm:
            signal.setitimer(signal.ITIMER_REAL, max(timeout / 1e6, 1e-6))
        yield
    finally:
        if alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
    if (time.monotonic() - began) * 1e6 >= timeout:
        raise Overran(text)  # also where its own code caught the interruption

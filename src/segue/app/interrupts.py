from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["interrupts_held"]


@contextmanager
def interrupts_held(*, patient: bool = True) -> Iterator[Callable[[], None]]:
    """Ctrl-C counts when what is given is called, or else at the end of this.

    The `KeyboardInterrupt` has as many arguments as there were of them.

    Args:
        patient: a second one waits as well; else both count at once.
    """
    came: list[int] = []

    def hold(number: int, _: object) -> None:
        came.append(number)
        if len(came) > 1 and not patient:
            release()

    def release() -> None:
        signal.signal(signal.SIGINT, before)
        if came:
            told = tuple(came)
            came.clear()
            raise KeyboardInterrupt(*told)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield release
    finally:
        signal.signal(signal.SIGINT, before)
    release()

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from typing import Final, Generic, TypeVar

__all__ = ["Pulse"]

_FRESH: Final = 1.0
_STALE: Final = 3.0
_Known = TypeVar("_Known")


class Pulse(Generic[_Known]):
    """Something that takes up to a second to find out, known to many: hardly any of them waits for it.

    What is older than a second is found out anew by one of those who ask, beside the others; who asks meanwhile gets
    what was known. Only what is older than three seconds is waited for.

    Args:
        look: finds it out; an answer as well where it cannot be found out.
        seconds: of a clock that never jumps.
    """

    def __init__(self, look: Callable[[], _Known], seconds: Callable[[], float]) -> None:
        self._look, self._seconds = look, seconds
        self._state, self._turn = Lock(), Lock()
        self._known: tuple[float, _Known] | None = None
        self._renewing = False

    def feel(self) -> _Known:
        """How it is."""
        with self._state:
            known, now = self._known, self._seconds()
            if known is not None and now - known[0] < _FRESH:
                return known[1]
            usable = known is not None and now - known[0] < _STALE
            begins = usable and not self._renewing
            self._renewing = self._renewing or begins
        if begins:
            Thread(target=self._renew, daemon=True).start()
        if known is not None and usable:
            return known[1]
        return self._wait(now)

    def _wait(self, since: float) -> _Known:
        """What was found out after a moment, by this thread or by one that came before it."""
        with self._turn:
            known = self._known
            return known[1] if known is not None and known[0] >= since else self._find_out()

    def _renew(self) -> None:
        try:
            with self._turn:
                self._find_out()
        finally:
            self._renewing = False

    def _find_out(self) -> _Known:
        found = self._look()
        with self._state:
            self._known = self._seconds(), found
        return found

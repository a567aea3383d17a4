from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Final

from segue.model.ids import Instant
from segue.model.pages import PulseView
from segue.show.views.statistics import Sample, sample_of
from segue.store.readers import Reader

__all__ = ["Sampling"]

_MOST: Final = 20_000
_FRESH: Final = 5_000_000  # µs for which statistics may be old: to read so many attempts takes a tenth of a second


class Sampling:
    """The newest attempts, read once for all who want statistics of them; used by all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read_at: Instant | None = None
        self._pulses: Sequence[PulseView] = ()

    def sample(self, reader: Reader, now: Instant, window: int) -> Sample:
        """What of them belongs to a window; at most five seconds old.

        Args:
            reader: of the store.
            now: the present.
            window: microseconds to look back.
        """
        with self._lock:
            if self._read_at is None or not 0 <= now - self._read_at < _FRESH:
                self._pulses, self._read_at = reader.pulses(_MOST), now
            pulses = self._pulses
        return sample_of(pulses, Instant(now - window), _MOST)

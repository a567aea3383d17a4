"""How the processes that do the work are: turns of the loop, workers and what each of them runs, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

__all__ = ["NO_MACHINE", "Hand", "Machine", "Turns", "Usage"]


@dataclass(frozen=True, slots=True)
class Turns:
    """How long turns of the loop took, since its process began.

    Args:
        bounds: upper ends of the buckets, in seconds, rising.
        counts: turns in each bucket, one more for those above the last end.
        total: seconds of all together.
    """

    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Hand:
    """One worker process.

    Args:
        pid: its process.
        location: whose code it runs, empty for the default one.
        attempt: what it runs now, as printed: `run/task#number`; empty where it is idle.
        queued: short attempts that wait behind that.
    """

    pid: int
    location: str = ""
    attempt: str = ""
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and all that it started use: `cpu` cores since it was looked at last, `memory` bytes."""

    cpu: float
    memory: int


class Machine(Protocol):
    """The machine on which the workers are."""

    def usage(self, pids: Sequence[int]) -> Mapping[int, Usage]:
        """What these processes use; one that is gone, or runs elsewhere, is left out."""
        ...


class _NoMachine:
    def usage(self, pids: Sequence[int]) -> Mapping[int, Usage]:
        return {}


NO_MACHINE: Final[Machine] = _NoMachine()

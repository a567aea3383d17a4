"""Figures that are drawn from the newest attempts and runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from segue.engine.forecast import quantile
from segue.model.ids import Instant
from segue.model.pages import PulseView, RunMark
from segue.model.state import AttemptState, RunState

__all__ = [
    "FAILED",
    "PERCENTS",
    "Sample",
    "failures",
    "recoveries",
    "sample_of",
    "seconds_at",
    "success_ratio",
    "waits",
]

PERCENTS: Final = (50, 95, 99)

FAILED: Final = frozenset({AttemptState.FAILED, AttemptState.TIMED_OUT, AttemptState.LOST})
"""Attempts that came to no good end, and nobody asked for that."""

_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest attempts.

    Args:
        pulses: those that ended in the window, or have not ended.
        since: when the window begins; later than asked for where there are more attempts than were read.
        complete: it begins when it was asked to.
    """

    pulses: Sequence[PulseView]
    since: Instant
    complete: bool


def sample_of(pulses: Sequence[PulseView], since: Instant, limit: int) -> Sample:
    """What of the newest attempts belongs to a window.

    Args:
        pulses: the newest first.
        since: when it is to begin.
        limit: how many were asked for.
    """
    complete = len(pulses) < limit or pulses[-1].created < since
    first = since if complete else max(since, pulses[-1].created)
    return Sample([one for one in pulses if one.ended is None or one.ended >= first], first, complete)


def waits(pulses: Iterable[PulseView]) -> list[int]:
    """Microseconds between queue and beginning, of attempts that have begun."""
    return [one.began - one.created for one in pulses if one.began is not None and one.kind == "user"]


def failures(pulses: Iterable[PulseView], most: int) -> dict[tuple[str, str], int]:
    """Attempts that failed, by DAG and kind; of kinds the most frequent, all others are one."""
    found = [(one.dag, one.cause or str(one.state)) for one in pulses if one.state in FAILED]
    named = {kind for kind, _ in Counter(kind for _, kind in found).most_common(most)}
    return dict(Counter((dag, kind if kind in named else _OTHER) for dag, kind in found))


def success_ratio(ends: Iterable[RunMark]) -> float | None:
    """The share of good runs among those that ended and nobody cancelled; None where there is none."""
    states = Counter(mark.state for mark in ends)
    all_ = states[RunState.SUCCESS] + states[RunState.FAILED]
    return states[RunState.SUCCESS] / all_ if all_ else None


def recoveries(ends: Iterable[RunMark]) -> dict[str, list[int]]:
    """Microseconds from a DAG's first failed run to its next good one, by DAG."""
    broken: dict[str, Instant] = {}
    found: dict[str, list[int]] = defaultdict(list)
    for mark in sorted(ends, key=lambda mark: (mark.ended or 0, mark.number)):
        if mark.ended is None:
            continue
        if mark.state is RunState.FAILED:
            broken.setdefault(mark.run.dag, mark.ended)
        elif mark.state is RunState.SUCCESS and mark.run.dag in broken:
            found[mark.run.dag].append(mark.ended - broken.pop(mark.run.dag))
    return dict(found)


def seconds_at(spans: Sequence[int], percent: int) -> float | None:
    """A percentile of durations, in seconds; None where there is none."""
    return quantile(spans, percent) / 1e6 if spans else None

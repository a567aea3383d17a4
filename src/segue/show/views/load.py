"""Queue, workers, CPU and memory over time, drawn from attempts: nothing is sampled, so nothing has to be kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from segue.model.api.resources import ResourceHistory, ResourcePoint
from segue.model.ids import Instant
from segue.model.pages import PulseView
from segue.show.views.statistics import Sample, seconds_at
from segue.show.views.times import at

__all__ = ["history_of", "points_of"]

_STEPS: Final = 96


def history_of(sample: Sample, now: Instant, steps: int = _STEPS) -> ResourceHistory:
    """What waited and ran over a window; of very many attempts only the newest count.

    Args:
        sample: attempts of the window.
        now: the present.
        steps: of equal length.
    """
    step = max((now - sample.since) // steps, 1)
    ends = [Instant(sample.since + step * (number + 1)) for number in range(steps)]
    points = points_of(sample.pulses, ends, step, now)
    return ResourceHistory(at(sample.since), step / 1e6, sample.complete, points)


def points_of(
    pulses: Iterable[PulseView], ends: Sequence[Instant], step: int, now: Instant
) -> tuple[ResourcePoint, ...]:
    """One point for every step; `ends` are the instants at which they end, `step` µs apart."""
    queued, busy, cpu, memory = ([0.0] * len(ends) for _ in range(4))
    waited: list[list[int]] = [[] for _ in ends]
    for one in pulses:
        _spread(queued, ends, step, one.created, one.began or one.ended or now, 1)
        if one.began is None:
            continue
        span = (one.began, one.ended or now)
        _spread(busy, ends, step, *span, 1)
        _spread(memory, ends, step, *span, one.peak_rss or 0)
        _spread(cpu, ends, step, *span, (one.cpu or 0) / max(span[1] - span[0], 1))
        place = bisect_left(ends, one.began)
        if one.kind == "user" and place < len(ends) and one.began > ends[place] - step:
            waited[place].append(one.began - one.created)
    return tuple(
        ResourcePoint(
            at(Instant(end - step)),
            round(queued[number], 4),
            round(busy[number], 4),
            seconds_at(waited[number], 50),
            seconds_at(waited[number], 95),
            round(cpu[number], 4),
            round(memory[number]),
        )  # fmt: skip
        for number, end in enumerate(ends)
    )


def _spread(levels: list[float], ends: Sequence[Instant], step: int, start: int, end: int, amount: float) -> None:
    """An amount that was there from `start` to `end`, as the average of each step."""
    end = max(end, start + 1)
    for place in range(bisect_left(ends, start), min(bisect_left(ends, end) + 1, len(ends))):
        levels[place] += amount * max(min(end, ends[place]) - max(start, ends[place] - step), 0) / step

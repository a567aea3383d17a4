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
    queued, busy, memory = ([0] * (len(ends) + 1) for _ in range(3))
    cpu = [0.0] * len(ends)
    waited: list[list[int]] = [[] for _ in ends]
    for one in pulses:
        left = one.began or one.ended or now + step
        _between(queued, ends, one.created, left, 1)
        if one.began is None:
            continue
        gone = one.ended or now + step
        _between(busy, ends, one.began, gone, 1)
        _between(memory, ends, one.began, gone, one.peak_rss or 0)
        _spread(cpu, ends, step, one.began, one.ended or now, one.cpu or 0)
        place = bisect_left(ends, one.began)
        if one.kind == "user" and place < len(ends) and one.began > ends[place] - step:
            waited[place].append(one.began - one.created)
    points, levels = [], [0, 0, 0]
    for number, end in enumerate(ends):
        levels = [level + moved[number] for level, moved in zip(levels, (queued, busy, memory), strict=True)]
        waits = waited[number]
        points.append(
            ResourcePoint(
                at(Instant(end - step)),
                levels[0],
                levels[1],
                seconds_at(waits, 50),
                seconds_at(waits, 95),
                round(cpu[number] / step, 4),
                levels[2],
            )  # fmt: skip
        )
    return tuple(points)


def _between(moved: list[int], ends: Sequence[Instant], start: int, end: int, amount: int) -> None:
    """Something counts at every instant of `ends` that lies in `[start, end)`."""
    moved[bisect_left(ends, start)] += amount
    moved[bisect_left(ends, end)] -= amount


def _spread(cpu: list[float], ends: Sequence[Instant], step: int, start: int, end: int, used: int) -> None:
    """CPU time, evenly over the time in which it was used."""
    end = max(end, start + 1)
    for place in range(bisect_left(ends, start), min(bisect_left(ends, end) + 1, len(ends))):
        cpu[place] += used * max(min(end, ends[place]) - max(start, ends[place] - step), 0) / (end - start)

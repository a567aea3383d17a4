"""What will run when, how long that takes, and whether it is in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from segue.engine.forecast import WORKERS, Estimate, RiskOf, TaskEstimate, estimate, risks
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.moment import DAY
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.model.views import DagView
from segue.schedule.explain import explain
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot
from segue.schedule.slots import next_fires
from segue.schedule.timetable import timetable_from_data

if TYPE_CHECKING:
    from segue.show.reading import Reading

__all__ = [
    "ClockState",
    "DagClock",
    "Forecast",
    "RiskOf",
    "TaskEstimate",
    "clock_of",
    "clocks_of",
    "fires",
    "forecast_of",
    "forecasts_of",
    "words_of",
]

_EACH: Final = 10_000

ClockState: TypeAlias = Literal["runs", "not seen", "paused", "retired", "by hand", "once", "over", "quarantined"]


@dataclass(frozen=True, slots=True)
class DagClock:
    """When a DAG runs next.

    Args:
        spec: the DAG as it is now.
        state: *runs*; *not seen*: no scheduler has planned for it yet; *over*: its time table has ended.
        words: when it runs and what it covers.
        coming: what falls due, soonest first.
        waiting: intervals that are due and will be run as soon as there is room.
        until: when its pause ends by itself.
    """

    spec: DagSpec
    state: ClockState
    words: str
    coming: tuple[Slot, ...] = ()
    waiting: int = 0
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long a DAG's runs take, and what that means for the next one.

    Args:
        clock: when it runs.
        estimate: from its recent good runs.
        runs: how many these were.
        next: what it runs next.
        risks: of that run's deadlines.
        overlaps: a run takes longer than there is time before the next, so runs queue up.
    """

    clock: DagClock
    estimate: Estimate
    runs: int
    next: Slot | None
    risks: tuple[RiskOf, ...]
    overlaps: bool


def words_of(spec: DagSpec) -> str:
    """When a DAG runs and what it covers, in words."""
    return explain(None if spec.schedule is None else timetable_from_data(spec.schedule))


def fires(spec: DagSpec, foretold: Foretold, now: Instant) -> Iterator[Slot]:
    """The slots of a DAG that fall due after an instant, soonest first.

    Args:
        spec: the DAG.
        foretold: what a time table of its own has said of the future.
        now: the instant.
    """
    clock = Clock(spec, foretold)
    slot = next(iter(next_fires(clock.timetable, clock.bounds, now, 1)), None)
    while slot is not None:
        yield slot
        slot = clock.timetable.slot_from(slot.end, clock.bounds)


def clocks_of(reading: Reading, now: Instant, dag: str | None = None, days: int | None = None) -> list[DagClock]:
    """When DAGs run next: those that run soonest first, then the others.

    Args:
        reading: of the home.
        now: the present.
        dag: only this one.
        days: all that falls due so many days from now on; None: the next of each, the next five of a single one.

    Raises:
        UsageError: there is no DAG of that name.
    """
    views = [reading.dag(dag)[0]] if dag is not None else reading.dags()
    count = 1 if dag is None else 5
    found = [clock_of(view, reading.newest(view), now, count, days) for view in views]
    late = Instant(1 << 62)
    return sorted(
        found, key=lambda one: (one.coming[0].due if one.coming else late, one.state == "retired", one.spec.id)
    )


def forecasts_of(reading: Reading, now: Instant, dag: str | None = None, workers: int = WORKERS) -> list[Forecast]:
    """How long the runs of DAGs take, those that run soonest first.

    Args:
        reading: of the home.
        now: the present.
        dag: only this one.
        workers: how many attempts run at once.

    Raises:
        UsageError: there is no DAG of that name, or no file declares it any more.
    """
    clocks = [clock for clock in clocks_of(reading, now, dag) if clock.state != "retired"]
    if dag is not None and not clocks:
        raise UsageError(f"no file declares DAG {dag} any more: nothing of it runs by time")
    return [forecast_of(reading, clock, now, workers) for clock in clocks]


def forecast_of(reading: Reading, clock: DagClock, now: Instant, workers: int = WORKERS) -> Forecast:
    """How long the runs of one DAG take.

    Args:
        reading: of the home.
        clock: when it runs.
        now: the present.
        workers: how many attempts run at once.
    """
    spec = clock.spec
    spans = reading.durations(spec.id)
    found = estimate(spec, spans, workers)
    slot = clock.coming[0] if clock.coming else None
    runs = max((len(spans.get(task.id, ())) for task in spec.tasks if task.mapped is None), default=0)
    overlaps = slot is not None and found.median > (slot.end - slot.start) * spec.run_limit
    in_line = now + clock.waiting * found.median // spec.run_limit
    told = () if slot is None else risks(spec, found, slot.due, Instant(max(slot.due, in_line)))
    return Forecast(clock, found, runs, slot, told, overlaps)


def clock_of(view: DagView, spec: DagSpec, now: Instant, count: int = 1, days: float | None = None) -> DagClock:
    """When one DAG runs next.

    Args:
        view: the DAG.
        spec: its newest version.
        now: the present.
        count: how many of what falls due are told.
        days: all that falls due so many days from now on, instead of `count`.
    """
    timing, state, words = view.timing, _state(view, spec), words_of(spec)
    if state not in ("runs", "not seen") and not (state == "paused" and timing.until is not None):
        return DagClock(spec, state, words, until=timing.until)
    since = max(now, timing.until or now) if state == "paused" else now
    slots = fires(spec, view.foretold, Instant(since))
    near = islice(slots, count) if days is None else _before(islice(slots, _EACH), now + round(days * DAY))
    coming = tuple(near)
    if not coming and next(fires(spec, view.foretold, Instant(since)), None) is None:
        state = "over"
    return DagClock(spec, state, words, coming, _waiting(view, spec), timing.until)


def _before(slots: Iterator[Slot], end: int) -> Iterator[Slot]:
    for slot in slots:
        if slot.due > end:
            return
        yield slot


def _state(view: DagView, spec: DagSpec) -> ClockState:
    timing = view.timing
    if timing.retired:
        return "retired"
    if view.quarantined is not None:
        return "quarantined"
    if spec.schedule is None:
        return "by hand"
    if timing.paused or timing.hard:
        return "paused"
    if Clock(spec, view.foretold).once:
        return "once" if timing.cursor is None else "over"
    return "not seen" if timing.enabled is None else "runs"


def _waiting(view: DagView, spec: DagSpec) -> int:
    """How many accepted slots have no run yet."""
    timing = view.timing
    if timing.cursor is None or timing.accepted is None:
        return 0
    return len(Clock(spec, view.foretold).between(timing.cursor, timing.accepted))

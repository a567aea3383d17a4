"""Backfills: what a command line asks for, what it would do, and how far one is."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from segue.engine.forecast import Outlook, estimate, outlook
from segue.model.acts import StartBackfill
from segue.model.backfills import BackfillOrder, pack_slots
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.interval import parse_range, slot_key
from segue.model.moment import datetime_at, parse_span
from segue.model.spec import DagSpec
from segue.model.state import RUN_FINAL, RunState, SlotState
from segue.model.timing import Foretold
from segue.model.views import BackfillView, SlotView
from segue.schedule.planner import CUSTOM, Clock
from segue.schedule.slot import Slot
from segue.schedule.slots import slots_between

__all__ = [
    "ONLY",
    "UNASKED",
    "Effects",
    "Plan",
    "Progress",
    "Wish",
    "effects_object",
    "effects_of",
    "is_over",
    "plan_backfill",
    "progress_of",
    "range_of",
    "read_only",
]

ONLY: Final = ("missing", "failed", "held", "stale")
_ARE: Final = f"there are {', '.join(ONLY)}, all"
UNASKED: Final = 10
"""A backfill of more runs is asked about first."""

_MANY: Final = 100_000
_RESERVED_FROM: Final = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, read but not yet compared with the ledger."""

    when: str
    order: BackfillOrder = "oldest"
    cap: int = 4
    only: tuple[str, ...] = ("missing",)
    params: bytes = b""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would run.

    Args:
        spec: the DAG, as the backfill pins it.
        wish: what was asked for; order and cap as they will be.
        slots: the intervals that are run, the oldest first.
        alone: how many intervals of the range are left alone, by what they show.
        coming: the first interval of the range that has not ended yet, and is left out.
        serial: the task because of which they are run one after the other.
    """

    spec: DagSpec
    wish: Wish
    slots: tuple[Slot, ...]
    alone: Mapping[str, int]
    coming: Slot | None = None
    serial: str | None = None

    @property
    def act(self) -> StartBackfill:
        """What asks for it."""
        wish = self.wish
        packed = pack_slots((slot.start, slot.end) for slot in self.slots)
        return StartBackfill(self.spec.id, packed, wish.order, wish.cap, wish.only, wish.params, wish.reason)

    def key(self, slot: Slot) -> str:
        """An interval as ids write it."""
        return slot_key(slot.start, slot.end, self.spec.timezone)

    @property
    def more(self) -> tuple[str, ...]:
        """The states that could be asked for, and of which there are intervals."""
        return tuple(state for state in ONLY if self.alone.get(state) and state not in self.wish.only)


def range_of(given: str | None, start: str | None, end: str | None) -> str:
    """The range that a command line names, as `A..B`.

    Args:
        given: `A..B`, `A...B` or a single day, month or hour.
        start: `-s` or `--start-date`; `end` likewise.

    Raises:
        UsageError: none is named, or half of one, or two.
    """
    if given is not None:
        if start or end:
            raise UsageError(f"either {given} or -s and -e, not both")
        return given
    if start and end:
        return f"{start}..{end}"
    if start or end:
        raise UsageError("a backfill has two ends: -s 2026-10-01 -e 2026-10-31, or 2026-10-01..2026-10-31")
    raise UsageError("which intervals? 2026-10-01..2026-10-31, both ends included, or a day or month alone")


def read_only(text: str) -> tuple[str, ...]:
    """Read `--only missing,failed` or `--only all`.

    Raises:
        UsageError: no interval ever shows that.
    """
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        if word not in (*ONLY, "all"):
            near = difflib.get_close_matches(word, (*ONLY, "all"), 1)
            raise UsageError(f"--only {word}: did you mean {near[0]}?" if near else f"--only {word}: {_ARE}")
    if not words:
        raise UsageError(f"--only names nothing: {_ARE}")
    return words


def plan_backfill(
    spec: DagSpec, foretold: Foretold, rows: Sequence[SlotView], wish: Wish, now: Instant, many: Callable[[int], None]
) -> Plan:
    """Find the intervals that a backfill would run.

    Args:
        spec: the DAG.
        foretold: what a time table of its own has said.
        rows: its ledger.
        wish: what is asked for.
        now: the present.
        many: asked before very many intervals are looked at, with about how many there are.

    Raises:
        UsageError: the DAG has no intervals, the range cannot be read, or nothing in it is complete.
    """
    if spec.schedule is None:
        raise UsageError(f"{spec.id} has no schedule, so no interval to backfill: `segue run {spec.id}` runs it once")
    past = next((task.id for task in spec.tasks if task.rules.depends_on_past), None)
    if past is not None and wish.order != "oldest":
        raise UsageError(f"{past} depends on the past: backfill {spec.id} oldest first, not {wish.order}")
    due, coming = _due(spec, foretold, wish.when, now, many)
    shown = {row.slot: str(row.state) for row in rows}
    alone: Counter[str] = Counter()
    slots = []
    for slot in due:
        state = shown.get((slot.start, slot.end), str(SlotState.MISSING))
        if "all" in wish.only or state in wish.only:
            slots.append(slot)
        else:
            alone[state] += 1
    if past is not None:
        wish = _with_cap(wish, 1)
    return Plan(spec, wish, tuple(slots), alone, coming, past)


def _with_cap(wish: Wish, cap: int) -> Wish:
    return Wish(wish.when, wish.order, cap, wish.only, wish.params, wish.reason)


def _due(
    spec: DagSpec, foretold: Foretold, when: str, now: Instant, many: Callable[[int], None]
) -> tuple[list[Slot], Slot | None]:
    clock = Clock(spec, foretold)
    if clock.once:
        raise UsageError(f"{spec.id} runs once, without interval: there is nothing to backfill")
    try:
        first, last = parse_range(when)
        until = parse_span(last, spec.timezone)[1]
    except ValueError as why:
        raise UsageError(str(why)) from None
    due: list[Slot] = []
    for slot in slots_between(clock.timetable, clock.bounds, first, last):
        if slot.due > now:
            if not due:
                at = datetime_at(slot.due, spec.timezone).isoformat(sep=" ", timespec="minutes")
                key = slot_key(slot.start, slot.end, spec.timezone)
                raise UsageError(f"no interval of {spec.id} in {when} is complete yet: {key} is due {at}")
            return due, slot
        due.append(slot)
        if len(due) == _MANY:
            many(_about(due, min(until, now)))
    if not due:
        own = spec.schedule is not None and spec.schedule[0] == CUSTOM
        more = ": of a time table of its own only intervals that it has foretold can be backfilled" if own else ""
        raise UsageError(f"{spec.id} has no interval in {when}{more}")
    return due, None


def _about(due: Sequence[Slot], until: int) -> int:
    step = (due[-1].end - due[0].start) / len(due)
    return len(due) + max(0, round((until - due[-1].end) / step))


# ------------------------------------------------------------------------------------------------------------- effects
@dataclass(frozen=True, slots=True)
class Effects:
    """What a backfill would do.

    Args:
        tasks: ids of the tasks of each run.
        connections: (name, how many runs may use it at once) of the sources that tasks name.
        risky: tasks that say that they must not run twice.
        outlook: how long it takes and whether it catches up; None where there is nothing to run.
        wait: microseconds that scheduled work may wait for a worker; 0 where one is kept free.
    """

    tasks: tuple[str, ...]
    connections: tuple[tuple[str, int], ...]
    risky: tuple[str, ...]
    outlook: Outlook | None
    wait: int = 0


def effects_of(plan: Plan, spans: Mapping[str, Sequence[int]], workers: int, reserve: int) -> Effects:
    """Foretell what a backfill does.

    Args:
        plan: what it would run.
        spans: how long each task took in recent good runs, in microseconds.
        workers: how many attempts run at once.
        reserve: how many of four workers or more are kept free of backfills.
    """
    spec, cap = plan.spec, plan.wish.cap
    names = dict.fromkeys(name for task in spec.tasks for name in task.rules.connections)
    of = estimate(spec, spans, workers)
    free = workers - reserve if workers >= _RESERVED_FROM else workers
    interval = plan.slots[-1].end - plan.slots[-1].start if plan.slots else 1
    return Effects(
        tuple(task.id for task in spec.tasks),
        tuple((name, spec.run_limit + cap) for name in names),
        tuple(task.id for task in spec.tasks if not task.rules.idempotent),
        outlook(of, len(plan.slots), cap, max(1, free), interval) if plan.slots else None,
        0 if free < workers else max((one.p90 for one in of.tasks), default=0),
    )


def effects_object(plan: Plan, effects: Effects) -> dict[str, Any]:
    """What `segue backfill --json` prints of a plan."""
    ends = effects.outlook
    return {
        "dag_id": plan.spec.id,
        "intervals": [plan.key(slot) for slot in plan.slots],
        "left_alone": dict(plan.alone),
        "not_complete": None if plan.coming is None else plan.key(plan.coming),
        "order": plan.wish.order,
        "cap": plan.wish.cap,
        "only": list(plan.wish.only),
        "reason": plan.wish.reason,
        "tasks": list(effects.tasks),
        "connections": dict(effects.connections),
        "not_idempotent": list(effects.risky),
        "seconds": None if ends is None or not ends.finish else ends.finish / 1e6,
        "verdict": None if ends is None else ends.verdict,
        "scheduled_work_may_wait": effects.wait / 1e6,
    }


# ------------------------------------------------------------------------------------------------------------ progress
@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is.

    Args:
        view: as the store has it.
        over: how many of its intervals need nothing more; failed ones among them.
        active: runs that have not ended; `held` of these wait for a person or for the slot before.
        left: microseconds until it ends at its present pace; None where that cannot be said.
    """

    view: BackfillView
    over: int
    good: int
    failed: int
    active: int
    held: int
    left: int | None


def progress_of(view: BackfillView, now: Instant) -> Progress:
    """Say how far a backfill is.

    Args:
        view: as the store has it.
        now: the present.
    """
    runs = dict(view.runs)
    active = sum(count for state, count in view.runs if state not in RUN_FINAL)
    bad = runs.get(RunState.FAILED, 0) + runs.get(RunState.CANCELLED, 0)
    over = max(0, view.made - active)
    left = None
    if view.state == "running" and over:
        left = ceil((now - view.row.created) * (view.row.total - over) / over)
    return Progress(view, over, runs.get(RunState.SUCCESS, 0), bad, active, runs.get(RunState.HELD, 0), left)


def is_over(view: BackfillView) -> bool:
    """Whether nothing of it moves any more by itself.

    Args:
        view: as the store has it.
    """
    moving = sum(count for state, count in view.runs if state not in RUN_FINAL and state is not RunState.HELD)
    return not moving and (view.state != "running" or view.made >= view.row.total)

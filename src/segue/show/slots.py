"""The ledger of a DAG beside its time table: every interval that should be, and what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final, TypeAlias

from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.interval import parse_range, slot_key
from segue.model.moment import datetime_at, parse_span
from segue.model.spec import DagSpec
from segue.model.state import SlotState
from segue.model.timing import Foretold, Timing
from segue.model.views import SlotView
from segue.schedule.planner import Clock
from segue.schedule.slots import latest_complete, slots_between
from segue.show.outlook import words_of

__all__ = ["RETIRED", "Ledger", "SlotCell", "ledger_of", "limits_of"]

RETIRED: Final = "retired"
_MOST: Final = 20_000
_CURED: Final = ("missing", "failed", "stale")

Span: TypeAlias = tuple[Instant, Instant]


@dataclass(frozen=True, slots=True)
class SlotCell:
    """One interval and what it shows.

    Args:
        slot: its first instant, and the first one after it.
        zone: of its DAG.
        state: one of `SlotState`, or *retired*: the time table has no such interval any more.
        run: its latest run that started a task, as printed; `good_run` the latest that was good.
        version: of the code that made what it shows.
        waits: it is due and will be run by itself, as soon as there is room.
    """

    slot: Span
    zone: str
    state: str
    run: str | None = None
    good_run: str | None = None
    version: int | None = None
    waits: bool = False

    @property
    def key(self) -> str:
        """As ids write it; made only where it is shown, because a year of hours has many."""
        return slot_key(*self.slot, self.zone)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Intervals of a DAG, the oldest first.

    Args:
        spec: the DAG as it is now.
        cells: those that are due, and those that only the ledger still knows.
        words: when it runs and what it covers.
        cut: there are older ones, too many to show.
        retired: no file declares it any more, so that nothing can be filled.
    """

    spec: DagSpec
    cells: tuple[SlotCell, ...]
    words: str
    cut: bool = False
    retired: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many show each state."""
        return Counter(cell.state for cell in self.cells)

    @property
    def remedy(self) -> str:
        """The one command that fills what is missing, failed or stale; empty where nothing is to be filled."""
        holes = [cell for cell in self.cells if cell.state in _CURED and not cell.waits]
        if not holes or self.retired:
            return ""
        states = [state for state in _CURED if any(cell.state == state for cell in holes)]
        first, last = (datetime_at(cell.slot[0], self.spec.timezone).date() for cell in (holes[0], holes[-1]))
        only = "" if states == ["missing"] else f" --only {','.join(states)}"
        return f"segue backfill {self.spec.id} {first if first == last else f'{first}..{last}'}{only}"


def ledger_of(
    spec: DagSpec,
    clock: tuple[Timing, Foretold],
    rows: Sequence[SlotView],
    now: Instant,
    when: str | None = None,
    *,
    since: Instant | None = None,
) -> Ledger:
    """Put the rows of the ledger beside the intervals that the time table makes.

    Args:
        spec: the DAG as it is now.
        clock: where its clock stands, and what is foretold of a time table of its own.
        rows: the ledger, the oldest first.
        now: the present.
        when: `A..B` or one date, both ends included; None: from its start on.
        since: intervals that start before are left out; without `when` only.

    Raises:
        UsageError: the range cannot be read, runs backwards, or names more intervals than can be shown.
    """
    timing, foretold = clock
    planner = Clock(spec, foretold)
    known = {row.slot: row for row in rows}
    first, stop = limits_of(spec, when)
    due, cut = _due_slots(planner, spec, timing, rows, now, when, since)
    cells = {slot: _cell(spec, slot, known.get(slot), timing) for slot in due}
    for slot, row in known.items():
        inside = (first is None or slot[0] >= first) and (stop is None or slot[0] < stop)
        known_only = slot not in cells and row.state is not SlotState.MISSING
        if known_only and inside and not (cut and due and slot < due[0]):
            cells[slot] = _cell(spec, slot, row, timing, None if _still_there(planner, slot) else RETIRED)
    ordered = tuple(cells[slot] for slot in sorted(cells))
    return Ledger(spec, ordered, words_of(spec), cut, timing.retired)


def _cell(spec: DagSpec, slot: Span, row: SlotView | None, timing: Timing, state: str | None = None) -> SlotCell:
    shown = state or (SlotState.MISSING if row is None else row.state)
    if row is None or shown == SlotState.MISSING:
        waits = timing.cursor is not None and timing.cursor <= slot[0] < (timing.accepted or timing.cursor)
        return SlotCell(slot, spec.timezone, str(SlotState.MISSING), waits=waits)
    return SlotCell(slot, spec.timezone, str(shown), row.last_run or None, row.last_good_run, row.version)


def _due_slots(
    planner: Clock,
    spec: DagSpec,
    timing: Timing,
    rows: Sequence[SlotView],
    now: Instant,
    when: str | None,
    since: Instant | None,
) -> tuple[list[Span], bool]:
    """The intervals that are due, and whether older ones are left out."""
    newest = latest_complete(planner.timetable, planner.bounds, now)
    if newest is None:
        return [], False
    if when is not None:
        slots = slots_between(planner.timetable, planner.bounds, *parse_range(when))
        due = takewhile(lambda slot: slot.due <= now, slots)
        named = [(slot.start, slot.end) for slot in islice(due, _MOST + 1)]
        if len(named) > _MOST:
            raise UsageError(f"{when} names more than {_MOST:,} intervals of {spec.id}: name a shorter range")
        return named, False
    first = _since(planner, timing, rows)
    if first is None:
        return [], False
    floor = newest.start - _MOST * (newest.end - newest.start)
    floor = max(floor, since or floor)
    every = planner.between(Instant(max(first, floor)), Instant(newest.start + 1))
    return [(slot.start, slot.end) for slot in every], first < floor


def _since(planner: Clock, timing: Timing, rows: Sequence[SlotView]) -> int | None:
    """From when on intervals should be there: the DAG's start, else when it was enabled or had its first run."""
    if planner.bounds.start is not None:
        return planner.bounds.start
    # The interval in which its clock began is the first that it is asked for.
    known = [rows[0].slot[0]] if rows else []
    if timing.enabled is not None:
        known.append(planner.present(timing.enabled))
    return min(known, default=None)


def _still_there(planner: Clock, slot: Span) -> bool:
    found = planner.timetable.slot_from(slot[0], planner.bounds)
    return found is not None and (found.start, found.end) == slot


def limits_of(spec: DagSpec, when: str | None) -> tuple[Instant | None, Instant | None]:
    """The instants that a range of dates means, both ends included; None: it has no such end.

    Raises:
        UsageError: it cannot be read.
    """
    if when is None:
        return None, None
    try:
        first, last = parse_range(when)
        return Instant(parse_span(first, spec.timezone)[0]), Instant(parse_span(last, spec.timezone)[1])
    except ValueError as why:
        raise UsageError(str(why)) from None

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from segue.app.asking import read_params, slots_of, triggers_for
from segue.app.clock import SystemClock
from segue.app.home import Home
from segue.app.owner import new_id
from segue.app.reading import open_reading
from segue.app.settings import Settings
from segue.app.vault_store import seal_param
from segue.model.acts import TriggerRun
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.moment import parse_moment
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot

__all__ = ["Wanted", "read_triggers"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command line says of the run that is wanted."""

    dag: str
    date: str | None
    interval: str | None
    params: tuple[str, ...]
    replace: bool


def read_triggers(settings: Settings, wanted: Wanted, ask: Callable[[str], str]) -> tuple[list[TriggerRun], str]:
    """The acts that make the runs, with the version of the DAG that the home knows, and a sentence about what is meant.

    Args:
        settings: in force.
        wanted: as written.
        ask: gives the value of a secret param that was written as `-`.

    Raises:
        UsageError: there is no such DAG, interval or param.
    """
    with open_reading(Home(settings.home)) as reading:
        view, spec = reading.declared(wanted.dag)
    if wanted.date is not None and wanted.interval is not None:
        raise UsageError("--date and --interval both name the interval: leave one of them out")
    now, named = SystemClock().now(), ""
    if wanted.interval is not None:
        slots = [_slot_of(spec, wanted.interval, now, view.foretold)]
    else:
        slots = slots_of(spec, wanted.date, now, view.foretold)
        if slots and wanted.date is None:
            named = f"the newest complete interval of {spec.id} is {_key(slots[0], spec)} (another: --date)"
    params = read_params(spec, wanted.params, partial(seal_param, settings), ask)
    return [act for _, act in triggers_for(spec, slots, params, new_id, wanted.replace)], named


def _slot_of(spec: DagSpec, text: str, now: Instant, foretold: Foretold) -> Slot:
    """The interval that begins and ends where `A..B` says."""
    first, dots, last = text.partition("..")
    if spec.schedule is None:
        raise UsageError(f"{spec.id} has no schedule, so no interval: leave --interval out")
    try:
        start, end = parse_moment(first, spec.timezone), parse_moment(last, spec.timezone)
    except ValueError as why:
        raise UsageError(f"--interval {text}: write A..B, two moments such as 2026-04-01..2026-04-02 ({why})") from None
    clock = Clock(spec, foretold)
    slot = clock.timetable.slot_from(start, clock.bounds)
    if slot is None or (slot.start, slot.end) != (start, end):
        near = "" if slot is None else f": the next one is {_key(slot, spec)}"
        raise UsageError(f"{spec.id} has no interval {text}{near}; --date names one by its beginning")
    if slot.due > now:
        raise UsageError(f"the interval {_key(slot, spec)} of {spec.id} is not due yet")
    return slot


def _key(slot: Slot, spec: DagSpec) -> str:
    return slot_key(slot.start, slot.end, spec.timezone)

"""The runs that are asked for by a date, an interval and params."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from segue.model.acts import TriggerRun
from segue.model.errors import UsageError
from segue.model.ids import Instant, manual_key
from segue.model.interval import parse_range, slot_key
from segue.model.moment import parse_moment
from segue.model.params import read_param, values_from
from segue.model.sealing import mark_sealed
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.model.value import encode
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot
from segue.schedule.slots import latest_complete, slots_between

__all__ = ["MOST_PARAMS", "Seal", "Wanted", "meant_slots", "params_of", "read_params", "slots_of", "triggers_for"]

MOST_PARAMS: Final = 256 * 1024
"""So many bytes the encoded params of a run may take."""

_NOTHING: Final = Foretold()
_MOST: Final = 10_000  # intervals of one range
Seal = Callable[[str, object], bytes]
"""Encrypts the value of a secret param, given its name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which intervals are wanted: by `date`, by `interval` (`A..B`), or the newest complete one."""

    date: str | None = None
    interval: str | None = None


# --------------------------------------------------------------------------------------------------------------- dates
def meant_slots(spec: DagSpec, wanted: Wanted, now: Instant, foretold: Foretold = _NOTHING) -> tuple[list[Slot], str]:
    """The slots that are wanted, none where the DAG has no schedule, and a sentence where nothing named them.

    Args:
        spec: of the DAG.
        wanted: as written.
        now: the present.
        foretold: the slots of a timetable of the user's own.

    Raises:
        UsageError: there is no such interval, it is not yet due, or two are named.
    """
    if wanted.date is not None and wanted.interval is not None:
        raise UsageError("--date and --interval both name the interval: leave one of them out")
    if wanted.interval is not None:
        return [_slot_of(spec, wanted.interval, now, foretold)], ""
    slots = slots_of(spec, wanted.date, now, foretold)
    if not slots or wanted.date is not None:
        return slots, ""
    return slots, f"the newest complete interval of {spec.id} is {_key(slots[0], spec)} (another: --date)"


def slots_of(spec: DagSpec, when: str | None, now: Instant, foretold: Foretold = _NOTHING) -> list[Slot]:
    """The slots that `--date` names: both ends of a range included; without a date the newest complete one.

    Args:
        spec: of the DAG.
        when: as written.
        now: the present.
        foretold: the slots of a timetable of the user's own.

    Raises:
        UsageError: the DAG has no time table but a date is given, a slot is not yet due, or there is none.
    """
    if spec.schedule is None:
        if when is not None:
            raise UsageError(f"{spec.id} has no schedule, so no interval: leave --date out")
        return []
    clock = Clock(spec, foretold)
    timetable, bounds = clock.timetable, clock.bounds
    if when is None:
        newest = latest_complete(timetable, bounds, now)
        if newest is None:
            raise UsageError(f"no interval of {spec.id} is complete yet: name one that is with --date")
        return [newest]
    try:
        first, last = parse_range(when)
    except ValueError as why:
        raise UsageError(str(why)) from None
    slots = list(islice(slots_between(timetable, bounds, first, last), _MOST + 1))
    if len(slots) > _MOST:
        raise UsageError(f"{when} has more than {_MOST:,} intervals: `segue backfill {spec.id} {when}` runs so many")
    due = [slot for slot in slots if slot.due <= now]
    if slots and not due:
        shown = slot_key(slots[0].due, Instant(slots[0].due + 1), spec.timezone)
        raise UsageError(f"the interval {_key(slots[0], spec)} of {spec.id} has not ended yet: it is due {shown}")
    if not due:
        raise UsageError(f"{spec.id} has no interval in {when}")
    return due


def _slot_of(spec: DagSpec, text: str, now: Instant, foretold: Foretold) -> Slot:
    """The interval that begins and ends where `A..B` says."""
    first, _, last = text.partition("..")
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


def triggers_for(
    spec: DagSpec, slots: Sequence[Slot], like: TriggerRun, new_id: Callable[[str], str]
) -> Iterator[tuple[str, TriggerRun]]:
    """(request id, act) for each slot, or for one run without interval.

    Args:
        spec: the DAG.
        slots: the intervals; none where the DAG has no schedule.
        like: params, reason and whether active runs are replaced.
        new_id: the id of the request for an interval, given its key; "" for a run without one.
    """
    for slot in slots:
        key = _key(slot, spec)
        yield (
            new_id(key),
            TriggerRun(spec.id, key, (slot.start, slot.end), like.params, like.reason, like.replace),
        )
    if spec.schedule is None:
        request = new_id("")
        yield request, TriggerRun(spec.id, manual_key(request), None, like.params, like.reason, like.replace)


# -------------------------------------------------------------------------------------------------------------- params
def read_params(spec: DagSpec, given: Sequence[str], ask: Callable[[str], str] | None = None) -> dict[str, object]:
    """Read `--param name=value` against the DAG's params.

    Args:
        spec: the DAG.
        given: as written; the value is JSON where the type is not `str`.
        ask: gives the value of a secret param that was written as `-`.

    Raises:
        UsageError: a value cannot be read.
    """
    known = {param.name: param for param in spec.params}
    values: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param {text}: write name=value")
        if name in known and known[name].secret and value == "-" and ask is not None:
            value = ask(name)
        values[name] = read_param(known[name], value) if name in known else value
    return values


def params_of(spec: DagSpec, given: Mapping[str, object], seal: Seal | None = None) -> bytes:
    """What a run is created with: what was given, checked, and defaults for the rest; secret ones encrypted.

    Args:
        spec: the DAG.
        given: values by name, as JSON has them.
        seal: encrypts the value of a secret param.

    Raises:
        UsageError: an unknown name (the nearest is named), a value that is not allowed, a required one is missing, or
            together they are too large.
    """
    secret = {param.name for param in spec.params if param.secret}
    whole = values_from(spec, given)
    for name, plain in whole.items():
        if name in secret and plain is not None:
            if seal is None:
                raise UsageError(f"param {name} is secret and cannot be kept here")
            whole[name] = mark_sealed(seal(name, plain))
    data = encode(whole) if whole else b""
    if len(data) > MOST_PARAMS:
        why = f"{len(data):,} bytes of params, {MOST_PARAMS:,} are the most: put the data where a task can read it"
        raise UsageError(f"{spec.id}: {why}")
    return data

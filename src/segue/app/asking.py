"""From what a command line says to requests: targets, dates and params."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from segue.model.acts import TriggerRun
from segue.model.errors import UsageError
from segue.model.ids import Instant, is_id, manual_key
from segue.model.interval import parse_range, slot_key
from segue.model.params import read_param, values_from
from segue.model.sealing import mark_sealed
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.model.value import encode
from segue.schedule.planner import Clock
from segue.schedule.slot import Slot
from segue.schedule.slots import latest_complete, slots_between

__all__ = ["chosen_dag", "read_params", "read_target", "slots_of", "triggers_for", "values_of"]

_NOTHING: Final = Foretold()


def read_target(text: str) -> tuple[Path | None, str | None]:
    """Split `file.py`, `file.py:dag_id` or `dag_id` into file and DAG id.

    Raises:
        UsageError: the file does not exist.
    """
    name, colon, dag = text.rpartition(":")
    if colon and Path(name).suffix == ".py":
        path, wanted = Path(name), dag
    elif Path(text).suffix == ".py" or "/" in text:
        path, wanted = Path(text), ""
    elif is_id(text):
        return None, text
    else:
        raise UsageError(f"{text!r} is neither a DAG file nor the id of a DAG: write file.py, file.py:dag_id or dag_id")
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    return path.resolve(), wanted or None


def chosen_dag(specs: Sequence[DagSpec], wanted: str | None, file: str) -> DagSpec:
    """The DAG of a file that is meant.

    Raises:
        UsageError: it has none, or several and none is named, or none of that name.
    """
    ids = [spec.id for spec in specs]
    if wanted is not None:
        for spec in specs:
            if spec.id == wanted:
                return spec
        near = difflib.get_close_matches(wanted, ids, 1)
        hint = f": did you mean {near[0]}?" if near else f": it has {', '.join(ids) or 'none'}"
        raise UsageError(f"{file} has no DAG {wanted}{hint}")
    if not specs:
        raise UsageError(f"{file} declares no DAG: decorate a function with @dag, or write `with Dag('id'):`")
    if len(specs) > 1:
        raise UsageError(f"{file} has several DAGs, name one: {', '.join(f'{file}:{dag}' for dag in ids)}")
    return specs[0]


# --------------------------------------------------------------------------------------------------------------- dates
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
    slots = list(slots_between(timetable, bounds, first, last))
    due = [slot for slot in slots if slot.due <= now]
    if slots and not due:
        key = slot_key(slots[0].start, slots[0].end, spec.timezone)
        raise UsageError(f"the interval {key} of {spec.id} has not ended yet: it is due {_shown(slots[0], spec)}")
    if not due:
        raise UsageError(f"{spec.id} has no interval in {when}")
    return due


def _shown(slot: Slot, spec: DagSpec) -> str:
    return slot_key(slot.due, Instant(slot.due + 1), spec.timezone)


def triggers_for(
    spec: DagSpec, slots: Sequence[Slot], params: bytes, new_id: Callable[[], str], replace: bool
) -> Iterator[tuple[str, TriggerRun]]:
    """(request id, act) for each slot, or for one run without interval."""
    for slot in slots:
        key = slot_key(slot.start, slot.end, spec.timezone)
        yield new_id(), TriggerRun(spec.id, key, (slot.start, slot.end), params, replace=replace)
    if spec.schedule is None:
        request = new_id()
        yield request, TriggerRun(spec.id, manual_key(request), None, params, replace=replace)


# -------------------------------------------------------------------------------------------------------------- params
def read_params(
    spec: DagSpec,
    given: Sequence[str],
    seal: Callable[[str, object], bytes] | None = None,
    ask: Callable[[str], str] | None = None,
) -> bytes:
    """Read `--param name=value` against the DAG's params, and encode what a run is created with.

    Args:
        spec: the DAG.
        given: as written; the value is JSON where the type is not `str`.
        seal: encrypts the value of a secret param.
        ask: gives the value of a secret param that was written as `-`.

    Raises:
        UsageError: an unknown name (the nearest is named), a value that is not allowed, or a required one is missing.
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
    whole = values_from(spec, values)
    for name, plain in whole.items():
        if known[name].secret and plain is not None:
            if seal is None:
                raise UsageError(f"param {name} is secret and cannot be kept here")
            whole[name] = mark_sealed(seal(name, plain))
    return encode(whole) if whole else b""


def values_of(envs: Mapping[str, Mapping[str, object]], env: str | None) -> dict[str, object]:
    """Arguments of DAG functions in the chosen environment.

    Raises:
        UsageError: there is no such environment.
    """
    if env is None:
        return {}
    if env not in envs and envs:
        near = difflib.get_close_matches(env, envs, 1)
        hint = f": did you mean {near[0]}?" if near else f": there are {', '.join(envs)}"
        raise UsageError(f"no environment {env}{hint}")
    return {"env": env, **envs.get(env, {})}

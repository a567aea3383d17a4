"""What a run in process is given: params, arguments known at load, an interval, an environment's settings."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from segue.app.asking import values_of
from segue.app.settings import Settings, read_settings
from segue.define.compile import compile_dag
from segue.define.dag import Dag, load_values
from segue.define.faults import gathering, joined
from segue.define.params import field_names, params_from
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.interval import Interval
from segue.model.limits import Limits
from segue.model.moment import Moment
from segue.model.spec import DagSpec
from segue.schedule.slot import Bounds
from segue.schedule.slots import latest_complete, slot_of
from segue.schedule.timetable import Custom, timetable_from_data

__all__ = ["Given", "interval_of", "limits_of", "params_of", "settings_of", "spec_of", "with_values"]

_PLENTY: Final = 2**40


class Given(TypedDict, total=False):
    """What a run may use besides its params.

    `connections` are addresses by name, `secrets` values by name, `env` names a table `[tool.segue.env.NAME]`.
    """

    connections: Mapping[str, str]
    secrets: Mapping[str, str]
    env: str


def settings_of(dag: Dag, env: str | None) -> Settings:
    """The settings beside a DAG's file, in an environment; none where the file is gone or was never one."""
    return read_settings(Path(dag.place.file).absolute().parent, {}, {"env": env})


def with_values(dag: Dag, given: dict[str, Any], settings: Settings) -> Dag:
    """The DAG traced with what its function wants at load: taken from `given`, else from the environment.

    Raises:
        UsageError: there is no such environment.
        DefinitionError: the DAG cannot be declared with these values.
    """
    if dag.function is None:
        return dag
    fields = set(field_names(dag.params_class)) if dag.params_class else set()
    names = [name for name in dag.function.signature.parameters if name not in fields]
    values = values_of(settings.envs, settings.env)
    values = {name: values[name] for name in names if name in values}
    values |= {name: given.pop(name) for name in names if name in given}
    if not values:
        return dag
    token = load_values.set(values)
    try:
        with gathering() as faults:
            again = Dag.of(dag.function, {**dag.options, "id": dag.id})
            again.trace()
    finally:
        load_values.reset(token)
    if faults:
        raise joined(faults)
    return again


def spec_of(dag: Dag) -> DagSpec:
    """The spec of a DAG of this process.

    Raises:
        DefinitionError: it declares something impossible.
    """
    with gathering() as faults:
        dag.trace()
        spec = compile_dag(dag)
    if faults:
        raise joined(faults)
    return spec


def params_of(dag: Dag, given: Mapping[str, Any]) -> dict[str, Any]:
    """The run's params by name, checked, defaults filled in.

    Raises:
        UsageError: one is unknown, missing, or of the wrong type.
    """
    kind = dag.params_class
    names = field_names(kind) if kind else ()
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names) or 'none'}"
            raise UsageError(f"DAG {dag.id} has no param {name!r}: {hint}")
    if kind is None:
        return {}
    try:
        filled = params_from(kind, given)
    except (TypeError, ValueError) as why:
        raise UsageError(f"params of DAG {dag.id}: {why}") from why
    return {name: getattr(filled, name) for name in names}


def interval_of(spec: DagSpec, date: Moment | Interval | None) -> Interval | None:
    """What the run covers.

    Raises:
        UsageError: the date names no slot of the DAG's time table.
    """
    if isinstance(date, Interval):
        return date
    if spec.schedule is None:
        return None if date is None else Interval(date, timezone=spec.timezone)
    timetable = timetable_from_data(spec.schedule)
    if isinstance(timetable, Custom):  # only where its file is loaded does anybody know its slots
        return None if date is None else Interval(date, timezone=spec.timezone)
    start, end = (None if one is None else Instant(one) for one in (spec.start, spec.end))
    bounds = Bounds(start, end, spec.timezone, spec.delay)
    now = Instant(time.time_ns() // 1_000)
    slot = latest_complete(timetable, bounds, now) if date is None else slot_of(timetable, bounds, date)
    return None if slot is None else Interval.of(slot.start, slot.end, spec.timezone)


def limits_of(spec: DagSpec, settings: Settings) -> Limits:
    """The guards of the environment; of pools and resources there is plenty, for one attempt runs at a time."""
    rules = [task.rules for task in spec.tasks]
    pools = {one.pool: _PLENTY for one in rules if one.pool is not None}
    resources = {name: _PLENTY for one in rules for name, _ in one.resources}
    guards = settings.limits(_PLENTY).guards
    return Limits(tuple(pools.items()), tuple(resources.items()), guards, backfill_reserve=0)

"""A traced DAG as `DagSpec`. Everything that is wrong with it is reported, not only the first thing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from msgspec import structs

from segue.define.annotations import literals, type_text
from segue.define.arguments import argument_texts
from segue.define.dag import Dag
from segue.define.digest import function_digest
from segue.define.faults import fault
from segue.define.foretelling import schedule_of
from segue.define.groups import chosen, group_views
from segue.define.hooks import hook_names
from segue.define.naming import item_name_fault
from segue.define.nodes import Call, Fan, Part, calls_in
from segue.define.options import TASK_LATER
from segue.define.param_specs import param_specs
from segue.define.rules import channels, flag, length, number, one_of, rules_of, text, texts, whole
from segue.model.duration import microseconds
from segue.model.errors import DefinitionError
from segue.model.ids import ID_RULE, is_id
from segue.model.moment import parse_span, zone_named
from segue.model.spec import MAX_DOC, MAX_ITEMS, MAX_TASKS, DagSpec, MapSpec, Over, Rules, TaskKind, TaskSpec
from segue.model.value import length_of
from segue.resolve.graph import find_cycle
from segue.schedule.cadence import is_finer_than_a_day
from segue.schedule.timetable import Once, Timetable

__all__ = ["compile_dag"]

_LONGEST: Final = 500
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)

_KINDS: Final[dict[str, TaskKind]] = {
    "task": "task", "branch": "branch", "short_circuit": "short_circuit", "setup": "setup", "teardown": "teardown",
    "flow": "flow",
}  # fmt: skip


def compile_dag(dag: Dag, file: str = "") -> DagSpec:
    """Compile a DAG that has been traced; faults go where `fault` puts them.

    Args:
        dag: the DAG.
        file: its file, relative to the root of the bundle.
    """
    report = partial(fault, place=dag.place, dag=dag.id)
    tasks = _Tasks(dag).compiled()
    if len(tasks) > MAX_TASKS:
        report(f"DAG {dag.id} has {len(tasks):,} tasks, {MAX_TASKS:,} are the most: split it, or map over a list")
    cycle = find_cycle(tasks)
    if cycle:
        _report_cycle(dag, cycle)
    options = dag.options
    values = _Options(options, report)
    zone = values.read("timezone", _zone, "UTC")
    schedule = values.read("schedule", schedule_of, None)
    params = param_specs(dag.params_class, report)
    missing = [param.name for param in params if param.default is None]
    if missing and schedule is not None:
        names = ", ".join(missing)
        report(f"DAG {dag.id} has a schedule and params without a default ({names}): nobody is there to give them")
    start, end = values.read("start", partial(_start, zone), None), values.read("end", partial(_end, zone), None)
    if start is not None and end is not None and end <= start:
        report(f"DAG {dag.id} ends before it starts: start={options['start']!r}, end={options['end']!r}")
    deadline = values.read("deadline", partial(_deadline, schedule, zone), (None, None))
    return DagSpec(
        id=dag.id,
        tasks=tasks,
        schedule=None if schedule is None else schedule.to_data(),
        start=start,
        end=end,
        timezone=zone,
        max_active_runs=values.read("max_active_runs", whole(1), None),
        max_active_tasks=values.read("max_active_tasks", whole(1), None),
        priority=values.read("priority", number, 0),
        catchup=values.read("catchup", flag, False),
        missed=values.read("missed", one_of("run", "latest", "skip"), "run"),
        overlap=values.read("overlap", one_of("wait", "skip"), "wait"),
        delay=values.read("delay", microseconds, 0),
        params=params,
        owner=values.read("owner", text, None),
        tags=values.read("tags", texts, ()),
        location=values.read("location", text, ""),
        doc=_doc(options.get("doc"), dag.function.fn if dag.function else None, report),
        file=file,
        line=dag.place.line,
        timeout=values.read("timeout", length, None),
        hooks=hook_names(options, report),
        renamed_from=values.read("renamed_from", partial(_former, dag.id), None),
        deadline=deadline[0],
        deadline_at=deadline[1],
        lookback=values.read("lookback", partial(_lookback, schedule), 0),
        alerts=values.read("alerts", channels, ()),
    )


class _Options:
    """Reads one option of a DAG at a time; what cannot be read is reported and its default taken."""

    def __init__(self, options: Mapping[str, Any], report: Callable[[str], None]) -> None:
        self._options, self._report = options, report

    def read(self, name: str, reader: Callable[[Any], Any], default: Any) -> Any:
        value = self._options.get(name)
        if value is None:
            return default
        try:
            return reader(value)
        except DefinitionError as why:
            self._report(why.message)
        except (TypeError, ValueError) as why:
            self._report(f"{name}={value!r}: {why}")
        return default


class _Tasks:
    """Compiles the calls of one DAG; options that agree become one `Rules` object."""

    def __init__(self, dag: Dag) -> None:
        self._dag = dag
        self._defaults = dag.options.get("defaults", {})
        self._rules: dict[Rules, Rules] = {}
        self._read: dict[int, Rules] = {}

    def compiled(self) -> tuple[TaskSpec, ...]:
        edges = {task.id: task for task in self._dag.edges()}
        specs = tuple(self._compile(call, edges[name]) for name, call in self._dag.calls.items())
        below: dict[str, list[str]] = {}
        for task in edges.values():
            for up in task.upstream:
                below.setdefault(up, []).append(task.id)
        for call in self._dag.calls.values():
            if call.task.kind == "branch":
                self._check_choices(call, below.get(call.id, []))
            elif call.task.kind == "teardown":
                self._check_setups(call, edges[call.id].upstream)
        for group in group_views(specs):
            if group.group_id in self._dag.calls:
                text = f"a task and a group have the id {group.group_id!r}: give one of them another"
                self._report(self._dag.calls[group.group_id])(text)
        self._check_renamed(specs)
        return specs

    def _compile(self, call: Call, edges: TaskSpec) -> TaskSpec:
        report = self._report(call)
        task, options = call.task, {**self._defaults, **call.task.options}
        values = _Options(options, report)
        if task.kind not in _KINDS:
            report(f"task.{task.kind} is not available in this version")
        bound, errors = argument_texts(call.bound)
        if call.fan:
            self._check_fan(call, call.fan, report)
            lists, more = argument_texts(call.fan.over)
            bound.update({name: f"*{text}" for name, text in lists.items()})
            errors.update(more)
        for name, why in errors.items():
            report(f"argument {name!r} of task {call.id}: {why}")
        named = (options if call.fan else task.options).get("item_name")
        if named is not None and (wrong := item_name_fault(call, named)):
            report(wrong)
        returns = task.function.returns
        return TaskSpec(
            id=call.id,
            rules=self._rules_of(call, report),
            kind=_KINDS.get(task.kind, "task"),
            data=edges.data,
            after=edges.after,
            mapped=_map_spec(call.fan, report) if call.fan else None,
            arguments=", ".join(f"{name}={bound[name]}" for name in sorted(bound)),
            returns="" if returns is inspect.Signature.empty else type_text(returns),
            function=function_digest(task.function.fn),
            line=call.place.line if call.place.file == self._dag.place.file else 0,
            doc=_doc(options.get("doc"), task.function.fn, report),
            group=edges.group,
            renamed_from=values.read("renamed_from", partial(_former, call.id), None),
            inlets=values.read("inlets", _data_names, ()),
            outlets=values.read("outlets", _data_names, ()),
            starts=_starts(call),
        )

    def _rules_of(self, call: Call, report: Callable[[str], None]) -> Rules:
        known = self._read.get(id(call.task))
        if known is not None:
            return known
        options = {**self._defaults, **call.task.options}
        for name in sorted(TASK_LATER.intersection(options)):
            report(f"{name}= of task {call.id} is not available in this version: leave it out")
        rules = rules_of(options, report)
        if hooks := hook_names(options, report):
            rules = structs.replace(rules, hooks=hooks)
        self._read[id(call.task)] = self._rules.setdefault(rules, rules)
        return self._read[id(call.task)]

    def _check_choices(self, call: Call, below: list[str]) -> None:
        for choice in literals(call.task.function.returns) or ():
            if choice is not None and not chosen(choice, below, self._dag.calls):
                follow = ", ".join(sorted(below)) or "nothing"
                self._report(call)(f"branch {call.id} may return {choice!r}, which does not follow it: {follow} does")

    def _check_setups(self, call: Call, upstream: Sequence[str]) -> None:
        setups = [name for name, one in self._dag.calls.items() if one.task.kind == "setup"]
        if not set(setups).intersection(upstream):
            known = f"{setups[0]} >> {call.id}" if setups else "declare one with @task.setup"
            text = f"teardown {call.id} has no setup directly upstream, so nobody knows when it is needed: {known}"
            self._report(call)(text)

    def _check_fan(self, call: Call, fan: Fan, report: Callable[[str], None]) -> None:
        if call.task.kind != "task":
            report(f"{call.id} is a {call.task.kind}: there is one of it in a run, so it cannot be mapped")
        over = {one.id for one in fan.over.values() if isinstance(one, Call) and one.fan}
        given = {**call.bound, **{name: value for name, value in fan.over.items() if not isinstance(value, Call)}}
        for name in [name for name, value in given.items() for up in calls_in(value) if up.id in over]:
            text = f"task {call.id} maps over the items of a mapped task and gets all of them as {name!r} too"
            report(f"{text}: let a task between them gather the items, and map over what it returns")

    def _check_renamed(self, specs: tuple[TaskSpec, ...]) -> None:
        former: dict[str, str] = {}
        for task in specs:
            if task.renamed_from is None:
                continue
            report = self._report(self._dag.calls[task.id])
            other = former.setdefault(task.renamed_from, task.id)
            if task.renamed_from in self._dag.calls:
                report(f"task {task.id} was renamed from {task.renamed_from}, which is still there")
            elif other != task.id:
                report(f"tasks {other} and {task.id} were both renamed from {task.renamed_from}: one has its history")

    def _report(self, call: Call) -> Callable[[str], None]:
        return partial(fault, place=call.place, dag=self._dag.id, task=call.id)


def _map_spec(fan: Fan, report: Callable[[str], None]) -> MapSpec:
    over = []
    for name, value in fan.over.items():
        length = length_of(value)
        if isinstance(value, Call):
            over.append(Over(name, task=value.id))
            continue
        if isinstance(value, Part):
            report(f"{name!r} maps over a part of {value.of.id}: let a task of its own return that list")
        elif length is None:
            report(f"{name!r} maps over {type(value).__name__}: it takes the result of a task, a list or a range")
        elif length > MAX_ITEMS:
            report(f"{name!r} maps over {length:,} items, {MAX_ITEMS:,} are the most")
        over.append(Over(name, length=length or 0))
    known = {one.length for one in over if one.length is not None}
    if fan.mode == "zip" and len(known) > 1:
        lengths = ", ".join(f"{one.param}: {one.length}" for one in over if one.length is not None)
        report(f"the lists that are mapped over differ in length ({lengths}): .product(...) crosses them")
    return MapSpec(fan.mode, tuple(over))


def _starts(call: Call) -> tuple[str, ...]:
    """The DAG that a ready-made task starts, where the file says which."""
    parameter = getattr(call.task.function.fn, "starts", None)
    named = call.bound.get(parameter) if isinstance(parameter, str) else None
    return (named,) if isinstance(named, str) and is_id(named) else ()


def _former(own: str, value: object) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise ValueError(f"it must be the id from before, {ID_RULE}")
    if value == own:
        raise ValueError("that is its id still: leave it out")
    return value


def _data_names(value: object) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(texts(value)))
    if not all(name.strip() and name.isprintable() and len(name) <= _LONGEST for name in found):
        raise ValueError(f"each must be a name or an address of at most {_LONGEST} characters")
    return found


def _report_cycle(dag: Dag, cycle: list[str]) -> None:
    text = f"cycle: {' → '.join(cycle)}"
    # Data alone cannot close a circle, a call exists before it is an argument: some edge of it is an order edge.
    order = dag.order()
    places = (order[down].get(up) for up, down in zip(cycle, cycle[1:], strict=False))
    closing = max((place for place in places if place), key=lambda place: place.line, default=dag.place)
    fault(text, closing, dag=dag.id, task=cycle[0])


def _doc(given: object, fn: Callable[..., Any] | None, report: Callable[[str], None]) -> str:
    # Words of what is not written in Python differ between versions of Python, None's own among them.
    written = getattr(fn, "__doc__", None) if hasattr(fn, "__code__") else None
    doc = given if given is not None else written
    if not isinstance(doc, str):
        return ""
    doc = inspect.cleandoc(doc)
    if len(doc.encode(errors="replace")) > MAX_DOC:
        report(f"doc has {len(doc):,} characters, {MAX_DOC // 1024} KiB are the most")
    return doc


def _deadline(schedule: Timetable | None, zone: str, value: object) -> tuple[int | None, int | None]:
    """A duration in microseconds, or a minute of the day."""
    clock = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if clock is None:
        try:
            return length(value), None
        except ValueError as why:
            raise ValueError(f"{why}; or a time of day, '08:00'") from None
    if schedule is not None and is_finer_than_a_day(schedule, zone):
        raise ValueError(f"{schedule} has several slots a day, and one time of day for all: write how long, '30m'")
    return None, int(clock[1]) * 60 + int(clock[2])


def _lookback(schedule: Timetable | None, value: object) -> int:
    if schedule is None or isinstance(schedule, Once):
        raise ValueError("slots are run again, and there are none without a schedule: leave it out")
    return whole(0)(value)


def _zone(name: object) -> str:
    return zone_named(text(name)).key


def _start(zone: str, value: Any) -> int:
    return parse_span(value, zone)[0]


def _end(zone: str, value: Any) -> int:
    # A date includes the last slot that starts on it; an instant is the first that no slot starts at (RULINGS).
    first, last = parse_span(value, zone)
    whole_days = isinstance(value, str) and len(value) <= len("2026-04-01")
    return last if whole_days or (isinstance(value, date) and not isinstance(value, datetime)) else first

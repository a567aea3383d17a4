"""`@dag` and `Dag`: tracing, registration and inspection of a DAG.

A DAG function is traced once, after its module has been imported whole or on first access to `.tasks`: names that are
defined further down exist by then.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, Self, Unpack, cast, overload

import msgspec

from segue.define.faults import Place, fault, gathering, here, joined, registrar
from segue.define.groups import Group, GroupView, group_views, tied
from segue.define.injection import Function
from segue.define.nodes import Call, Fan, Link, calls_in, data_ids
from segue.define.options import DagOptions, NamedDagOptions, known_dag_options, known_task_options
from segue.define.params import ParamRef, Params, field_names, params_class_of, references
from segue.define.tasks import DeclaredTask
from segue.define.tracing import Tracing, active, uncollected
from segue.model.errors import UsageError
from segue.model.ids import ID_RULE, is_id
from segue.model.spec import TaskSpec
from segue.resolve.graph import topological_order

__all__ = ["Dag", "TaskView", "dag", "is_loading", "load_values", "registering"]

load_values: Final[ContextVar[Mapping[str, object]]] = ContextVar("segue_load_values", default=MappingProxyType({}))
"""What arguments of DAG functions that are no params are given instead of their default: `[tool.segue.env.NAME]`."""

_registered: Final[ContextVar[list[Dag] | None]] = ContextVar("segue_registered", default=None)


_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@contextmanager
def registering() -> Iterator[list[Dag]]:
    """Within it every DAG that is declared is added to the list."""
    found: list[Dag] = []
    token = _registered.set(found)
    try:
        yield found
    finally:
        _registered.reset(token)


def is_loading() -> bool:
    """Whether a DAG file is being imported."""
    return _registered.get() is not None


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task of a DAG, to look at.

    Attributes:
        task_id: its id.
        upstream_task_ids: direct upstream.
        downstream_task_ids: direct downstream.
        upstream_data_ids: those upstream tasks whose result is an argument; the others are upstream by order alone.
        group_id: the group it lies in, `outer.inner` where nested, "" for none.
    """

    task_id: str
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]
    upstream_data_ids: set[str]
    group_id: str = ""


class Dag:
    """A DAG: tasks, and what must come before what.

    Args:
        dag_id: its id.
        options: `schedule start end timezone catchup missed max_active_runs max_active_tasks priority overlap delay
            lookback timeout deadline alerts params defaults on_success on_failure renamed_from owner tags location
            doc`.

    Raises:
        DefinitionError: an option does not exist (the nearest is named), or the id is none.
    """

    id: str
    injects: ClassVar[bool] = False
    """Whether its function runs in an attempt, and is given there what its annotations ask for."""

    def __init__(self, dag_id: str, /, **options: Unpack[DagOptions]) -> None:
        self._declare(dag_id, None, options)

    @classmethod
    def of(cls, function: Function, options: Mapping[str, Any]) -> Dag:
        """The DAG that a function declares."""
        self = cls.__new__(cls)
        rest = {name: value for name, value in options.items() if name != "id"}
        self._declare(options.get("id", function.name), function, rest)
        return self

    def _declare(self, dag_id: object, function: Function | None, options: Mapping[str, Any]) -> None:
        self.id = str(dag_id)
        self.place = registrar()
        self.function = function
        self.options = known_dag_options(options, f"DAG {self.id}", self.place)
        self.calls: dict[str, Call] = {}
        self.links: list[Link] = []
        self.params_class = self._params_of(self.options.get("params"))
        self._groups: dict[str, Group] = {}
        self._open: list[str] = []
        defaults = known_task_options(self.options.get("defaults", {}), f"defaults of DAG {self.id}", self.place)
        for name in sorted({"id", "renamed_from"}.intersection(defaults)):
            fault(f"defaults of DAG {self.id} cannot hold {name}: it names one task", self.place, dag=self.id)
        self._traced = function is None
        self._entered: Token[Tracing | None] | None = None
        if not is_id(self.id):
            fault(f"{dag_id!r} cannot be the id of a DAG: write {ID_RULE}", self.place)
        registered = _registered.get()
        if registered is not None:
            registered.append(self)

    def __enter__(self) -> Self:
        outer = active.get()
        if outer is not None:
            fault(f"DAG {self.id} stands inside DAG {outer.id}: a DAG holds tasks, not DAGs", dag=outer.id)
        self._entered = active.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._entered is not None
        active.reset(self._entered)

    def __call__(self) -> Self:
        """The DAG itself; nothing runs."""
        return self

    def __repr__(self) -> str:
        return f"<dag {self.id}>"

    def call(self, task: DeclaredTask[..., Any], bound: Mapping[str, object], fan: Fan | None = None) -> Call:
        """Record a call of a task."""
        call = Call(self, task, self._group_of(task), bound, fan, here())
        self._check(call)
        self.calls.setdefault(call.id, call)
        return call

    def open_group(self, group: Group) -> str:
        """Begin a group inside the one that is open; answers with its id."""
        group_id = ".".join(filter(None, [*self._open[-1:], group.name]))
        first = self._groups.setdefault(group_id, group) if group.name else group
        if first is not group:
            text = f"group {group_id} is opened a second time (first in line {first.place.line})"
            fault(f"{text}: keep it, `g = group({group.name!r})`, and write `with g:` again", group.place, dag=self.id)
        self._open.append(group_id)
        return group_id

    def close_group(self) -> None:
        """End the group that was opened last."""
        self._open.pop()

    def _group_of(self, task: DeclaredTask[..., Any]) -> str:
        named = {**self.options.get("defaults", {}), **task.options}.get("group")
        if named is not None and not (isinstance(named, str) and is_id(named)):
            fault(f"group={named!r} of task {task.id} cannot be the name of a group: write {ID_RULE}", dag=self.id)
            named = None
        return ".".join(filter(None, [*self._open[-1:], named]))

    def _check(self, call: Call) -> None:
        task, report = call.task, partial(fault, place=call.place, dag=self.id, task=call.id)
        lists = call.fan.over if call.fan else {}
        if not is_id(call.id):
            report(f"{call.id!r} cannot be the id of a task: give it one, id='…' of {ID_RULE}")
        missing = task.function.missing({*call.bound, *lists})
        if missing:
            report(f"task {call.id} misses {', '.join(f'argument {name!r}' for name in missing)}")
        first = self.calls.get(call.id)
        if first is not None:
            same = first.task.function is task.function
            what = f"task {call.id} is called a second time" if same else f"two tasks have the id {call.id!r}"
            name = task.function.name
            hint = f"tell them apart with {name}.with_options(id='…')(…)"
            report(f"{what} (first in line {first.place.line}): {hint}")
        for up in calls_in([*call.bound.values(), *lists.values()]):
            if up.dag is not self:
                text = f"{up.id} of DAG {up.dag.id} is an argument of {call.id} of DAG {self.id}"
                report(f"unknown upstream: {text}; an edge stays inside one DAG")

    def trace(self) -> None:
        """Run the DAG function, once; faults are gathered by the caller or raised at the first."""
        if self._traced or self.function is None:
            return
        for kept in (self.calls, self.links, self._groups, self._open):
            kept.clear()
        token = active.set(self)
        try:
            args, kwargs = self.function.spread(self._arguments(self.function))
            with uncollected():
                self.function.fn(*args, **kwargs)
        finally:
            active.reset(token)
        self._traced = True

    @property
    def arguments(self) -> list[str]:
        """Names of the arguments of the DAG function that are known at load: what an environment may give."""
        if self.function is None:
            return []
        function, fields = self.function, field_names(self.params_class) if self.params_class else ()
        return [
            name
            for name, one in function.signature.parameters.items()
            if name not in fields and one.kind not in _VARIADIC and not _is_params(function.annotation(one.annotation))
        ]

    def _arguments(self, function: Function) -> dict[str, object]:
        kind = self.params_class
        names = field_names(kind) if kind else ()
        values, found = load_values.get(), dict[str, object]()
        for name, one in function.signature.parameters.items():
            if self.injects and name in function.injections:
                continue
            annotation = function.annotation(one.annotation)
            if name in names:
                found[name] = ParamRef(name)
            elif _is_params(annotation):
                found[name] = references(annotation)
            elif name in values:
                found[name] = self._fitting(name, values[name], annotation)
            elif one.default is one.empty and one.kind not in _VARIADIC:
                text = "give it a default, a value in [tool.segue.env.NAME], or name it in params="
                fault(f"argument {name!r} of DAG {self.id} has no value: {text}", self.place, dag=self.id)
                found[name] = None
        return found

    def _fitting(self, name: str, value: object, annotation: Any) -> object:
        """A value of the environment as its annotation wants it, where there is one that says what it wants."""
        try:
            unsaid = isinstance(annotation, str) or annotation is inspect.Parameter.empty
            return value if unsaid else msgspec.convert(value, annotation)
        except msgspec.ValidationError as why:
            text = f"[tool.segue.env] gives argument {name!r} of DAG {self.id} the value {value!r}: {why}"
            fault(text, self.place, dag=self.id)
        except TypeError:  # an annotation that says nothing about plain values
            pass
        return value

    def _params_of(self, given: object) -> type[Params] | None:
        if isinstance(given, Mapping):
            return params_class_of(self.id, given)
        if given is not None and not _is_params(given):
            text = "write a class of Params, or {'env': Param('prod', enum=['dev', 'prod'])}"
            fault(f"params={given!r} of DAG {self.id}: {text}", self.place, dag=self.id)
        return cast("type[Params]", given) if _is_params(given) else None

    def order(self) -> dict[str, dict[str, Place]]:
        """What each call comes after by order, and where that was said; edges of groups are edges of tasks here."""
        return tied(self.calls, self.links)

    def edges(self) -> list[TaskSpec]:
        """Each task with its upstream ids and its group and nothing else, in order of declaration."""
        place = {name: at for at, name in enumerate(self.calls)}
        order, found = self.order(), []
        for name, call in self.calls.items():
            data = tuple(up for up in data_ids(call) if up in place)
            after = [up for up in order[name] if up in place and up not in data and up != name]
            after.sort(key=place.__getitem__)
            found.append(TaskSpec(id=name, data=data, after=tuple(after), group=call.group))
        return found

    @property
    def tasks(self) -> Sequence[TaskView]:
        """Its tasks in order of declaration.

        Raises:
            DefinitionError: the DAG function declares something impossible.
        """
        edges = self._inspected()
        below: dict[str, set[str]] = {task.id: set() for task in edges}
        for task in edges:
            for up in task.upstream:
                below[up].add(task.id)
        return [TaskView(task.id, set(task.upstream), below[task.id], set(task.data), task.group) for task in edges]

    @property
    def groups(self) -> Sequence[GroupView]:
        """Its groups, outer ones first.

        Raises:
            DefinitionError: the DAG function declares something impossible.
        """
        return group_views(self._inspected())

    @property
    def task_ids(self) -> Sequence[str]:
        """Ids of its tasks in order of declaration."""
        return [task.id for task in self._inspected()]

    def get_task(self, task_id: str, /) -> TaskView:
        """One task.

        Raises:
            UsageError: there is none of that id.
        """
        for task in self.tasks:
            if task.task_id == task_id:
                return task
        raise UsageError(f"DAG {self.id} has no task {task_id!r}: it has {', '.join(self.calls) or 'none'}")

    def topological_order(self) -> Sequence[str]:
        """Ids of its tasks, upstream first; ties by order of declaration.

        Raises:
            DefinitionError: there is a cycle.
        """
        return topological_order(self._inspected())

    def _inspected(self) -> list[TaskSpec]:
        if not self._traced:
            with gathering() as faults:
                self.trace()
            if faults:
                raise joined(faults)
        return self.edges()


def _is_params(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Params)


class _DagDecorator(Protocol):
    def __call__(self, fn: Callable[..., object], /) -> Dag: ...


@overload
def dag(fn: Callable[..., object], /) -> Dag: ...
@overload
def dag(**options: Unpack[NamedDagOptions]) -> _DagDecorator: ...
def dag(fn: Callable[..., object] | None = None, /, **options: Unpack[NamedDagOptions]) -> Any:
    """Make a DAG of the function that calls its tasks.

    Args:
        fn: the function; it runs once, when the file has been imported.
        options: those of `Dag`, and `id` (else the function's name).

    Raises:
        DefinitionError: an option does not exist; the nearest is named.
    """

    def decorate(fn: Callable[..., object]) -> Dag:
        return Dag.of(Function(fn), options)

    return decorate if fn is None else decorate(fn)

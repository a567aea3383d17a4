"""What an attempt calls: the function of a task and its arguments, from the traced DAG and the values of its upstream.

Constant arguments are in the traced call; only values of other tasks travel with a launch.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec

from segue.define.arguments import refers
from segue.define.dag import Dag
from segue.define.groups import chosen
from segue.define.injection import injected
from segue.define.naming import filled_name
from segue.define.nodes import Call, Part
from segue.define.options import Retry
from segue.define.params import ParamRef, fill
from segue.define.rules import retry_of
from segue.define.tasks import DeclaredTask
from segue.model.commands import Missing
from segue.model.context import Context
from segue.model.errors import Fail
from segue.model.value import encode

__all__ = ["Bound", "Item", "annotations_of", "bind", "branch_choice", "item_name", "may_retry", "retry_policy"]

_PLAIN = (str, int, float, bool, bytes, type(None))


class Bound(NamedTuple):
    """A call that only waits to be made: `fn(*args, **kwargs)`."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Item = Callable[[str, int], object]
"""Reads one item of an upstream list alone: task id, number from 0."""


class _Absent(Exception):
    """An upstream gave no value."""

    def __init__(self, task: str, missing: Missing) -> None:
        self.task, self.missing = task, missing


def bind(
    dag: Dag,
    task_id: str,
    inputs: Mapping[str, object],
    picks: Sequence[int],
    context: Context,
    item: Item | None = None,
) -> Bound:
    """Put the call of one attempt together.

    Args:
        dag: the DAG as traced in this process.
        task_id: the task.
        inputs: the value of each upstream task of `TaskSpec.data`, or `Missing`; may load lazily.
        picks: which item of each list a mapped task takes; -1 where `inputs` holds that one item already.
        item: reads one item of a list; without it the list is taken from `inputs` whole.
        context: what injected parameters and references to params are taken from.

    Raises:
        Fail: the task is gone, an upstream gave no value and the parameter has no default, a part does not exist, or
            the run has no interval and the task asks for it.
    """
    call = _call(dag, task_id)
    function = call.task.function
    given = _Values(inputs, context.params, item)
    try:
        bound = {**_arguments(call, given), **_picked(call, picks, given)}
        filled = function.filled(bound, context)
    except msgspec.ValidationError as why:
        raise Fail(str(why)) from why
    args, kwargs = function.spread(filled)
    return Bound(function.fn, args, kwargs)


def retry_policy(dag: Dag, task_id: str) -> Retry:
    """The retry policy of a task, with the classes that its spec holds as names."""
    return retry_of(_options(dag, _call(dag, task_id)).get("retry"))


def item_name(dag: Dag, task_id: str, bound: Bound) -> str | None:
    """What `item_name=` makes of the arguments of one item, in one line of at most 200 characters."""
    call = _call(dag, task_id)
    template = _options(dag, call).get("item_name")
    if template is None or call.fan is None:
        return None
    return filled_name(template, call.task.function.bound(bound.args, bound.kwargs))


def may_retry(policy: Retry, error: BaseException) -> bool:
    """What `Retry(on=, not_on=)` says about an error."""
    return isinstance(error, policy.on) and not isinstance(error, policy.not_on)


def branch_choice(dag: Dag, task_id: str, value: object) -> tuple[str, ...]:
    """The direct downstream tasks that a branch chose, as ids.

    Args:
        dag: traced.
        task_id: the branch.
        value: what it returned: ids of tasks or groups, tasks, a list of them, or None for nothing.

    Raises:
        Fail: it returned something else, or a task that is not directly downstream.
    """
    found: dict[str, None] = {}
    below = dag.get_task(task_id).downstream_task_ids
    for one in _ids(value):
        meant = chosen(one, below, dag.calls)
        if not meant:
            known = ", ".join(sorted(below)) or "nothing"
            raise Fail(f"branch {task_id} chose {one!r}, which is not directly downstream of it: {known} is")
        found.update(dict.fromkeys(meant))
    return tuple(found)


def _ids(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, DeclaredTask):
        return (value.id,)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(dict.fromkeys(one for each in value for one in _ids(each)))
    raise Fail(f"a branch returns ids, tasks or None, not {type(value).__name__}")


def annotations_of(dag: Dag, task_id: str) -> dict[str, object]:
    """What the task's parameters say about the values of its upstream: id to annotation, where one stands alone."""
    call = _call(dag, task_id)
    function, found = call.task.function, dict[str, object]()
    for name, value in (*(call.fan.over.items() if call.fan else ()), *call.bound.items()):
        written = function.signature.parameters[name].annotation
        if written is inspect.Parameter.empty:
            continue
        if isinstance(value, Call):
            found.setdefault(value.id, function.annotation(written))
        elif isinstance(value, list | tuple):
            inner = typing.get_args(function.annotation(written))
            found.update({up.id: inner[0] for up in value if inner and isinstance(up, Call) and up.id not in found})
    return found


def _options(dag: Dag, call: Call) -> Mapping[str, Any]:
    return {**dag.options.get("defaults", {}), **call.task.options}


def _call(dag: Dag, task_id: str) -> Call:
    dag.trace()
    call = dag.calls.get(task_id)
    if call is None:
        raise Fail(
            f"task {task_id} is no longer there when DAG {dag.id} is loaded again: a file must declare the same tasks "
            "each time it is read"
        )
    return call


class _Values:
    """Turns what a traced argument holds into the run's values."""

    def __init__(self, inputs: Mapping[str, object], params: Mapping[str, object], item: Item | None) -> None:
        self._inputs, self._params, self._item = inputs, params, item

    def of(self, value: Any) -> Any:
        if not refers(value):
            return value if type(value) in _PLAIN else deepcopy(value)  # an attempt may change what it was given
        match value:
            case Call():
                return self._upstream(value)
            case Part():
                return self._part(value)
            case ParamRef():
                return self._param(value.name)
            case str():
                return fill(value, self._params)
            case dict():
                return {key: self.of(item) for key, item in value.items()}
            case tuple():
                return tuple(self._present(value))
            case _:
                return list(self._present(value))

    def pick(self, over: Any, number: int) -> Any:
        """One item of what is mapped over."""
        if not isinstance(over, Call):
            return self.of(_nth(over, number))
        if number >= 0 and self._item is not None:
            return self._item(over.id, number)
        value = self._upstream(over)
        return value if number < 0 else _nth(value, number)

    def _present(self, items: Sequence[object]) -> Iterator[Any]:
        for item in items:
            try:
                yield self.of(item)
            except _Absent:
                if not isinstance(item, Call | Part):
                    raise

    def _upstream(self, call: Call) -> object:
        value = self._inputs[call.id]
        if isinstance(value, Missing):
            raise _Absent(call.id, value)
        return value

    def _part(self, part: Part) -> Any:
        value: Any = self._upstream(part.of)
        for key in part.keys:
            try:
                value = value[key]
            except (LookupError, TypeError) as why:
                raise Fail(f"the result of {part.of.id} has no part {part!r}: {type(why).__name__}: {why}") from why
        return value

    def _param(self, name: str) -> object:
        if name not in self._params:
            raise Fail(f"the run has no param {name!r}")
        return deepcopy(self._params[name])


def _arguments(call: Call, given: _Values) -> dict[str, object]:
    bound = {}
    for name, value in call.bound.items():
        if value is injected:
            continue
        try:
            bound[name] = given.of(value)
        except _Absent as absent:
            default = call.task.function.signature.parameters[name].default
            if any(default is one for one in (inspect.Parameter.empty, injected)):
                raise Fail(
                    f"argument {name!r} of task {call.id}: upstream {absent.task} gave no value "
                    f"({absent.missing.state.value}); give the parameter a default"
                ) from None
    return bound


def _picked(call: Call, picks: Sequence[int], given: _Values) -> dict[str, object]:
    if call.fan is None:
        return {}
    return {name: given.pick(over, pick) for (name, over), pick in zip(call.fan.over.items(), picks, strict=True)}


def _nth(items: Any, pick: int) -> Any:
    if isinstance(items, dict):
        return list(items.items())[pick]
    if isinstance(items, set | frozenset):
        return sorted(items, key=encode)[pick]  # the order in which sets are stored
    return items[pick]

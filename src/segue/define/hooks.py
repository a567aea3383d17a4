"""Functions that are called when a task or a run has ended: `on_success=`, `on_failure=`, `on_cancel=`.

A spec says only that there is one. The attempt of the hook traces the DAG again and finds the function here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from segue.define.dag import Dag
from segue.define.injection import Function
from segue.define.nodes import Call, Part
from segue.model.context import Context
from segue.model.errors import Fail
from segue.model.spec import HookName

__all__ = ["hook_names", "hook_of"]

_OPTIONS: Final[dict[str, HookName]] = {"on_success": "success", "on_failure": "failure", "on_cancel": "cancel"}


def hook_names(options: Mapping[str, Any], report: Callable[[str], None]) -> tuple[HookName, ...]:
    """Which hooks the options of a task or a DAG declare; what cannot be called as one is reported."""
    found = {option: name for option, name in _OPTIONS.items() if options.get(option) is not None}
    for option in found:
        problem = _problem(options[option])
        if problem:
            report(f"{option}={options[option]!r}: {problem}")
    return tuple(found.values())


def hook_of(dag: Dag, task_id: str, hook: HookName) -> Callable[[Context], object]:
    """The function that a hook calls; what it returns may be a coroutine.

    Args:
        dag: the DAG as traced in this process.
        task_id: the task, "" for the DAG's own hook.
        hook: which.

    Raises:
        Fail: the file no longer declares it.
    """
    dag.trace()
    options: Mapping[str, Any] = dag.options
    if task_id:
        call = dag.calls.get(task_id)
        options = {} if call is None else {**dag.options.get("defaults", {}), **call.task.options}
    value = options.get(f"on_{hook}")
    if value is None:
        of = f"task {task_id} of DAG {dag.id}" if task_id else f"DAG {dag.id}"
        raise Fail(f"on_{hook} of {of} is no longer there when the file is loaded again")
    return _called(Function(value))


def _called(function: Function) -> Callable[[Context], object]:
    asked = _asked(function)

    def call(context: Context) -> object:
        bound = function.filled({}, context)
        bound.update({one.name: (context,) if one.kind is one.VAR_POSITIONAL else context for one in asked})
        args, kwargs = function.spread(bound)
        return function.fn(*args, **kwargs)

    return call


def _problem(value: object) -> str | None:
    if isinstance(value, Call | Part) or not callable(value):
        return "it must be a function that takes the Context: def tell(context: Context) -> None"
    asked = _asked(Function(value))
    if len(asked) > 1 or any(one.kind is one.KEYWORD_ONLY for one in asked):
        names = ", ".join(one.name for one in asked)
        return f"it asks for {names} and gets the Context alone: write lambda context: …(…)"
    return None


def _asked(function: Function) -> list[inspect.Parameter]:
    """The parameters that get the context: not injected and without default, else `*args`."""
    free = [one for name, one in function.signature.parameters.items() if name not in function.injections]
    needed = [one for one in free if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    return needed or [one for one in free if one.kind is one.VAR_POSITIONAL]

"""`flow`: a function whose loops and ifs decide at run time which tasks run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, Unpack, cast, overload

from segue.define.conductor import step_rules
from segue.define.dag import Dag, is_loading
from segue.define.faults import fault
from segue.define.futures import Direct, conducting
from segue.define.injection import Function
from segue.define.nodes import Call
from segue.define.options import NamedDagOptions
from segue.define.running import current_or_none
from segue.define.tasks import DeclaredTask
from segue.define.tracing import active
from segue.model.errors import DefinitionError

__all__ = ["Flow", "flow"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Flow(Dag, Generic[P, R_co]):
    """A DAG of one task, the body; every call of a task in it becomes another one of the run."""

    injects = True

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:  # type: ignore[override]  # a flow is its function
        """Call the function. Outside a run the tasks in it are plain calls, in another flow they are its steps.

        Raises:
            DefinitionError: its file is being loaded, or a DAG declared.
        """
        outer = active.get()
        if outer is not None:
            raise DefinitionError(f"flow {self.id} is no task of DAG {outer.id}: start it with t.run_dag({self.id!r})")
        if is_loading():
            raise DefinitionError(f"flow {self.id} is called while its file is loaded: a declaration starts nothing")
        assert self.function is not None
        if self.function.injections:
            bound = self.function.filled(self.function.bound(args, kwargs), current_or_none())
            args, kwargs = cast(Any, self.function.spread(bound))
        if conducting.get() is not None:
            return cast(R_co, self.function.fn(*args, **kwargs))
        token = conducting.set(Direct())
        try:
            return cast(R_co, self.function.fn(*args, **kwargs))
        finally:
            conducting.reset(token)

    def __repr__(self) -> str:
        return f"<flow {self.id}>"

    def trace(self) -> None:
        """Declare the body; it does not run."""
        if self._traced:
            return
        assert self.function is not None
        report = partial(fault, place=self.place, dag=self.id)
        if inspect.iscoroutinefunction(self.function.fn):
            report(f"flow {self.id} is `async def`: write `def`; its tasks may be coroutine functions")
        body: DeclaredTask[..., Any] = DeclaredTask(self.function, "flow", {"id": self.id})
        self.calls[self.id] = Call(self, body, "", self._arguments(self.function), None, self.place)
        self._check_tasks(report)
        self._traced = True

    def _check_tasks(self, report: Callable[[str], None]) -> None:
        """Of the tasks that its module knows: a step says its task by id, and its options must make sense."""
        assert self.function is not None
        known: dict[str, DeclaredTask[..., Any]] = {}
        for one in getattr(self.function.fn, "__globals__", {}).values():
            if not isinstance(one, DeclaredTask):
                continue
            first = known.setdefault(one.id, one)
            if first.function is not one.function:
                both = (first.function.fn, one.function.fn)
                names = " and ".join(f"{fn.__module__}.{fn.__qualname__}" for fn in both)
                report(f"two tasks that flow {self.id} may call have the id {one.id!r}, {names}: give one id='…'")
            if first is one and one.kind == "task":
                step_rules(one, self.options.get("defaults", {}), report)


class _FlowDecorator(Protocol):
    def __call__(self, fn: Callable[P, R], /) -> Flow[P, R]: ...


@overload
def flow(fn: Callable[P, R], /) -> Flow[P, R]: ...
@overload
def flow(**options: Unpack[NamedDagOptions]) -> _FlowDecorator: ...
def flow(fn: Callable[..., Any] | None = None, /, **options: Unpack[NamedDagOptions]) -> Any:
    """Make a flow of a function: ordinary loops and ifs, in which every call of a task is a durable step.

    Args:
        fn: the function; it runs in the attempts of a run.
        options: those of a DAG; `defaults` hold for the body and for every step.

    Raises:
        DefinitionError: an option does not exist; the nearest is named.
    """

    def decorate(fn: Callable[..., Any]) -> Flow[..., Any]:
        return cast("Flow[..., Any]", Flow.of(Function(fn), options))

    return decorate if fn is None else decorate(fn)

"""`task`: makes a task of a function. In a DAG a call of it is a node, anywhere else the function itself runs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from itertools import product as crossed
from typing import Any, Final, Generic, Literal, ParamSpec, Protocol, Self, TypeVar, Unpack, cast, overload

from segue.define.faults import fault
from segue.define.futures import Direct, Future, conducting
from segue.define.injection import Function
from segue.define.nodes import Call, Fan, Node, Wire
from segue.define.options import Duration, SensorOptions, TaskOptions, known_task_options
from segue.define.running import current_or_none
from segue.define.tracing import active

__all__ = ["AsyncTask", "DeclaredTask", "Kind", "Mappable", "Task", "task"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
B = TypeVar("B", bound="str | Sequence[str] | None")

Kind = Literal["task", "branch", "short_circuit", "sensor", "setup", "teardown", "flow"]


class Mappable(Protocol[R_co]):
    """A task some of whose arguments are fixed, to be mapped over lists for the others."""

    def map(self, *lists: Any, **named: Any) -> Node[Sequence[R_co]]:
        """One item of the task for each item of the lists, which are paired; their lengths must agree."""
        ...

    def product(self, *lists: Any, **named: Any) -> Node[Sequence[R_co]]:
        """One item of the task for each combination; the last list turns fastest."""
        ...


class DeclaredTask(Generic[P, R]):
    """A task: a function with a name and options.

    Attributes:
        id: its name in a DAG.
        kind: what its result means.
        options: the keywords it was declared with.
        function: the plain function and its signature.
    """

    id: str

    def __init__(self, function: Function, kind: Kind, options: Mapping[str, Any]) -> None:
        self.function, self.kind, self.options = function, kind, dict(options)
        self.id = str(options.get("id", function.name))
        update_wrapper(cast(Any, self), function.fn, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Node[R]:
        """In a DAG: a node. In a flow: a step, and its result. Elsewhere: run the function; what is injected comes from
        the running attempt.

        Raises:
            UsageError: outside a run, and an argument that is injected was not passed.
        """
        dag = active.get()
        if dag is not None:
            return cast("Node[R]", dag.call(self, self._bound(args, kwargs)))
        conductor = conducting.get()
        if conductor is not None:
            return cast("Node[R]", conductor.results([conductor.submit(self, self._bound(args, kwargs))])[0])
        if self.function.injections:
            bound = self.function.filled(self.function.bound(args, kwargs), current_or_none())
            args, kwargs = cast(Any, self.function.spread(bound))
        return cast("Node[R]", self.function.fn(*args, **kwargs))

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """The same task with other options, for one call.

        Raises:
            DefinitionError: an option does not exist; the nearest is named.
        """
        known = known_task_options(options, f"task {self.id}")
        return type(self)(self.function, self.kind, {**self.options, **known})

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """In a flow: a step that is not waited for; futures among its arguments are. Elsewhere: a call that has ended.

        Raises:
            DefinitionError: in a DAG.
        """
        dag = active.get()
        if dag is not None:
            fault(f"{self.id}.submit(...) is for flows: in a DAG write {self.id}(...)", dag=dag.id, task=self.id)
            dag.call(self, self._bound(args, kwargs))
        conductor = conducting.get() or Direct()
        return Future(conductor, conductor.submit(self, self._bound(args, kwargs)) if dag is None else 0)

    def partial(self, **constants: Any) -> Mappable[R]:
        """Fix some arguments before `.map` or `.product`."""
        return Partial(self, self._bound((), constants))

    def map(self, *lists: Any, **named: Any) -> Node[Sequence[R]]:
        """One item of this task for each item of the lists, which are paired; their lengths must agree.

        Args:
            lists: for the parameters in their order; each the result of a task or a list written in the file.
            named: the same, by name of the parameter.
        """
        return Partial(self, {}).map(*lists, **named)

    def product(self, *lists: Any, **named: Any) -> Node[Sequence[R]]:
        """One item of this task for each combination of items; the last list turns fastest."""
        return Partial(self, {}).product(*lists, **named)

    def __rshift__(self, other: Wire) -> Any:
        return self._uncalled(f"{self.id}() >> {_called(other)}")

    def __rrshift__(self, other: Wire) -> Any:
        return self._uncalled(f"{_called(other)} >> {self.id}()")

    def __lshift__(self, other: Wire) -> Any:
        return self._uncalled(f"{self.id}() << {_called(other)}")

    def __rlshift__(self, other: Wire) -> Any:
        return self._uncalled(f"{_called(other)} << {self.id}()")

    def __repr__(self) -> str:
        return f"<task {self.id}>"

    def _bound(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        try:
            return self.function.bound(args, kwargs)
        except TypeError as why:
            fault(f"task {self.id}: {why}", task=self.id)
            return {name: value for name, value in kwargs.items() if name in self.function.signature.parameters}

    def _uncalled(self, instead: str) -> Any:
        fault(f"{self.id} is a task, not a call of it: write {instead}", task=self.id)
        return self


def _called(step: object) -> str:
    """How an end of an edge is written."""
    if isinstance(step, list | tuple):
        return f"[{', '.join(map(_called, step))}]"
    return f"{step.id}()" if isinstance(step, DeclaredTask | Call) else "…"


class Task(DeclaredTask[P, R]):
    """A task of a plain function."""

    @property
    def fn(self) -> Callable[P, R]:
        """The plain function, exactly typed."""
        return self.function.fn


class AsyncTask(DeclaredTask[P, R]):
    """A task of a coroutine function."""

    @property
    def fn(self) -> Callable[P, Awaitable[R]]:
        """The plain coroutine function, exactly typed."""
        return self.function.fn


@dataclass(frozen=True, slots=True)
class Partial(Generic[R_co]):
    """A task and its constant arguments."""

    task: DeclaredTask[..., Any]
    constants: Mapping[str, object]

    def map(self, *lists: Any, **named: Any) -> Node[Sequence[R_co]]:
        return cast("Node[Sequence[R_co]]", self._fan("zip", lists, named))

    def product(self, *lists: Any, **named: Any) -> Node[Sequence[R_co]]:
        return cast("Node[Sequence[R_co]]", self._fan("product", lists, named))

    def _fan(self, mode: Literal["zip", "product"], lists: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        function = self.task.function
        free = [n for n in function.signature.parameters if n not in self.constants and n not in function.injections]
        over = {**dict(zip(free, lists, strict=False)), **named}
        self._check(lists, named, free)
        dag = active.get()
        if dag is not None:
            return dag.call(self.task, self.constants, Fan(mode, over))
        rows = zip(*over.values(), strict=True) if mode == "zip" else crossed(*over.values())
        calls = [{**self.constants, **dict(zip(over, row, strict=True))} for row in rows]
        conductor = conducting.get()
        if conductor is None:
            return [self.task(**call) for call in calls]
        return conductor.results([conductor.submit(self.task, call) for call in calls])

    def _check(self, lists: tuple[Any, ...], named: Mapping[str, Any], free: list[str]) -> None:
        unknown = [name for name in named if name not in free]
        twice = [name for name in free[: len(lists)] if name in named]
        name = self.task.id
        if len(lists) > len(free):
            fault(f"task {name} maps over {len(lists)} lists and has {len(free)} parameters for them", task=name)
        for wrong in (*unknown, *twice):
            fault(f"task {name} cannot map over {wrong!r}: it is no free parameter of it", task=name)
        if not lists and not named:
            fault(f"task {name} maps over nothing: give .map(...) a list", task=name)


class _TaskDecorator(Protocol):
    @overload
    def __call__(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
        self, fn: Callable[P, Awaitable[R]], /
    ) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, fn: Callable[P, R], /) -> Task[P, R]: ...


class _BranchDecorator(Protocol):
    def __call__(self, fn: Callable[P, B], /) -> Task[P, B]: ...


class _BoolDecorator(Protocol):
    def __call__(self, fn: Callable[P, bool], /) -> Task[P, bool]: ...


class _TaskFactory(Protocol):
    @overload
    def __call__(  # type: ignore[overload-overlap]  # pyright: ignore[reportOverlappingOverload]
        self, fn: Callable[P, Awaitable[R]], /
    ) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, fn: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def __call__(self, **options: Unpack[TaskOptions]) -> _TaskDecorator: ...

    @overload
    def branch(self, fn: Callable[P, B], /) -> Task[P, B]: ...
    @overload
    def branch(self, **options: Unpack[TaskOptions]) -> _BranchDecorator: ...

    @overload
    def short_circuit(self, fn: Callable[P, bool], /) -> Task[P, bool]: ...
    @overload
    def short_circuit(self, **options: Unpack[TaskOptions]) -> _BoolDecorator: ...

    @overload
    def setup(self, fn: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def setup(self, **options: Unpack[TaskOptions]) -> _TaskDecorator: ...

    @overload
    def teardown(self, fn: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def teardown(self, **options: Unpack[TaskOptions]) -> _TaskDecorator: ...

    def sensor(
        self, *, timeout: Duration, poll: Duration = "60s", **options: Unpack[SensorOptions]
    ) -> _BoolDecorator: ...


class _Factory:
    """Make a task of a function.

    Args:
        options: `id group retry timeout grace pool slots priority max_active trigger_rule depends_on_past deadline
            idempotent allow_failure isolation empty connections secrets resources on_success on_failure on_cancel
            item_name inlets outlets renamed_from owner role tags doc`; durations are `"30s"`, `"10m"` or a timedelta.

    Raises:
        DefinitionError: an option does not exist; the nearest is named.
    """

    def __call__(self, fn: Any = None, /, **options: Any) -> Any:
        return _declare("task", fn, options)

    def branch(self, fn: Any = None, /, **options: Any) -> Any:
        """A task that returns the ids of the direct downstream tasks to go on with, or None."""
        return _declare("branch", fn, options)

    def short_circuit(self, fn: Any = None, /, **options: Any) -> Any:
        """A task that skips what follows it where it returns a false value."""
        return _declare("short_circuit", fn, options)

    def setup(self, fn: Any = None, /, **options: Any) -> Any:
        """A task that prepares something for those after it."""
        return _declare("setup", fn, options)

    def teardown(self, fn: Any = None, /, **options: Any) -> Any:
        """A task that clears away what the setups upstream of it made."""
        return _declare("teardown", fn, options)

    def sensor(self, fn: Any = None, /, *, timeout: Any = None, poll: Any = "60s", **options: Any) -> Any:
        """A task that waits until its function returns True, asking every `poll`, for at most `timeout`."""
        if timeout is None:
            fault("task.sensor needs timeout=…: how long may it wait?")
        return _declare("sensor", fn, {**options, "timeout": timeout})


def _declare(kind: Kind, fn: Any, options: Mapping[str, Any]) -> Any:
    known = known_task_options(options, "task" if kind == "task" else f"task.{kind}")

    def decorate(fn: Any) -> Any:
        if isinstance(fn, DeclaredTask):
            fault(f"{fn.id} is a task already: for other options write {fn.id}.with_options(...)", task=fn.id)
            return fn
        if not callable(fn):
            fault(f"task is for functions, {fn!r} is none: write @task above a def")
        make: type[DeclaredTask[..., Any]] = AsyncTask if inspect.iscoroutinefunction(fn) else Task
        return make(Function(fn), kind, known)

    return decorate if fn is None else decorate(fn)


task: Final[_TaskFactory] = cast(_TaskFactory, _Factory())

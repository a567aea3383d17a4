"""What a call of a task means where code runs: in a flow a step of the run, elsewhere a call like any other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from types import CoroutineType
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from segue.define.injection import Function
from segue.define.running import current_or_none

__all__ = ["Called", "Conductor", "Direct", "Future", "conducting", "settled"]

R_co = TypeVar("R_co", covariant=True)


class Called(Protocol):
    """A task, as far as it is called."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Any]: ...
    @property
    def function(self) -> Function: ...


class Conductor(Protocol):
    """Carries out the calls of tasks that a flow makes."""

    def submit(self, task: Called, bound: Mapping[str, object]) -> int:
        """Begin a call; gives its number."""
        ...

    def results(self, numbers: Sequence[int]) -> list[Any]:
        """What these calls returned, when all have ended."""
        ...


conducting: Final[ContextVar[Conductor | None]] = ContextVar("segue_conducting", default=None)


class Future(Generic[R_co]):
    """A call of a task that may not have ended."""

    __slots__ = ("conductor", "number")

    def __init__(self, conductor: Conductor, number: int) -> None:
        self.conductor, self.number = conductor, number

    def result(self) -> R_co:
        """What the task returned, when it has ended.

        Raises:
            StepFailed: it failed for good.
            Skip: it was skipped.
        """
        return cast(R_co, self.conductor.results([self.number])[0])


class Direct:
    """Calls tasks in place: outside a run a flow is a function that calls functions."""

    def __init__(self) -> None:
        self._ends: list[Callable[[], Any]] = []

    def submit(self, task: Called, bound: Mapping[str, object]) -> int:
        """Call the function; what it raises is raised where its result is asked for."""
        try:
            filled = task.function.filled(settled(bound), current_or_none())
            args, kwargs = task.function.spread(filled)
            value = task.function.fn(*args, **kwargs)
            value = importlib.import_module("asyncio").run(value) if isinstance(value, CoroutineType) else value
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises
            self._ends.append(_raiser(error))
        else:
            self._ends.append(lambda: value)
        return len(self._ends)

    def results(self, numbers: Sequence[int]) -> list[Any]:
        """What they returned."""
        return [self._ends[number - 1]() for number in numbers]


def _raiser(error: Exception) -> Callable[[], Any]:
    def again() -> Any:
        raise error

    return again


def settled(bound: Mapping[str, object]) -> dict[str, object]:
    """Arguments with the results of the futures among them, also of those inside lists, tuples and dicts.

    All are waited for together.
    """
    found: dict[int, Future[Any]] = {}
    for value in bound.values():
        _gather(value, found)
    if not found:
        return dict(bound)
    futures = list(found.values())
    values = dict(zip(found, futures[0].conductor.results([one.number for one in futures]), strict=True))
    return {name: _put(value, values) for name, value in bound.items()}


def _gather(value: object, found: dict[int, Future[Any]]) -> None:
    if isinstance(value, Future):
        found[id(value)] = value
    elif isinstance(value, dict):
        for item in value.values():
            _gather(item, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _gather(item, found)


def _put(value: Any, values: Mapping[int, object]) -> Any:
    if isinstance(value, Future):
        return values[id(value)]
    if type(value) is dict:
        return {key: _put(item, values) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_put(item, values) for item in value)
    return value

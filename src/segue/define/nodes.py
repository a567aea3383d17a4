"""What a call of a task gives inside a DAG, and how calls are put in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, NoReturn, Protocol, TypeAlias, TypeVar

from segue.define.faults import Place, fault, here
from segue.define.tracing import Tracing
from segue.model.errors import DefinitionError

__all__ = ["Call", "Fan", "Link", "Node", "Part", "Wire", "Wired", "calls_in", "chain", "cross", "data_ids"]

R_co = TypeVar("R_co", covariant=True)


class Declared(Protocol):
    """A task as it was declared; called or not."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fan:
    """What a mapped call maps over: parameter name to list, in order."""

    mode: Literal["zip", "product"]
    over: Mapping[str, object]


class _Unknown:
    """A value that does not exist while the DAG is declared."""

    __slots__ = ()
    __hash__ = object.__hash__

    def _refuse(self, *_: object) -> NoReturn:
        at = here()
        raise DefinitionError(
            f"the result of {self!r} is known only when a run has made it: pass it to a task. To loop over it use "
            ".map(...), to decide by it a @task.branch",
            file=at.file,
            line=at.line,
        )

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __iter__ = __len__ = __contains__ = __format__ = __call__ = __await__ = __int__ = __float__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse()


class Wired:
    """What may stand at an end of an edge: a call of a task, or a group."""

    __slots__ = ()

    @property
    def end(self) -> tuple[str, Tracing]:
        """Its id, and the DAG it belongs to."""
        raise NotImplementedError

    def __rshift__(self, other: Any) -> Any:
        _order(self, other)
        return other

    def __rrshift__(self, other: Any) -> Any:
        _order(other, self)
        return self

    def __lshift__(self, other: Any) -> Any:
        _order(other, self)
        return other

    def __rlshift__(self, other: Any) -> Any:
        _order(self, other)
        return self


class Link(NamedTuple):
    """An edge by order with a group at one end at least, as it was said: ids of calls or groups."""

    first: str
    second: str
    place: Place


class Call(_Unknown, Wired):
    """One call of a task in a DAG.

    Attributes:
        dag: the DAG it belongs to.
        task: the task with the options of this call.
        id: its id in the DAG.
        bound: the arguments that were passed, by parameter.
        fan: what it maps over.
        group: the group it stands in, "" for none.
        after: ids of the upstream calls by order alone, as keys.
        place: where it stands.
    """

    __slots__ = ("after", "bound", "dag", "fan", "group", "id", "place", "task")
    __class_getitem__: Any = classmethod(GenericAlias)

    def __init__(
        self, dag: Tracing, task: Any, group: str, bound: Mapping[str, object], fan: Fan | None, place: Place
    ) -> None:
        self.dag, self.task, self.group, self.bound, self.fan, self.place = dag, task, group, bound, fan, place
        self.id: str = f"{group}.{task.id}" if group else task.id
        self.after: dict[str, Place] = {}

    @property
    def end(self) -> tuple[str, Tracing]:
        return self.id, self.dag

    @property
    def task_id(self) -> str:
        """Its id in the DAG."""
        return self.id

    def __repr__(self) -> str:
        return f"<{self.id}>"

    def __getitem__(self, key: object) -> Part:
        return Part(self, (key,))


class Part(_Unknown):
    """A part of a result, `rows["n"]`: taken in the consumer's child."""

    __slots__ = ("keys", "of")

    def __init__(self, of: Call, keys: tuple[object, ...]) -> None:
        self.of, self.keys = of, keys

    def __repr__(self) -> str:
        return f"<{self.of.id}{''.join(f'[{key!r}]' for key in self.keys)}>"

    def __getitem__(self, key: object) -> Part:
        return Part(self.of, (*self.keys, key))

    def __rshift__(self, other: Any) -> Any:
        return self.of >> other

    def __lshift__(self, other: Any) -> Any:
        return self.of << other


if TYPE_CHECKING:

    class Node(Any, Generic[R_co]):  # type: ignore[misc]
        """What a call gives: a node inside a DAG, the function's own value outside one.

        `Any` as base (Python 3.11) lets it stand wherever a value of the task's return type is asked for.
        """

        @property
        def task_id(self) -> str: ...
        def __rshift__(self, other: Wire) -> Any: ...
        def __rrshift__(self, other: Wire) -> Any: ...
        def __lshift__(self, other: Wire) -> Any: ...
        def __rlshift__(self, other: Wire) -> Any: ...
        def __getitem__(self, key: Any) -> Any: ...
        def __iter__(self) -> Iterator[Any]: ...
        def __await__(self) -> Any: ...

else:
    Node = Call

Wire: TypeAlias = "Node[Any] | Declared | Sequence[Node[Any] | Declared]"


def chain(*steps: object) -> None:
    """Put steps in order, each after the one before; two lists in a row go pair by pair.

    Args:
        steps: calls of tasks, or lists of them.

    Raises:
        DefinitionError: two lists in a row differ in length.
    """
    for first, second in zip(steps, steps[1:], strict=False):
        if isinstance(first, list | tuple) and isinstance(second, list | tuple):
            if len(first) != len(second):
                fault(f"chain pairs lists one by one, {len(first)} are followed by {len(second)}: write cross(a, b)")
            for one, other in zip(first, second, strict=False):
                _order(one, other)
        else:
            _order(first, second)


def cross(upstream: Sequence[object], downstream: Sequence[object]) -> None:
    """Put every one of `downstream` after every one of `upstream`."""
    _order(upstream, downstream)


_CONSTANT: Final = frozenset((bool, bytes, float, int, str, type(None)))


def calls_in(value: object) -> Iterator[Call]:
    """The calls whose results an argument needs, also inside lists, tuples and dicts."""
    if isinstance(value, Call):
        yield value
    elif isinstance(value, Part):
        yield value.of
    elif isinstance(value, dict):
        for item in value.values():
            yield from calls_in(item)
    elif isinstance(value, list | tuple) and not _CONSTANT.issuperset(map(type, value)):  # long lists are of constants
        for item in value:
            yield from calls_in(item)


def data_ids(call: Call) -> dict[str, None]:
    """Ids of the calls whose results this one gets, each once, in order of appearance."""
    lists = call.fan.over.values() if call.fan else ()
    return {up.id: None for value in (*call.bound.values(), *lists) for up in calls_in(value)}


def _order(first: object, second: object) -> None:
    place = here()
    ups, downs = list(_ends(first)), list(_ends(second))
    for down in downs:
        for up in ups:
            _link(up, down, place)


def _link(up: Wired, down: Wired, place: Place) -> None:
    (first, of), (second, dag) = up.end, down.end
    if of is not dag:
        text = f"{first} of DAG {of.id} cannot come before {second} of DAG {dag.id}"
        fault(f"unknown upstream: {text}; an edge stays inside one DAG", place, dag=dag.id, task=second)
    elif up is down:
        fault(f"cycle: {first} → {first}", place, dag=dag.id, task=second)
    elif isinstance(up, Call) and isinstance(down, Call):
        down.after.setdefault(first, place)
    else:
        dag.links.append(Link(first, second, place))


def _ends(step: object) -> Iterable[Wired]:
    if isinstance(step, Wired):
        yield step
    elif isinstance(step, Part):
        yield step.of
    elif isinstance(step, list | tuple | set | frozenset):
        for one in step:
            yield from _ends(one)
    elif hasattr(step, "with_options"):
        name = getattr(step, "id", "task")
        fault(f"{name} is a task, not a call of it: write {name}() in >>, << or chain")
    else:
        fault(f"{step!r} cannot be put in order: only calls of tasks, made inside a DAG, and groups can")

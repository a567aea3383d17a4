"""Groups: names for tasks that belong together, and an end of edges.

What a group's roots and leaves are is known only when the DAG is declared whole, so an edge to or from a group is kept
as it was said and becomes edges of tasks then: those inside small groups first, because they decide what the roots and
leaves of the groups around them are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Self

from segue.define.faults import Place, fault, here
from segue.define.nodes import Call, Link, Wired, data_ids
from segue.define.tracing import Tracing, active
from segue.model.errors import DefinitionError
from segue.model.ids import ID_RULE, is_id
from segue.model.spec import TaskSpec

__all__ = ["Group", "GroupView", "chosen", "group", "group_views", "tied"]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of a DAG, to look at.

    Attributes:
        group_id: its id, `outer.inner` where it lies in another.
        task_ids: the tasks in it and in the groups inside it.
        upstream_task_ids: tasks outside it directly upstream of one inside.
        downstream_task_ids: tasks outside it directly downstream of one inside.
    """

    group_id: str
    task_ids: set[str]
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]


class Group(Wired):
    """Tasks that are called inside `with` belong to the group: their ids begin with its name and a dot.

    An edge to a group goes to its roots, one from it comes from its leaves.

    Args:
        name: of the group, inside the one it stands in.

    Raises:
        DefinitionError: the name is none, the DAG has such a group already, or no DAG is being declared.
    """

    __slots__ = ("_dag", "id", "name", "place")

    def __init__(self, name: str, /) -> None:
        self.name = self.id = name if isinstance(name, str) and is_id(name) and "." not in name else ""
        self.place = here()
        self._dag: Any = None
        if not self.name:
            fault(f"{name!r} cannot be the name of a group: write {ID_RULE.replace('.', '')}", self.place)

    @property
    def end(self) -> tuple[str, Tracing]:
        if self._dag is None:
            text = f"group {self.name} has no tasks yet: open it with `with group({self.name!r}):`"
            raise DefinitionError(text, file=self.place.file, line=self.place.line)
        return self.id, self._dag

    def __enter__(self) -> Self:
        dag: Any = active.get()
        if dag is None:
            text = f"group {self.name} stands outside a DAG: open it in a function with @dag, or in `with Dag(…):`"
            raise DefinitionError(text, file=self.place.file, line=self.place.line)
        self._dag, self.id = dag, dag.open_group(self)
        return self

    def __exit__(self, *exc: object) -> None:
        self._dag.close_group()

    def __repr__(self) -> str:
        return f"<group {self.id}>"

    if not TYPE_CHECKING:  # checkers know no such method, and say so

        def map(self, *_: object, **__: object) -> NoReturn:
            at = here()
            text = f"group {self.id} cannot be mapped: map the tasks in it, each over the list or over the one before"
            raise DefinitionError(text, file=at.file, line=at.line)

        product = partial = map


group = Group


def tied(calls: Mapping[str, Call], links: Sequence[Link]) -> dict[str, dict[str, Place]]:
    """What each call comes after by order alone, edges of groups included.

    Args:
        calls: of one DAG, by id.
        links: edges with a group at one end, as they were said.
    """
    if not links:
        return {name: call.after for name, call in calls.items()}
    after = {name: dict(call.after) for name, call in calls.items()}
    inside = _inside({name: call.group for name, call in calls.items()})

    def around(end: str) -> list[str]:
        return _path(calls[end].group) if end in calls else _path(end)[:-1]

    def depth(link: Link) -> int:
        return len({*around(link.first)}.intersection(around(link.second)))

    # What the roots and leaves of a group are is decided by the edges inside it, so those go first.
    for first, second, place in sorted(links, key=depth, reverse=True):
        if second in around(first) or first in around(second):
            fault(f"cycle: {first} → {second} → {first}: one lies in the other", place)
            continue
        for end in (first, second):
            if end not in calls and end not in inside:
                fault(f"group {end} has no tasks: an edge of it says nothing", place)
        leaves = [first] if first in calls else _leaves(inside.get(first, ()), calls, after)
        roots = [second] if second in calls else _roots(inside.get(second, ()), calls, after)
        for root in roots:
            for leaf in leaves:
                after[root].setdefault(leaf, place)
    return after


def group_views(tasks: Sequence[TaskSpec]) -> list[GroupView]:
    """The groups of a DAG, in order of their first task, outer ones first.

    Args:
        tasks: with their edges and groups.
    """
    paths = {task.id: _path(task.group) for task in tasks}
    inside = _inside({task.id: task.group for task in tasks})
    up: dict[str, set[str]] = {group_id: set() for group_id in inside}
    down: dict[str, set[str]] = {group_id: set() for group_id in inside}
    for task in tasks:
        for before in task.upstream:
            for group_id in set(paths[task.id]).difference(paths[before]):
                up[group_id].add(before)
            for group_id in set(paths[before]).difference(paths[task.id]):
                down[group_id].add(task.id)
    return [GroupView(group_id, set(members), up[group_id], down[group_id]) for group_id, members in inside.items()]


def chosen(name: str, below: Iterable[str], calls: Mapping[str, Call]) -> tuple[str, ...]:
    """The direct downstream tasks that a branch means by a name; none where it means none.

    Args:
        name: an id, a group's id, or a task's own id where one of these tasks lies in a group under it.
        below: ids of the direct downstream tasks.
        calls: of the DAG, by id.
    """
    below = sorted(below)
    if name in below:
        return (name,)
    inside = tuple(one for one in below if name in _path(calls[one].group))
    own = tuple(one for one in below if calls[one].task.id == name)
    return inside or (own if len(own) == 1 else ())


def _path(group_id: str) -> list[str]:
    """`a`, `a.b`, `a.b.c` of `a.b.c`: the groups that lie around what lies in it."""
    parts = group_id.split(".") if group_id else []
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _inside(groups: Mapping[str, str]) -> dict[str, list[str]]:
    """The tasks of each group, those of groups in it included, from the group of each task."""
    found: dict[str, list[str]] = {}
    for task, group_id in groups.items():
        for around in _path(group_id):
            found.setdefault(around, []).append(task)
    return found


def _roots(members: Iterable[str], calls: Mapping[str, Call], after: Mapping[str, Mapping[str, Place]]) -> list[str]:
    """Those that follow nothing in the group."""
    inside = set(members)
    return [name for name in members if inside.isdisjoint((*data_ids(calls[name]), *after[name]))]


def _leaves(members: Iterable[str], calls: Mapping[str, Call], after: Mapping[str, Mapping[str, Place]]) -> list[str]:
    """Those that nothing in the group follows; teardowns end nothing (SEMANTICS, "Setup/teardown")."""
    working = [name for name in members if calls[name].task.kind != "teardown"] or list(members)
    followed = {up for name in working for up in (*data_ids(calls[name]), *after[name])}
    return [name for name in working if name not in followed]

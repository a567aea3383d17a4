from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Final

import msgspec

from segue.model.api.graphs import Edge, GraphPage, Group, Node
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import TaskState
from segue.model.views import RunDetail, TaskView
from segue.model.why import say
from segue.resolve.graph import topological_order
from segue.show.views.times import maybe_at, seconds

__all__ = ["BAD", "below", "graph_page", "main_state"]

BAD: Final = frozenset({TaskState.FAILED, TaskState.HELD})
"""What stops whatever lies downstream of it."""

# What a person wants to see first of a task that has many items.
_WORST: Final = (
    TaskState.FAILED, TaskState.HELD, TaskState.UP_FOR_RETRY, TaskState.RUNNING, TaskState.QUEUED, TaskState.DEFERRED,
    TaskState.PENDING, TaskState.UPSTREAM_FAILED, TaskState.CANCELLED, TaskState.SUCCESS, TaskState.SKIPPED,
)  # fmt: skip


def below(spec: DagSpec, tasks: Collection[str]) -> tuple[str, ...]:
    """The ids of all tasks downstream of some, upstream first.

    Args:
        spec: the DAG.
        tasks: ids; they are not among the answer unless one lies below another.
    """
    down: dict[str, list[str]] = {task.id: [] for task in spec.tasks}
    for task in spec.tasks:
        for up in task.upstream:
            down[up].append(task.id)
    found: set[str] = set()
    todo = [name for name in tasks if name in down]
    while todo:
        for name in down[todo.pop()]:
            if name not in found:
                found.add(name)
                todo.append(name)
    return tuple(name for name in topological_order(spec.tasks) if name in found) if found else ()


def graph_page(spec: DagSpec, version: int, detail: RunDetail | None = None, state: str = "") -> GraphPage:
    """The graph of a DAG.

    Args:
        spec: the DAG; with a run as it was for that, steps of a flow among its tasks.
        version: its number.
        detail: the run whose state is laid over it.
        state: of that run, as it is shown.
    """
    entries: dict[str, list[TaskView]] = {}
    for entry in () if detail is None else detail.entries():
        entries.setdefault(entry.task, []).append(entry)
    bad = [name for name, some in entries.items() if any(one.state in BAD for one in some)]
    blast = frozenset(below(spec, bad))
    tasks = {task.id: task for task in spec.tasks}
    nodes = tuple(_node(tasks[name], entries.get(name, ()), name in blast) for name in topological_order(spec.tasks))
    edges = tuple(_edges(spec))
    groups = tuple(_groups(spec))
    shape = msgspec.json.encode(([(node.id, node.group) for node in nodes], edges, groups))
    return GraphPage(
        spec.id, version, blake2b(shape, digest_size=12).hexdigest(), None if detail is None else str(detail.run.run),
        state, nodes, edges, groups,
    )  # fmt: skip


def _node(task: TaskSpec, entries: Collection[TaskView], blast: bool) -> Node:
    counts = Counter(entry.state for entry in entries)
    state = main_state(counts)
    started = min((one.started for one in entries if one.started is not None), default=None)
    ended = max((one.ended for one in entries if one.ended is not None), default=None)
    whys = (say(one.why) for one in entries if one.why is not None and one.state is state)
    mapped = task.mapped is not None
    return Node(
        task.id, task.kind, task.group, mapped, task.rules.role, "" if state is None else str(state),
        {str(one): count for one, count in counts.items()} if mapped else {}, seconds(started, ended),
        blast and state not in (TaskState.SUCCESS, *BAD), next(whys, ""),
        maybe_at(started) if state is TaskState.RUNNING else None,
    )  # fmt: skip


def main_state(counts: Mapping[TaskState, int]) -> TaskState | None:
    """What matters most where many items stand in several states; None where there is none."""
    return next((state for state in _WORST if counts.get(state)), None)


def _edges(spec: DagSpec) -> Iterator[Edge]:
    for task in spec.tasks:
        yield from (Edge(up, task.id, "data") for up in task.data)
        yield from (Edge(up, task.id, "order") for up in task.after)


def _groups(spec: DagSpec) -> Iterator[Group]:
    counts: Counter[str] = Counter()
    for task in spec.tasks:
        names = task.group.split(".") if task.group else []
        counts.update(".".join(names[: depth + 1]) for depth in range(len(names)))
    yield from (Group(name, name.rpartition(".")[0], count) for name, count in counts.items())

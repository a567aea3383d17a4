"""Words that name several tasks of one DAG: a task's id, `group:NAME`, `tag:NAME`, or a glob on ids.

A group's word also names the tasks of the groups inside it. DAGs are named by id, glob, `tag:NAME`, `owner:NAME` or
`connection:NAME`; `,` joins what either names, `&` keeps what both do, and binds closer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial

from segue.model.spec import DagSpec
from segue.resolve.graph import Graph

__all__ = ["dag_fits", "fits", "select_dags", "select_tasks", "selects_many"]


def selects_many(word: str) -> bool:
    """Say whether a word may name several tasks. Brackets do not: `load[3]` is an item."""
    return word.startswith(("group:", "tag:")) or "*" in word or "?" in word


def select_tasks(graph: Graph, word: str) -> tuple[int, ...]:
    """The numbers of the tasks that a word names, in order of declaration; none where it names nothing.

    Args:
        graph: of the DAG.
        word: as a person writes it.
    """
    sort, _, name = word.partition(":")
    if sort == "group":
        inside = f"{name}."
        return tuple(at for at, task in enumerate(graph.tasks) if f"{task.group}.".startswith(inside) and name)
    if sort == "tag":
        return tuple(at for at, task in enumerate(graph.tasks) if name in task.rules.tags)
    if selects_many(word):
        pattern = word.replace("[", "[[]")
        return tuple(at for at, task in enumerate(graph.tasks) if fnmatchcase(task.id, pattern))
    return (graph.index[word],) if word in graph.index else ()


def dag_fits(spec: DagSpec, text: str) -> bool:
    """Say whether a selection names a DAG.

    Args:
        spec: of the DAG.
        text: as a person writes it, `orders_*,tag:retail&owner:dana`.
    """
    return fits(text, partial(_names, spec))


def fits(text: str, names: Callable[[str], bool]) -> bool:
    """Say whether a selection names something.

    Args:
        text: as a person writes it: words that `,` and `&` join.
        names: says it of one word.
    """
    return any(all(names(word.strip()) for word in part.split("&")) for part in text.split(","))


def select_dags(specs: Sequence[DagSpec], texts: Sequence[str]) -> list[str]:
    """The ids of the DAGs that any of several selections names, in their order."""
    return [spec.id for spec in specs if any(dag_fits(spec, text) for text in texts)]


def _names(spec: DagSpec, word: str) -> bool:
    sort, colon, name = word.partition(":")
    if not colon:
        return fnmatchcase(spec.id, word)
    match sort:
        case "tag":
            return any(fnmatchcase(tag, name) for tag in spec.tags)
        case "owner":
            return spec.owner is not None and fnmatchcase(spec.owner, name)
        case "connection":
            return any(fnmatchcase(one, name) for task in spec.tasks for one in task.rules.connections)
        case _:
            return False

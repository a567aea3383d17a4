"""Words that name several tasks of one DAG: a task's id, `group:NAME`, `tag:NAME`, or a glob on ids.

A group's word also names the tasks of the groups inside it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from segue.resolve.graph import Graph

__all__ = ["select_tasks", "selects_many"]


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

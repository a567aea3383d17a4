from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from segue.model.spec import TaskSpec

__all__ = ["fold"]


def fold(tasks: Sequence[TaskSpec], quiet: Callable[[TaskSpec], bool]) -> Iterator[tuple[str, list[TaskSpec]]]:
    """Tasks as lines: one for each, and one for each group about which there is nothing to say.

    Args:
        tasks: in order of declaration.
        quiet: whether a task need not be seen by itself.

    Returns:
        (label, tasks): a task under its id; a group of several quiet tasks under its own id, the outermost such group.
    """
    return _fold(tasks, quiet, 0)


def _fold(
    tasks: Sequence[TaskSpec], quiet: Callable[[TaskSpec], bool], depth: int
) -> Iterator[tuple[str, list[TaskSpec]]]:
    def prefix(task: TaskSpec) -> str:
        names = task.group.split(".") if task.group else []
        return ".".join(names[: depth + 1]) if len(names) > depth else ""

    for name, run in groupby(tasks, key=prefix):
        inside = list(run)
        if not name:
            yield from ((task.id, [task]) for task in inside)
        elif len(inside) > 1 and all(map(quiet, inside)):
            yield name, inside
        else:
            yield from _fold(inside, quiet, depth + 1)

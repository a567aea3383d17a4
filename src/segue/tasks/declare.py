from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from segue.define.futures import conducting
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import Task
from segue.tasks.template import places_of

__all__ = ["call"]


def call(task: Task[..., Any], arguments: Mapping[str, Any], options: TaskOptions) -> Node[Any]:
    """Call a ready-made task: in a DAG a node, elsewhere it runs.

    Args:
        task: it takes `arguments` and `templates`, the places of templates among them.
        arguments: as written in the DAG file.
        options: of the task.
    """
    optioned = task.with_options(**options)
    templates = [] if conducting.get() is not None else places_of(arguments)  # in a flow every string may be data
    return cast("Callable[..., Node[Any]]", optioned)(**arguments, templates=templates)

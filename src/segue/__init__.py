"""Segue runs what is ready, when it is ready, and says why the rest waits.

The public names; each is loaded when it is first asked for, so that `import segue` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.define.dag import Dag, TaskView, dag
    from segue.define.flow import Flow, flow
    from segue.define.futures import Future
    from segue.define.groups import GroupView, group
    from segue.define.injection import injected
    from segue.define.nodes import Node, chain, cross
    from segue.define.options import DagOptions, Retry, TaskOptions
    from segue.define.params import Params
    from segue.define.running import current
    from segue.define.tasks import AsyncTask, Task, task
    from segue.define.wanted import Param
    from segue.model.context import Connection, Context, State, Trigger
    from segue.model.errors import DefinitionError, Fail, RetryAfter, SegueError, Skip, StepFailed, UsageError
    from segue.model.interval import Interval
    from segue.schedule.declare import cron, daily, every, hourly, listed, monthly, weekly
    from segue.schedule.timetable import Timetable

_HOMES = {
    "segue.define.dag": ("Dag", "TaskView", "dag"),
    "segue.define.flow": ("Flow", "flow"),
    "segue.define.futures": ("Future",),
    "segue.define.groups": ("GroupView", "group"),
    "segue.define.injection": ("injected",),
    "segue.define.nodes": ("Node", "chain", "cross"),
    "segue.define.options": ("DagOptions", "Retry", "TaskOptions"),
    "segue.define.params": ("Params",),
    "segue.define.running": ("current",),
    "segue.define.tasks": ("AsyncTask", "Task", "task"),
    "segue.define.wanted": ("Param",),
    "segue.model.context": ("Connection", "Context", "State", "Trigger"),
    "segue.model.errors": ("DefinitionError", "Fail", "RetryAfter", "SegueError", "Skip", "StepFailed", "UsageError"),
    "segue.model.interval": ("Interval",),
    "segue.schedule.declare": ("cron", "daily", "every", "hourly", "listed", "monthly", "weekly"),
    "segue.schedule.timetable": ("Timetable",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AsyncTask",
    "Connection",
    "Context",
    "Dag",
    "DagOptions",
    "DefinitionError",
    "Fail",
    "Flow",
    "Future",
    "GroupView",
    "Interval",
    "Node",
    "Param",
    "Params",
    "Retry",
    "RetryAfter",
    "SegueError",
    "Skip",
    "State",
    "StepFailed",
    "Task",
    "TaskOptions",
    "TaskView",
    "Timetable",
    "Trigger",
    "UsageError",
    "chain",
    "cron",
    "cross",
    "current",
    "dag",
    "daily",
    "every",
    "flow",
    "group",
    "hourly",
    "injected",
    "listed",
    "monthly",
    "task",
    "weekly",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'segue' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

from __future__ import annotations

from datetime import datetime, time, timedelta

from segue.model.ids import Instant
from segue.model.moment import instant_at, wall_at
from segue.model.spec import DagSpec, TaskSpec

__all__ = ["deadline_of"]


def deadline_of(spec: DagSpec, due: Instant, task: TaskSpec | None = None) -> Instant | None:
    """The instant by which a run, or one task of it, is to be done (SEMANTICS, "Alerts and deadlines").

    Args:
        spec: of the DAG.
        due: when the run fell due, microseconds since 1970 UTC.
        task: the task that is meant; None: the run.

    Returns:
        None where there is no deadline.
    """
    if task is not None:
        return None if task.rules.deadline is None else Instant(due + task.rules.deadline)
    if spec.deadline is not None:
        return Instant(due + spec.deadline)
    if spec.deadline_at is None:
        return None
    day = wall_at(due, spec.timezone).date()
    clock = timedelta(minutes=spec.deadline_at)
    return next(
        at
        for later in range(3)
        if (at := instant_at(datetime.combine(day + timedelta(later), time()) + clock, spec.timezone)) >= due
    )

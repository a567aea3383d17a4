from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.define.context import RunContext
from segue.model.ids import Instant
from segue.model.interval import Interval
from segue.model.moment import Moment

__all__ = ["context"]


def context(
    date: Moment | Interval | None = None, *, params: Mapping[str, Any] | None = None, timezone: str = "UTC",
    dag_id: str = "dag", task_id: str = "task", map_index: int | None = None, attempt: int = 1,
) -> RunContext:  # fmt: skip
    """A context for a unit test of a task's function.

    Args:
        date: what the run covers: `"2026-04-01"` is that day; None: a run without interval.
        params: the run's params by name.
        timezone: the DAG's zone, in which `date` is read.
        dag_id, task_id, map_index, attempt: what the attempt is called.

    Raises:
        ValueError: the date cannot be read.
    """
    slot = date if isinstance(date, Interval) or date is None else Interval(date, timezone=timezone)
    return RunContext(
        dag_id=dag_id,
        run_id=f"{dag_id}@{slot.key if slot else 'manual'}",
        task_id=task_id,
        map_index=map_index,
        attempt=attempt,
        slot=slot,
        timezone=timezone if slot is None else slot.zone,
        due=slot.end_instant if slot else Instant(0),
        values=params or {},
    )

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from segue.define.context import RunContext
from segue.define.keeping import KeptState
from segue.model.ids import Instant
from segue.model.interval import Interval
from segue.model.moment import Moment

__all__ = ["Called", "context"]


class Called(TypedDict, total=False):
    """What an attempt is called."""

    dag_id: str
    task_id: str
    map_index: int | None
    attempt: int


def context(
    date: Moment | Interval | None = None, *, params: Mapping[str, Any] | None = None, timezone: str = "UTC",
    connections: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None,
    state: Mapping[str, str] | None = None, **called: Unpack[Called],
) -> RunContext:  # fmt: skip
    """A context for a unit test of a task's function.

    Args:
        date: what the run covers: `"2026-04-01"` is that day; None: a run without interval.
        params: the run's params by name.
        timezone: the DAG's zone, in which `date` is read.
        connections: addresses by name, `{"shop": "sqlite:///shop.db"}`.
        secrets: values by name.
        state: what the task keeps already, from earlier attempts.
        called: `dag_id task_id map_index attempt`.

    Raises:
        ValueError: the date cannot be read.
    """
    slot = date if isinstance(date, Interval) or date is None else Interval(date, timezone=timezone)
    names = Called(dag_id="dag", task_id="task")
    names.update(called)
    return RunContext(
        run_id=f"{names['dag_id']}@{slot.key if slot else 'manual'}",
        slot=slot,
        timezone=timezone if slot is None else slot.zone,
        due=slot.end_instant if slot else Instant(0),
        values=params or {},
        connections=connections or {},
        secrets=secrets or {},
        state=KeptState((state or {}).items()),
        **names,
    )

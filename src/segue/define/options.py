"""The keywords of `task(...)` and `dag(...)`: their types, and what people from other tools write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

from segue.define.faults import Place, fault, nearest
from segue.model.duration import Duration

if TYPE_CHECKING:
    from segue.define.params import Params
    from segue.model.context import Context
    from segue.model.interval import Moment
    from segue.model.spec import TriggerRule
    from segue.schedule.timetable import Timetable

__all__ = [
    "TASK_LATER",
    "DagOptions",
    "Duration",
    "Guard",
    "Hook",
    "NamedDagOptions",
    "Retry",
    "Role",
    "SensorOptions",
    "TaskOptions",
    "known_dag_options",
    "known_task_options",
]

Guard: TypeAlias = Literal["hold", "warn", "ok"]
Role: TypeAlias = Literal["source", "transform", "curated", "consumer"]
Hook: TypeAlias = "Callable[[Context], object] | Callable[[], object]"


@dataclass(frozen=True, slots=True)
class Retry:
    """How a task is tried again: `times` retries after the first attempt.

    The n-th retry comes after `min(delay * backoff ** (n - 1), max_delay)`.

    Args:
        times: retries after the first attempt.
        delay: before the first retry.
        backoff: factor from one delay to the next.
        max_delay: no delay is longer.
        jitter: fraction of the delay by which it may vary, 0 to 1; derived from the attempt, so it is repeatable.
        on: exceptions that are worth a retry.
        not_on: exceptions that are not, also where `on` names them.
        lost: how often an attempt that dies by its own doing, without a word, is made again.
    """

    times: int = 3
    delay: Duration = "30s"
    backoff: float = 2.0
    max_delay: Duration = "10m"
    jitter: float = 0.0
    on: tuple[type[Exception], ...] = (Exception,)
    not_on: tuple[type[Exception], ...] = ()
    lost: int = 3


class SensorOptions(TypedDict, total=False):
    """Every option of a task but `timeout`, which a sensor must be given."""

    id: str
    retry: Retry | int
    grace: Duration
    pool: str
    slots: int
    priority: int
    max_active: int
    trigger_rule: TriggerRule
    depends_on_past: bool
    idempotent: bool
    allow_failure: bool
    isolation: Literal["shared", "fresh"]
    connections: Sequence[str]
    secrets: Sequence[str]
    resources: Mapping[str, str | int]
    empty: Guard
    unchanged: Guard
    volume: Guard
    role: Role
    on_success: Hook
    on_failure: Hook
    on_cancel: Hook
    checks: Sequence[Callable[..., object]]
    owner: str
    renamed_from: str
    outlets: Sequence[str]
    inlets: Sequence[str]
    deadline: Duration
    group: str
    tags: Sequence[str]
    item_name: str
    doc: str


class TaskOptions(SensorOptions, total=False):
    """The options of a task."""

    timeout: Duration


class DagOptions(TypedDict, total=False):
    """The options of a DAG but its id."""

    delay: Duration
    alerts: Sequence[str]
    on_success: Hook
    on_failure: Hook
    location: str
    schedule: str | Timetable | None
    start: Moment
    end: Moment
    timezone: str
    catchup: bool
    missed: Literal["run", "latest", "skip"]
    max_active_runs: int
    max_active_tasks: int
    priority: int
    overlap: Literal["wait", "skip"]
    lookback: int
    params: type[Params] | Mapping[str, Any]
    defaults: TaskOptions
    timeout: Duration
    deadline: Duration
    owner: str
    tags: Sequence[str]
    renamed_from: str
    doc: str


class NamedDagOptions(DagOptions, total=False):
    """The options of a DAG."""

    id: str


TASK_LATER: Final = frozenset({"checks", "unchanged", "volume"})
"""Keywords that type checkers know already and that no version can carry out yet: refused, never ignored."""

_SHARED: Final = {
    "description": "doc", "doc_md": "doc", "key": "id", "name": "id", "on_failure_callback": "on_failure",
    "on_success_callback": "on_success", "sla": "deadline",
}  # fmt: skip
_TASK_SPELLINGS: Final = _SHARED | {
    "execution_timeout": "timeout", "map_index_template": "item_name='{…}'", "max_active_tis_per_dag": "max_active",
    "max_retries": "retry",
    "max_retry_delay": "retry=Retry(max_delay=…)", "on_kill": "on_cancel", "pool_slots": "slots",
    "priority_weight": "priority", "retries": "retry", "retry_delay": "retry=Retry(delay=…)",
    "retry_delay_seconds": "retry=Retry(delay=…)", "retry_exponential_backoff": "retry=Retry(backoff=2)",
    "retry_jitter_factor": "retry=Retry(jitter=…)", "retry_policy": "retry", "task_group": "group", "task_id": "id",
    "timeout_seconds": "timeout",
}  # fmt: skip
_DAG_SPELLINGS: Final = _SHARED | {
    "concurrency": "max_active_tasks", "config_schema": "params", "cron": "schedule", "cron_schedule": "schedule",
    "dag_id": "id", "dagrun_timeout": "timeout", "default_args": "defaults", "end_date": "end",
    "execution_timezone": "timezone", "schedule_interval": "schedule", "start_date": "start",
    "timeout_seconds": "timeout", "timetable": "schedule", "tz": "timezone",
    "retries": "defaults={'retry': …}", "retry": "defaults={'retry': …}",
    "retry_delay": "defaults={'retry': Retry(delay=…)}",
}  # fmt: skip
_TASK_NAMES: Final = frozenset(TaskOptions.__annotations__)
_DAG_NAMES: Final = frozenset(NamedDagOptions.__annotations__)


def known_task_options(given: Mapping[str, Any], what: str, place: Place | None = None) -> dict[str, Any]:
    """The options a task knows; each other one is a fault that names the nearest."""
    return _known(given, what, (_TASK_NAMES, _TASK_SPELLINGS), place)


def known_dag_options(given: Mapping[str, Any], what: str, place: Place | None = None) -> dict[str, Any]:
    """The options a DAG knows; each other one is a fault that names the nearest."""
    return _known(given, what, (_DAG_NAMES, _DAG_SPELLINGS), place)


def _known(
    given: Mapping[str, Any], what: str, words: tuple[Iterable[str], Mapping[str, str]], place: Place | None
) -> dict[str, Any]:
    names, spellings = words
    for name in given:
        if name not in names:
            fault(f"{what} has no option {name!r}: {_advice(name, names, spellings)}", place)
    return {name: value for name, value in given.items() if name in names}


def _advice(name: str, names: Iterable[str], spellings: Mapping[str, str]) -> str:
    meant = spellings.get(name) or nearest(name, names)
    if meant is None:
        return f"it knows {', '.join(sorted(names))}"
    return f"write {meant if '=' in meant else f'{meant}=…'}"

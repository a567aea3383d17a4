from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["BackfillItem", "BackfillSlot", "BackfillWhole"]


@dataclass(frozen=True, slots=True)
class BackfillItem:
    """One backfill.

    Attributes:
        intervals: how many it fills; `over` of them need nothing more.
        runs: how many of its runs stand in each state.
        seconds_left: until it ends at its present pace; None where that cannot be said.
    """

    id: str
    dag_id: str
    state: str
    order: str
    cap: int
    only: tuple[str, ...]
    version: int
    reason: str
    actor: str
    created_at: str
    intervals: int
    over: int
    runs: dict[str, int]
    seconds_left: float | None
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillSlot:
    """One interval of a backfill: the state of its newest run in it, or *waiting*."""

    key: str
    state: str
    run_id: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class BackfillWhole(BackfillItem):
    """One backfill with its intervals, the oldest first.

    Attributes:
        verdict: whether it catches up with the present.
        pace: intervals that ended per hour since it began.
        failed: labels and reasons of what failed, of some runs.
        slots_left_out: how many more there are than are shown.
    """

    verdict: str = ""
    pace: float | None = None
    failed: tuple[tuple[str, str], ...] = ()
    slots: tuple[BackfillSlot, ...] = ()
    slots_left_out: int = 0
    params: dict[str, str] = field(default_factory=dict)

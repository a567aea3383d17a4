"""Guards as far as the engine judges: what an attempt is told to do about nothing.

The child decides by what it has counted (ARCHITECTURE, "Staged, then published"); a map over nothing is judged here.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from segue.engine.board import Board
from segue.engine.machine import Machine
from segue.model.ids import Instant
from segue.model.moment import HOUR, datetime_at

__all__ = ["EMPTY", "Empty", "empty_of", "like_of"]

Empty: TypeAlias = Literal["hold", "warn", "ok"]

EMPTY: Final = "empty"
_SHORTEST_DAY: Final = 23 * HOUR
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def like_of(slot: tuple[Instant, Instant] | None, timezone: str) -> str:
    """What comparable slots have in common: `mon`, `mon 05` where finer than a day, nothing without a slot.

    Args:
        slot: its start and end.
        timezone: of the DAG; day and hour are those of the slot's start there.
    """
    if slot is None:
        return ""
    start = datetime_at(slot[0], timezone)
    day = _DAYS[start.weekday()]
    return day if slot[1] - slot[0] >= _SHORTEST_DAY else f"{day} {start.hour:02}"


def empty_of(board: Board, machine: Machine, node: int) -> Empty:
    """What the guard of a task does about nothing in this run.

    The task's own option counts, then what people have released in comparable slots, then the environment.
    """
    task, guards = machine.graph.tasks[node], board.limits.guards
    if guards == "off" or task.rules.empty == "ok" or task.kind in ("setup", "teardown"):
        return "ok"
    eased = board.dags[machine.key.dag].eased
    if eased and (task.id, EMPTY, like_of(machine.row.slot, machine.spec.timezone)) in eased:
        return "ok"
    return "warn" if guards == "warn" else task.rules.empty

from __future__ import annotations

from typing import Any, TypeAlias

from segue.model.changes import AttemptMoved
from segue.model.events import Value
from segue.store.sql.moves import Moves

__all__ = ["Rows", "Wave", "is_small", "says_little"]

Rows: TypeAlias = list[tuple[Any, ...]]


class Wave:
    """Rows of one batch: no task appears twice in it."""

    __slots__ = ("attempts", "tasks")

    def __init__(self, sql: Moves) -> None:
        self.tasks: dict[str, Rows] = {sql.queue_task: [], sql.put_task: [], sql.pass_task: [], sql.move_task: []}
        self.attempts: dict[str, Rows] = {
            sql.finish_attempt: [], sql.move_attempt: [], sql.add_attempt: [], sql.add_special_attempt: []
        }  # fmt: skip


def is_small(value: Value) -> bool:
    """It lies in its row, and there is nothing else to say about it."""
    return value.length is None and value.ref is None and not value.preview


def says_little(move: AttemptMoved) -> bool:
    """It leaves neither log nor notes nor rows, and had no process end with it."""
    return (
        not move.notes and move.log is None and move.exit_code is None and move.signal is None
        and move.rows is None and not move.source
    )  # fmt: skip

"""What a DAG that was only tried came to, task by task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from segue.app.logs import AttemptLog
from segue.model.state import TaskState
from segue.model.value import Ref, decode
from segue.model.views import AttemptView, RunDetail, TaskView
from segue.run.executors.logfile import log_path

__all__ = ["Trial", "trials"]

_LONGEST: Final = 80  # characters of a result
_TAIL: Final = 10  # lines of a log
_PUBLISHES: Final = "would publish "


@dataclass(frozen=True, slots=True)
class Trial:
    """One task, or one item of a mapped one.

    Attributes:
        entry: how it stands.
        attempts: how often its code began.
        rows: what it reported or wrote.
        result: the beginning of its value, for people.
        publishes: what its writers would have published, and where.
        said: the last lines that it wrote, where it failed.
    """

    entry: TaskView
    attempts: int
    rows: int | None
    result: str
    publishes: tuple[str, ...]
    said: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """As plain data."""
        entry = self.entry
        ran = entry.started is not None and entry.ended is not None
        return {
            "task_id": entry.task,
            "map_index": entry.index,
            "state": str(entry.state),
            "attempts": self.attempts,
            "seconds": (entry.ended - entry.started) / 1e6 if ran and entry.ended and entry.started else None,
            "rows": self.rows,
            "result": self.result,
            "publishes": list(self.publishes),
            "why": str(entry.why) if entry.why else None,
        }


def trials(detail: RunDetail, logs: Path) -> Iterator[Trial]:
    """Every task of a run.

    Args:
        detail: the run.
        logs: folder of the attempts' logs.
    """
    begun, newest = detail.begun(), dict[tuple[str, int | None], AttemptView]()
    for view in detail.attempts:
        if view.kind == "user":
            newest[view.key.task, view.key.index] = view
    for entry in detail.entries():
        last = newest.get((entry.task, entry.index))
        notes = last.notes if last else ()
        yield Trial(
            entry,
            begun.get((entry.task, entry.index), 0),
            last.rows if last else None,
            _result(entry),
            tuple(note.removeprefix(_PUBLISHES) for note in notes if note.startswith(_PUBLISHES)),
            _tail(last, logs) if last and entry.state is TaskState.FAILED else (),
        )


def _result(entry: TaskView) -> str:
    if entry.inline is not None:
        value = decode(entry.inline, fetch=_Elsewhere)
        return "" if value is None else _short(repr(value))
    if not entry.preview:
        return ""
    shown = msgspec.msgpack.decode(entry.preview)
    if "columns" not in shown:
        return _short(f"{shown['kind']}: {shown['text']}")
    names = ", ".join(name for name, _ in shown["columns"])
    return _short(f"{shown['rows']:,} rows: {names}")


class _Elsewhere:
    """Stands for a part of a value that lies in the storage."""

    def __init__(self, ref: Ref) -> None:
        self._rows = ref.length

    def __repr__(self) -> str:
        return "…" if self._rows is None else f"<{self._rows:,} rows>"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _tail(attempt: AttemptView, logs: Path) -> tuple[str, ...]:
    lines = AttemptLog(attempt, logs / log_path(attempt.key)).lines()
    return tuple(line for one in lines for line in one.msg.splitlines())[-_TAIL:]

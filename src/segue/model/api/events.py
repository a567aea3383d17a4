from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Event"]


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the event log.

    Attributes:
        seq: its number; numbers are the order of commits, and the id of the event in the live stream.
        at: when it happened, ISO 8601 UTC.
        kind: `run`, `task`, `hook`, `slot`, `version`, `timing`, `backfill`, `alert`, `request`, …
        dag: the DAG, where it belongs to one.
        run: the run, as printed.
        task: the task's id; of a backfill its number.
        map_index: of a mapped task.
        attempt: number of the attempt.
        old: state before; of other kinds see the architecture page.
        new: state after.
        why: the reason, as a sentence.
        actor: who asked for it, where somebody did.
    """

    seq: int
    at: str
    kind: str
    dag: str | None = None
    run: str | None = None
    task: str | None = None
    map_index: int | None = None
    attempt: int | None = None
    old: str | None = None
    new: str | None = None
    why: str = ""
    actor: str = ""

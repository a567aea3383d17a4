"""Runs as plain data for `--json` and as short facts for summaries; both are taken from the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from segue.model.ids import Instant, RunKey
from segue.model.moment import iso_utc
from segue.model.state import RunState, TaskState
from segue.model.views import AttemptView, RunDetail, RunView, TaskView
from segue.model.why import say

__all__ = ["Culprit", "Summary", "run_object", "run_row", "summarise"]


@dataclass(frozen=True, slots=True)
class Culprit:
    """A task that failed its run: how often its code began, and why it failed."""

    task: str
    index: int | None
    reason: str
    attempts: int

    @property
    def label(self) -> str:
        """The task as people write it."""
        return self.task if self.index is None else f"{self.task}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a person wants to know of a run that is over. Durations in microseconds; `slowest` is (task, duration).

    `waits` says for what it stands still, where nothing of it is held.
    """

    run: RunKey
    number: int
    state: str
    length: int | None
    tasks: dict[TaskState, int]
    retries: int
    slowest: tuple[str, int] | None
    culprits: tuple[Culprit, ...]
    held: tuple[str, ...]
    waits: str = ""


def summarise(detail: RunDetail) -> Summary:
    """Take the facts of one run."""
    begun, run = detail.begun(), detail.run
    lengths = ((_length(entry.started, entry.ended), entry.label) for entry in detail.entries())
    slowest = max(((length, label) for length, label in lengths if length is not None), default=None)
    counted = (view for view in detail.attempts if view.counts and view.began is not None)
    rounds = Counter((view.key.task, view.key.index, view.round) for view in counted)
    return Summary(
        run=run.run, number=run.number, state=str(run.state), length=_length(run.started, run.ended),
        tasks=detail.counts(), retries=sum(rounds.values()) - len(rounds),
        slowest=None if slowest is None else (slowest[1], slowest[0]),
        culprits=tuple(_culprits(detail, begun)),
        held=tuple(entry.label for entry in detail.entries() if entry.state is TaskState.HELD),
        waits=str(run.why) if run.why is not None and run.why.code == "waits_past" else "",
    )  # fmt: skip


def run_object(detail: RunDetail) -> dict[str, Any]:
    """The object that `segue run --json` and `segue show RUN --json` print (INTERFACE, "Command line")."""
    begun = detail.begun()
    return run_row(detail.run) | {
        "tasks": [_task_object(entry, begun) for entry in detail.entries()],
        "attempt_list": [
            {"task_id": one.key.task, "map_index": one.key.index} | _attempt_object(one) for one in detail.attempts
        ],
        "roles": detail.spec.roles,
        "culprits": [
            {"task_id": culprit.task, "map_index": culprit.index, "reason": culprit.reason}
            for culprit in _culprits(detail, begun)
        ],
    }


def run_row(view: RunView) -> dict[str, Any]:
    """One run without its tasks, as `segue runs --json` lists it."""
    return {
        "run_id": str(view.run),
        "number": view.number,
        "dag_id": view.run.dag,
        "state": str(view.state),
        "round": view.round,
        "version": view.row.version,
        "kind": view.row.kind,
        "actor": view.row.actor,
        "interval": None
        if view.row.slot is None
        else {"start": iso_utc(view.row.slot[0]), "end": iso_utc(view.row.slot[1])},
        "created_at": iso_utc(view.row.created),
        "started_at": iso_utc(view.started),
        "ended_at": iso_utc(view.ended),
        "seconds": _seconds(view.started, view.ended),
    }


def _attempt_object(view: AttemptView) -> dict[str, Any]:
    return {
        "attempt": view.key.number, "round": view.round, "state": str(view.state), "queued_at": iso_utc(view.created),
        "started_at": iso_utc(view.began), "ended_at": iso_utc(view.ended), "seconds": _seconds(view.began, view.ended),
        "cause": view.cause or None, "reason": view.text or None, "signal": view.signal, "exit_code": view.exit_code,
        "peak_rss": view.peak_rss, "notes": list(view.notes),
    }  # fmt: skip


def _task_object(entry: TaskView, begun: dict[tuple[str, int | None], int]) -> dict[str, Any]:
    return {
        "task_id": entry.task,
        "map_index": entry.index,
        "state": str(entry.state),
        "attempts": begun.get((entry.task, entry.index), 0),
        "started_at": iso_utc(entry.started),
        "ended_at": iso_utc(entry.ended),
        "seconds": _seconds(entry.started, entry.ended),
        "why": None if entry.why is None else say(entry.why),
    }


def _culprits(detail: RunDetail, begun: dict[tuple[str, int | None], int]) -> Iterable[Culprit]:
    named = detail.run.culprits or (_failures(detail) if detail.run.state is RunState.HELD else ())
    for label, reason in named:
        task, index = _parsed(label)
        yield Culprit(task, index, reason, begun.get((task, index), 0))


def _failures(detail: RunDetail) -> Iterable[tuple[str, str]]:
    """What has failed already in a run that is held, and so has no culprits yet."""
    forgiven = {task.id for task in detail.spec.tasks if task.rules.allow_failure}
    for entry in detail.entries():
        if entry.state is TaskState.FAILED and entry.task not in forgiven:
            yield entry.label, "" if entry.why is None else say(entry.why)


def _parsed(label: str) -> tuple[str, int | None]:
    task, bracket, rest = label.partition("[")
    return task, int(rest.rstrip("]")) if bracket else None


def _length(started: Instant | None, ended: Instant | None) -> int | None:
    return None if started is None or ended is None else max(0, ended - started)


def _seconds(started: Instant | None, ended: Instant | None) -> float | None:
    length = _length(started, ended)
    return None if length is None else length / 1_000_000

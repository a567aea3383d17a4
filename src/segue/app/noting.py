"""What has been committed, as lines of the loop's log: with run, task and attempt, so that they can be filtered."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from segue.app import journal
from segue.model.changes import Answered, AttemptMoved, Change, Quarantined, RunCreated, RunMoved, TaskMoved
from segue.model.ids import TaskKey
from segue.model.state import AttemptState, RunState, TaskState

__all__ = ["note"]

_BAD: Final = frozenset(
    {
        AttemptState.FAILED, AttemptState.TIMED_OUT, AttemptState.LOST, RunState.FAILED, RunState.HELD,
        TaskState.FAILED, TaskState.HELD, TaskState.UP_FOR_RETRY,
    }
)  # fmt: skip
_TOLD: Final = (Answered, AttemptMoved, Quarantined, RunCreated, RunMoved, TaskMoved)
_LOGGER: Final = logging.getLogger("segue")


def note(changes: Iterable[Change]) -> None:
    """Write what has become of runs, tasks and attempts: what went well of the latter two at level *debug* only."""
    fine = _LOGGER.isEnabledFor(logging.DEBUG)
    for change in changes:
        if isinstance(change, TaskMoved | AttemptMoved):  # there may be very many
            if fine or change.new in _BAD:
                _note_work(change)
        elif isinstance(change, _TOLD):
            _note_rest(change)


def _note_work(change: TaskMoved | AttemptMoved) -> None:
    level = "warning" if change.new in _BAD else "debug"
    if isinstance(change, TaskMoved):
        label = TaskKey(change.run, change.task, change.index).label
        text = f"task {label} is {change.new}: {change.why}"
        journal.log(level, text, dag=change.run.dag, run=str(change.run), task=label)
        return
    key = change.key
    why = ": ".join(part for part in (change.cause, change.text) if part)
    text = f"attempt {key.number} of {key.of.label} is {change.new}" + (f": {why}" if why else "")
    journal.log(level, text, dag=key.run.dag, run=str(key.run), task=key.of.label, attempt=key.number)


def _note_rest(change: Answered | Quarantined | RunCreated | RunMoved) -> None:
    match change:
        case RunCreated(row):
            text = f"run {row.run} is made ({row.kind})"
            journal.log("info", text, dag=row.run.dag, run=str(row.run), actor=row.actor or None)
        case RunMoved(run, _, new):
            causes = ", ".join(f"{label}: {reason}" for label, reason in change.culprits)
            text = f"run {run} is {new}: {causes or change.why}"
            level = "warning" if new in _BAD else "info"
            journal.log(level, text, dag=run.dag, run=str(run), actor=change.actor or None)
        case Quarantined(dag, why):
            journal.log("error", f"DAG {dag} is quarantined: {why}", dag=dag)
        case Answered(request, actor, act, ok, said):
            about = {} if change.run is None else {"dag": change.run.dag, "run": str(change.run)}
            text = f"{act} {'is done' if ok else 'is refused'}: {said}"
            journal.log("info", text, request=request, actor=actor, **about)

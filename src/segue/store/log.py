"""The one place that says which rows of the event log a change makes; both stores write exactly these."""

from __future__ import annotations

from typing import Final, NamedTuple

from segue.model.changes import (
    AlertFolded,
    AlertMarked,
    AlertRaised,
    Answered,
    AttemptMoved,
    BackfillMade,
    BackfillMoved,
    Change,
    Collapsed,
    DagRenamed,
    DefinitionFailed,
    Expanded,
    GuardEased,
    PoolSet,
    Quarantined,
    RunCreated,
    RunMoved,
    RunsForgotten,
    SecretSet,
    Silenced,
    SlotMoved,
    SlotsForetold,
    Spawned,
    StateChanged,
    TaskMoved,
    TimingSet,
    VersionAdded,
)
from segue.model.ids import Instant, RunKey
from segue.model.state import RunState, TaskState
from segue.model.why import Why

__all__ = ["Entry", "entries", "task_entries"]


class Entry(NamedTuple):
    """An event without its number and epoch."""

    at: Instant
    kind: str
    dag: str | None = None
    run: RunKey | None = None
    task: str | None = None
    item: int | None = None
    attempt: int | None = None
    old: str | None = None
    new: str | None = None
    why: Why | None = None
    actor: str = ""


_BEGUN: Final = Why("begun")


def task_entries(move: TaskMoved) -> tuple[Entry, ...]:
    """The rows of a task's move: two where it passed through RUNNING within the turn."""
    run, task, index, attempt = move.run, move.task, move.index, move.attempt
    old, began = move.old, move.began
    if old is TaskState.QUEUED and began is not None and move.new is not TaskState.RUNNING:
        running = TaskState.RUNNING
        return (
            Entry(began, "task", run.dag, run, task, index, attempt, old, running, _BEGUN),
            Entry(move.at, "task", run.dag, run, task, index, attempt, running, move.new, move.why, move.actor),
        )
    return (Entry(move.at, "task", run.dag, run, task, index, attempt, old, move.new, move.why, move.actor),)


def entries(change: Change) -> tuple[Entry, ...]:
    """The rows that a change makes. An attempt is told of by its task, which names it; a hook speaks for itself."""
    match change:
        case TaskMoved():
            return task_entries(change)
        case AttemptMoved():
            refused = tuple(_of_refusal(change, name) for name in change.refused)
            return (_of_hook(change), *refused) if change.kind == "hook" else refused
        case RunCreated() | RunMoved() | Expanded() | Collapsed() | Spawned() | SlotMoved() | StateChanged():
            return (_of_run(change),)
        case GuardEased() | PoolSet() | SecretSet() | Silenced():
            return (_of_setting(change),)
        case TimingSet() | SlotsForetold() | BackfillMade() | BackfillMoved() | RunsForgotten():
            return _of_clock(change)
        case AlertRaised() | AlertFolded() | AlertMarked():
            return (_of_alert(change),)
        case _:
            return (_of_definition(change),)


def _of_hook(move: AttemptMoved) -> Entry:
    run, task, index, number = move.key
    why = Why("failed", (move.text or move.cause,)) if move.text or move.cause else None
    return Entry(move.at, "hook", run.dag, run, task, index, number, move.old, move.new, why)


def _of_refusal(move: AttemptMoved, name: str) -> Entry:
    run, task, index, number = move.key
    return Entry(move.at, "refused", run.dag, run, task, index, number, new=name, why=Why("refused", (name,)))


def _of_run(change: RunCreated | RunMoved | Expanded | Collapsed | Spawned | SlotMoved | StateChanged) -> Entry:
    match change:
        case RunCreated(row, at):
            return Entry(at, "run", row.run.dag, row.run, new=RunState.QUEUED, actor=row.actor)
        case RunMoved(run, old, new, at, why):
            return Entry(at, "run", run.dag, run, old=old, new=new, why=why, actor=change.actor)
        case Expanded(run, task, length, _, at):
            return Entry(at, "expanded", run.dag, run, task, why=Why("expanded", (str(length),)))
        case Collapsed(run, task, _, at):
            return Entry(at, "collapsed", run.dag, run, task)
        case Spawned(run, _, step, at):
            return Entry(at, "spawned", run.dag, run, step.task.id)
        case SlotMoved(dag, _, state, run, _, at):
            return Entry(at, "slot", dag, run, new=state)
        case StateChanged(run, task, index, name, _, at):
            return Entry(at, "state", run.dag, run, task, index, new=name, why=Why("state_set", (name,)))


def _of_setting(change: GuardEased | PoolSet | SecretSet | Silenced) -> Entry:
    """What people decide for all runs to come; of a secret never more than its name."""
    match change:
        case GuardEased(dag, task, guard, like, at):
            why = Why("eased", (guard, like or "any"))
            return Entry(at, "eased", dag, task=task, new=like, why=why, actor=change.actor)
        case PoolSet(name, slots, at):
            why = Why("pool_gone", (name,)) if slots is None else Why("pool_set", (name, str(slots)))
            return Entry(at, "pool", new=name, why=why, actor=change.actor)
        case SecretSet(kind, name, sealed, _, at):
            said = "removed" if sealed is None else "set"
            return Entry(at, kind, new=said, why=Why("secret_" + said, (kind, name)), actor=change.actor)
        case Silenced(selection, _, at, actor, reason):
            return Entry(at, "silence", new=selection, why=Why("failed", (reason,)) if reason else None, actor=actor)


def _of_clock(
    change: TimingSet | SlotsForetold | BackfillMade | BackfillMoved | RunsForgotten,
) -> tuple[Entry, ...]:
    """Nothing where a clock or a backfill only goes on by a slot: the run that it makes tells of that."""
    match change:
        case TimingSet(dag, timing, at, why) if why is not None:
            stands = "retired" if timing.retired else "paused" if timing.paused else "on"
            return (Entry(at, "timing", dag, new=stands, why=why, actor=change.actor),)
        case BackfillMade(row, state, at):
            why = Why("backfill_made", (str(row.total), str(row.cap), row.reason))
            return (Entry(at, "backfill", row.dag, task=str(row.id), new=state, why=why, actor=row.actor),)
        case BackfillMoved(number, dag, old, new, _, at, why) if old != new or why is not None:
            return (Entry(at, "backfill", dag, task=str(number), old=old, new=new, why=why, actor=change.actor),)
        case RunsForgotten(runs, at):
            return (Entry(at, "forgotten", new=str(len(runs))),)
    return ()


def _of_alert(change: AlertRaised | AlertFolded | AlertMarked) -> Entry:
    match change:
        case AlertRaised(alert, at):
            why = Why("failed", (alert.text,))
            return Entry(at, "alert", alert.dag or None, alert.run, old=alert.thing, new=alert.kind, why=why)
        case AlertFolded(thing, kind, _, text, at):
            return Entry(at, "folded", old=thing, new=kind, why=Why("failed", (text,)) if text else None)
        case AlertMarked(thing, _, _, target, state, _, at):
            return Entry(at, "delivery", old=thing, new=state, why=Why("failed", (target,)))


def _of_definition(change: VersionAdded | DagRenamed | DefinitionFailed | Quarantined | Answered) -> Entry:
    match change:
        case DagRenamed(old, new, at):
            return Entry(at, "renamed", new, old=old, new=new, why=Why("renamed", (old,)))
        case VersionAdded(dag, version, _, at):
            return Entry(at, "version", dag, new=str(version.number))
        case DefinitionFailed(_, file, text, at):
            return Entry(at, "definition", old=file, new=text)
        case Quarantined(dag, why, at):
            return Entry(at, "quarantined", dag, why=why)
        case Answered(request, actor, _, ok, _, at, run):
            of = run.dag if run else None
            return Entry(at, "request", of, run, old=request, new="done" if ok else "refused", actor=actor)

"""What follows an end, a stop or a guard's verdict: I15, I38, hooks, timeouts, what a stopped run comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.model.changes import AttemptMoved, TaskMoved
from segue.model.events import Ended, Held
from segue.model.ids import AttemptKey, TaskKey, hook_id
from segue.model.state import FINAL, RUN_FINAL, RunState, TaskState
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.fairness import Invariant
from segue.testing.world.ledger import Commit, Ledger, RunRecord, TaskRecord
from segue.testing.world.oracle import setups_of

__all__ = ["AFTERMATH"]

_MOST_CALLS = 3
_MOST_UNPUBLISHED = 10
_HOOKS: Final = {TaskState.SUCCESS: "success", TaskState.FAILED: "failure"}
_RUN_HOOKS: Final = {RunState.SUCCESS: "success", RunState.FAILED: "failure"}


def i15(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """After the commit of a stop no attempt starts but teardowns (none where it is `now`) and hooks."""
    for change, _before in commit.attempts:
        run = ledger.runs[change.key.run]
        if change.old is not None or not run.stop or change.kind == "hook":
            continue
        if run.stop == "now" or run.specs[change.key.task].kind != "teardown":
            yield f"{change.key} is made after its run was stopped ({run.stop})"
    for moved, _old in commit.runs:
        run = ledger.runs[moved.run]
        if (run.cancel_at is None) != (run.stop == ""):
            yield f"{moved.run} is stopped ({run.stop!r}) since {run.cancel_at}"


def i15_ends(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """A stopped run comes to what its tasks were at the stop, what its last attempts said, and its teardowns."""
    for change, _old in commit.runs:
        run = ledger.runs[change.run]
        if run.state not in RUN_FINAL or not run.stop:
            continue
        for name, index, task in run.counted():
            wanted = _after_stop(run, name, index)
            if wanted and task.state not in wanted:
                yield f"{change.run}/{name}[{index}] is {task.state} after {run.stop}, not {sorted(wanted)}"
        cancelled = any(task.state is TaskState.CANCELLED for _, _, task in run.counted())
        if run.stop != "timeout" and run.state is not RunState.CANCELLED:
            yield f"{change.run} was cancelled and is {run.state}"
        if run.stop == "timeout" and cancelled and run.state is not RunState.FAILED:
            yield f"{change.run} reached its timeout and is {run.state}"


def _after_stop(run: RunRecord, name: str, index: int | None) -> set[TaskState]:
    """The states a task may have when a stopped run has ended; none where anything may be."""
    before = run.before.get((name, index))
    if run.task(name, index).marked or before is None:
        return set()  # a mark that was asked for before, items of an expansion in the same turn
    if before.state in FINAL:
        return {before.state}
    if before.state in (TaskState.QUEUED, TaskState.RUNNING):
        return {TaskState.CANCELLED, TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}
    if run.specs[name].kind == "teardown":  # also of `now`, which may come after a cancel
        return _after_teardown(run, name) | ({TaskState.CANCELLED} if run.stop == "now" else set())
    return {TaskState.CANCELLED}


def _after_teardown(run: RunRecord, name: str) -> set[TaskState]:
    setups = setups_of(run.spec, run.specs[name])
    if any(run.task(setup, None).state is TaskState.SUCCESS for setup in setups):
        return {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}
    return {TaskState.SKIPPED}


def timeouts(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """A run is stopped by its timeout when it has held its place for that long, and not before."""
    for moved, _old in commit.runs:
        run = ledger.runs[moved.run]
        if moved.why.code != "timed_out" or moved.new in RUN_FINAL:
            continue
        held = run.spent + (moved.at - run.placed_at if run.placed_at is not None else 0)
        if run.spec.timeout is None or held < run.spec.timeout:
            yield f"{moved.run} is stopped after {held} us, its timeout is {run.spec.timeout}"
    for run in ledger.at_work():
        if run.spec.timeout is None or run.placed_at is None or run.stop or run.state in RUN_FINAL:
            continue
        late = ledger.turned - run.placed_at + run.spent - run.spec.timeout
        busy = any(task.state not in FINAL and run.specs[name].kind != "teardown" for name, _, task in run.counted())
        if late > 0 and busy and run.row.run.dag not in ledger.quarantined:
            yield f"{run.row.run} is {late} us over its timeout and goes on"


def hooks(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """Every end that has a hook calls it in the same transaction, or while an earlier call of it is alive; no more."""
    made = {(one.key.run, one.key.task, one.key.index) for one, _ in commit.attempts if one.kind == "hook"}
    for moved, before in commit.tasks:
        hook = _due(ledger.runs[moved.run], moved, before)
        if hook is None:
            continue
        which = moved.run, hook_id(moved.task, hook), moved.index
        busy = any((key.run, key.task, key.index) == which for key in ledger.runs[moved.run].calling)
        if which not in made and not busy:
            yield f"{moved.run}/{moved.task}[{moved.index}] is {moved.new}, and hook {hook} is not called"
    for change, _old in commit.runs:
        run = ledger.runs[change.run]
        hook = _RUN_HOOKS.get(change.new) if change.old is not change.new else None
        name = hook_id("", hook or "")
        called = (change.run, name, None) in made or any(key.task == name for key in run.calling)
        if hook in run.spec.hooks and not called:
            yield f"{change.run} is {change.new}, and hook {hook} is not called"
    for made_now, _was in commit.attempts:
        if made_now.kind == "hook" and made_now.old is None:
            yield from _check_call(ledger, commit, made_now)


def _due(run: RunRecord, moved: TaskMoved, before: TaskRecord) -> str | None:
    """The hook that this move calls. What a person has released has done its work, and only waits to be published."""
    rules = run.specs[moved.task].rules
    if moved.marked or moved.reused_from is not None:
        return None
    hook = _HOOKS.get(moved.new)
    if moved.new is TaskState.CANCELLED and moved.old is TaskState.UP_FOR_RETRY and run.stop:
        hook = "cancel" if run.kept.get((moved.task, moved.index)) and not before.released else None
    return hook if hook in rules.hooks else None


def _check_call(ledger: Ledger, commit: Commit, made: AttemptMoved) -> Iterator[str]:
    """A hook is called after the end it is for, and again only where a call of it was lost, three times at most."""
    run, key = ledger.runs[made.key.run], made.key
    task, _, hook = key.task.partition("!")
    past = [
        record for other, record in run.attempts.items()
        if other.of == key.of and other != key and (record.round, record.life) == (made.round, ledger.lives)
    ]  # fmt: skip
    if len(past) >= _MOST_CALLS:
        yield f"{key} is call {len(past) + 1} of round {made.round}"
    if task and hook not in run.specs[task].rules.hooks:
        yield f"{key} is called, {task} has no such hook"
    due = any(
        moved.run == key.run and (moved.task, moved.index) == (task, key.index) and _due(run, moved, before) == hook
        for moved, before in commit.tasks
    )
    ended = not task and any(moved.run == key.run and _RUN_HOOKS.get(moved.new) == hook for moved, _ in commit.runs)
    again = key._replace(number=key.number - 1) in run.attempts  # it was lost, or had been called while it was alive
    if not (due or ended or again):
        yield f"{key} is called and nothing has ended"


def i38(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """What is held is published only after a person has released it, and nothing of what was rejected."""
    for change, _before in commit.attempts:
        run = ledger.runs[change.key.run]
        if change.old is not None or change.kind == "hook":
            continue
        task = run.task(change.key.task, change.key.index)
        if (change.kind == "publish") != task.released:
            yield f"{change.key} is of kind {change.kind}, released is {task.released}"
        if task.published > _MOST_UNPUBLISHED:
            yield f"{change.key} follows {task.published} failed attempts to publish"
    for moved, before in commit.tasks:
        task = ledger.runs[moved.run].task(moved.task, moved.index)
        yield from _leaves_guard(moved, before, task, executor)


def _leaves_guard(moved: TaskMoved, before: TaskRecord, task: TaskRecord, executor: ScriptedExecutor) -> Iterator[str]:
    name = TaskKey(moved.run, moved.task, moved.index)
    if moved.old is TaskState.HELD and moved.new is not TaskState.CANCELLED and not moved.actor:
        yield f"{name} leaves its guard for {moved.new} and nobody asked: {moved.why}"
    seen = executor.floor.published.get(name)
    kept_back = moved.new is TaskState.HELD or (moved.old is TaskState.HELD and moved.new is TaskState.FAILED)
    staged = task.staged or before.staged
    if kept_back and staged and seen == staged and not before.released:
        yield f"{name} is {moved.new}, and readers see {staged!r}"
    if moved.new is not TaskState.SUCCESS or moved.marked:
        return
    if before.staged and seen != before.staged:
        yield f"{name} is released, and readers see {seen!r}, not {before.staged!r}"
    if not before.released and moved.old is not TaskState.HELD and moved.attempt is not None:
        words = executor.floor.spoken.get(AttemptKey(*name, moved.attempt), ())
        ends = [one.outcome for one in words if isinstance(one, Ended)]
        if ends and all(isinstance(outcome, Held) for outcome in ends):
            yield f"{name} is a success, its guard held it"


AFTERMATH: Final[tuple[tuple[str, Invariant], ...]] = (
    ("I15", i15), ("I15", i15_ends), ("TIMEOUT", timeouts), ("HOOKS", hooks), ("I38", i38),
)  # fmt: skip

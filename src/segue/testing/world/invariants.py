"""What must never be (RELIABILITY §1): one small function an invariant, asked after every commit.

Each yields a sentence for every breach it sees. Limits are looked at in `fairness`, what follows an end or a stop in
`aftermath`. Others are kept where they show themselves: the tables of moves, I4, I8 and I18 by the ledger,
commit-then-act, I2, I17 and I38 where an attempt is launched, I23 by the store, I26-I28, I31 and I33-I36 by the world
at rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from segue.model.events import OWN_CAUSES, Ended, Failure, Followed, Held, Lost, LostCause, Value
from segue.model.ids import AttemptKey, TaskKey
from segue.model.state import FINAL, LIVE, RUN_FINAL, AttemptState, RunState, TaskState
from segue.testing.world.aftermath import AFTERMATH
from segue.testing.world.executor import ScriptedExecutor
from segue.testing.world.fairness import FAIRNESS, Invariant
from segue.testing.world.ledger import AttemptRecord, Commit, Ledger, RunRecord, downstream
from segue.testing.world.oracle import ruling, upstream_states
from segue.testing.world.script import SECOND

__all__ = ["INVARIANTS"]

PLATFORM_LIMIT = 10
_LOST = {AttemptState.LOST}
_NEVER = ("Fail", "unstorable")
_USER = {AttemptState.FAILED, AttemptState.TIMED_OUT}


def i1(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """No attempt starts before its task's trigger rule is satisfied by accepted final upstream states."""
    for change, _before in commit.tasks:
        run = ledger.runs[change.run]
        if change.new is not TaskState.QUEUED or run.task(change.task, change.index).released:
            continue
        if ruling(run, run.specs[change.task]) != (True, None):
            states = upstream_states(run, run.specs[change.task])
            yield f"{change.run}/{change.task} starts above {[state.value for state in states]}"


def i2(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """At most one attempt of a task that has not ended; its task is QUEUED or RUNNING as it is."""
    for key in commit.touched:
        run = ledger.runs[key]
        owners = [attempt.of for attempt in run.alive]
        if len(set(owners)) < len(owners):
            yield f"{key} has two living attempts of one task: {sorted(map(str, run.alive))}"
        for attempt in run.alive:
            state = run.task(attempt.task, attempt.index).state
            if state.value != run.attempts[attempt].state.value:
                yield f"{attempt} is {run.attempts[attempt].state}, its task {state}"
    for change, _before in commit.tasks:
        if change.new in (TaskState.QUEUED, TaskState.RUNNING):
            run = ledger.runs[change.run]
            task = run.task(change.task, change.index)
            if task.state is change.new and not any(
                key.of == TaskKey(change.run, change.task, change.index) for key in run.alive
            ):
                yield f"{change.run}/{change.task} is {task.state} without an attempt"


def _supports(key: AttemptKey, state: AttemptState, executor: ScriptedExecutor) -> bool:
    for word in executor.floor.spoken.get(key, ()):
        match word, state:
            case Ended(outcome=Value() | Followed()), AttemptState.SUCCESS:
                return True
            case Ended(outcome=Failure()), AttemptState.FAILED | AttemptState.TIMED_OUT:
                return True
            case (Ended(), AttemptState.CANCELLED) | (Lost(), AttemptState.LOST | AttemptState.CANCELLED):
                return True
            case Ended(outcome=outcome), AttemptState.SUCCESS if not isinstance(outcome, Failure):
                return True
            case _:
                continue
    return False


def i3(ledger: Ledger, commit: Commit, executor: ScriptedExecutor) -> Iterator[str]:
    """A result is accepted only with the current attempt's fence: what an attempt is recorded to have said, it said."""
    for change, before in commit.attempts:
        if change.old is None or change.new is AttemptState.RUNNING:
            continue
        if not _supports(change.key, change.new, executor):
            yield f"{change.key} is {change.new} and never said so"
        run = ledger.runs[change.key.run]
        newest = max((key.number for key in run.attempts if key.of == change.key.of), default=0)
        user = before is not None and change.kind != "hook"
        if user and change.new is AttemptState.SUCCESS and change.key.number != newest:
            yield f"{change.key} succeeds after attempt {newest} was made"
    for moved, was in commit.tasks:
        fresh = moved.new is TaskState.SUCCESS and moved.reused_from is None
        if fresh and moved.result is not None and not moved.marked:
            name = TaskKey(moved.run, moved.task, moved.index)
            record = ledger.runs[moved.run].task(moved.task, moved.index)
            held = moved.old is TaskState.HELD or was.released
            numbers = range(1, record.number + 1) if held else (record.number,)
            keys = [AttemptKey(*name, number) for number in numbers]
            said = [
                word.outcome for key in keys for word in executor.floor.spoken.get(key, ()) if isinstance(word, Ended)
            ]
            values = [one.value if isinstance(one, Followed | Held) else one for one in said]
            if not any(isinstance(one, Value) and one.inline == moved.result.inline for one in values):
                yield f"{name} has the result {moved.result.inline!r}, its attempts {numbers} said {said}"


def i4(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """What has ended is reopened only by a retry or a mark that was granted, and begins a new round."""
    granted = {answer.run for answer in ledger.answers.values() if answer.ok}
    for change, before in commit.tasks:
        if change.old in FINAL:
            if change.run not in granted:
                yield f"{change.run}/{change.task} is reopened and nobody asked"
            if change.round <= before.round:
                yield f"{change.run}/{change.task} is reopened in round {change.round} after round {before.round}"
    for run, old in commit.runs:
        if old in RUN_FINAL and run.new not in RUN_FINAL and run.run not in granted:
            yield f"{run.run} is reopened and nobody asked"


def i5(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """What follows from an end by rule is in the same transaction."""
    for key in commit.touched:
        run = ledger.runs[key]
        if not run.placed or run.cancel_at is not None or key.dag in ledger.quarantined:
            continue
        below = {
            name for change, _before in commit.tasks if change.run == key and change.new in FINAL
            for name in downstream(run.spec)[change.task]
        }  # fmt: skip
        for name in sorted(below):
            sure, outcome = ruling(run, run.specs[name])
            waiting = any(one.state is TaskState.PENDING for one in run.items(name))
            if sure and outcome is not None and waiting:
                yield f"{key}/{name} is still pending and should be {outcome}"


def i6(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """User failures <= retries + 1 a round, crashes <= `lost`, platform losses <= 10; `idempotent=False`: none."""
    for change, _before in commit.attempts:
        if change.old is not None or change.kind != "user":
            continue
        run = ledger.runs[change.key.run]
        rules = run.specs[change.key.task].rules
        past = [
            record for key, record in run.attempts.items()
            if key.of == change.key.of and record.round == change.round and key != change.key and record.kind == "user"
        ]  # fmt: skip
        user = sum(record.state in _USER for record in past)
        own = sum(record.state in _LOST and record.cause in OWN_CAUSES for record in past)
        if user > rules.retry.times:
            yield f"{change.key} follows {user} failures, {rules.retry.times} retries are allowed"
        if own > rules.retry.lost:
            yield f"{change.key} follows {own} crashes, {rules.retry.lost} are allowed"
        platform = _platform_losses(past)
        if platform > PLATFORM_LIMIT:
            yield f"{change.key} follows {platform} losses that were the platform's"
        unknown = [record for record in past if record.state in _LOST and record.began is not None]
        if unknown and not rules.idempotent:
            yield f"{change.key} follows a lost attempt, and its task is not idempotent"


def _platform_losses(past: Iterable[AttemptRecord]) -> int:
    """How many since the last attempt that lived longer than a minute."""
    count = 0
    for record in past:
        if record.began is not None and (record.ended or record.began) - record.began > 60 * SECOND:
            count = 0
        if record.state in _LOST and record.cause not in OWN_CAUSES and record.cause != LostCause.OWNER:
            count += 1
    return count


def i6_in_full(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """A task that may be repeated is repeated until its limits are spent: it fails for good no sooner, in any round."""
    for change, _before in commit.tasks:
        run = ledger.runs[change.run]
        rules = run.specs[change.task].rules
        if change.new is not TaskState.FAILED or change.marked or change.old is TaskState.HELD:
            continue
        if not rules.idempotent or run.stop == "now" or (run.stop and run.specs[change.task].kind != "teardown"):
            continue
        name = TaskKey(change.run, change.task, change.index)
        past = [
            one for key, one in run.attempts.items()
            if key.of == name and one.round == change.round and one.kind == "user"
        ]  # fmt: skip
        last = past[-1] if past else None
        user = sum(one.state in _USER for one in past)
        own = sum(one.state in _LOST and one.cause in OWN_CAUSES for one in past)
        if last is None:
            continue
        if last.state in _USER and last.cause not in _NEVER and user <= rules.retry.times:
            yield f"{name} fails for good after {user} failures, {rules.retry.times} retries are allowed"
        if last.state in _LOST and last.cause in OWN_CAUSES and own <= rules.retry.lost:
            yield f"{name} fails for good after {own} crashes, {rules.retry.lost} are allowed"
        theirs = last.state in _LOST and last.cause not in OWN_CAUSES
        if theirs and _platform_losses(past) <= PLATFORM_LIMIT:
            yield f"{name} fails for good after {_platform_losses(past)} losses that were the platform's"


def i7(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """A retry never starts earlier than its back-off, and the back-off is exactly what the rules say."""
    for change, before in commit.tasks:
        name = TaskKey(change.run, change.task, change.index)
        if change.new is TaskState.QUEUED and change.old is TaskState.UP_FOR_RETRY:
            if before.not_before is not None and ledger.turned < before.not_before:
                yield f"{name} starts {before.not_before - ledger.turned} us before its time"
        elif change.new is TaskState.UP_FOR_RETRY and change.old is not TaskState.HELD:
            run = ledger.runs[change.run]
            words = _expected_delay(run, AttemptKey(*name, change.attempt or 0), change.tries, change.losses)
            waits = (change.not_before or ledger.turned) - ledger.turned
            if words is not None and not words[0] <= waits <= words[1]:
                yield f"{name} waits {waits} us after {change.tries} failures and {change.losses} crashes, not {words}"


def _expected_delay(run: RunRecord, key: AttemptKey, tries: int, losses: int) -> tuple[int, int] | None:
    record, retry = run.attempts[key], run.specs[key.task].rules.retry
    if record.kind == "publish":
        return (0, 0) if record.cause == LostCause.OWNER else (5 * SECOND, 5 * SECOND)
    if record.state in _USER:
        if record.cause == "RetryAfter":
            return None
        plain = min(int(retry.delay * retry.backoff ** (tries - 1)), retry.max_delay)
        return plain, min(int(plain * (1 + retry.jitter)) + 1, retry.max_delay) if retry.jitter else plain
    if record.cause in OWN_CAUSES:
        delay = 10 * SECOND * 2 ** (losses - 1)
        return delay, delay
    return (0, 0) if record.cause == LostCause.OWNER else (5 * SECOND, 5 * SECOND)


def i20(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """SUCCESS: no task failed but with `allow_failure`; FAILED has a culprit; no run ends with a living attempt."""
    for change, _old in commit.runs:
        run = ledger.runs[change.run]
        if run.state not in RUN_FINAL:
            continue
        states = [(name, record.state) for name, _index, record in run.counted()]
        if run.alive or any(state in LIVE for _, state in states):
            yield f"{change.run} ends {run.state} with {sorted({state.value for _, state in states})}"
        if run.placed:
            yield f"{change.run} has ended and holds its place"
        failed = [name for name, state in states if state is TaskState.FAILED and _matters(run, name)]
        stopped = run.stop == "timeout" and any(state is TaskState.CANCELLED for _, state in states)
        if run.state is RunState.SUCCESS and failed:
            yield f"{change.run} is a success, {failed} failed"
        if run.state is RunState.FAILED and not ((failed or stopped) and run.culprits):
            yield f"{change.run} failed, culprits are {run.culprits}, failed are {failed}"
        if stopped and run.state is not RunState.FAILED:
            yield f"{change.run} reached its timeout and is {run.state}"
        if (
            run.state is RunState.CANCELLED
            and run.cancel_at is None
            and all(s is not TaskState.CANCELLED for _, s in states)
        ):
            yield f"{change.run} is cancelled and nobody asked"


def _matters(run: RunRecord, name: str) -> bool:
    return not run.specs[name].rules.allow_failure and run.specs[name].kind != "teardown"


def i21(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """Skipped and upstream-failed follow exactly by rule."""
    for change, _before in commit.tasks:
        if change.old is not TaskState.PENDING or change.marked or change.actor or change.reused_from is not None:
            continue
        run = ledger.runs[change.run]
        task = run.specs[change.task]
        if change.new in (TaskState.SKIPPED, TaskState.UPSTREAM_FAILED):
            if change.why.code == "empty_map":
                continue
            if ruling(run, task) != (True, change.new):
                yield f"{change.run}/{change.task} is {change.new} ({change.why}), the rule says {ruling(run, task)}"
        elif change.new in (TaskState.FAILED, TaskState.HELD) and task.mapped is None:
            yield f"{change.run}/{change.task} is {change.new} without an attempt"


def i22(ledger: Ledger, commit: Commit, _: ScriptedExecutor) -> Iterator[str]:
    """A mapped task has as many items as its lists say at expansion, fixed for its round."""
    for change in commit.expanded:
        run = ledger.runs[change.run]
        mapped = run.specs[change.task].mapped
        assert mapped is not None
        lengths = []
        for over in mapped.over:
            if over.task is None:
                lengths.append(over.length)
                continue
            whole = run.task(over.task, None)
            if run.specs[over.task].mapped is None:
                lengths.append(whole.result.length if whole.result is not None else None)
            else:
                done = [one for one in run.items(over.task) if one.state is TaskState.SUCCESS and not one.marked]
                lengths.append(len(done))
        total = 1
        for length in lengths:
            total *= length or 0
        wanted = lengths[0] if mapped.mode == "zip" else total
        if change.length != wanted or not change.length:
            yield f"{change.run}/{change.task} has {change.length} items, its lists have {lengths}"
    for moved, _before in commit.attempts:
        if moved.kind == "hook":
            continue
        items = ledger.runs[moved.key.run].task(moved.key.task, None).expanded
        index = moved.key.index
        fits = index is None if items is None else index is not None and 0 <= index < items
        if moved.old is None and not fits:
            yield f"{moved.key} is made, its task has {items} items"


INVARIANTS: Final[tuple[tuple[str, Invariant], ...]] = (
    ("I1", i1), ("I2", i2), ("I3", i3), ("I4", i4), ("I5", i5), ("I6", i6), ("I6", i6_in_full),
    ("I7", i7), ("I20", i20), ("I21", i21), ("I22", i22), *FAIRNESS, *AFTERMATH,
)  # fmt: skip
